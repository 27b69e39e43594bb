"""Gradients against finite differences."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from convcore import _core


def _as_list(value: Any) -> list:
    return [value] if isinstance(value, _core.TensorBase) else list(value)


def gradcheck(
    func: Callable,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of func agree with central differences, for every output and every input that requires one.

    Inputs should be float64. A mismatch raises ValueError with both Jacobians, or gives False.

    >>> import convcore as cc
    >>> x = cc.randn(3, dtype=cc.float64, requires_grad=True)
    >>> cc.autograd.gradcheck(cc.tanh, [x])
    True
    """
    inputs = _as_list(inputs)
    checked = [x for x in inputs if isinstance(x, _core.TensorBase) and x.requires_grad]
    if not checked:
        raise _core.ArgumentError("gradcheck: no input requires a gradient")
    for i, x in enumerate(checked):
        if x.dtype != _core.dtype.float64:
            raise _core.ArgumentError(f"gradcheck: input {i} must be float64, got {x.dtype}")
    outputs = [y for y in _as_list(func(*inputs)) if y.requires_grad]
    for i, x in enumerate(checked):
        for o, numeric in enumerate(_numeric(func, inputs, x, eps)):
            analytic = _analytic(outputs[o], x)
            if not np.allclose(analytic, numeric, rtol=rtol, atol=atol):
                worst = float(np.abs(analytic - numeric).max())
                if not raise_exception:
                    return False
                raise _core.ArgumentError(
                    f"gradcheck: the gradient of output {o} with respect to input {i} differs from finite differences "
                    f"by up to {worst:.3g}\nanalytic:\n{analytic}\nnumeric:\n{numeric}"
                )
    return True


def gradgradcheck(
    func: Callable,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of func's gradients agree with central differences; grad_outputs are random unless given."""
    inputs = _as_list(inputs)
    outputs = [y for y in _as_list(func(*inputs)) if y.requires_grad]
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        from convcore import tensor

        grad_outputs = [
            tensor(rng.standard_normal(y.shape), dtype=y.dtype, requires_grad=True) for y in outputs
        ]
    grads = _as_list(grad_outputs)
    count = len(inputs)

    def gradient(*args: Any) -> list:
        xs, gs = args[:count], list(args[count:])
        ys = [y for y in _as_list(func(*xs)) if y.requires_grad]
        wanted = [x for x in xs if isinstance(x, _core.TensorBase) and x.requires_grad]
        results = _core.grad(ys, wanted, gs, True, True, True)
        return [g for g in results if g is not None]

    return gradcheck(
        gradient, [*inputs, *grads], eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception
    )


def _analytic(output: Any, x: Any) -> np.ndarray:
    from convcore import tensor

    rows = np.zeros((output.numel(), x.numel()))
    for k in range(output.numel()):
        seed = np.zeros(output.shape)
        seed.reshape(-1)[k] = 1
        grad = _core.grad([output], [x], [tensor(seed, dtype=output.dtype)], True, False, True)[0]
        if grad is not None:
            rows[k] = np.asarray(grad).reshape(-1)
    return rows


def _numeric(func: Callable, inputs: list, x: Any, eps: float) -> list[np.ndarray]:
    """The Jacobian of every output with respect to x, from two calls per element of x."""
    from convcore import tensor

    base = np.array(np.asarray(x.detach()))

    def outputs(at: np.ndarray) -> list[np.ndarray]:
        moved = tensor(at, dtype=x.dtype, requires_grad=True)
        results = _as_list(func(*[moved if item is x else item for item in inputs]))
        return [np.array(np.asarray(y.detach())).reshape(-1) for y in results if y.requires_grad]

    jacobians = [np.zeros((y.size, base.size)) for y in outputs(base)]
    for k in range(base.size):
        step = np.zeros(base.shape)
        step.reshape(-1)[k] = eps
        for jacobian, up, down in zip(
            jacobians, outputs(base + step), outputs(base - step), strict=True
        ):
            jacobian[:, k] = (up - down) / (2 * eps)
    return jacobians
