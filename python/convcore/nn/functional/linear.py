"""The affine map and the bilinear one."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input (…, in) times weightᵀ (out, in), plus bias (out): (…, out). A weight (in) gives one output: (…).

    ValueError for sizes that do not fit.

    >>> import convcore as cc
    >>> cc.nn.functional.linear(cc.tensor([1.0, 2.0]), cc.tensor([[1.0, 1.0], [0.0, 3.0]]), cc.ones(2))
    tensor([4., 7.])
    """
    return _core.linear(input, weight, bias)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y[k] = Σ input1[i]·weight[k, i, j]·input2[j] + bias[k] for (…, in1) and (…, in2): (…, out).

    ValueError for sizes that do not fit.

    >>> import convcore as cc
    >>> a, b = cc.tensor([1.0, 2.0]), cc.tensor([3.0, 4.0])
    >>> cc.nn.functional.bilinear(a, b, cc.ones(1, 2, 2))
    tensor([21.])
    """
    return _core.bilinear(input1, input2, weight, bias)
