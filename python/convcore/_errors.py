"""Wrong argument types: which argument, what was expected, what came."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable

from convcore import _core


def names_arguments(function: Callable) -> Callable:
    """The function, whose TypeErrors from the core say in its own words which argument is wrong."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            if "incompatible function arguments" not in str(error):
                raise
            message = _describe(function, args, kwargs)
        raise TypeError(message)

    return call


def _describe(function: Callable, args: tuple, kwargs: dict) -> str:
    signature = inspect.signature(function)
    given = signature.bind(*args, **kwargs).arguments
    for name, value in given.items():
        expected = str(signature.parameters[name].annotation)
        if expected == "Any":
            continue
        fits = (
            ("Tensor" in expected and isinstance(value, _core.TensorBase))
            or ("None" in expected and value is None)
            or ("bool" in expected and isinstance(value, bool))
            or (("float" in expected or "int" in expected) and isinstance(value, int))
            or ("float" in expected and isinstance(value, float))
            or ("str" in expected and isinstance(value, str))
        )
        if not fits:
            return f"{function.__name__}: {name} must be {expected}, got {type(value).__name__}"
    shown = ", ".join(f"{name}={type(value).__name__}" for name, value in given.items())
    return f"{function.__name__}: arguments of these types do not fit: {shown}"
