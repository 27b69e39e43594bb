"""Maps of another size."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._convert import factors as _factors
from convcore._convert import values as _values
from convcore._tensor import Tensor


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Maps (N, C, L), (N, C, H, W) or (N, C, D, H, W) brought to `size`, or to `scale_factor` times their size, rounded down.

    `mode` is "nearest" (the place at ⌊o·in/out⌋), "nearest-exact" (the one whose centre is nearest), "linear", "bilinear",
    "trilinear", "bicubic" (Keys, 1981, a = −¾) or "area" (the mean of the places covered). With `align_corners` the centres of
    the outermost places meet, else their edges. `recompute_scale_factor` takes the factor from the rounded sizes.
    `antialias` (bilinear, bicubic) widens the windows where maps shrink. Integers go with the nearest modes. ValueError for
    arguments that do not fit each other or the input.

    >>> import convcore as cc
    >>> x = cc.tensor([[[0.0, 4.0]]])
    >>> cc.nn.functional.interpolate(x, size=4, mode="linear")
    tensor([[[0., 1., 3., 4.]]])
    """
    options = (
        None if size is None else _values(size, "size"),
        None if scale_factor is None else _factors(scale_factor, "scale_factor"),
        mode,
        align_corners,
        recompute_scale_factor,
        antialias,
    )
    return _core.interpolate(input, options)


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """interpolate under its old name.

    >>> import convcore as cc
    >>> cc.nn.functional.upsample(cc.tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)
