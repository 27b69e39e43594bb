"""Modules and layers, with PyTorch's names."""

from convcore._tensor import Parameter
from convcore.nn import functional, init, utils
from convcore.nn.activation import (
    ELU,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from convcore.nn.containers import ModuleList, Sequential
from convcore.nn.conv import Conv1d, Conv2d, Conv3d
from convcore.nn.linear import Flatten, Identity, Linear, Unflatten
from convcore.nn.loss import CrossEntropyLoss, L1Loss, MSELoss
from convcore.nn.module import Module
from convcore.nn.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d
from convcore.nn.pooling import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
)

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "ELU",
    "Flatten",
    "Identity",
    "L1Loss",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "Module",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "Unflatten",
    "functional",
    "init",
    "utils",
]
