"""The random generators of data loading: counter-based, so that each batch has one of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

import convcore as cc

SHUFFLE, AUGMENT, SPLIT = range(3)  # streams of one seed that never meet


def stream(seed: int, purpose: int, epoch: int = 0, batch: int = 0) -> np.random.Generator:
    """The generator that (seed, purpose, epoch, batch) alone determine."""
    key = np.array([seed % 2**64, purpose], dtype=np.uint64)
    counter = np.array([0, 0, batch, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def draw_seed() -> int:
    """A seed from the library's own generator, so that `manual_seed` governs it."""
    return int(cc.randint(0, 2**31 - 1, (1,)).item())


def as_seed(generator: Any) -> int:
    """The seed that `generator` stands for: an int, numpy's Generator, ours, or None (draw one)."""
    if generator is None:
        return draw_seed()
    if isinstance(generator, (int, np.integer)) and not isinstance(generator, bool):
        return int(generator)
    if isinstance(generator, np.random.Generator):
        return int(generator.integers(2**63))
    if hasattr(generator, "initial_seed"):
        return int(generator.initial_seed())
    raise TypeError(
        "generator: expected an int, a numpy.random.Generator, an object with initial_seed() or "
        f"None, got {type(generator).__name__}"
    )
