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


class PixelShuffle(_core.nn.PixelShuffle):
    """Turn maps (…, C·r², H, W) into larger ones (…, C, H·r, W·r) (Shi et al., 2016).

    >>> import convcore as cc
    >>> tuple(cc.nn.PixelShuffle(2)(cc.zeros(1, 8, 3, 3)).shape)
    (1, 2, 6, 6)
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__(upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(_core.nn.PixelUnshuffle):
    """Turn maps (…, C, H·r, W·r) into smaller ones (…, C·r², H, W).

    >>> import convcore as cc
    >>> tuple(cc.nn.PixelUnshuffle(2)(cc.zeros(1, 2, 6, 6)).shape)
    (1, 8, 3, 3)
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__(downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(_core.nn.ChannelShuffle):
    """Deal out the channels of (N, C, …) in turn from `groups` equal groups (Zhang et al., 2018).

    >>> import convcore as cc
    >>> cc.nn.ChannelShuffle(2)(cc.arange(4.0).reshape(1, 4, 1)).flatten()
    tensor([0., 2., 1., 3.])
    """

    def __init__(self, groups: int) -> None:
        super().__init__(groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Unfold(_core.nn.Unfold):
    """Turn each window of maps (N, C, H, W) into a column: (N, C·kH·kW, L).

    >>> import convcore as cc
    >>> tuple(cc.nn.Unfold(3, padding=1)(cc.zeros(2, 4, 5, 5)).shape)
    (2, 36, 25)
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        dilation: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        stride: int | tuple[int, int] = 1,
    ) -> None:
        super().__init__(
            convert.values(kernel_size, "kernel_size"),
            convert.values(dilation, "dilation"),
            convert.values(padding, "padding"),
            convert.values(stride, "stride"),
        )
        self.kernel_size = kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


class Fold(_core.nn.Fold):
    """Add up columns (N, C·kH·kW, L) as windows of maps (N, C, H, W) of `output_size`.

    >>> import convcore as cc
    >>> tuple(cc.nn.Fold((5, 5), 3, padding=1)(cc.zeros(2, 36, 25)).shape)
    (2, 4, 5, 5)
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        kernel_size: int | tuple[int, int],
        dilation: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        stride: int | tuple[int, int] = 1,
    ) -> None:
        super().__init__(
            convert.values(output_size, "output_size"),
            convert.values(kernel_size, "kernel_size"),
            convert.values(dilation, "dilation"),
            convert.values(padding, "padding"),
            convert.values(stride, "stride"),
        )
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )
