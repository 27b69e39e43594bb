"""Pooling."""

from __future__ import annotations

import inspect
from typing import Any

from convcore import _core
from convcore._convert import factors as _factors
from convcore._convert import values as _values
from convcore._tensor import Tensor


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest value of each window of input (N, C, L); stride defaults to kernel_size.

    >>> import convcore as cc
    >>> cc.nn.functional.max_pool1d(cc.tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    tensor([[[3., 2.]]])
    """
    options = (kernel_size, stride, padding, dilation, ceil_mode, True, 0)
    return _core.max_pool(1, input, options, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest value of each window of input (N, C, H, W); indices are flat positions in H·W.

    >>> import convcore as cc
    >>> cc.nn.functional.max_pool2d(cc.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    options = (kernel_size, stride, padding, dilation, ceil_mode, True, 0)
    return _core.max_pool(2, input, options, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest value of each window of input (N, C, D, H, W); indices are flat positions in D·H·W.

    >>> import convcore as cc
    >>> cc.nn.functional.max_pool3d(cc.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
    tensor([[[[[7.]]]]])
    """
    options = (kernel_size, stride, padding, dilation, ceil_mode, True, 0)
    return _core.max_pool(3, input, options, return_indices)


def _avg_pool(
    rank: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    if divisor_override is not None and divisor_override == 0:
        raise _core.ArgumentError(f"avg_pool{rank}d: divisor_override must not be 0")
    divisor = divisor_override or 0
    options = (kernel_size, stride, padding, 1, ceil_mode, count_include_pad, divisor)
    return _core.avg_pool(rank, input, options)


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of input (N, C, L).

    >>> import convcore as cc
    >>> cc.nn.functional.avg_pool1d(cc.tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    tensor([[[2., 1.]]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of input (N, C, H, W); `divisor_override` replaces the number of its elements.

    >>> import convcore as cc
    >>> cc.nn.functional.avg_pool2d(cc.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    return _avg_pool(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of input (N, C, D, H, W); `divisor_override` replaces the number of its elements.

    >>> import convcore as cc
    >>> cc.nn.functional.avg_pool3d(cc.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
    tensor([[[[[3.5000]]]]])
    """
    return _avg_pool(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _output_size(output_size: Any) -> list[int]:
    """None, alone or for an axis, stands for the input's size."""
    sizes = output_size if isinstance(output_size, tuple | list) else [output_size]
    return _values([-1 if size is None else size for size in sizes], "output_size")


def _adaptive_max_pool(rank: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    return _core.adaptive_max_pool(rank, input, _output_size(output_size), return_indices)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of windows of input (N, C, L) that give `output_size`; None keeps the size.

    Window i of the axis goes from ⌊i·in/out⌋ to ⌈(i + 1)·in/out⌉; neighbours may overlap.

    >>> import convcore as cc
    >>> cc.nn.functional.adaptive_avg_pool1d(cc.tensor([[[1.0, 2.0, 4.0]]]), 2)
    tensor([[[1.5000, 3.0000]]])
    """
    return _core.adaptive_avg_pool(1, input, _output_size(output_size))


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest value of windows of input (N, C, L) that give `output_size`; windows as in adaptive_avg_pool1d.

    >>> import convcore as cc
    >>> cc.nn.functional.adaptive_max_pool1d(cc.tensor([[[1.0, 2.0, 4.0]]]), 2)
    tensor([[[2., 4.]]])
    """
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of windows of input (N, C, H, W) that give `output_size`; None keeps a size.

    Window i of an axis goes from ⌊i·in/out⌋ to ⌈(i + 1)·in/out⌉; neighbours may overlap.

    >>> import convcore as cc
    >>> cc.nn.functional.adaptive_avg_pool2d(cc.tensor([[[[1.0, 2.0, 4.0]]]]), (1, 2))
    tensor([[[[1.5000, 3.0000]]]])
    """
    return _core.adaptive_avg_pool(2, input, _output_size(output_size))


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest value of windows of input (N, C, H, W) that give `output_size`; windows as in adaptive_avg_pool2d.

    >>> import convcore as cc
    >>> cc.nn.functional.adaptive_max_pool2d(cc.tensor([[[[1.0, 2.0, 4.0]]]]), (1, 2))
    tensor([[[[2., 4.]]]])
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of windows of input (N, C, D, H, W) that give `output_size`; None keeps a size.

    Window i of an axis goes from ⌊i·in/out⌋ to ⌈(i + 1)·in/out⌉; neighbours may overlap.

    >>> import convcore as cc
    >>> cc.nn.functional.adaptive_avg_pool3d(cc.tensor([[[[[1.0, 2.0, 4.0]]]]]), (1, 1, 2))
    tensor([[[[[1.5000, 3.0000]]]]])
    """
    return _core.adaptive_avg_pool(3, input, _output_size(output_size))


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest value of windows of input (N, C, D, H, W) that give `output_size`; windows as in adaptive_avg_pool3d.

    >>> import convcore as cc
    >>> cc.nn.functional.adaptive_max_pool3d(cc.tensor([[[[[1.0, 2.0, 4.0]]]]]), (1, 1, 2))
    tensor([[[[[2., 4.]]]]])
    """
    return _adaptive_max_pool(3, input, output_size, return_indices)


def _lp_pool(
    rank: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    options = (kernel_size, stride, 0, 1, ceil_mode, True, 0)
    return _core.lp_pool(rank, input, norm_type, options)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window of input (N, C, L), p = norm_type; infinity takes the greatest |x|.

    >>> import convcore as cc
    >>> cc.nn.functional.lp_pool1d(cc.tensor([[[3.0, 4.0]]]), 2, 2)
    tensor([[[5.]]])
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window of input (N, C, H, W), p = norm_type; infinity takes the greatest |x|.

    >>> import convcore as cc
    >>> cc.nn.functional.lp_pool2d(cc.tensor([[[[3.0, 4.0]]]]), 2, (1, 2))
    tensor([[[[5.]]]])
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window of input (N, C, D, H, W), p = norm_type; infinity takes the greatest |x|.

    >>> import convcore as cc
    >>> cc.nn.functional.lp_pool3d(cc.tensor([[[[[3.0, 4.0]]]]]), 2, (1, 1, 2))
    tensor([[[[[5.]]]]])
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _gaussian_pool(
    rank: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    sigma: Any,
    count_include_pad: bool,
) -> Tensor:
    sizes = _values(kernel_size, "kernel_size")
    options = (sizes, stride, padding, 1, False, count_include_pad, 0)
    spreads = [size / 4 for size in sizes] if sigma is None else _factors(sigma, "sigma")
    return _core.gaussian_pool(rank, input, options, spreads)


def gaussian_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    sigma: Any = None,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of input (N, C, L) with weights exp(−d²/2σ²), d the distance from its middle.

    The weights add up to 1; with count_include_pad=False those inside the input do. sigma
    defaults to kernel_size/4.

    >>> import convcore as cc
    >>> cc.nn.functional.gaussian_pool1d(cc.tensor([[[0.0, 1.0, 0.0]]]), 3, sigma=0.5)
    tensor([[[0.7870]]])
    """
    return _gaussian_pool(1, input, kernel_size, stride, padding, sigma, count_include_pad)


def gaussian_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    sigma: Any = None,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of input (N, C, H, W) with weights exp(−d²/2σ²), d the distance from its middle.

    The weights add up to 1; with count_include_pad=False those inside the input do. sigma, in pixels, one or one per axis,
    defaults to kernel_size/4.

    >>> import convcore as cc
    >>> cc.nn.functional.gaussian_pool2d(cc.tensor([[[[0.0, 1.0, 0.0]]]]), (1, 3), sigma=0.5)
    tensor([[[[0.7870]]]])
    """
    return _gaussian_pool(2, input, kernel_size, stride, padding, sigma, count_include_pad)


def gaussian_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    sigma: Any = None,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of input (N, C, D, H, W) with weights exp(−d²/2σ²), d the distance from its middle.

    The weights add up to 1; with count_include_pad=False those inside the input do. sigma, in pixels, one or one per axis,
    defaults to kernel_size/4.

    >>> import convcore as cc
    >>> cc.nn.functional.gaussian_pool3d(cc.tensor([[[[[0.0, 1.0, 0.0]]]]]), (1, 1, 3), sigma=0.5)
    tensor([[[[[0.7870]]]]])
    """
    return _gaussian_pool(3, input, kernel_size, stride, padding, sigma, count_include_pad)


def _max_unpool(
    rank: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
) -> Tensor:
    options = (kernel_size, stride, padding, 1, False, True, 0)
    sizes = [] if output_size is None else _values(output_size, "output_size")
    return _core.max_unpool(rank, input, indices, options, sizes)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Input (N, C, L) at the places that max_pool1d gave as indices, zeros elsewhere; of values at one place the last stays.

    `output_size` chooses among the sizes that the pooling takes to input's. Zeiler and Fergus, 2014.

    >>> import convcore as cc
    >>> F = cc.nn.functional
    >>> x = cc.tensor([[[1.0, 3.0, 4.0, 2.0]]])
    >>> F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2)
    tensor([[[0., 3., 4., 0.]]])
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Input (N, C, H, W) at the places that max_pool2d gave as indices, zeros elsewhere; of values at one place the last stays.

    `output_size` chooses among the sizes that the pooling takes to input's. Zeiler and Fergus, 2014.

    >>> import convcore as cc
    >>> F = cc.nn.functional
    >>> x = cc.tensor([[[[1.0, 3.0, 4.0, 2.0]]]])
    >>> F.max_unpool2d(*F.max_pool2d(x, (1, 2), return_indices=True), (1, 2))
    tensor([[[[0., 3., 4., 0.]]]])
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Input (N, C, D, H, W) at the places that max_pool3d gave as indices, zeros elsewhere; of values at one place the last stays.

    `output_size` chooses among the sizes that the pooling takes to input's. Zeiler and Fergus, 2014.

    >>> import convcore as cc
    >>> F = cc.nn.functional
    >>> x = cc.tensor([[[[[1.0, 3.0, 4.0, 2.0]]]]])
    >>> F.max_unpool3d(*F.max_pool3d(x, (1, 1, 2), return_indices=True), (1, 1, 2))
    tensor([[[[[0., 3., 4., 0.]]]]])
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _fractional_max_pool(
    rank: int,
    input: Tensor,
    kernel_size: Any,
    output_size: Any,
    output_ratio: Any,
    return_indices: bool,
    samples: Tensor | None,
) -> Any:
    if output_size is None:
        op = f"fractional_max_pool{rank}d"
        if output_ratio is None:
            raise _core.ArgumentError(f"{op}: output_size or output_ratio must be given")
        ratios = _factors(output_ratio, "output_ratio")
        ratios = ratios * rank if len(ratios) == 1 else ratios
        if len(ratios) != rank:
            raise _core.ArgumentError(
                f"{op}: output_ratio must be one number or {rank} of them, got {len(ratios)}"
            )
        output_size = [int(n * r) for n, r in zip(input.shape[-rank:], ratios, strict=True)]
    sizes, outputs = _values(kernel_size, "kernel_size"), _values(output_size, "output_size")
    return _core.fractional_max_pool(rank, input, sizes, outputs, return_indices, samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The greatest value of windows of input (N, C, H, W) whose distances are drawn at random.

    The steps give `output_size`, or `output_ratio` times the input's, and are drawn for each map: _random_samples
    (N, C, 2) in [0, 1) fixes them. Graham, "Fractional max-pooling", 2014.

    >>> import convcore as cc
    >>> x = cc.tensor([[[[1.0, 3.0, 4.0, 2.0]]]])
    >>> cc.nn.functional.fractional_max_pool2d(x, (1, 2), (1, 2), _random_samples=cc.zeros(1, 1, 2))
    tensor([[[[3., 4.]]]])
    """
    return _fractional_max_pool(
        2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The greatest value of windows of input (N, C, D, H, W) whose distances are drawn at random.

    The steps give `output_size`, or `output_ratio` times the input's, and are drawn for each map: _random_samples
    (N, C, 3) in [0, 1) fixes them. Graham, "Fractional max-pooling", 2014.

    >>> import convcore as cc
    >>> x = cc.tensor([[[[[1.0, 3.0, 4.0, 2.0]]]]])
    >>> cc.nn.functional.fractional_max_pool3d(x, (1, 1, 2), (1, 1, 2), _random_samples=cc.zeros(1, 1, 3))
    tensor([[[[[3., 4.]]]]])
    """
    return _fractional_max_pool(
        3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


def _with_indices(function: Any) -> Any:
    """The function's twin that gives the indices in any case."""
    name = function.__name__

    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        return function(**{**given, "return_indices": True})

    signature = inspect.signature(function)
    call.__name__ = call.__qualname__ = f"{name}_with_indices"
    call.__doc__ = f"{name} with return_indices=True."
    call.__signature__ = signature
    call.__annotations__ = dict(function.__annotations__)
    return call


max_pool1d_with_indices = _with_indices(max_pool1d)
max_pool2d_with_indices = _with_indices(max_pool2d)
max_pool3d_with_indices = _with_indices(max_pool3d)
adaptive_max_pool1d_with_indices = _with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _with_indices(adaptive_max_pool3d)
fractional_max_pool2d_with_indices = _with_indices(fractional_max_pool2d)
fractional_max_pool3d_with_indices = _with_indices(fractional_max_pool3d)
