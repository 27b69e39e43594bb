"""Optimizers and learning-rate schedules, with PyTorch's names."""

from convcore.optim import lr_scheduler, swa_utils
from convcore.optim.adagrad import Adadelta, Adagrad, RMSprop
from convcore.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from convcore.optim.lbfgs import LBFGS
from convcore.optim.muon import Muon
from convcore.optim.optimizer import Optimizer
from convcore.optim.rprop import Rprop
from convcore.optim.sgd import ASGD, SGD

__all__ = [
    "ASGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LBFGS",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
    "lr_scheduler",
    "swa_utils",
]
