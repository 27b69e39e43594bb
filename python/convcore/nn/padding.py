"""Padding layers."""

from __future__ import annotations

from convcore import _convert as convert
from convcore import _core


class _Pad(_core.nn.Pad):
    _axes, _word = 0, ""

    def __init__(self, padding: int | tuple) -> None:
        super().__init__(self._axes, self._word, convert.values(padding, "padding"), 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    _word = "constant"

    def __init__(self, padding: int | tuple, value: float) -> None:
        super().__init__(padding)
        self.value = value

    @property
    def value(self) -> float:
        """What the border is filled with."""
        return self._given

    @value.setter
    def value(self, value: float) -> None:
        self._value = self._given = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: int | tuple) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPad(_Pad):
    _word = "reflect"


class _ReplicationPad(_Pad):
    _word = "replicate"


class _CircularPad(_Pad):
    _word = "circular"


class ConstantPad1d(_ConstantPad):
    """Surround (N, C, L) with `value`.

    `padding` is one number or (left, right); negative numbers crop.

    >>> import convcore as cc
    >>> cc.nn.ConstantPad1d(1, 5.0)(cc.zeros(1, 1, 2))
    tensor([[[5., 0., 0., 5.]]])
    """

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """Surround (N, C, H, W) with `value`.

    `padding` is one number or (left, right, top, bottom); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ConstantPad2d((1, 1, 2, 0), 5.0)(cc.zeros(1, 3, 4, 4)).shape)
    (1, 3, 6, 6)
    """

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """Surround (N, C, D, H, W) with `value`.

    `padding` is one number or (left, right, top, bottom, front, back); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ConstantPad3d(1, 5.0)(cc.zeros(1, 3, 4, 4, 4)).shape)
    (1, 3, 6, 6, 6)
    """

    _axes = 3


class ZeroPad1d(_ZeroPad):
    """Surround (N, C, L) with zeros.

    `padding` is one number or (left, right); negative numbers crop.

    >>> import convcore as cc
    >>> cc.nn.ZeroPad1d((1, 2))(cc.ones(1, 1, 2))
    tensor([[[0., 1., 1., 0., 0.]]])
    """

    _axes = 1


class ZeroPad2d(_ZeroPad):
    """Surround (N, C, H, W) with zeros.

    `padding` is one number or (left, right, top, bottom); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ZeroPad2d((1, 1, 2, 0))(cc.ones(1, 3, 4, 4)).shape)
    (1, 3, 6, 6)
    """

    _axes = 2


class ZeroPad3d(_ZeroPad):
    """Surround (N, C, D, H, W) with zeros.

    `padding` is one number or (left, right, top, bottom, front, back); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ZeroPad3d(1)(cc.ones(1, 3, 4, 4, 4)).shape)
    (1, 3, 6, 6, 6)
    """

    _axes = 3


class ReflectionPad1d(_ReflectionPad):
    """Continue (N, C, L) as its mirror image; the edge itself is not repeated.

    `padding` is one number or (left, right); negative numbers crop.

    >>> import convcore as cc
    >>> cc.nn.ReflectionPad1d(2)(cc.tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[3., 2., 1., 2., 3., 2., 1.]]])
    """

    _axes = 1


class ReflectionPad2d(_ReflectionPad):
    """Continue (N, C, H, W) as its mirror image; the edge itself is not repeated.

    `padding` is one number or (left, right, top, bottom); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ReflectionPad2d((1, 1, 2, 0))(cc.ones(1, 3, 4, 4)).shape)
    (1, 3, 6, 6)
    """

    _axes = 2


class ReflectionPad3d(_ReflectionPad):
    """Continue (N, C, D, H, W) as its mirror image; the edge itself is not repeated.

    `padding` is one number or (left, right, top, bottom, front, back); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ReflectionPad3d(1)(cc.ones(1, 3, 4, 4, 4)).shape)
    (1, 3, 6, 6, 6)
    """

    _axes = 3


class ReplicationPad1d(_ReplicationPad):
    """Continue (N, C, L) with the values at its edge.

    `padding` is one number or (left, right); negative numbers crop.

    >>> import convcore as cc
    >>> cc.nn.ReplicationPad1d(2)(cc.tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[1., 1., 1., 2., 3., 3., 3.]]])
    """

    _axes = 1


class ReplicationPad2d(_ReplicationPad):
    """Continue (N, C, H, W) with the values at its edge.

    `padding` is one number or (left, right, top, bottom); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ReplicationPad2d((1, 1, 2, 0))(cc.ones(1, 3, 4, 4)).shape)
    (1, 3, 6, 6)
    """

    _axes = 2


class ReplicationPad3d(_ReplicationPad):
    """Continue (N, C, D, H, W) with the values at its edge.

    `padding` is one number or (left, right, top, bottom, front, back); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.ReplicationPad3d(1)(cc.ones(1, 3, 4, 4, 4)).shape)
    (1, 3, 6, 6, 6)
    """

    _axes = 3


class CircularPad1d(_CircularPad):
    """Continue (N, C, L) periodically.

    `padding` is one number or (left, right); negative numbers crop.

    >>> import convcore as cc
    >>> cc.nn.CircularPad1d(2)(cc.tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[2., 3., 1., 2., 3., 1., 2.]]])
    """

    _axes = 1


class CircularPad2d(_CircularPad):
    """Continue (N, C, H, W) periodically.

    `padding` is one number or (left, right, top, bottom); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.CircularPad2d((1, 1, 2, 0))(cc.ones(1, 3, 4, 4)).shape)
    (1, 3, 6, 6)
    """

    _axes = 2


class CircularPad3d(_CircularPad):
    """Continue (N, C, D, H, W) periodically.

    `padding` is one number or (left, right, top, bottom, front, back); negative numbers crop.

    >>> import convcore as cc
    >>> tuple(cc.nn.CircularPad3d(1)(cc.ones(1, 3, 4, 4, 4)).shape)
    (1, 3, 6, 6, 6)
    """

    _axes = 3
