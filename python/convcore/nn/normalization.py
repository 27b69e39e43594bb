"""Normalisation layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcore import _convert as convert
from convcore import _core


def _dtype(device: Any, dtype: Any) -> Any:
    """The core's dtype of new parameters."""
    convert.check_device(device)
    return None if dtype is None else convert.to_dtype(dtype)


def _running_repr(norm: Any) -> str:
    return (
        f"{norm.num_features}, eps={norm.eps}, momentum={norm.momentum}, "
        f"affine={norm.affine}, bias={norm.bias is not None}, "
        f"track_running_stats={norm.track_running_stats}"
    )


class _BatchNorm(_core.nn.BatchNorm):
    _rank = 0

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        dtype = _dtype(device, dtype)
        super().__init__(
            self._rank, num_features, eps, momentum, affine, bias, track_running_stats, dtype
        )

    extra_repr = _running_repr


class BatchNorm1d(_BatchNorm):
    """Normalise each channel of (N, C) or (N, C, L) over the batch, then scale and shift it.

    Training uses the batch's mean and variance and moves the running ones by `momentum` (None: a
    plain average over all batches); evaluation uses the running ones.

    >>> import convcore as cc
    >>> tuple(cc.nn.BatchNorm1d(3)(cc.randn(8, 3)).shape)
    (8, 3)
    """

    _rank = 1


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of (N, C, H, W) over the batch, then scale and shift it.

    Training uses the batch's mean and variance and moves the running ones by `momentum` (None: a
    plain average over all batches); evaluation uses the running ones.

    >>> import convcore as cc
    >>> tuple(cc.nn.BatchNorm2d(3)(cc.randn(8, 3, 4, 4)).shape)
    (8, 3, 4, 4)
    """

    _rank = 2


class BatchNorm3d(_BatchNorm):
    """Normalise each channel of (N, C, D, H, W) over the batch, then scale and shift it.

    Training uses the batch's mean and variance and moves the running ones by `momentum` (None: a
    plain average over all batches); evaluation uses the running ones.

    >>> import convcore as cc
    >>> tuple(cc.nn.BatchNorm3d(3)(cc.randn(8, 3, 4, 4, 4)).shape)
    (8, 3, 4, 4, 4)
    """

    _rank = 3


class _InstanceNorm(_core.nn.InstanceNorm):
    _rank = 0

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        dtype = _dtype(device, dtype)
        super().__init__(
            self._rank, num_features, eps, momentum, affine, bias, track_running_stats, dtype
        )

    extra_repr = _running_repr


class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each sequence of (N, C, L) or (C, L); with `affine` scale and shift it.

    With `track_running_stats` running mean and variance are kept, and take the input's place in evaluation.

    >>> import convcore as cc
    >>> cc.nn.InstanceNorm1d(1)(cc.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """

    _rank = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image of (N, C, H, W) or (C, H, W); with `affine` scale and shift it.

    With `track_running_stats` running mean and variance are kept, and take the input's place in evaluation.

    >>> import convcore as cc
    >>> tuple(cc.nn.InstanceNorm2d(3)(cc.randn(8, 3, 4, 4)).shape)
    (8, 3, 4, 4)
    """

    _rank = 2


class InstanceNorm3d(_InstanceNorm):
    """Normalise each channel of each volume of (N, C, D, H, W) or (C, D, H, W); with `affine` scale and shift it.

    With `track_running_stats` running mean and variance are kept, and take the input's place in evaluation.

    >>> import convcore as cc
    >>> tuple(cc.nn.InstanceNorm3d(3)(cc.randn(8, 3, 4, 4, 4)).shape)
    (8, 3, 4, 4, 4)
    """

    _rank = 3


class GroupNorm(_core.nn.GroupNorm):
    """Normalise `num_groups` groups of channels of each image of (N, num_channels, …), then scale and shift each channel.

    ValueError where num_groups does not divide num_channels.

    >>> import convcore as cc
    >>> tuple(cc.nn.GroupNorm(2, 6)(cc.randn(8, 6, 4, 4)).shape)
    (8, 6, 4, 4)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_groups, num_channels, eps, affine, bias, _dtype(device, dtype))

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LayerNorm(_core.nn.LayerNorm):
    """Normalise over the last dimensions, of sizes `normalized_shape`, then scale and shift each of their elements.

    >>> import convcore as cc
    >>> cc.nn.LayerNorm(2)(cc.tensor([[1.0, 3.0], [0.0, 8.0]])).detach()
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        shape = convert.values(normalized_shape, "normalized_shape")
        super().__init__(shape, eps, elementwise_affine, bias, _dtype(device, dtype))

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_core.nn.RMSNorm):
    """Divide by the root mean square over the last dimensions, of sizes `normalized_shape`, then scale each of their elements.

    `eps` defaults to the spacing of the input's dtype at 1.

    >>> import convcore as cc
    >>> cc.nn.RMSNorm(2)(cc.tensor([1.0, 7.0])).detach()
    tensor([0.2000, 1.4000])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        shape = convert.values(normalized_shape, "normalized_shape")
        super().__init__(shape, eps, elementwise_affine, _dtype(device, dtype))

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class LocalResponseNorm(_core.nn.LocalResponseNorm):
    """Divide by (k + alpha·m)^beta, m the mean square over `size` channels around each of (N, C, …).

    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", 2012, 3.3.

    >>> import convcore as cc
    >>> cc.nn.LocalResponseNorm(1, alpha=1.0, beta=0.5, k=7.0)(cc.tensor([[[3.0]]]))
    tensor([[[0.7500]]])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__(size, alpha, beta, k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class LocalContrastNorm2d(_core.nn.LocalContrastNorm):
    """Each pixel of (N, C, H, W) less the mean of its surroundings, over their deviation if above the image's average.

    Arguments as `nn.functional.local_contrast_norm`'s. Jarrett, Kavukcuoglu, Ranzato and LeCun, 2009.

    >>> import convcore as cc
    >>> tuple(cc.nn.LocalContrastNorm2d(5)(cc.randn(2, 3, 8, 8)).shape)
    (2, 3, 8, 8)
    """

    def __init__(self, kernel_size: int = 9, sigma: float | None = None, eps: float = 1e-4) -> None:
        super().__init__(kernel_size, kernel_size / 4 if sigma is None else sigma, eps)

    def extra_repr(self) -> str:
        return f"{self.kernel_size}, sigma={self.sigma}, eps={self.eps}"
