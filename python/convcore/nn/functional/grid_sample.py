"""Maps read at any points."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._convert import sizes as _sizes
from convcore._tensor import Tensor


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Maps (N, C, H, W) read at the points grid (N, h, w, 2) as (x, y): (N, C, h, w); or (N, C, D, H, W) at (N, d, h, w, 3).

    −1 and 1 are the centres of the outermost places with `align_corners`, else their edges. `mode` is "bilinear" (in all three
    axes of volumes), "nearest" or "bicubic" (maps only); `padding_mode` says what lies beyond: "zeros", the "border" places, or
    their "reflection". ValueError for shapes that do not fit. Jaderberg et al., "Spatial transformer networks", 2015.

    >>> import convcore as cc
    >>> x = cc.tensor([[[[1.0, 3.0]]]])
    >>> cc.nn.functional.grid_sample(x, cc.tensor([[[[0.0, 0.0], [1.0, 0.0]]]]), align_corners=True)
    tensor([[[[2., 3.]]]])
    """
    return _core.grid_sample(input, grid, mode, padding_mode, bool(align_corners))


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The points that the affine maps theta (N, 2, 3) or (N, 3, 4) send each place of an output of shape `size` to.

    `size` is (N, C, H, W) or (N, C, D, H, W); the result, (N, H, W, 2) or (N, D, H, W, 3), is a grid for grid_sample.

    >>> import convcore as cc
    >>> theta = cc.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> cc.nn.functional.affine_grid(theta, (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    return _core.affine_grid(theta, _sizes((size,), "size"), bool(align_corners))
