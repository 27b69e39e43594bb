"""Wrong argument types: which argument, what was expected, what came."""

from __future__ import annotations

import functools
import inspect
from numbers import Integral, Real
from typing import Any, Callable

from convcore import _core


def names_arguments(function: Callable) -> Callable:
    """The function, whose errors of type say in its own words which argument is wrong."""

    def otherwise(error: Exception, args: tuple, kwargs: dict) -> Any:
        return _named(call, args, kwargs, error)

    call = functools.update_wrapper(_core.checked(function, otherwise), function)
    return call


def as_function(method: Callable) -> Callable:
    """A method of Tensor as a function of the package, whose first argument is called input."""

    def otherwise(error: Exception, args: tuple, kwargs: dict) -> Any:
        if "input" in kwargs:  # the method calls it self
            return call(kwargs.pop("input"), *args, **kwargs)
        return _named(call, args, kwargs, error)

    call = functools.update_wrapper(_core.checked(method, otherwise), method)
    signature = inspect.signature(method)
    first, *others = signature.parameters.values()
    first = first.replace(name="input", annotation="Tensor")
    call.__signature__ = signature.replace(parameters=[first, *others])
    call.__annotations__ = {"input": "Tensor", **method.__annotations__}
    return call


def _named(function: Callable, args: tuple, kwargs: dict, error: Exception) -> Any:
    """Raises what there is to say instead of `error`."""
    message = _describe(function, args, kwargs, error)
    if message is None:
        return NotImplemented
    raise TypeError(message)


def _describe(function: Callable, args: tuple, kwargs: dict, error: Exception) -> str | None:
    """What to say instead of `error`; None where it does not come from an argument's type."""
    signature = inspect.signature(function)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError as unfit:
        return f"{function.__name__}: {unfit}"
    for name, value in given.items():
        parameter = signature.parameters[name]
        expected = str(parameter.annotation)
        if expected == "Any" or parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if not _fits(value, expected):
            return f"{function.__name__}: {name} must be {expected}, got {_kind(value)}"
    if "incompatible function arguments" not in str(error):
        return None
    shown = ", ".join(f"{name}={_kind(value)}" for name, value in given.items())
    return f"{function.__name__}: arguments of these types do not fit: {shown}"


def _fits(value: Any, expected: str) -> bool:
    return (
        ("Sequence" in expected and isinstance(value, list | tuple))
        or ("Tensor" in expected and isinstance(value, _core.TensorBase))
        or ("None" in expected and value is None)
        or ("bool" in expected and isinstance(value, bool))
        or (("float" in expected or "int" in expected) and isinstance(value, Integral))
        or ("float" in expected and isinstance(value, Real))
        or ("str" in expected and isinstance(value, str))
    )


def _kind(value: Any) -> str:
    name = type(value).__name__
    if not isinstance(value, list | tuple) or not value:
        return name
    return f"{name} of {', '.join(dict.fromkeys(type(item).__name__ for item in value))}"
