"""Optimizers and learning-rate schedules, with PyTorch's names."""

from convcore.optim import lr_scheduler
from convcore.optim.adam import Adam, AdamW
from convcore.optim.optimizer import Optimizer
from convcore.optim.sgd import SGD

__all__ = ["Adam", "AdamW", "Optimizer", "SGD", "lr_scheduler"]
