"""Channels exchanged for places, or mixed."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Maps (…, C·r², H, W) as larger ones (…, C, H·r, W·r): r² channels become the places of a square.

    Shi et al., "Real-time single image and video super-resolution", 2016.

    >>> import convcore as cc
    >>> cc.nn.functional.pixel_shuffle(cc.arange(4.0).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    return _core.pixel_shuffle(input, upscale_factor)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Maps (…, C, H·r, W·r) as smaller ones (…, C·r², H, W), the inverse of pixel_shuffle.

    >>> import convcore as cc
    >>> tuple(cc.nn.functional.pixel_unshuffle(cc.zeros(1, 3, 4, 6), 2).shape)
    (1, 12, 2, 3)
    """
    return _core.pixel_unshuffle(input, downscale_factor)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels (N, C, …) dealt out in turn from `groups` equal groups (Zhang et al., "ShuffleNet", 2018).

    >>> import convcore as cc
    >>> cc.nn.functional.channel_shuffle(cc.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    return _core.channel_shuffle(input, groups)
