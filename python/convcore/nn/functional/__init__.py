"""Functions of networks, as in torch.nn.functional."""

from __future__ import annotations

import inspect

from convcore._errors import names_arguments as _names_arguments
from convcore.nn.functional.activation import *
from convcore.nn.functional.conv import *
from convcore.nn.functional.distance import *
from convcore.nn.functional.dropout import *
from convcore.nn.functional.fold import *
from convcore.nn.functional.grid_sample import *
from convcore.nn.functional.interpolate import *
from convcore.nn.functional.linear import *
from convcore.nn.functional.loss import *
from convcore.nn.functional.normalization import *
from convcore.nn.functional.padding import *
from convcore.nn.functional.pooling import *
from convcore.nn.functional.shuffle import *
from convcore.nn.functional.softmax import *
from convcore.nn.functional.sparse import *

__all__ = [
    name
    for name, item in globals().items()
    if inspect.isfunction(item) and item.__module__.startswith(__name__) and name[0] != "_"
]
globals().update({name: _names_arguments(globals()[name]) for name in __all__})
