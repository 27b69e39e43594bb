"""convcore: convolutional networks, complete and fast, in one small wheel. Names and meaning are PyTorch's."""

from __future__ import annotations

import importlib
import math as _math
from types import FunctionType as _FunctionType
from typing import Any

from convcore import _core, _overwriting
from convcore._arrange import *
from convcore._core import ArgumentError, Generator
from convcore._core import dtype as dtype
from convcore._core import memory_format as memory_format
from convcore._creation import *
from convcore._errors import as_function as _as_function
from convcore._errors import names_arguments as _names_arguments
from convcore._explain import algorithms, explain
from convcore._functions import (
    allclose,
    arange,
    as_tensor,
    bernoulli,
    cat,
    empty,
    empty_like,
    equal,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    is_tensor,
    linspace,
    multinomial,
    numel,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    result_type,
    stack,
    tensor,
    where,
    zeros,
    zeros_like,
)
from convcore._math_methods import ALIASES as _ALIASES
from convcore._math_methods import BINARY as _BINARY
from convcore._math_methods import UNARY as _UNARY
from convcore._math_methods import ValuesIndices
from convcore._order import argsort, cumsum, logsumexp, norm, outer, sort, topk
from convcore._picking import *
from convcore._pointwise import *
from convcore._products import *
from convcore._repr import set_printoptions
from convcore._runtime import (
    device,
    get_conv_precision,
    get_num_threads,
    memory_stats,
    set_conv_precision,
    set_num_threads,
    show_config,
    threads,
    use_logging,
)
from convcore._statistics import *
from convcore._tensor import Parameter, Tensor
from convcore.autograd import (
    autocast,
    enable_grad,
    inference_mode,
    is_autocast_enabled,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from convcore.random import (
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

__version__ = "0.1.0"

_core.check_environment()

uint8 = dtype.uint8
int32 = dtype.int32
int = int32
int64 = long = dtype.int64
bfloat16 = dtype.bfloat16
float32 = dtype.float32
float = float32
float64 = double = dtype.float64
bool = dtype.bool
e, inf, nan, pi = _math.e, _math.inf, _math.nan, _math.pi
newaxis = None
Size = tuple
contiguous_format = memory_format.contiguous_format
channels_last = channels_last_3d = memory_format.channels_last

# Tensor methods that are also functions of the package.
_METHODS = (
    *_UNARY,
    *_ALIASES,
    *_BINARY,
    "add", "sub", "div", "sum", "mean", "prod", "var", "std", "amax", "amin", "max", "min", "argmax", "argmin", "any", "all",
    "clamp", "clip", "matmul", "mm", "bmm", "dot", "softmax", "log_softmax", "flatten", "reshape", "permute", "transpose",
    "squeeze", "unsqueeze", "movedim", "adjoint", "ravel", "clone", "narrow", "is_floating_point", "is_nonzero", "t",
    "split", "chunk", "unbind", "flip", "roll", "tril", "triu", "gather", "scatter", "scatter_add", "index_select", "index_add",
    "masked_select", "masked_fill", "nonzero",
)  # fmt: skip
globals().update(
    {
        name: _names_arguments(item)
        for name, item in globals().items()
        if isinstance(item, _FunctionType) and item.__module__.startswith("convcore._")
    }
)
globals().update({name: _as_function(getattr(Tensor, name)) for name in _METHODS})

_SUBMODULES = (
    "autograd", "cuda", "data", "describe", "metrics", "models", "nn", "optim", "plots", "train", "utils",
)  # fmt: skip
_LAZY = {
    "summary": "convcore.describe", "save": "convcore._files", "load": "convcore._files",
    **dict.fromkeys(
        ("adaptive_avg_pool1d", "adaptive_max_pool1d", "avg_pool1d", "bilinear", "celu", "celu_", "channel_shuffle",
         "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "cosine_similarity",
         "embedding", "embedding_bag", "hardshrink", "heaviside", "pairwise_distance", "pdist", "pixel_shuffle",
         "pixel_unshuffle", "prelu", "relu_", "rrelu", "rrelu_", "selu", "selu_", "threshold", "threshold_"),
        "convcore.nn.functional",
    ),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"convcore.{name}")
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'convcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_SUBMODULES, *_LAZY])
