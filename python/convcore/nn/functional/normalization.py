"""Normalisation."""

from __future__ import annotations

from collections.abc import Sequence

from convcore import _core
from convcore._convert import values as _values
from convcore._tensor import Tensor


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of input (N, C, …) to mean 0 and variance 1, then times weight (C) plus bias (C).

    In training the statistics are the batch's and the running ones are moved towards them by `momentum`.
    Ioffe and Szegedy, "Batch normalization", 2015.

    >>> import convcore as cc
    >>> cc.nn.functional.batch_norm(cc.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    return _core.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each image of input (N, C, …) to mean 0 and variance 1, then times weight (C) plus bias (C).

    Running statistics, where given, move by `momentum` towards the images' average; they take the images' place with
    use_input_stats=False. Ulyanov, Vedaldi and Lempitsky, "Instance normalization", 2016.

    >>> import convcore as cc
    >>> cc.nn.functional.instance_norm(cc.tensor([[[1.0, 3.0], [0.0, 8.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    return _core.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each of num_groups groups of channels of each image of input (N, C, …) to mean 0 and variance 1.

    Then times weight (C) plus bias (C). ValueError where num_groups does not divide C. Wu and He, "Group
    normalization", 2018.

    >>> import convcore as cc
    >>> cc.nn.functional.group_norm(cc.tensor([[1.0, 3.0, 0.0, 8.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    return _core.group_norm(input, num_groups, weight, bias, eps)


def layer_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """The last dimensions of input, of sizes normalized_shape, to mean 0 and variance 1.

    Then times weight plus bias, both of normalized_shape. Ba, Kiros and Hinton, "Layer normalization", 2016.

    >>> import convcore as cc
    >>> cc.nn.functional.layer_norm(cc.tensor([[1.0, 3.0], [0.0, 8.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    return _core.layer_norm(input, _values(normalized_shape, "normalized_shape"), weight, bias, eps)


def rms_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """input/√(mean(input²) + eps) over the last dimensions, of sizes normalized_shape, then times weight.

    eps defaults to the dtype's spacing at 1. Zhang and Sennrich, "Root mean square layer normalization", 2019.

    >>> import convcore as cc
    >>> cc.nn.functional.rms_norm(cc.tensor([1.0, 7.0]), (2,))
    tensor([0.2000, 1.4000])
    """
    return _core.rms_norm(input, _values(normalized_shape, "normalized_shape"), weight, eps)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """input/(k + alpha·m)^beta, m the mean of input² over `size` channels around each of input (N, C, …).

    Beyond the first and last channel there are zeros; of an even size one channel more lies before than behind.
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", 2012, 3.3.

    >>> import convcore as cc
    >>> cc.nn.functional.local_response_norm(cc.tensor([[[3.0], [0.0]]]), 1, alpha=1.0, beta=0.5, k=7.0)
    tensor([[[0.7500],
             [0.0000]]])
    """
    return _core.local_response_norm(input, size, alpha, beta, k)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """input over its p-norm (at least eps) along dim.

    >>> import convcore as cc
    >>> cc.nn.functional.normalize(cc.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    return _core.normalize(input, p, dim, eps)


def local_contrast_norm(
    input: Tensor, kernel_size: int = 9, sigma: float | None = None, eps: float = 1e-4
) -> Tensor:
    """Each pixel of input (N, C, H, W) less the mean of its surroundings, over their deviation if above the image's average.

    Surroundings are all channels under a Gaussian window of `kernel_size` (odd) pixels and deviation `sigma` (kernel_size/4);
    at borders the part of it inside counts for all. Deviations are at least eps. Jarrett, Kavukcuoglu, Ranzato and LeCun,
    "What is the best multi-stage architecture for object recognition?", 2009.

    >>> import convcore as cc
    >>> cc.nn.functional.local_contrast_norm(cc.ones(1, 1, 2, 2), 3)[0, 0]
    tensor([[0., 0.],
            [0., 0.]])
    """
    sigma = kernel_size / 4 if sigma is None else sigma
    return _core.local_contrast_norm(input, kernel_size, sigma, eps)
