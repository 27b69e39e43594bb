"""What the comparisons share: calls timed in turn, and the sheet of the machine they ran on."""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import platform
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Left alone, PyTorch's threads keep every core busy for tens of milliseconds after a call, and so take half the machine from
# whoever comes next. With fewer turns they sleep sooner, but not between the calls of a sample: its own times were measured to
# stay the same. Read when OpenMP is loaded: so this module is the one that loads both libraries.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import convcore  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

SAMPLE = 0.004  # seconds: shorter calls are repeated until a sample takes that long
LONG = 0.25  # seconds: one sample tells how long such a call takes
ROUNDS = (3, 11)
SETTLE = 0.003  # seconds in which the rival's threads fall asleep


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


def _guess(call: Callable[[], Any]) -> float:
    seconds = _sample(call, 1)
    return seconds if seconds > LONG else min(seconds, _sample(call, 1), _sample(call, 1))


def alternate(
    libraries: Mapping[str, Mapping[str, Callable[[], Any]]], budget: float
) -> dict[tuple[str, str], list[float]]:
    """Seconds per call by library and variant, sampled in turn for about budget seconds in all.

    Before a library's turn its rival's threads get the time to fall asleep, and each sample follows an
    untimed call, which brings its own data into the cache.
    """
    calls = {(lib, kind): call for lib, kinds in libraries.items() for kind, call in kinds.items()}
    with _no_collector():
        first = {key: _guess(call) for key, call in calls.items()}
        repeats = {key: max(1, round(SAMPLE / seconds)) for key, seconds in first.items()}
        cost = sum((repeats[key] + 1) * first[key] for key in calls) + SETTLE * len(libraries)
        seconds: dict[tuple[str, str], list[float]] = {key: [] for key in calls}
        for _ in range(min(max(int(budget / cost), ROUNDS[0]), ROUNDS[1])):
            for lib, kinds in libraries.items():
                time.sleep(SETTLE)
                for kind, call in kinds.items():
                    call()
                    seconds[lib, kind].append(_sample(call, repeats[lib, kind]))
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


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What layers.py and nets.py are asked alike; begin() does what is asked."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--fresh-pages", action="store_true", help="freed memory is not kept mapped"
    )
    parser.add_argument("--out", type=Path)
    return parser


def begin(args: argparse.Namespace) -> None:
    if not args.fresh_pages:
        keep_freed_memory()
    use_threads(args.threads)


def rms_error(found: np.ndarray, wanted: np.ndarray) -> float:
    """The root mean square of the difference over that of what was wanted."""
    return float(np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2)))


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
