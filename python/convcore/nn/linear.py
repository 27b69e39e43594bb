"""Linear and shape-changing layers."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core


class Linear(_core.nn.Linear):
    """Multiply (*, in_features) by a matrix and add a bias, into (*, out_features).

    >>> import convcore as cc
    >>> tuple(cc.nn.Linear(4, 2)(cc.zeros(3, 4)).shape)
    (3, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        convert.check_device(device)
        dtype = None if dtype is None else convert.to_dtype(dtype)
        super().__init__(in_features, out_features, bool(bias), dtype)
        self.reset_parameters()

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class DropConnect(Linear):
    """A linear layer that in training drops weights, each with probability p, and divides the others by 1 − p.

    One mask serves the mini-batch, or with `per_example` each row of the input has its own. Evaluation uses all weights,
    which gives the same expectation. Wan, Zeiler, Zhang, LeCun and Fergus, "Regularization of neural networks using
    DropConnect", 2013.

    >>> import convcore as cc
    >>> tuple(cc.nn.DropConnect(4, 2, p=0.5)(cc.zeros(3, 4)).shape)
    (3, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        p: float = 0.5,
        bias: bool = True,
        per_example: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if not 0 <= p <= 1:
            raise _core.ArgumentError(f"DropConnect: p must be between 0 and 1, got {p}")
        super().__init__(in_features, out_features, bias, device, dtype)
        self.p, self.per_example = p, per_example

    def forward(self, input: Any) -> Any:
        """input times the weights that are left, plus the bias."""
        if not self.training or self.p == 0:
            return _core.linear(input, self.weight, self.bias)
        if not self.per_example:
            return _core.linear(input, _core.dropout(self.weight, self.p, True), self.bias)
        rows = input.reshape(-1, 1, self.in_features)
        masked = _core.dropout(self.weight.expand(len(rows), -1, -1), self.p, True)
        out = _core.matmul(rows, masked.transpose(1, 2)).reshape(
            *input.shape[:-1], self.out_features
        )
        return out if self.bias is None else out + self.bias

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, p={self.p}, per_example={self.per_example}"


class Bilinear(_core.nn.Bilinear):
    """Multiply (*, in1_features) and (*, in2_features) by a matrix for each output, into (*, out_features).

    >>> import convcore as cc
    >>> tuple(cc.nn.Bilinear(4, 3, 2)(cc.zeros(5, 4), cc.zeros(5, 3)).shape)
    (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        convert.check_device(device)
        dtype = None if dtype is None else convert.to_dtype(dtype)
        super().__init__(in1_features, in2_features, out_features, bool(bias), dtype)
        self.reset_parameters()

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Identity(_core.nn.Identity):
    """Return the input; any arguments are ignored.

    >>> import convcore as cc
    >>> cc.nn.Identity(54)(cc.ones(1))
    tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()


class Flatten(_core.nn.Flatten):
    """Join the axes from `start_dim` to `end_dim` into one.

    >>> import convcore as cc
    >>> tuple(cc.nn.Flatten()(cc.zeros(2, 3, 4)).shape)
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__(start_dim, end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(_core.nn.Unflatten):
    """Split axis `dim` into axes of the sizes given; one may be -1.

    >>> import convcore as cc
    >>> tuple(cc.nn.Unflatten(1, (3, 4))(cc.zeros(2, 12)).shape)
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__(dim, convert.values(unflattened_size, "unflattened_size"))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
