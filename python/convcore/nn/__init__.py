"""Modules and layers, with PyTorch's names."""

from __future__ import annotations

import inspect

from convcore._tensor import Parameter
from convcore.nn import functional, init, utils
from convcore.nn.activation import *
from convcore.nn.containers import *
from convcore.nn.conv import *
from convcore.nn.distance import *
from convcore.nn.dropout import *
from convcore.nn.lazy import *
from convcore.nn.linear import *
from convcore.nn.loss import *
from convcore.nn.maps import *
from convcore.nn.module import Module
from convcore.nn.normalization import *
from convcore.nn.padding import *
from convcore.nn.parameter_containers import *
from convcore.nn.pooling import *
from convcore.nn.recurrent import *
from convcore.nn.softmax import *
from convcore.nn.sparse import *

__all__ = ["Parameter", "functional", "init", "utils"] + [
    name
    for name, item in globals().items()
    if inspect.isclass(item) and item.__module__.startswith(__name__) and name[0] != "_"
]
