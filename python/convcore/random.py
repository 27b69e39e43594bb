"""The library's own stream of random numbers, which everything draws from that is given no generator."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from convcore import _core
from convcore._core import Generator
from convcore._runtime import device
from convcore._tensor import Tensor

default_generator: Generator = _core.default_generator()
Generator.device = property(lambda self: device("cpu"), doc="Where its numbers are drawn: cpu.")


def manual_seed(seed: int) -> Generator:
    """Sets the seed of every random number that is not given a generator of its own.

    >>> import convcore as cc
    >>> cc.manual_seed(1).initial_seed()
    1
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Sets a seed that the system draws, and returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that was set last.

    >>> import convcore as cc
    >>> generator = cc.manual_seed(7)
    >>> cc.initial_seed()
    7
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the library's generator (16 bytes)."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Puts the library's generator into a state that get_rng_state gave.

    >>> import convcore as cc
    >>> state = cc.get_rng_state()
    >>> first = cc.rand(2)
    >>> cc.set_rng_state(state)
    >>> cc.equal(cc.rand(2), first)
    True
    """
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """Inside, random numbers may be drawn and seeded; after it the stream goes on where it was.

    `devices` changes nothing: there is one stream.

    >>> import convcore as cc
    >>> _ = cc.manual_seed(3)
    >>> with cc.random.fork_rng():
    ...     inside = cc.rand(1)
    >>> cc.equal(cc.rand(1), inside)
    True
    """
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)
