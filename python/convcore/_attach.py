"""Functions of the package as methods of Tensor."""

from __future__ import annotations

import functools
from typing import Any, Callable, Iterable

from convcore import _core
from convcore._tensor import Tensor


def attach(functions: Iterable[Callable], in_place: Iterable[str] = ()) -> None:
    """Each function as a method of its name; those named in `in_place` also with an underscore, overwriting self."""
    by_name = {function.__name__: function for function in functions}
    for name, function in by_name.items():
        setattr(Tensor, name, function)
    for name in in_place:
        setattr(Tensor, name + "_", overwriting(by_name[name]))


def overwriting(function: Callable) -> Callable:
    """The form of a function of a tensor that overwrites it."""

    @functools.wraps(function)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        result = function(self.clone() if self.requires_grad else self, *args, **kwargs)
        if result.dtype.is_floating_point and not self.dtype.is_floating_point:
            raise TypeError(
                f"{method.__name__}: a result of dtype {result.dtype} does not fit into {self.dtype}"
            )
        _core.assign(self, result)
        return self

    method.__name__ = method.__qualname__ = function.__name__ + "_"
    method.__doc__ = f"{function.__name__} in place."
    return method
