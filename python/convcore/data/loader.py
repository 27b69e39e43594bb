"""The loader: shuffles, batches and augments in this process, with threads where asked."""

from __future__ import annotations

import itertools
import operator
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import GenericAlias
from typing import Any

import numpy as np

import convcore as cc

from .collate import default_collate, default_convert
from .dataset import IterableDataset, can_gather
from .random import AUGMENT, as_seed, stream
from .sampler import BatchSampler, RandomSampler, SequentialSampler, one_pass

_END = object()  # an iterable dataset has no more samples
_thread = threading.local()


@dataclass(frozen=True)
class WorkerInfo:
    """Which of a loader's threads runs: `id` of `num_workers`, with a `seed` of its own."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


def get_worker_info() -> WorkerInfo | None:
    """What is known of the loader's thread that asks; None anywhere else.

    >>> get_worker_info() is None
    True
    """
    return getattr(_thread, "info", None)


class DataLoader:
    """Iterate over `dataset` in batches.

    The order of the samples and every augmentation are functions of (seed, epoch, batch) alone:
    they do not depend on `num_workers` and are exactly repeated after `load_state_dict`.
    `generator` gives the seed: an int, a generator, or None for a seed drawn from the library's own
    at the first epoch. `num_workers` counts threads that prepare batches ahead (no process is
    forked; an `IterableDataset` is read by one), `prefetch_factor` the batches each of them holds
    ready; each calls `worker_init_fn(id)` first. `pin_memory`, `timeout`,
    `multiprocessing_context`, `persistent_workers` and `in_order` are accepted for PyTorch's sake
    and do nothing.

    >>> import numpy as np
    >>> from convcore.data import TensorDataset
    >>> loader = DataLoader(TensorDataset(np.arange(10)), batch_size=4, shuffle=True, generator=0)
    >>> [batch[0].shape[0] for batch in loader]
    [4, 4, 2]
    """

    __class_getitem__ = classmethod(GenericAlias)

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_batching(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if not isinstance(num_workers, (int, np.integer)) or num_workers < 0:
            raise ValueError(f"DataLoader: num_workers: expected an int >= 0, got {num_workers!r}")
        if prefetch_factor is not None and prefetch_factor < 1:
            raise ValueError(f"DataLoader: prefetch_factor: expected >= 1, got {prefetch_factor}")
        self._reads_on = isinstance(dataset, IterableDataset)
        if self._reads_on:
            if shuffle or sampler is not None or batch_sampler is not None:
                raise ValueError(
                    "DataLoader: an IterableDataset has its own order: shuffle, sampler and "
                    "batch_sampler cannot be given"
                )
        else:
            _check_indexed(dataset, bool(shuffle), sampler is None and batch_sampler is None)
            if sampler is None and batch_sampler is None:
                sampler = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
            if batch_sampler is None and batch_size is not None:
                batch_sampler = BatchSampler(sampler, batch_size, bool(drop_last))
        self.dataset = dataset
        self.batch_size = None if batch_size is None else int(batch_size)
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = int(num_workers)
        self.collate_fn = collate_fn
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.prefetch_factor = prefetch_factor or 2
        self.persistent_workers = persistent_workers
        self._one_by_one = batch_sampler is None and batch_size is None
        self._seed: int | None = None
        self._next_epoch = 0
        self._latest: _Position | None = None
        self._resume_at: tuple[int, int] | None = None

    def draw_seed(self) -> int:
        """The seed of shuffling and augmentation, taken from `generator` when first asked for."""
        if self._seed is None:
            self._seed = as_seed(self.generator)
        return self._seed

    def __len__(self) -> int:
        if not self._reads_on:
            return len(self.sampler if self._one_by_one else self.batch_sampler)  # type: ignore[arg-type]
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Make the next pass over the data the one with this number."""
        self._next_epoch, self._latest, self._resume_at = int(epoch), None, None

    def state_dict(self) -> dict[str, int]:
        """The seed, the epoch and how many of its batches were handed out: plain ints."""
        epoch, batch = self._resume_at or (self._next_epoch, 0)
        if self._latest is not None and not self._latest.finished:
            epoch, batch = self._latest.epoch, self._latest.batch
        return {"seed": self.draw_seed(), "epoch": epoch, "batch": batch}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Continue where `state` was taken: the next pass hands out the batches that remained."""
        missing = {"seed", "epoch", "batch"} - set(state)
        if missing:
            raise ValueError(f"DataLoader: state: missing {sorted(missing)}, got {sorted(state)}")
        self._seed = int(state["seed"])
        self._next_epoch = int(state["epoch"])
        self._latest = None
        self._resume_at = (self._next_epoch, int(state["batch"])) if state["batch"] else None

    def __iter__(self) -> Iterator[Any]:
        epoch, first = self._resume_at or (self._next_epoch, 0)
        self._resume_at = None
        self._next_epoch = epoch + 1
        self._latest = _Position(epoch, first)
        return self._batches(self._latest)

    def _batches(self, position: _Position) -> Iterator[Any]:
        seed = self.draw_seed()  # not in a thread
        first, epoch = position.batch, position.epoch
        if self._reads_on:
            prepare, jobs = _Reader(self, first), itertools.count(first)
        else:
            indices = self.sampler if self._one_by_one else self.batch_sampler
            jobs = enumerate(one_pass(indices, seed, epoch))
            jobs = itertools.islice(jobs, first, None)
            gathers = self.collate_fn is None and can_gather(self.dataset)
            fetch = _gather if gathers else _collect

            def prepare(job: tuple[int, Any]) -> Any:
                return fetch(self, job[1], stream(seed, AUGMENT, epoch, job[0]))

        for prepared in self._results(jobs, prepare, seed):
            if prepared is _END:
                break
            position.batch += 1
            yield _to_tensors(prepared) if isinstance(prepared, _Arrays) else prepared
        position.finished = True

    def _results(
        self, jobs: Iterator[Any], prepare: Callable[[Any], Any], seed: int
    ) -> Iterator[Any]:
        """What `prepare` makes of each job, in order, made ahead by threads where there are any."""
        if self.num_workers == 0:
            yield from map(prepare, jobs)
            return
        count = 1 if self._reads_on else self.num_workers
        numbers = itertools.count()

        def work(job: Any) -> Any:
            if get_worker_info() is None:
                number = next(numbers)
                _thread.info = WorkerInfo(number, count, seed + number, self.dataset)
                if self.worker_init_fn is not None:
                    self.worker_init_fn(number)
            return prepare(job)

        pool = ThreadPoolExecutor(count, thread_name_prefix="convcore-loader")
        try:
            ahead: deque[Any] = deque()
            for job in jobs:
                ahead.append(pool.submit(work, job))
                if len(ahead) >= count * self.prefetch_factor:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


class _Position:
    """How far one pass over the data has come."""

    def __init__(self, epoch: int, batch: int) -> None:
        self.epoch = epoch
        self.batch = batch
        self.finished = False


class _Reader:
    """Reads an iterable dataset on, a batch per call, after leaving out the first ones."""

    def __init__(self, loader: DataLoader, skip: int) -> None:
        self.loader = loader
        self.skip = skip
        self.samples: Iterator[Any] | None = None

    def __call__(self, job: int) -> Any:
        loader = self.loader
        if self.samples is None:
            self.samples = iter(loader.dataset)
            skipped = self.skip * (loader.batch_size or 1)
            next(itertools.islice(self.samples, skipped, skipped), None)
        if loader._one_by_one:
            sample = next(self.samples, _END)
            return _END if sample is _END else (loader.collate_fn or default_convert)(sample)
        batch = list(itertools.islice(self.samples, loader.batch_size))
        if not batch or (loader.drop_last and len(batch) < loader.batch_size):
            return _END
        return (loader.collate_fn or default_collate)(batch)


class _Arrays(tuple):
    """The columns of a gathered batch, not yet tensors."""


def _gather(loader: DataLoader, indices: Any, rng: np.random.Generator) -> _Arrays:
    if loader._one_by_one:
        columns = loader.dataset.gather(np.array([operator.index(indices)]), rng)
        return _Arrays(column[0] for column in columns)
    return _Arrays(loader.dataset.gather(np.asarray(indices), rng))


def _to_tensors(arrays: Sequence[np.ndarray]) -> list[Any]:
    return [cc.from_numpy(a) if isinstance(a, np.ndarray) else cc.tensor(a) for a in arrays]


def _collect(loader: DataLoader, indices: Any, rng: np.random.Generator) -> Any:
    dataset = loader.dataset
    if loader._one_by_one:
        return (loader.collate_fn or default_convert)(dataset[_plain(indices)])
    indices = [_plain(i) for i in indices]
    several = getattr(dataset, "__getitems__", None)
    samples = several(indices) if several else [dataset[i] for i in indices]
    return (loader.collate_fn or default_collate)(samples)


def _plain(index: Any) -> Any:
    """A numpy or tensor integer as an int; any other key of a dataset as it is."""
    return operator.index(index) if hasattr(index, "__index__") else index


def _check_batching(
    batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: Any
) -> None:
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last"
            )
    elif batch_size is None:
        if drop_last:
            raise ValueError("DataLoader: batch_size=None excludes drop_last=True")
    elif (
        not isinstance(batch_size, (int, np.integer))
        or isinstance(batch_size, bool)
        or batch_size < 1
    ):
        raise ValueError(f"DataLoader: batch_size: expected an int >= 1, got {batch_size!r}")
    if sampler is not None and shuffle:
        raise ValueError("DataLoader: sampler excludes shuffle=True")


def _check_indexed(dataset: Any, shuffle: bool, by_length: bool) -> None:
    needed = ["__getitem__", "__len__"] if by_length else ["__getitem__"]
    if not all(hasattr(dataset, name) for name in needed):
        hint = "; subclass IterableDataset for one read on" if hasattr(dataset, "__iter__") else ""
        raise TypeError(
            "DataLoader: dataset: expected an object with __len__ and __getitem__, got "
            f"{type(dataset).__name__}{hint}"
        )
    if shuffle and len(dataset) == 0:
        raise ValueError("DataLoader: dataset: expected at least one sample to shuffle, got 0")
