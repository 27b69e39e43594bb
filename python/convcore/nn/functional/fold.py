"""Windows of maps as columns, and back."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._convert import values as _values
from convcore._tensor import Tensor


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Each window of maps (N, C, H, W) as a column: (N, C·kH·kW, L), L windows in raster order; a batch is not needed.

    Places beyond the border are zero. ValueError for windows larger than the padded maps.

    >>> import convcore as cc
    >>> cc.nn.functional.unfold(cc.tensor([[[[1.0, 2.0, 3.0]]]]), (1, 2))
    tensor([[[1., 2.],
             [2., 3.]]])
    """
    return _core.unfold(input, (kernel_size, dilation, padding, stride))


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Columns (N, C·kH·kW, L) added up as windows of maps (N, C, H, W) of `output_size`, the adjoint of unfold.

    >>> import convcore as cc
    >>> cc.nn.functional.fold(cc.ones(1, 2, 2), (1, 3), (1, 2))
    tensor([[[[1., 2., 1.]]]])
    """
    options = (kernel_size, dilation, padding, stride)
    return _core.fold(input, _values(output_size, "output_size"), options)
