"""Rearranging, repeating and joining: functions of the package, most of them also methods of Tensor."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._attach import attach
from convcore._tensor import Tensor

METHODS = [
    "broadcast_to", "diag", "diag_embed", "diagflat", "diagonal", "dsplit", "fliplr", "flipud", "hsplit", "moveaxis",
    "narrow_copy", "repeat_interleave", "rot90", "select", "swapaxes", "swapdims", "tensor_split", "tile", "vsplit",
]  # fmt: skip
__all__ = METHODS + [
    "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes", "broadcast_tensors", "cartesian_prod",
    "column_stack", "combinations", "concat", "concatenate", "dstack", "hstack", "meshgrid", "row_stack", "tril_indices",
    "triu_indices", "unflatten", "vander", "vstack",
]  # fmt: skip


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one index of dim, a view.

    >>> import convcore as cc
    >>> cc.select(cc.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    return input.select(dim, index)


def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Dimension `dim` cut into `sizes`.

    >>> import convcore as cc
    >>> tuple(cc.unflatten(cc.zeros(2, 6), 1, (2, 3)).shape)
    (2, 2, 3)
    """
    return input.unflatten(dim, sizes)


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """narrow, copied."""
    return input.narrow(dim, start, length).clone()


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Two dimensions exchanged, as transpose."""
    return input.transpose(axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged, as transpose."""
    return input.transpose(dim0, dim1)


def moveaxis(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to other places, as movedim."""
    return input.movedim(source, destination)


def flipud(input: Tensor) -> Tensor:
    """The order along the first dimension reversed."""
    return input.flip(0)


def fliplr(input: Tensor) -> Tensor:
    """The order along the second dimension reversed."""
    return input.flip(1)


def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """k quarter turns from the first of dims towards the second.

    >>> import convcore as cc
    >>> cc.rot90(cc.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    first, second = (convert.axis("rot90", "dims", d, input.ndim) for d in dims)
    if first == second:
        raise _core.ArgumentError(f"rot90: dims must differ, got {tuple(dims)}")
    turns = k % 4
    if turns == 2:
        return input.flip(first, second)
    if turns == 1:
        return input.flip(second).transpose(first, second)
    return input.transpose(first, second).flip(second) if turns else input.clone()


def broadcast_to(input: Tensor, shape: Any) -> Tensor:
    """A view of that shape, new and single elements repeated."""
    return input.expand(*shape)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that shapes broadcast to.

    >>> import convcore as cc
    >>> cc.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        shown = " and ".join(str(tuple(shape)) for shape in shapes)
        raise _core.ArgumentError(f"broadcast: shapes {shown} do not broadcast") from None


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Views of one shape."""
    shape = broadcast_shapes(*(tuple(t.shape) for t in tensors))
    return tuple(t.expand(*shape) for t in tensors)


def tile(input: Tensor, *dims: Any) -> Tensor:
    """The whole tensor repeated dims times along each dimension, the last ones counting; as numpy's tile.

    >>> import convcore as cc
    >>> cc.tile(cc.tensor([1, 2]), 2)
    tensor([1, 2, 1, 2])
    """
    times = convert.sizes(dims, "dims")
    return input.repeat([1] * (input.ndim - len(times)) + times)


def repeat_interleave(
    input: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (slice of dim) repeated, all as often or each as often as a vector says.

    >>> import convcore as cc
    >>> cc.repeat_interleave(cc.tensor([1, 2]), cc.tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    x, axis = (input.flatten(), 0) if dim is None else (input, dim)
    axis = convert.axis("repeat_interleave", "dim", axis, x.ndim)
    if not isinstance(repeats, _core.TensorBase):
        if repeats < 0:
            raise _core.ArgumentError(
                f"repeat_interleave: repeats must not be negative, got {repeats}"
            )
        wide = x.unsqueeze(axis + 1)
        wide = wide.expand(*(repeats if i == axis + 1 else n for i, n in enumerate(wide.shape)))
        return wide.flatten(axis, axis + 1)
    if repeats.ndim > 1 or repeats.numel() not in (1, x.shape[axis]):
        raise _core.ArgumentError(
            f"repeat_interleave: repeats must have one element or {x.shape[axis]}, "
            f"got shape {tuple(repeats.shape)}"
        )
    counts = repeats.reshape(-1).expand(x.shape[axis]).numpy()
    if (counts < 0).any():
        raise _core.ArgumentError("repeat_interleave: repeats must not be negative")
    index = np.repeat(np.arange(x.shape[axis]), counts)
    return x.index_select(axis, convert.from_array(index, copy=False))


# --- diagonals -------------------------------------------------------------------------------------------------------------


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of the diagonals of two dimensions, along a new last one.

    >>> import convcore as cc
    >>> cc.diagonal(cc.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return _core.diagonal(input, offset, dim1, dim2)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix of a diagonal.

    >>> import convcore as cc
    >>> cc.diag(cc.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if input.ndim not in (1, 2):
        raise _core.ArgumentError(
            f"diag: expected 1 or 2 dimensions, got shape {tuple(input.shape)}"
        )
    if input.ndim == 2:
        return _core.diagonal(input, diagonal, 0, 1).clone()
    return _core.diag_embed(input, diagonal, -2, -1)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with the elements on a diagonal."""
    return diag_embed(input.flatten(), offset)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices, in dimensions dim1 and dim2 of the result, with the last dimension on a diagonal.

    >>> import convcore as cc
    >>> cc.diag_embed(cc.tensor([1, 2]), 1)
    tensor([[0, 1, 0],
            [0, 0, 2],
            [0, 0, 0]])
    """
    return _core.diag_embed(input, offset, dim1, dim2)


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of one.

    >>> import convcore as cc
    >>> cc.block_diag(cc.tensor([[1, 2]]), cc.tensor([[3]]))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    blocks = [atleast_2d(t) for t in tensors]
    if not blocks:
        raise _core.ArgumentError("block_diag: expected at least one tensor")
    width, left, rows = sum(t.shape[1] for t in blocks), 0, []
    for block in blocks:
        right = width - left - block.shape[1]
        rows.append(_core.pad(block, [left, right], "constant", 0.0))
        left += block.shape[1]
    return _core.cat(rows, 0)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Rows and columns (2, n) of what lies on or below a diagonal of a row × col matrix."""
    convert.check_device(device)
    found = _core.triangle_indices(row, col, offset, False)
    return found if dtype is None else found.to(dtype=dtype)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Rows and columns (2, n) of what lies on or above a diagonal of a row × col matrix."""
    convert.check_device(device)
    found = _core.triangle_indices(row, col, offset, True)
    return found if dtype is None else found.to(dtype=dtype)


# --- joining and parting -----------------------------------------------------------------------------------------------------


def _listed(tensors: tuple) -> list[Tensor]:
    """atleast_1d(a, b) or atleast_1d((a, b))."""
    return (
        list(tensors[0])
        if len(tensors) == 1 and isinstance(tensors[0], list | tuple)
        else list(tensors)
    )


def _each(function: Any, tensors: tuple) -> Any:
    found = tuple(function(t) for t in _listed(tensors))
    return found[0] if len(tensors) == 1 and isinstance(tensors[0], _core.TensorBase) else found


def atleast_1d(*tensors: Any) -> Any:
    """Tensors with at least one dimension."""
    return _each(lambda t: t if t.ndim else t.reshape(1), tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Tensors with at least two dimensions; a vector becomes a row."""
    return _each(lambda t: t if t.ndim > 1 else t.reshape(1, -1), tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with at least three dimensions; a vector becomes (1, n, 1), a matrix (n, m, 1)."""

    def grown(t: Tensor) -> Tensor:
        if t.ndim > 2:
            return t
        return t.unsqueeze(-1) if t.ndim == 2 else t.reshape(1, -1, 1)

    return _each(grown, tensors)


def concat(tensors: Any, dim: int = 0) -> Tensor:
    """Tensors joined along dim, as cat."""
    return _core.cat(list(tensors), dim)


def concatenate(tensors: Any, axis: int = 0) -> Tensor:
    """Tensors joined along an axis, as cat."""
    return _core.cat(list(tensors), axis)


def hstack(tensors: Any) -> Tensor:
    """Tensors side by side: joined along the second dimension, vectors along their only one.

    >>> import convcore as cc
    >>> cc.hstack((cc.tensor([1]), cc.tensor([2, 3])))
    tensor([1, 2, 3])
    """
    parts = list(atleast_1d(list(tensors)))
    return _core.cat(parts, 0 if parts[0].ndim == 1 else 1)


def vstack(tensors: Any) -> Tensor:
    """Tensors above each other: joined along the first dimension, vectors as rows.

    >>> import convcore as cc
    >>> cc.vstack((cc.tensor([1, 2]), cc.tensor([3, 4])))
    tensor([[1, 2],
            [3, 4]])
    """
    return _core.cat(list(atleast_2d(list(tensors))), 0)


def row_stack(tensors: Any) -> Tensor:
    """vstack."""
    return vstack(tensors)


def dstack(tensors: Any) -> Tensor:
    """Tensors behind each other: joined along the third dimension."""
    return _core.cat(list(atleast_3d(list(tensors))), 2)


def column_stack(tensors: Any) -> Tensor:
    """Tensors side by side, vectors as columns."""
    return _core.cat([t if t.ndim > 1 else t.reshape(-1, 1) for t in tensors], 1)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views along dim: that many of nearly equal size, or cut at each index.

    >>> import convcore as cc
    >>> [tuple(t.shape) for t in cc.tensor_split(cc.zeros(5), 2)]
    [(3,), (2,)]
    """
    axis = convert.axis("tensor_split", "dim", dim, input.ndim)
    size = input.shape[axis]
    if isinstance(indices_or_sections, _core.TensorBase):
        indices_or_sections = indices_or_sections.tolist()
    if hasattr(indices_or_sections, "__index__"):
        sections = indices_or_sections.__index__()
        if sections < 1:
            raise _core.ArgumentError(f"tensor_split: sections must be positive, got {sections}")
        if sections > size + 2**20:
            raise _core.ArgumentError(
                f"tensor_split: cannot make {sections} sections of dimension {axis} with size {size}"
            )
        cuts = [i * (size // sections) + min(i, size % sections) for i in range(1, sections)]
    else:
        cuts = [i.__index__() for i in indices_or_sections]
    places = [range(size)[slice(low, high)] for low, high in zip([0, *cuts], [*cuts, size])]
    return tuple(input.narrow(axis, p.start if len(p) else 0, len(p)) for p in places)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """tensor_split along the second dimension, of a vector along its only one."""
    return _even_split("hsplit", input, indices_or_sections, 0 if input.ndim == 1 else 1, 1)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """tensor_split along the first dimension."""
    return _even_split("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """tensor_split along the third dimension."""
    return _even_split("dsplit", input, indices_or_sections, 2, 3)


def _even_split(op: str, x: Tensor, how: Any, dim: int, least: int) -> tuple[Tensor, ...]:
    if x.ndim < least:
        raise _core.ArgumentError(
            f"{op}: input must have at least {least} dimensions, got shape {tuple(x.shape)}"
        )
    if hasattr(how, "__index__") and (how < 1 or x.shape[dim] % how):
        raise _core.ArgumentError(f"{op}: {how} sections do not divide the size {x.shape[dim]}")
    return tensor_split(x, how, dim)


# --- grids -------------------------------------------------------------------------------------------------------------------


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Vectors as coordinates over the grid they span, the first along rows ("ij", the default) or columns ("xy").

    >>> import convcore as cc
    >>> cc.meshgrid(cc.tensor([1, 2]), cc.tensor([3, 4]), indexing="ij")[1]
    tensor([[3, 4],
            [3, 4]])
    """
    if indexing not in (None, "ij", "xy"):
        raise _core.ArgumentError(f'meshgrid: indexing must be "ij" or "xy", got {indexing!r}')
    vectors = [t.reshape(-1) for t in _listed(tensors)]
    shape = [t.shape[0] for t in vectors]
    grids = tuple(
        t.reshape([-1 if i == j else 1 for j in range(len(shape))]).expand(*shape)
        for i, t in enumerate(vectors)
    )
    if indexing == "xy" and len(grids) > 1:
        return tuple(grid.transpose(0, 1) for grid in grids)
    return grids


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, a row each.

    >>> import convcore as cc
    >>> cc.cartesian_prod(cc.tensor([1, 2]), cc.tensor([3, 4]))[1]
    tensor([1, 4])
    """
    if len(tensors) == 1:
        return tensors[0]
    return _core.stack([grid.flatten() for grid in meshgrid(*tensors)], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, in order, a row each.

    >>> import convcore as cc
    >>> cc.combinations(cc.tensor([1, 2, 3]))[2]
    tensor([2, 3])
    """
    if input.ndim != 1:
        raise _core.ArgumentError(
            f"combinations: expected a vector, got shape {tuple(input.shape)}"
        )
    if r == 0:
        return input[:0]
    return input[_core.combination_indices(input.shape[0], r, with_replacement)]


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of a vector's elements, N − 1 … 0 or 0 … N − 1, a row each.

    >>> import convcore as cc
    >>> cc.vander(cc.tensor([2, 3]), 3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    count = x.shape[-1] if N is None else N
    powers = _core.arange(0, count, 1, _core.dtype.int64)
    return x.unsqueeze(-1) ** (powers if increasing else powers.flip(0))


def _repeat(self: Tensor, *repeats: Any) -> Tensor:
    """The whole tensor repeated along each dimension; repeats may name new leading ones.

    >>> import convcore as cc
    >>> cc.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    times = convert.sizes(repeats, "repeats")
    if len(times) < self.ndim:
        raise _core.ArgumentError(
            f"repeat: repeats must name at least {self.ndim} dimensions, got {tuple(times)}"
        )
    if builtins.any(t < 0 for t in times):
        raise _core.ArgumentError(f"repeat: repeats must not be negative, got {tuple(times)}")
    shape = [1] * (len(times) - self.ndim) + list(self.shape)
    wide = self.reshape([n for size in shape for n in (1, size)])
    wide = wide.expand([n for t, size in zip(times, shape) for n in (t, size)])
    return wide.reshape([t * size for t, size in zip(times, shape)])


_repeat.__name__ = _repeat.__qualname__ = "repeat"
# select and unflatten are methods already.
attach([_repeat, *(globals()[name] for name in METHODS if name not in ("select", "unflatten"))])
