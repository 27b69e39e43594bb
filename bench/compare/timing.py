"""What the comparisons share: calls timed in turn, and the sheet of the machine they ran on."""

from __future__ import annotations

import ctypes
import gc
import platform
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import convcore
import torch

SAMPLE = 0.004  # seconds: shorter calls are repeated until a sample takes that long
ROUNDS = (3, 15)


@contextmanager
def _no_collector() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _sample(call: Callable[[], Any], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def alternate(calls: Mapping[str, Callable[[], Any]], budget: float) -> dict[str, list[float]]:
    """Seconds per call of each, sampled in turn for about budget seconds in all.

    Each sample follows an untimed call of its own: the other library's threads, still spinning after
    their last call, and its data in the cache are gone by then.
    """
    with _no_collector():
        first = {name: min(_sample(call, 1) for _ in range(2)) for name, call in calls.items()}
        repeats = {name: max(1, round(SAMPLE / seconds)) for name, seconds in first.items()}
        round_cost = sum((repeats[name] + 1) * first[name] for name in calls)
        rounds = min(max(int(budget / round_cost), ROUNDS[0]), ROUNDS[1])
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                call()
                seconds[name].append(_sample(call, repeats[name]))
    return seconds


def spread(seconds: list[float]) -> float:
    """Half the distance of the quartiles, relative to the median."""
    low, middle, high = statistics.quantiles(seconds, n=4)
    return (high - low) / (2 * middle)


def keep_freed_memory() -> None:
    """The C library keeps what is freed, so that PyTorch, too, computes in memory that is already mapped.

    Without this a large result costs it a page fault for each 4096 bytes, which can take longer than the kernel.
    """
    trim_threshold, mmap_max = -1, -4
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # of glibc alone
        mallopt(mmap_max, 0)
        mallopt(trim_threshold, 2**31 - 1)


def use_threads(n: int) -> None:
    """Both libraries use n threads from now on."""
    torch.set_num_threads(n)
    convcore.set_num_threads(n)


def machine() -> dict[str, Any]:
    """Versions, processor, threads and the command that was given."""
    return {
        "command": shlex.join(["python", *sys.argv]),
        "convcore": convcore.show_config().splitlines(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
    }


def progress(items: list, what: str) -> Iterable:
    """The items, with a bar on the terminal where rich is installed."""
    try:
        from rich.console import Console
        from rich.progress import track
    except ImportError:
        return items
    return track(items, what, console=Console(stderr=True), transient=True)
