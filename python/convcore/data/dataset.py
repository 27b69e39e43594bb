"""Datasets, indexed or read on, and the ways to combine them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from types import GenericAlias
from typing import Any

import numpy as np

import convcore as cc

from .random import SPLIT, as_seed, stream


class Dataset:
    """A collection with `dataset[i]` and `len(dataset)`; subclass it for your own data.

    A dataset whose samples lie in memory may also define `gather(indices, rng)`, which returns a
    tuple of numpy arrays holding a whole batch; the loader then makes no per-sample call. `rng` is
    the batch's own generator, for random augmentation.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 10
    ...     def __getitem__(self, i):
    ...         return i * i
    >>> Squares()[3]
    9
    """

    __class_getitem__ = classmethod(GenericAlias)

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: define __getitem__(index)")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """A dataset without indices: subclass it and define `__iter__`, which gives the samples in order.

    A loader reads it on, batch by batch; it has neither shuffle nor sampler.

    >>> class Count(IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(3))
    >>> list(Count() + Count())
    [0, 1, 2, 0, 1, 2]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__()")

    def __add__(self, other: Dataset) -> ChainDataset:
        return ChainDataset([self, other])


class ChainDataset(IterableDataset):
    """Several iterable datasets, one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for part in self.datasets:
            yield from part

    def __len__(self) -> int:
        return sum(len(part) for part in self.datasets)


def can_gather(dataset: Any) -> bool:
    """Whether batches of `dataset` can be taken in one call."""
    if isinstance(dataset, Subset):
        return can_gather(dataset.dataset)
    if isinstance(dataset, ConcatDataset):
        return all(can_gather(part) for part in dataset.datasets)
    return callable(getattr(dataset, "gather", None))


def as_array(value: Any) -> np.ndarray:
    """The numpy view of a tensor (its gradient is not followed) or of anything array-like."""
    if isinstance(value, cc.Tensor):
        return np.asarray(value.detach())
    return np.asarray(value)


class TensorDataset(Dataset):
    """Samples are the rows of tensors (or numpy arrays) of equal length.

    >>> import numpy as np
    >>> images, labels = np.zeros((6, 1, 4, 4), np.float32), np.arange(6)
    >>> len(TensorDataset(images, labels))
    6
    """

    def __init__(self, *tensors: Any) -> None:
        if not tensors:
            raise ValueError("TensorDataset: expected at least one tensor, got none")
        arrays = tuple(as_array(t) for t in tensors)
        shapes = ", ".join(str(a.shape) for a in arrays)
        if any(a.ndim == 0 or a.shape[0] != arrays[0].shape[0] for a in arrays):
            raise ValueError(
                f"TensorDataset: tensors: expected an equal first dimension, got shapes {shapes}"
            )
        self.tensors = tuple(
            t if isinstance(t, cc.Tensor) else cc.from_numpy(_native(a))
            for t, a in zip(tensors, arrays, strict=True)
        )

    def __len__(self) -> int:
        return self.tensors[0].shape[0]

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(t[index] for t in self.tensors)

    def gather(self, indices: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return tuple(as_array(t)[indices] for t in self.tensors)


def _native(array: np.ndarray) -> np.ndarray:
    """An array that a tensor can share: writable, positive strides, native byte order."""
    return np.require(array, array.dtype.newbyteorder("="), ["C", "W"])


class Subset(Dataset):
    """The samples of `dataset` at `indices`.

    >>> import numpy as np
    >>> Subset(TensorDataset(np.arange(10)), [7, 3])[0][0].item()
    7
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def gather(self, indices: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return self.dataset.gather(np.asarray(self.indices)[indices], rng)


class StackDataset(Dataset):
    """Several datasets of one length side by side: samples are tuples, or dicts for keyword arguments.

    >>> StackDataset(image=[1, 2], label=["a", "b"])[1]
    {'image': 2, 'label': 'b'}
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError("StackDataset: expected datasets, either by position or by name")
        self.datasets = args or kwargs
        lengths = [len(part) for part in (args or kwargs.values())]
        if len(set(lengths)) > 1:
            raise ValueError(f"StackDataset: expected datasets of one length, got {lengths}")
        self._length = lengths[0]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple(part[index] for part in self.datasets)


class ConcatDataset(Dataset):
    """Several datasets, one after the other.

    >>> import numpy as np
    >>> len(ConcatDataset([TensorDataset(np.zeros(3)), TensorDataset(np.zeros(4))]))
    7
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: datasets: expected at least one dataset, got none")
        if any(isinstance(part, IterableDataset) for part in self.datasets):
            raise TypeError("ConcatDataset: an IterableDataset has no indices; use ChainDataset")
        self.cumulative_sizes = np.cumsum([len(d) for d in self.datasets]).tolist()

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: index {index} is outside a dataset of {len(self)}")
        index %= len(self)
        part = bisect_right(self.cumulative_sizes, index)
        return self.datasets[part][index - (self.cumulative_sizes[part - 1] if part else 0)]

    def gather(self, indices: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        indices = np.asarray(indices)
        parts = np.searchsorted(self.cumulative_sizes, indices, side="right")
        columns: list[np.ndarray] = []
        for part in np.unique(parts):
            rows = np.flatnonzero(parts == part)
            start = self.cumulative_sizes[part - 1] if part else 0
            values = self.datasets[part].gather(indices[rows] - start, rng)
            if not columns:
                columns = [np.empty((len(indices), *v.shape[1:]), v.dtype) for v in values]
            for column, value in zip(columns, values, strict=True):
                if value.shape[1:] != column.shape[1:]:
                    raise ValueError(
                        "ConcatDataset: expected samples of one shape in a batch, got "
                        f"{column.shape[1:]} and {value.shape[1:]}"
                    )
                column[rows] = value
        return tuple(columns)


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Any = None
) -> list[Subset]:
    """Split `dataset` at random into parts of the given lengths, or fractions that sum to 1.

    `generator` is a seed, a generator, or None for one drawn from the library's own.

    >>> import numpy as np
    >>> [len(s) for s in random_split(TensorDataset(np.zeros(10)), [0.8, 0.2], generator=0)]
    [8, 2]
    """
    sizes = list(lengths)
    total = len(dataset)
    if any(not isinstance(n, (int, np.integer)) for n in sizes):
        if abs(sum(sizes) - 1) > 1e-6 or any(not 0 <= n <= 1 for n in sizes):
            raise ValueError(
                f"random_split: lengths: expected fractions in [0, 1] with sum 1, got {sizes}"
            )
        sizes = [int(total * n) for n in sizes]
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != total or any(n < 0 for n in sizes):
        raise ValueError(
            f"random_split: lengths: expected sizes with sum {total} (the dataset's length), "
            f"got {sizes} with sum {sum(sizes)}"
        )
    order = stream(as_seed(generator), SPLIT).permutation(total)
    ends = np.cumsum(sizes)
    return [
        Subset(dataset, order[end - n : end].tolist()) for n, end in zip(sizes, ends, strict=True)
    ]
