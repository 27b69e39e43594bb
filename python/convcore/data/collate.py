"""How samples become a batch of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import convcore as cc


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


def default_convert(data: Any) -> Any:
    """The arrays inside a sample as tensors; everything else stays.

    >>> import numpy as np
    >>> default_convert({"x": np.ones(2), "name": "a"})
    {'x': tensor([1., 1.], dtype=convcore.float64), 'name': 'a'}
    """
    if isinstance(data, np.ndarray) and data.dtype.kind in "biuf":
        return cc.from_numpy(data)
    if isinstance(data, np.generic) and data.dtype.kind in "biuf":
        return cc.tensor(data)
    if isinstance(data, Mapping):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, (tuple, list)):
        values = [default_convert(value) for value in data]
        return type(data)(*values) if hasattr(data, "_fields") else type(data)(values)
    return data
