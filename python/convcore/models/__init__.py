"""Ready networks, plain `nn.Module` code, and a registry of them by name.

>>> from convcore import models
>>> sorted(models.names())
['cifar_small', 'digits', 'lenet5', 'resnet18_cifar']
"""

from .perceptron import Perceptron
from .registry import Entry, build, get, names, register
from .resnet import BasicBlock, ResNet, resnet18
from .small import CifarSmall, DigitsNet, LeNet5

__all__ = [
    "BasicBlock",
    "CifarSmall",
    "DigitsNet",
    "Entry",
    "LeNet5",
    "Perceptron",
    "ResNet",
    "build",
    "get",
    "names",
    "register",
    "resnet18",
]

register("digits", DigitsNet, (1, 8, 8))
register("lenet5", LeNet5, (1, 28, 28))
register("cifar_small", CifarSmall, (3, 32, 32))
register("resnet18_cifar", resnet18, (3, 32, 32))
