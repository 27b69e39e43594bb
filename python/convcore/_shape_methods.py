"""Methods of Tensor that rearrange, part, join and index."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore import _convert as convert
from convcore import _core

if TYPE_CHECKING:
    from convcore._tensor import Tensor


class ShapeMethods(_core.TensorBase):
    """The part of Tensor that rearranges elements."""

    def view(self, *shape: Any) -> Tensor:
        """The same elements in another shape (one size may be -1), over the same memory where strides allow."""
        return _core.view(self, shape)

    def view_as(self, other: Tensor) -> Tensor:
        """view(other.shape)."""
        return _core.view(self, other.shape)

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape (one size may be -1): a view where strides allow, else a copy."""
        return _core.reshape(self, shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        """reshape(other.shape)."""
        return _core.reshape(self, other.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Dimensions start_dim … end_dim joined into one."""
        return _core.flatten(self, start_dim, end_dim)

    def unflatten(self, dim: int, sizes: Any) -> Tensor:
        """Dimension `dim` cut into `sizes`."""
        axis = convert.axis("unflatten", "dim", dim, self.ndim)
        return self.reshape(*self.shape[:axis], *sizes, *self.shape[axis + 1 :])

    def ravel(self) -> Tensor:
        """All elements in one dimension."""
        return _core.reshape(self, [-1])

    def permute(self, *dims: Any) -> Tensor:
        """Dimensions in another order."""
        return _core.permute(self, convert.sizes(dims, "dims"))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Two dimensions exchanged."""
        return _core.transpose(self, dim0, dim1)

    def t(self) -> Tensor:
        """The transpose of a matrix."""
        if self.ndim > 2:
            raise _core.ArgumentError(f"t: expected at most 2 dimensions, got shape {self.shape}")
        return self if self.ndim < 2 else _core.transpose(self, 0, 1)

    def movedim(self, source: Any, destination: Any) -> Tensor:
        """Dimension `source` moved to `destination`, or several to as many."""
        sources, targets = (
            [convert.axis("movedim", name, d, self.ndim) for d in convert.axes(dims)]
            for dims, name in ((source, "source"), (destination, "destination"))
        )
        if not len(sources) == len(targets) == len({*sources}) == len({*targets}):
            raise _core.ArgumentError(
                "movedim: source and destination must name as many dimensions, each once, "
                f"got {source} and {destination}"
            )
        order = [d for d in range(self.ndim) if d not in sources]
        for target, moved in sorted(zip(targets, sources, strict=True)):
            order.insert(target, moved)
        return _core.permute(self, order)

    def expand(self, *sizes: Any) -> Tensor:
        """Sizes of one broadcast without copying; -1 keeps a size."""
        return _core.expand(self, sizes)

    def expand_as(self, other: Tensor) -> Tensor:
        """expand(other.shape)."""
        return _core.expand(self, other.shape)

    def squeeze(self, dim: int | None = None) -> Tensor:
        """Without dimensions of size one (or without that one)."""
        return _core.squeeze(self, dim)

    def unsqueeze(self, dim: int) -> Tensor:
        """With a new dimension of size one."""
        return _core.unsqueeze(self, dim)

    def narrow(self, dim: int, start: int, length: int) -> Tensor:
        """length elements of a dimension from start on."""
        axis = convert.axis("narrow", "dim", dim, self.ndim)
        size = self.shape[axis]
        begin = start + size if start < 0 else start
        if not 0 <= begin <= size:
            raise IndexError(f"narrow: start must be in [{-size}, {size}], got {start}")
        if not 0 <= length <= size - begin:
            raise _core.ArgumentError(
                f"narrow: length must be between 0 and {size - begin} from start {start} of dimension {dim} "
                f"with size {size}, got {length}"
            )
        return self[(slice(None),) * axis + (slice(begin, begin + length),)]

    def select(self, dim: int, index: int) -> Tensor:
        """One index of a dimension."""
        return self[(slice(None),) * convert.axis("select", "dim", dim, self.ndim) + (index,)]

    def clone(self, *, memory_format: Any = None) -> Tensor:
        """A copy, on the tape."""
        copied = _core.clone(self)
        return copied if memory_format is None else copied.contiguous(memory_format)

    def __getitem__(self, index: Any) -> Tensor:
        return _core.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, np.ndarray | list | tuple):
            value = convert.from_array(np.asarray(value), copy=True)
        _core.setitem(self, index, value)

    def __iter__(self) -> Any:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, value: Any) -> builtins.bool:
        return builtins.bool((self == value).any())

    def split(self, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Views of split_size (the last may be smaller), or of each size in a list, along dim."""
        if hasattr(split_size, "__index__"):
            return tuple(_core.split(self, split_size, dim))
        return tuple(_core.split_with_sizes(self, list(split_size), dim))

    def split_with_sizes(self, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Views of each size along dim."""
        return tuple(_core.split_with_sizes(self, list(split_sizes), dim))

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` views of equal size along dim (the last may be smaller)."""
        return tuple(_core.chunk(self, chunks, dim))

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """A view of each index of dim."""
        return tuple(_core.unbind(self, dim))

    def unfold(self, dimension: int, size: int, step: int) -> Tensor:
        """Windows of `size` elements, `step` apart, along a dimension: a view whose last dimension runs within a window."""
        return _core.unfold_dim(self, dimension, size, step)

    def flip(self, *dims: Any) -> Tensor:
        """The order along dims reversed."""
        return _core.flip(self, convert.sizes(dims, "dims"))

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """Elements shifted along dims (flattened without dims), those pushed out coming in at the other end."""
        if dims is None:
            return _core.roll(self.flatten(), convert.values(shifts, "shifts"), [0]).reshape(
                self.shape
            )
        return _core.roll(self, convert.values(shifts, "shifts"), convert.values(dims, "dims"))

    def tril(self, diagonal: int = 0) -> Tensor:
        """Zeros above the diagonal of the last two dimensions."""
        return _core.tril(self, diagonal)

    def triu(self, diagonal: int = 0) -> Tensor:
        """Zeros below the diagonal of the last two dimensions."""
        return _core.triu(self, diagonal)

    def gather(self, dim: int, index: Tensor) -> Tensor:
        """out[i][j] = self[index[i][j]][j] for dim 0, and so on: an int64 index along dim for each element."""
        return _core.gather(self, dim, index)

    def scatter(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """A copy with out[index[i][j]][j] = src[i][j] for dim 0, and so on; the last write wins."""
        return _core.scatter(self, dim, index, _filled(src, index, self))

    def scatter_add(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """As scatter, adding."""
        return _core.scatter_add(self, dim, index, _filled(src, index, self))

    def scatter_(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """scatter in place."""
        _core.assign(self, self.scatter(dim, index, src))
        return self

    def scatter_add_(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """scatter_add in place."""
        _core.assign(self, self.scatter_add(dim, index, src))
        return self

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """The indices of dim that the 1-D int64 tensor names."""
        return _core.index_select(self, dim, index)

    def index_add(self, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """A copy with alpha·source's slices added at the indices of dim."""
        return _core.index_add(self, dim, index, source if alpha == 1 else source * alpha)

    def index_add_(self, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """index_add in place."""
        _core.assign(self, self.index_add(dim, index, source, alpha=alpha))
        return self

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where mask holds, in one dimension."""
        return _core.masked_select(self, mask)

    def masked_fill(self, mask: Tensor, value: Any) -> Tensor:
        """value where mask holds, else self."""
        return _core.masked_fill(self, mask, value)

    def masked_fill_(self, mask: Tensor, value: Any) -> Tensor:
        """masked_fill in place."""
        _core.assign(self, self.masked_fill(mask, value))
        return self

    def nonzero(self, *, as_tuple: builtins.bool = False) -> Any:
        """The coordinates of the elements that are not zero: one row each, or one vector per dimension."""
        found = _core.nonzero(self)
        return tuple(_core.unbind(found, 1)) if as_tuple else found


def _filled(src: Any, index: Tensor, like: Tensor) -> Tensor:
    return src if isinstance(src, _core.TensorBase) else _core.full(index.shape, src, like.dtype)
