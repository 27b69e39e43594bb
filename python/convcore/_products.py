"""Products of vectors and matrices: functions of the package, most of them also methods of Tensor."""

from __future__ import annotations

from functools import reduce
from typing import Any

from convcore import _convert as convert
from convcore import _core
from convcore._attach import attach
from convcore._tensor import Tensor

METHODS = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "cross", "ger", "inner", "kron", "matrix_power", "mv", "vdot",
]  # fmt: skip
__all__ = METHODS + ["cdist", "chain_matmul", "einsum", "tensordot"]


def _ranks(op: str, *operands: tuple[str, Tensor, int]) -> None:
    for name, x, rank in operands:
        if x.ndim != rank:
            raise _core.ArgumentError(
                f"{op}: {name} must have {rank} dimensions, got shape {tuple(x.shape)}"
            )


def _tensors(op: str, input: Any) -> None:
    if not isinstance(input, _core.TensorBase):
        raise TypeError(f"{op}: input must be Tensor, got {type(input).__name__}")


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector.

    >>> import convcore as cc
    >>> cc.mv(cc.ones(2, 3), cc.ones(3))
    tensor([3., 3.])
    """
    _ranks("mv", ("input", input, 2), ("vec", vec, 1))
    return _core.matmul(input, vec)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The inner product of two vectors."""
    _ranks("vdot", ("input", input, 1), ("other", other, 1))
    return _core.matmul(input, other)


def ger(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of two vectors' elements, as outer."""
    return input.outer(vec2)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last dimension of both.

    >>> import convcore as cc
    >>> cc.inner(cc.tensor([1.0, 2.0]), cc.tensor([3.0, 4.0]))
    tensor(11.)
    """
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    return tensordot(input, other, ([-1], [-1]))


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of input times the whole of other.

    >>> import convcore as cc
    >>> cc.kron(cc.tensor([1, 2]), cc.tensor([1, 10]))
    tensor([ 1, 10,  2, 20])
    """
    rank = max(input.ndim, other.ndim)
    a = [1] * (rank - input.ndim) + list(input.shape)
    b = [1] * (rank - other.ndim) + list(other.shape)
    if rank == 0:
        return input * other
    # Both are first spread to the result's rows, so that long rows are multiplied.
    left = input.reshape([*a, 1]).expand([*a, b[-1]]).flatten(-2)
    right = other.reshape([*b[:-1], 1, b[-1]]).expand([*b[:-1], a[-1], b[-1]]).flatten(-2)
    left = left.reshape([n for size in a[:-1] for n in (size, 1)] + [-1])
    right = right.reshape([n for size in b[:-1] for n in (1, size)] + [-1])
    return (left * right).reshape([n * m for n, m in zip(a, b)])


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along a dimension of size 3 (the first such unless told).

    >>> import convcore as cc
    >>> cc.cross(cc.tensor([1.0, 0.0, 0.0]), cc.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    shape = tuple(input.shape)
    axis = dim if dim is not None else shape.index(3) if 3 in shape else None
    if axis is None:
        raise _core.ArgumentError(
            f"cross: a dimension of size 3 is needed, got shapes {shape} and {tuple(other.shape)}"
        )
    return _core.cross(input, other, axis)


def _blend(input: Tensor, beta: Any, product: Tensor, alpha: Any) -> Tensor:
    """beta·input + alpha·product; input is not looked at where beta is 0."""
    if _core.is_autocast_enabled() and product.dtype == _core.dtype.bfloat16:
        input = input.bfloat16()
    scaled = product if alpha == 1 else product * alpha
    if beta == 0:
        return scaled
    return (input if beta == 1 else input * beta) + scaled


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta·input + alpha·mat1 @ mat2.

    >>> import convcore as cc
    >>> cc.addmm(cc.ones(1), cc.ones(1, 2), cc.ones(2, 1))
    tensor([[3.]])
    """
    _tensors("addmm", input)
    _ranks("addmm", ("mat1", mat1, 2), ("mat2", mat2, 2))
    return _blend(input, beta, _core.matmul(mat1, mat2), alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta·input + alpha·mat @ vec."""
    _tensors("addmv", input)
    _ranks("addmv", ("mat", mat, 2), ("vec", vec, 1))
    return _blend(input, beta, _core.matmul(mat, vec), alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta·input + alpha·(all products of two vectors' elements)."""
    return _blend(input, beta, vec1.outer(vec2), alpha)


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """beta·input + alpha·batch1 @ batch2, of batches of matrices."""
    _tensors("baddbmm", input)
    return _blend(input, beta, batch1.bmm(batch2), alpha)


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """beta·input + alpha·Σ batch1 @ batch2, summed over the batch."""
    _tensors("addbmm", input)
    return _blend(input, beta, batch1.bmm(batch2).sum(0), alpha)


def matrix_power(input: Tensor, n: int) -> Tensor:
    """The n-th power of square matrices, n ≥ 0, by repeated squaring.

    >>> import convcore as cc
    >>> cc.matrix_power(cc.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise _core.ArgumentError(
            f"matrix_power: expected square matrices, got shape {tuple(input.shape)}"
        )
    if n < 0:
        raise NotImplementedError("matrix_power: n must not be negative: there is no inverse here")
    if n == 0:
        return _core.eye(input.shape[-1], input.shape[-1], input.dtype).expand(input.shape).clone()
    out = None
    while n:
        if n & 1:
            out = input if out is None else _core.matmul(out, input)
        n >>= 1
        input = _core.matmul(input, input) if n else input
    return out


def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices, in the order of the fewest multiplications.

    >>> import convcore as cc
    >>> cc.chain_matmul(cc.ones(2, 3), cc.ones(3, 2), cc.ones(2, 1))
    tensor([[6.],
            [6.]])
    """
    sizes = [m.shape[0] for m in matrices] + [matrices[-1].shape[-1]]
    # best[i, j]: the least cost of the product of matrices i to j, and where it is cut (dynamic programming).
    best = {(i, i): (0, i) for i in range(len(matrices))}
    for length in range(1, len(matrices)):
        for i in range(len(matrices) - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )

    def product(i: int, j: int) -> Tensor:
        if i == j:
            return matrices[i]
        cut = best[i, j][1]
        return _core.matmul(product(i, cut), product(cut + 1, j))

    return product(0, len(matrices) - 1)


def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """The p-norm distances of every row of x1 (…, P, M) to every row of x2 (…, R, M): (…, P, R).

    From 26 rows on, or as `compute_mode` says, Euclidean ones are √(|a|² + |b|² − 2·a·b): one matrix product, less exact.

    >>> import convcore as cc
    >>> cc.cdist(cc.tensor([[0.0, 0.0]]), cc.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    modes = (
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    )
    if compute_mode not in modes:
        raise _core.ArgumentError(
            f"cdist: compute_mode must be one of {modes}, got {compute_mode!r}"
        )
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise _core.ArgumentError(
            f"cdist: expected rows of one length, got shapes {tuple(x1.shape)} and {tuple(x2.shape)}"
        )
    many = max(x1.shape[-2], x2.shape[-2]) > 25 and compute_mode == modes[0]
    if p == 2 and (many or compute_mode == modes[1]):
        squares = x1.square().sum(-1, True) + x2.square().sum(-1, True).transpose(-1, -2)
        return (squares - 2 * _core.matmul(x1, x2.transpose(-1, -2))).clamp(min=1e-30).sqrt()
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over pairs of dimensions: the last `dims` of a with the first of b, or two lists.

    >>> import convcore as cc
    >>> tuple(cc.tensordot(cc.ones(2, 3, 4), cc.ones(4, 3), ([1, 2], [1, 0])).shape)
    (2,)
    """
    if hasattr(dims, "__index__"):
        left, right = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        left, right = ([d] if hasattr(d, "__index__") else list(d) for d in dims)
    left = [convert.axis("tensordot", "dims", d, a.ndim) for d in left]
    right = [convert.axis("tensordot", "dims", d, b.ndim) for d in right]
    sizes = [a.shape[d] for d in left]
    if len(left) != len(right) or sizes != [b.shape[d] for d in right]:
        raise _core.ArgumentError(
            f"tensordot: dimensions {left} of shape {tuple(a.shape)} and {right} of {tuple(b.shape)} do not match"
        )
    rest_a = [d for d in range(a.ndim) if d not in left]
    rest_b = [d for d in range(b.ndim) if d not in right]
    summed = 1
    for size in sizes:
        summed *= size
    shape = [a.shape[d] for d in rest_a] + [b.shape[d] for d in rest_b]
    rows = a.permute(rest_a + left).reshape(_count(a, rest_a), summed)
    columns = b.permute(right + rest_b).reshape(summed, _count(b, rest_b))
    return _core.matmul(rows, columns).reshape(shape)


def _count(x: Tensor, dims: Any) -> int:
    return reduce(lambda n, d: n * x.shape[d], dims, 1)


# --- einsum ------------------------------------------------------------------------------------------------------------------


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products over named dimensions: "bij,bjk->bik" is bmm. Without "->", letters that occur once, in order.

    "..." stands for leading dimensions, which broadcast; a letter twice in one operand takes its diagonal.
    Operands are contracted from the left, each pair as one batch of matrix products.

    >>> import convcore as cc
    >>> cc.einsum("i,i->", cc.tensor([1.0, 2.0]), cc.tensor([3.0, 4.0]))
    tensor(11.)
    """
    tensors = (
        list(operands[0])
        if len(operands) == 1 and isinstance(operands[0], list | tuple)
        else list(operands)
    )
    inputs, output, ellipsis = _parse(equation, tensors)
    terms = [_diagonals(x, labels) for x, labels in zip(tensors, inputs, strict=True)]
    sizes: dict[Any, int] = {}
    for x, labels in terms:
        for size, label in zip(x.shape, labels, strict=True):
            if sizes.setdefault(label, size) == 1:
                sizes[label] = size
            elif size not in (1, sizes[label]):
                raise _core.ArgumentError(
                    f"einsum: {label!r} has sizes {sizes[label]} and {size} in {equation!r}"
                )
    x, labels = terms[0]
    for i, (y, other) in enumerate(terms[1:], 2):
        later = {label for _, rest in terms[i:] for label in rest} | set(output)
        x, labels = _contract(x, labels, y, other, later, sizes)
    gone = [i for i, label in enumerate(labels) if label not in output]
    if gone:
        x = x.sum(gone)
        labels = [label for label in labels if label in output]
    return x.permute([labels.index(label) for label in output]) if x.ndim > 1 else x


def _parse(equation: str, tensors: list[Tensor]) -> tuple[list[list], list, int]:
    """The labels of each operand and of the result: letters, and integers for what "..." stands for."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(tensors):
        raise _core.ArgumentError(
            f"einsum: {equation!r} names {len(parts)} operands, got {len(tensors)}"
        )
    letters = [part.replace("...", "") for part in parts]
    for part, names in zip([*parts, right], [*letters, right.replace("...", "")], strict=True):
        if part.count("...") > 1 or not (names.isalpha() or not names):
            raise _core.ArgumentError(
                f"einsum: {part!r} in {equation!r} is not made of letters and '...'"
            )
    wide = [x.ndim - len(names) for x, names in zip(tensors, letters, strict=True)]
    for part, x, n in zip(parts, tensors, wide, strict=True):
        if n < 0 or (n > 0 and "..." not in part):
            raise _core.ArgumentError(
                f"einsum: {part!r} does not fit an operand of shape {tuple(x.shape)}"
            )
    ellipsis = max((n for part, n in zip(parts, wide, strict=True) if "..." in part), default=0)

    def labels(part: str, n: int) -> list:
        before, dots, after = part.partition("...")
        return [*before, *(range(ellipsis - n, ellipsis) if dots else ()), *after]

    inputs = [labels(part, n) for part, n in zip(parts, wide, strict=True)]
    if arrow:
        output = labels(right, ellipsis)
        unknown = [name for name in output if not any(name in found for found in inputs)]
        if unknown or len(set(output)) < len(output):
            raise _core.ArgumentError(
                f"einsum: {right!r} in {equation!r} repeats a letter or names one of no operand"
            )
    else:
        every = "".join(letters)
        output = [*range(ellipsis), *sorted(c for c in set(every) if every.count(c) == 1)]
    return inputs, output, ellipsis


def _diagonals(x: Tensor, labels: list) -> tuple[Tensor, list]:
    """An operand in which no label occurs twice."""
    for label in [c for c in labels if labels.count(c) > 1]:
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if x.shape[first] != x.shape[second]:
                raise _core.ArgumentError(
                    f"einsum: {label!r} has sizes {x.shape[first]} and {x.shape[second]} in one operand"
                )
            x = x.diagonal(0, first, second)
            labels = [c for i, c in enumerate(labels) if i not in (first, second)] + [label]
    return x, labels


def _contract(
    a: Tensor, left: list, b: Tensor, right: list, later: set, sizes: dict
) -> tuple[Tensor, list]:
    """The sum of a·b over the labels nobody asks for later, as one batched matrix product."""
    for labels, other in ((left, right), (right, left)):
        lone = [i for i, c in enumerate(labels) if c not in other and c not in later]
        if lone and labels is left:
            a, left = a.sum(lone), [c for i, c in enumerate(left) if i not in lone]
        elif lone:
            b, right = b.sum(lone), [c for i, c in enumerate(right) if i not in lone]
    shared = [c for c in left if c in right]
    batch = [c for c in shared if c in later]
    summed = [c for c in shared if c not in later]
    rows, columns = [c for c in left if c not in right], [c for c in right if c not in left]

    def arranged(x: Tensor, labels: list, order: list, groups: list[list]) -> Tensor:
        x = x.permute([labels.index(c) for c in order]) if len(order) > 1 else x
        x = x.expand([sizes[c] for c in order]) if order else x
        return x.reshape([reduce(lambda n, c: n * sizes[c], group, 1) for group in groups])

    m = arranged(a, left, batch + rows + summed, [batch, rows, summed])
    n = arranged(b, right, batch + summed + columns, [batch, summed, columns])
    out = _core.matmul(m, n)
    order = batch + rows + columns
    return out.reshape([sizes[c] for c in order]), order


attach(
    [globals()[name] for name in METHODS],
    in_place=("addbmm", "addmm", "addmv", "addr", "baddbmm"),
)
