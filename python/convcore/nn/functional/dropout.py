"""Dropout."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor
from convcore.nn.functional._in_place import maybe_in_place as _maybe_in_place


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each element with probability p and divides the rest by 1 − p; else gives input.

    Srivastava et al., "Dropout", JMLR 15, 2014.
    """
    return _maybe_in_place(input, _core.dropout(input, p, training), inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels of input (N, C, L)."""
    return _maybe_in_place(input, _core.dropout_channels(1, input, p, training), inplace)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels of input (N, C, H, W) (Tompson et al., 2015)."""
    return _maybe_in_place(input, _core.dropout_channels(2, input, p, training), inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels of input (N, C, D, H, W)."""
    return _maybe_in_place(input, _core.dropout_channels(3, input, p, training), inplace)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """In training, sets each element to SELU's limit −1.758 with probability p, then scales and shifts all.

    Mean 0 and variance 1 stay what they are. Klambauer et al., "Self-normalizing neural networks", 2017.

    >>> import convcore as cc
    >>> cc.nn.functional.alpha_dropout(cc.ones(2), 0.3)
    tensor([1., 1.])
    """
    return _maybe_in_place(input, _core.alpha_dropout(input, p, training), inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """alpha_dropout of whole channels of input (N, C, …).

    >>> import convcore as cc
    >>> cc.nn.functional.feature_alpha_dropout(cc.ones(1, 2), 0.3)
    tensor([[1., 1.]])
    """
    return _maybe_in_place(input, _core.feature_alpha_dropout(input, p, training), inplace)
