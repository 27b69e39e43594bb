"""The machine underneath: threads, devices, memory, and which implementation ran."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core


class device:
    """Where a tensor lives. This build has one: `cpu`.

    >>> import convcore as cc
    >>> cc.device("cpu")
    device(type='cpu')
    """

    def __init__(self, type: Any = "cpu") -> None:
        convert.check_device(type)
        self.type = "cpu"
        self.index = None

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return str(other) == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")


class threads:
    """While it lives, this Python thread's work uses at most n threads.

    >>> import convcore as cc
    >>> with cc.threads(1):
    ...     cc.get_num_threads()
    1
    """

    def __init__(self, n: int) -> None:
        if n < 1:
            raise _core.ArgumentError(f"threads: n must be at least 1, got {n}")
        self._n = n

    def __enter__(self) -> threads:
        self._scope = _core.ThreadsScope(self._n)
        return self

    def __exit__(self, *exc: Any) -> None:
        del self._scope


def get_num_threads() -> int:
    """How many threads work started by this Python thread may use."""
    return _core.num_threads()


def get_conv_precision() -> str:
    """What `set_conv_precision` was given last; at first "fast"."""
    return "strict" if _core.conv_precision_is_strict() else "fast"


def set_conv_precision(precision: str) -> None:
    """Whether float32 convolutions may use algorithms that save multiplications at the price of accuracy.

    "fast" allows Winograd's F(4×4, 3×3) for 3×3 kernels and F(2×2, 5×5) for 5×5 (Lavin and Gray, 2016), whose rounding errors
    are 1.3 to 7 times those of direct summation: about 1e-6 of the output's root mean square, and F(2×2, 3×3) for few pixels,
    which errs less but mixes them as well. "strict" leaves them out, in all threads. ValueError for another word.

    >>> import convcore as cc
    >>> cc.set_conv_precision("strict")
    >>> cc.get_conv_precision()
    'strict'
    >>> cc.set_conv_precision("fast")
    """
    if precision not in ("fast", "strict"):
        raise _core.ArgumentError(
            f'set_conv_precision: precision must be "fast" or "strict", got {precision!r}'
        )
    _core.set_conv_precision_strict(precision == "strict")


def set_num_threads(n: int) -> None:
    """Sets how many threads all work may use; `threads(n)` does so for a scope."""
    _core.set_num_threads(n)


def memory_stats() -> dict:
    """Bytes in use by tensors, packs and workspace, bytes cached for reuse, and the peak."""
    return _core.memory_stats()


def use_logging(on: bool = True) -> None:
    """Sends what CONVCORE_VERBOSE=1 prints to the logger "convcore", level INFO.

    Lines arrive when the main thread next runs Python. With on=False, and until this is called,
    they go to standard error.

    >>> import convcore as cc
    >>> cc.use_logging()
    >>> cc.use_logging(False)
    """
    import logging

    _core.set_log_sink(logging.getLogger("convcore").info if on else None)


def show_config() -> str:
    """The build and the machine, as text."""
    from convcore import __version__

    return "\n".join(
        [
            f"convcore {__version__}",
            f"cpu: {_core.cpu_name()}",
            f"instruction set: {_core.isa()} (machine: {_core.machine_isa()})",
            f"threads: {_core.num_threads()} ({_core.threading_backend()})",
        ]
    )


def _show_to_threadpoolctl() -> None:
    """Where threadpoolctl is installed, its limits and its list of thread pools include ours."""
    try:
        from threadpoolctl import LibController, register
    except ImportError:
        return

    class Controller(LibController):
        user_api = "convcore"
        internal_api = "convcore"
        filename_prefixes = (_core.__file__.rsplit("/", 1)[-1],)
        check_symbols = ("convcore_is_here",)  # other packages have a _core of that name too

        def get_num_threads(self) -> int:
            return get_num_threads()

        def set_num_threads(self, num_threads: int) -> None:
            set_num_threads(num_threads)

        def get_version(self) -> str:
            from convcore import __version__

            return __version__

    register(Controller)


_show_to_threadpoolctl()
