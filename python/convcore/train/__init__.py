"""Training: `fit`, `evaluate` and `predict`, callbacks, checkpoints that resume bit by bit."""

from .callbacks import Callback, Checkpoint, EarlyStopping, Progress
from .checkpoint import load_checkpoint, load_weights, save_checkpoint, save_weights
from .history import History
from .loop import TrainState, evaluate, fit, predict

__all__ = [
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "Progress",
    "TrainState",
    "evaluate",
    "fit",
    "load_checkpoint",
    "load_weights",
    "predict",
    "save_checkpoint",
    "save_weights",
]
