"""Batch normalisation layers."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core


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
        convert.check_device(device)
        dtype = None if dtype is None else convert.to_dtype(dtype)
        super().__init__(
            self._rank, num_features, eps, momentum, affine, bias, track_running_stats, dtype
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


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
