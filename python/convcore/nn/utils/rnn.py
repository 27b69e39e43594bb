"""Sequences of unequal lengths: padded to one length, or packed step by step without padding."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Tensor


class PackedSequence(NamedTuple):
    """Sequences without padding: first the first step of all, longest first, then the second of those that have one, …

    `batch_sizes` says how many have each step; `sorted_indices` and `unsorted_indices` lead from the order given to the order
    by length and back. Made by pack_padded_sequence and pack_sequence.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With the data in another dtype or on another device."""
        return self._replace(data=self.data.to(*args, **kwargs))


def _indices(numbers: Any) -> Tensor:
    return convert.from_array(np.asarray(numbers, np.int64), copy=True)


def _lengths_of(sequence: PackedSequence) -> Tensor:
    """Each sequence's length, longest first."""
    sizes = sequence.batch_sizes.numpy()
    return _indices((sizes[:, None] > np.arange(sizes[0])).sum(0))


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The order that undoes an order."""
    return None if permutation is None else permutation.argsort()


def pad_sequence(
    sequences: Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Tensors (length, …) as one (longest, batch, …), or (batch, longest, …), the rest filled with padding_value.

    >>> import convcore as cc
    >>> cc.nn.utils.rnn.pad_sequence([cc.ones(3), cc.ones(1)], batch_first=True)
    tensor([[1., 1., 1.],
            [1., 0., 0.]])
    """
    if padding_side not in ("left", "right"):
        raise _core.ArgumentError(
            f'pad_sequence: padding_side must be "left" or "right", got {padding_side!r}'
        )
    sequences = list(sequences)
    if not sequences:
        raise _core.ArgumentError("pad_sequence: expected at least one sequence")
    longest = max(s.shape[0] for s in sequences)

    def padded(s: Tensor) -> Tensor:
        filling = s.new_full((longest - s.shape[0], *s.shape[1:]), padding_value)
        return _core.cat([filling, s] if padding_side == "left" else [s, filling], 0)

    return _core.stack([padded(s) for s in sequences], 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences that pad_sequence made one of."""
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[:length] for row, length in zip(x, lengths.tolist(), strict=True)]


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Padded sequences (steps, batch, …) of the given lengths without their padding.

    With `enforce_sorted` lengths must fall; else sequences are sorted and the order is kept. ValueError for lengths
    that are not positive or exceed the steps.

    >>> import convcore as cc
    >>> cc.nn.utils.rnn.pack_padded_sequence(cc.tensor([[1, 2], [3, 0]]), [2, 1]).data
    tensor([1, 2, 3])
    """
    x = input.transpose(0, 1) if batch_first else input
    counts = np.asarray(lengths, np.int64)
    if counts.shape != (x.shape[1],) or (counts < 1).any() or (counts > x.shape[0]).any():
        raise _core.ArgumentError(
            f"pack_padded_sequence: lengths must be {x.shape[1]} numbers from 1 to {x.shape[0]}, got {counts.tolist()}"
        )
    order = None
    if enforce_sorted:
        if (np.diff(counts) > 0).any():
            raise _core.ArgumentError(
                "pack_padded_sequence: lengths must fall; pass enforce_sorted=False to have them sorted"
            )
    else:
        places = np.argsort(-counts, kind="stable")
        order, counts = _indices(places), counts[places]
        x = x.index_select(1, order)
    present = np.arange(counts[0])[:, None] < counts
    flat = x[: int(counts[0])].reshape(-1, *x.shape[2:])
    data = flat.index_select(0, _indices(np.flatnonzero(present.ravel())))
    return PackedSequence(data, _indices(present.sum(1)), order, invert_permutation(order))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The padded sequences (steps, batch, …), in the order given to pack_padded_sequence, and their lengths."""
    lengths = _lengths_of(sequence).numpy()
    steps = int(lengths[0]) if total_length is None else total_length
    if steps < lengths[0]:
        raise _core.ArgumentError(
            f"pad_packed_sequence: total_length must be at least {lengths[0]}, got {total_length}"
        )
    present = np.arange(steps)[:, None] < lengths
    rows = np.full(present.shape, sequence.data.shape[0])  # one row beyond the data: padding
    rows[present] = np.arange(present.sum())
    padding = sequence.data.new_full((1, *sequence.data.shape[1:]), padding_value)
    flat = _core.cat([sequence.data, padding], 0).index_select(0, _indices(rows.ravel()))
    out, counts = flat.reshape(*present.shape, *sequence.data.shape[1:]), _indices(lengths)
    if sequence.unsorted_indices is not None:
        out = out.index_select(1, sequence.unsorted_indices)
        counts = counts.index_select(0, sequence.unsorted_indices)
    return (out.transpose(0, 1) if batch_first else out), counts


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Tensors (length, …) as a PackedSequence.

    >>> import convcore as cc
    >>> cc.nn.utils.rnn.pack_sequence([cc.tensor([1, 2]), cc.tensor([3])]).batch_sizes
    tensor([2, 1])
    """
    lengths = [s.shape[0] for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a PackedSequence."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
