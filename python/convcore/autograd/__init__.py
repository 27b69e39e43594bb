"""Automatic differentiation: gradients, grad mode, user-defined functions, numerical checks."""

from __future__ import annotations

import functools
from typing import Any

from convcore import _core
from convcore.autograd.autocast import autocast, is_autocast_enabled
from convcore.autograd.function import Function
from convcore.autograd.gradcheck import gradcheck, gradgradcheck

__all__ = [
    "Function",
    "autocast",
    "backward",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "is_autocast_enabled",
    "is_grad_enabled",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]

is_grad_enabled = _core.is_grad_enabled


class set_grad_enabled:
    """Turns recording on or off in this thread, at once; as a context, until its end."""

    def __init__(self, mode: bool) -> None:
        self._previous = _core.is_grad_enabled()
        _core.set_grad_enabled(bool(mode))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        _core.set_grad_enabled(self._previous)


class _GradContext:
    _mode = True

    def __enter__(self) -> None:
        # A stack: one object may be entered again inside itself (as a decorator is by recursion).
        self.__dict__.setdefault("_previous", []).append(_core.is_grad_enabled())
        _core.set_grad_enabled(self._mode)

    def __exit__(self, *exc: Any) -> None:
        _core.set_grad_enabled(self._previous.pop())

    def __call__(self, function: Any) -> Any:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return wrapped

    def __new__(cls, function: Any = None) -> Any:
        self = super().__new__(cls)
        return self if function is None else self(function)


class no_grad(_GradContext):
    """Nothing inside is recorded; a context or a decorator.

    >>> import convcore as cc
    >>> x = cc.ones(1, requires_grad=True)
    >>> with cc.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    _mode = False


class enable_grad(_GradContext):
    """What is inside is recorded, also within no_grad; a context or a decorator."""


def _sequence(value: Any) -> list:
    return [value] if value is None or isinstance(value, _core.TensorBase) else list(value)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Adds the gradient of Σ grad_tensors·tensors to .grad of the leaves."""
    tensors = _sequence(tensors)
    grads = [None] * len(tensors) if grad_tensors is None else _sequence(grad_tensors)
    _core.backward(
        tensors, grads, create_graph if retain_graph is None else retain_graph, create_graph
    )


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple:
    """The gradients of Σ grad_outputs·outputs with respect to inputs; no .grad is touched.

    With create_graph the gradients can be differentiated again.

    >>> import convcore as cc
    >>> x = cc.tensor(3.0, requires_grad=True)
    >>> (slope,) = cc.autograd.grad(x**3, x, create_graph=True)
    >>> slope.item(), cc.autograd.grad(slope, x)[0].item()
    (27.0, 18.0)
    """
    outputs, inputs = _sequence(outputs), _sequence(inputs)
    grads = [None] * len(outputs) if grad_outputs is None else _sequence(grad_outputs)
    retain = create_graph if retain_graph is None else retain_graph
    return tuple(_core.grad(outputs, inputs, grads, retain, create_graph, allow_unused))


inference_mode = no_grad
