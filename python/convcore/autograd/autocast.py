"""Mixed precision: what is worth it runs in bfloat16, what needs it in float32."""

from __future__ import annotations

import functools
from typing import Any

from convcore import _convert as convert
from convcore import _core


class autocast:
    """Inside, convolutions and matrix products take bfloat16 and losses float32; a context or a decorator.

    The rest follows its operands, as PyTorch's lists for the CPU have it. Parameters stay float32 and
    get float32 gradients. `backward()` belongs outside. It holds for this thread alone. A weight is
    converted once until it changes or the outermost region ends, whatever `cache_enabled` is.

    >>> import convcore as cc
    >>> layer = cc.nn.Linear(2, 1)
    >>> with cc.autocast("cpu"):
    ...     layer(cc.ones(1, 2)).dtype
    convcore.bfloat16
    """

    def __init__(
        self,
        device_type: str = "cpu",
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        convert.check_device(device_type)
        dtype = _core.dtype.bfloat16 if dtype is None else convert.to_dtype(dtype)
        if dtype != _core.dtype.bfloat16:
            raise _core.ArgumentError(f"autocast: dtype must be bfloat16, got {dtype}")
        self.device, self.fast_dtype, self._enabled = "cpu", dtype, bool(enabled)
        # A stack: one object may be entered inside itself.
        self._modes: list[_core.AutocastMode] = []

    def __enter__(self) -> autocast:
        self._modes.append(_core.AutocastMode(self._enabled))
        return self

    def __exit__(self, *exc: Any) -> None:
        self._modes.pop()

    def __call__(self, function: Any) -> Any:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with autocast(self.device, self.fast_dtype, self._enabled):
                return function(*args, **kwargs)

        return wrapped


def is_autocast_enabled(device_type: str = "cpu") -> bool:
    """Whether this thread is inside an enabled autocast."""
    convert.check_device(device_type)
    return _core.is_autocast_enabled()
