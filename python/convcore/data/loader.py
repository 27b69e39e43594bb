"""The loader: shuffles, batches and augments in this process, with threads where asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import convcore as cc

from .dataset import can_gather
from .random import AUGMENT, SHUFFLE, as_seed, stream


def default_collate(batch: Sequence[Any]) -> Any:
    """Join samples into a batch: arrays and numbers are stacked into tensors, containers are kept.

    Raises ValueError where the samples' shapes differ and TypeError for a type it cannot join.

    >>> x, y = default_collate([(1.0, 3), (2.0, 4)])
    >>> y.tolist()
    [3, 4]
    """
    first = batch[0]
    if isinstance(first, (cc.Tensor, np.ndarray)):
        shapes = {tuple(sample.shape) for sample in batch}
        if len(shapes) > 1:
            raise ValueError(
                f"default_collate: expected samples of one shape, got {sorted(shapes)}; "
                "give the loader a collate_fn or make the samples equal"
            )
        if isinstance(first, cc.Tensor):
            return cc.stack(list(batch), 0)
        return cc.from_numpy(np.stack(batch))
    if isinstance(first, (int, np.integer, np.bool_)) and len({type(v) for v in batch}) > 1:
        return cc.tensor(list(batch))
    if isinstance(first, (bool, np.bool_)):
        return cc.tensor([bool(v) for v in batch])
    if isinstance(first, (int, np.integer)):
        return cc.from_numpy(np.asarray(batch, dtype=getattr(first, "dtype", np.int64)))
    if isinstance(first, (float, np.floating)):
        return cc.from_numpy(np.asarray(batch, dtype=getattr(first, "dtype", np.float64)))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) > 1:
            raise ValueError(
                f"default_collate: expected samples with one number of items, got {sorted(lengths)}"
            )
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        "default_collate: expected tensors, arrays, numbers, strings, mappings or sequences, got "
        f"{type(first).__name__}"
    )


class DataLoader:
    """Iterate over `dataset` in batches.

    The order of the samples and every augmentation are functions of (seed, epoch, batch) alone:
    they do not depend on `num_workers` and are exactly repeated after `load_state_dict`.
    `generator` gives the seed: an int, a generator, or None for a seed drawn from the library's own
    at the first epoch. `num_workers` counts threads that prepare batches ahead (no process is
    forked), `prefetch_factor` the batches each of them holds ready. `pin_memory`, `timeout`,
    `worker_init_fn`, `multiprocessing_context` and `persistent_workers` are accepted for PyTorch's
    sake and do nothing.

    >>> import numpy as np
    >>> from convcore.data import TensorDataset
    >>> loader = DataLoader(TensorDataset(np.arange(10)), batch_size=4, shuffle=True, generator=0)
    >>> [batch[0].shape[0] for batch in loader]
    [4, 4, 2]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Sequence[int]] | None = None,
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
    ) -> None:
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last"
                )
            batch_size = None
        elif batch_size is not None and (
            not isinstance(batch_size, (int, np.integer))
            or isinstance(batch_size, bool)
            or batch_size < 1
        ):
            raise ValueError(f"DataLoader: batch_size: expected an int >= 1, got {batch_size!r}")
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler excludes shuffle=True")
        if batch_size is None and batch_sampler is None and drop_last:
            raise ValueError("DataLoader: batch_size=None excludes drop_last=True")
        if not isinstance(num_workers, (int, np.integer)) or num_workers < 0:
            raise ValueError(f"DataLoader: num_workers: expected an int >= 0, got {num_workers!r}")
        if prefetch_factor is not None and prefetch_factor < 1:
            raise ValueError(f"DataLoader: prefetch_factor: expected >= 1, got {prefetch_factor}")
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise TypeError(
                "DataLoader: dataset: expected an object with __len__ and __getitem__, got "
                f"{type(dataset).__name__}"
            )
        if shuffle and len(dataset) == 0:
            raise ValueError("DataLoader: dataset: expected at least one sample to shuffle, got 0")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = bool(shuffle)
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = int(num_workers)
        self.collate_fn = collate_fn
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.generator = generator
        self.prefetch_factor = prefetch_factor or 2
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
        if self.batch_sampler is not None:
            return len(self.batch_sampler)  # type: ignore[arg-type]
        count = len(self.dataset) if self.sampler is None else len(self.sampler)  # type: ignore[arg-type]
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
        position = self._latest = _Position(epoch, first)
        return self._batches(position, self._indices(epoch))

    def _indices(self, epoch: int) -> Iterator[Any]:
        if self.batch_sampler is not None:
            yield from self.batch_sampler
            return
        order: Iterable[Any]
        if self.sampler is not None:
            order = self.sampler
        elif self.shuffle:
            order = stream(self.draw_seed(), SHUFFLE, epoch).permutation(len(self.dataset))
        else:
            order = np.arange(len(self.dataset))
        if self.batch_size is None:
            yield from order
            return
        order = np.fromiter((int(i) for i in order), np.int64) if order is self.sampler else order
        stop = len(order) - (len(order) % self.batch_size if self.drop_last else 0)  # type: ignore[arg-type]
        for start in range(0, stop, self.batch_size):
            yield order[start : start + self.batch_size]  # type: ignore[index]

    def _batches(self, position: _Position, batches: Iterator[Any]) -> Iterator[Any]:
        fetch = _gather if self.collate_fn is None and can_gather(self.dataset) else _collect
        first, epoch = position.batch, position.epoch
        seed = self.draw_seed()  # not in a thread
        jobs = ((number, indices) for number, indices in enumerate(batches) if number >= first)

        def prepare(job: tuple[int, Any]) -> Any:
            number, indices = job
            return fetch(self, indices, stream(seed, AUGMENT, epoch, number))

        def hand_out(prepared: Any) -> Any:
            position.batch += 1
            return _to_tensors(prepared) if fetch is _gather else prepared

        if self.num_workers == 0:
            for job in jobs:
                yield hand_out(prepare(job))
        else:
            pool = ThreadPoolExecutor(self.num_workers, thread_name_prefix="convcore-loader")
            try:
                ahead: deque[Any] = deque()
                for job in jobs:
                    ahead.append(pool.submit(prepare, job))
                    if len(ahead) >= self.num_workers * self.prefetch_factor:
                        yield hand_out(ahead.popleft().result())
                while ahead:
                    yield hand_out(ahead.popleft().result())
            finally:
                pool.shutdown(cancel_futures=True)
        position.finished = True


class _Position:
    """How far one pass over the data has come."""

    def __init__(self, epoch: int, batch: int) -> None:
        self.epoch = epoch
        self.batch = batch
        self.finished = False


def _gather(loader: DataLoader, indices: Any, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    if loader.batch_size is None and loader.batch_sampler is None:
        return tuple(column[0] for column in loader.dataset.gather(np.array([indices]), rng))
    return loader.dataset.gather(np.asarray(indices), rng)


def _to_tensors(arrays: Sequence[np.ndarray]) -> list[Any]:
    return [cc.from_numpy(a) if isinstance(a, np.ndarray) else cc.tensor(a) for a in arrays]


def _collect(loader: DataLoader, indices: Any, rng: np.random.Generator) -> Any:
    if loader.batch_size is None and loader.batch_sampler is None:
        sample = loader.dataset[int(indices)]
        return sample if loader.collate_fn is None else loader.collate_fn(sample)
    samples = [loader.dataset[int(i)] for i in indices]
    return (loader.collate_fn or default_collate)(samples)
