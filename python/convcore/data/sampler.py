"""Samplers: in which order, and in which batches, a dataset's samples come."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from types import GenericAlias
from typing import Any

import numpy as np

from .random import SHUFFLE, as_seed, draw_seed, stream


class Sampler:
    """What gives indices of a dataset's samples: subclass it, define `__iter__` and, if known, `__len__`.

    >>> class Backwards(Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __iter__(self):
    ...         return iter(range(len(self.data) - 1, -1, -1))
    >>> list(Backwards("abc"))
    [2, 1, 0]
    """

    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__()")


class _Ordered(Sampler):
    """A sampler whose pass is a function of a seed and the pass's number.

    Without a generator each pass draws a seed from the library's own; a loader gives its own seed
    and epoch, so that what it hands out can be resumed.
    """

    def __init__(self, generator: Any = None) -> None:
        self.generator = generator
        self._seed: int | None = None
        self._passes = 0

    def order(self, seed: int, number: int) -> np.ndarray:
        """The pass of that number; of the sampler's generator, where it has one, not of `seed`."""
        if self.generator is not None:
            if self._seed is None:
                self._seed = as_seed(self.generator)
            seed = self._seed
        return self._order(stream(seed, SHUFFLE, number))

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError

    def __iter__(self) -> Iterator[int]:
        number = self._passes
        self._passes += 1
        return iter(self.order(draw_seed() if self.generator is None else 0, number).tolist())


class SequentialSampler(_Ordered):
    """All samples in order.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        super().__init__(0)  # draws nothing
        self.data_source = data_source

    def __len__(self) -> int:
        return len(self.data_source)

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        return np.arange(len(self))


class RandomSampler(_Ordered):
    """Samples at random: all once, or `num_samples` of them, with `replacement` independent draws.

    Without replacement more samples than there are come as one shuffled pass after another.
    `generator` is a seed, a generator, or None for the library's own.

    >>> sorted(RandomSampler("abc", generator=0))
    [0, 1, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        super().__init__(generator)
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement must be a bool, got {replacement!r}")
        if num_samples is not None:
            _check_count("RandomSampler", "num_samples", num_samples)
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __len__(self) -> int:
        return self.num_samples

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        n, wanted = len(self.data_source), self.num_samples
        if wanted and not n:
            raise ValueError("RandomSampler: data_source: expected at least one sample, got 0")
        if self.replacement:
            return rng.integers(0, n, wanted) if n else np.arange(0)
        passes = [rng.permutation(n) for _ in range(-(-wanted // n))] if n else []
        return np.concatenate(passes)[:wanted] if passes else np.arange(0)


class SubsetRandomSampler(_Ordered):
    """The given indices, shuffled.

    >>> sorted(SubsetRandomSampler([7, 3], generator=0))
    [3, 7]
    """

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        super().__init__(generator)
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(self.indices, np.int64)[rng.permutation(len(self.indices))]


class WeightedRandomSampler(_Ordered):
    """`num_samples` indices 0 … n − 1 drawn with probabilities proportional to n weights.

    >>> list(WeightedRandomSampler([0.0, 1.0], 3, generator=0))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Any = None,
    ) -> None:
        super().__init__(generator)
        name = "WeightedRandomSampler"
        if not isinstance(replacement, bool):
            raise TypeError(f"{name}: replacement must be a bool, got {replacement!r}")
        _check_count(name, "num_samples", num_samples)
        self.weights = np.asarray(weights, np.float64)
        if (
            self.weights.ndim != 1
            or not np.isfinite(self.weights).all()
            or (self.weights < 0).any()
        ):
            raise ValueError(
                f"{name}: weights: expected a sequence of numbers >= 0, got shape "
                f"{self.weights.shape}"
            )
        positive = np.count_nonzero(self.weights)
        if positive < (1 if replacement else num_samples):
            raise ValueError(
                f"{name}: num_samples: {num_samples} cannot be drawn from {positive} weights that "
                f"are not 0, replacement={replacement}"
            )
        self.num_samples = num_samples
        self.replacement = replacement

    def __len__(self) -> int:
        return self.num_samples

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        p = self.weights / self.weights.sum()
        return rng.choice(len(p), self.num_samples, self.replacement, p)


class BatchSampler(Sampler):
    """Another sampler's indices, in lists of `batch_size`; with `drop_last` a shorter last one is left out.

    >>> list(BatchSampler(SequentialSampler("abcde"), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        _check_count("BatchSampler", "batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise TypeError(f"BatchSampler: drop_last must be a bool, got {drop_last!r}")
        self.sampler = sampler
        self.batch_size = int(batch_size)
        self.drop_last = drop_last

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[list[Any]]:
        return self.split(iter(self.sampler))

    def split(self, indices: Iterator[Any]) -> Iterator[list[Any]]:
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch


def one_pass(sampler: Iterable[Any], seed: int, number: int) -> Iterator[Any]:
    """A sampler's indices or batches, for the library's own samplers those of (seed, number)."""
    if _is_own(sampler, _Ordered):
        return iter(sampler.order(seed, number).tolist())
    if not _is_own(sampler, BatchSampler):
        return iter(sampler)
    if not _is_own(sampler.sampler, _Ordered):
        return sampler.split(one_pass(sampler.sampler, seed, number))
    order, size = sampler.sampler.order(seed, number), sampler.batch_size
    stop = len(order) - (len(order) % size if sampler.drop_last else 0)
    return (order[start : start + size] for start in range(0, stop, size))


def _is_own(sampler: Any, kind: type) -> bool:
    return getattr(type(sampler), "__iter__", None) is kind.__iter__


def _check_count(name: str, argument: str, value: Any) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}: {argument}: expected an int >= 1, got {value!r}")
