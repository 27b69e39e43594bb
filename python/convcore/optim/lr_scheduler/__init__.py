"""Learning-rate schedules: each `step()` sets the rates of the optimizer's groups for what follows."""

from convcore.optim.lr_scheduler.base import LRScheduler
from convcore.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from convcore.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from convcore.optim.lr_scheduler.cyclic import CyclicLR, OneCycleLR
from convcore.optim.lr_scheduler.plateau import ReduceLROnPlateau
from convcore.optim.lr_scheduler.steps import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)

_LRScheduler = LRScheduler  # the base's name in older scripts

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
