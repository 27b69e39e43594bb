"""Layers that resample and rearrange maps."""

from __future__ import annotations

from convcore import _convert as convert
from convcore import _core


class Upsample(_core.nn.Upsample):
    """Bring maps (N, C, L), (N, C, H, W) or (N, C, D, H, W) to `size`, or to `scale_factor` times their size.

    Modes and arguments are those of `functional.interpolate`.

    >>> import convcore as cc
    >>> cc.nn.Upsample(scale_factor=2)(cc.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 1., 2., 2.]]])
    """

    def __init__(
        self,
        size: int | tuple[int, ...] | None = None,
        scale_factor: float | tuple[float, ...] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        sizes = None if size is None else convert.values(size, "size")
        factors = None if scale_factor is None else convert.factors(scale_factor, "scale_factor")
        super().__init__(sizes, factors, mode, align_corners, recompute_scale_factor)
        self.size = size
        single = not isinstance(scale_factor, tuple | list)
        self.scale_factor = factors if factors is None else factors[0] if single else tuple(factors)

    def extra_repr(self) -> str:
        how = (
            f"size={self.size}"
            if self.scale_factor is None
            else f"scale_factor={self.scale_factor}"
        )
        return f"{how}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Upsample maps (N, C, H, W) by repeating the nearest place.

    >>> import convcore as cc
    >>> tuple(cc.nn.UpsamplingNearest2d(scale_factor=2)(cc.zeros(1, 3, 4, 5)).shape)
    (1, 3, 8, 10)
    """

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Upsample maps (N, C, H, W) bilinearly; the centres of the outermost places meet.

    >>> import convcore as cc
    >>> cc.nn.UpsamplingBilinear2d(size=(1, 3))(cc.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
