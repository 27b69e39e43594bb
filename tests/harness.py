"""Runs rows of the case tables: in convcore, in PyTorch, in numpy."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, reduce
from types import ModuleType
from typing import NamedTuple

import numpy as np

from tests.cases import Arr, Case, Op

RTOL = {"float32": 2e-5, "float64": 1e-11}


def resolve(module: ModuleType, path: str):
    return reduce(getattr, path.split("."), module)


def call(module: ModuleType, op: Op, args: list, kwargs: dict):
    """One call of op in convcore or torch; a tuple of results."""
    how = op.torch if op.torch is not None and module.__name__ == "torch" else op.call
    if callable(how):
        out = how(module, *args, **kwargs)
    elif how.startswith("."):
        out = getattr(args[0], how[1:])(*args[1:], **kwargs)
    else:
        out = resolve(module, how)(*args, **kwargs)
    return tuple(out) if isinstance(out, (tuple, list)) else (out,)


def expected(op: Op, case: Case, args: list) -> tuple[np.ndarray, ...]:
    """The oracle's results for numpy arguments, computed in float64."""

    def widen(arg):
        if isinstance(arg, list):
            return [widen(a) for a in arg]
        is_float = isinstance(arg, np.ndarray) and arg.dtype.kind == "f"
        return arg.astype(np.float64) if is_float else arg

    out = op.oracle(*[widen(arg) for arg in args], **case.kwargs)
    return tuple(np.asarray(o) for o in (out if isinstance(out, (tuple, list)) else (out,)))


def assert_close(
    got,
    want,
    dtype: str,
    op: Op | None = None,
    exact: bool = False,
    what: str = "",
    tol: float = 1,
    floor: float = 0.0,
) -> None:
    """|got − want| ≤ rtol·(|want| + scale), scale the largest |want|: sums err relative to their terms."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, f"{what}: shape {got.shape}, expected {want.shape}"
    if exact or want.dtype.kind in "biu":
        np.testing.assert_array_equal(got, want, err_msg=what)
        return
    rtol = RTOL.get(dtype, RTOL["float32"]) * tol * (op.tol if op else 1)
    finite = want[np.isfinite(want)]
    scale = (
        1e-3 if op and op.pointwise else max(floor, np.abs(finite).max()) if finite.size else 0.0
    )
    with np.errstate(over="ignore", invalid="ignore"):
        want = want.astype(got.dtype) if got.dtype.kind == "f" else want
        np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * scale, err_msg=what)


# Layouts: the same numbers in another arrangement of memory.


def _row_major(m, a):
    return m.tensor(a)


def _channels_last(m, a):
    if a.ndim < 3:
        return m.tensor(a)
    order = (0, a.ndim - 1, *range(1, a.ndim - 1))
    return m.tensor(np.ascontiguousarray(np.moveaxis(a, 1, -1))).permute(*order)


def _reversed(m, a):
    return m.tensor(a.T.copy()).permute(tuple(reversed(range(a.ndim))))


def _sliced(m, a):
    wide = np.full([2 * s + 3 for s in a.shape], 77).astype(a.dtype)
    window = tuple(slice(1, 1 + 2 * s, 2) for s in a.shape)
    wide[window] = a
    return m.tensor(wide)[window]


LAYOUTS = {
    "row-major": _row_major,
    "channels-last": _channels_last,
    "reversed": _reversed,
    "sliced": _sliced,
}


def to_tensors(
    module: ModuleType, case: Case, args: list, layout: str = "row-major", grad: bool = False
):
    """args as tensors, and the list of those that ask for a gradient."""
    leaves = []

    def one(arg, spec):
        if isinstance(spec, list):
            return [one(a, s) for a, s in zip(arg, spec, strict=True)]
        if not isinstance(spec, Arr):
            return arg
        tensor = LAYOUTS[layout](module, arg)
        if grad and spec.differentiable:
            tensor = tensor.detach().requires_grad_()
            leaves.append(tensor)
        return tensor

    tensors = [one(arg, spec) for arg, spec in zip(args, case.args, strict=True)]
    return tensors, leaves


def weights(op: Op, case: Case, stage: str, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Fixed factors that make a scalar of several results; float32 holds them."""
    seed = zlib.crc32(f"{op.name}/{case.name}/{stage}".encode())
    rng = np.random.Generator(np.random.PCG64(seed))
    return [(0.5 + rng.random(shape)).astype(np.float32).astype(np.float64) for shape in shapes]


def _dot(module, tensors, factors):
    total = None
    for tensor, factor in zip(tensors, factors, strict=True):
        term = (tensor * module.tensor(factor.astype(dtype_name(tensor)))).sum()
        total = term if total is None else total + term
    return total


def dtype_name(tensor) -> str:
    return str(tensor.dtype).split(".")[-1]


def numpy(tensor) -> np.ndarray:
    return tensor.detach().clone().numpy()


class Derivatives(NamedTuple):
    results: list[np.ndarray]
    tracked: list[bool]  # which results require a gradient
    first: list[np.ndarray]  # gradients of `loss`
    second: list[np.ndarray]  # gradients of `slope`
    loss: float = 0.0  # Σ r·result, r fixed by the row
    slope: float = 0.0  # Σ s·gradient


def derivatives(
    module: ModuleType,
    op: Op,
    case: Case,
    args: list,
    second: bool = False,
    layout: str = "row-major",
    create_graph: bool = False,
    first: bool = True,
) -> Derivatives:
    tensors, leaves = to_tensors(module, case, args, layout, grad=first)
    out = call(module, op, tensors, case.kwargs)
    results = [numpy(o) for o in out]
    tracked = [o.requires_grad for o in out]
    roots = [o for o in out if o.requires_grad]
    if not leaves or not roots:
        return Derivatives(results, tracked, [], [])

    def gradients(total, create_graph=False):
        grads = module.autograd.grad(total, leaves, create_graph=create_graph, allow_unused=True)
        zeros = [np.zeros(tuple(x.shape), dtype_name(x)) for x in leaves]
        return grads, [z if g is None else numpy(g) for g, z in zip(grads, zeros, strict=True)]

    loss = _dot(module, roots, weights(op, case, "r", [tuple(o.shape) for o in roots]))
    grads, values = gradients(loss, second or create_graph)
    factors = weights(op, case, "s", [g.shape for g in values])
    with np.errstate(invalid="ignore", over="ignore"):
        slope = sum(float((g * f).sum()) for g, f in zip(values, factors, strict=True))
    if not second:
        return Derivatives(results, tracked, values, [], loss.item(), slope)
    onward = [
        (g, f) for g, f in zip(grads, factors, strict=True) if g is not None and g.requires_grad
    ]
    seconds = [np.zeros_like(g) for g in values]
    if onward:
        _, seconds = gradients(_dot(module, *zip(*onward, strict=True)))
    return Derivatives(results, tracked, values, seconds, loss.item(), slope)


def poison() -> None:
    """Leaves NaN in the memory that the next small tensors get: what a kernel forgets to write shows."""
    import convcore

    for n in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024):
        held = [convcore.full((n,), float("nan"), dtype=convcore.float64) for _ in range(4)]
        del held


# What the core lets a test choose.


def isas() -> list[str]:
    """The instruction sets this machine can run, slowest first."""
    from convcore import _core

    names = ["generic", "avx2", "avx512"]
    return names[: names.index(_core.machine_isa()) + 1]


def implementations(kernel: str, run) -> list[str]:
    """Every entry of a kernel's list, best first, as explain() shows it when only the reference may run."""
    import convcore

    with using_impl(kernel, "reference"), convcore.explain() as log:
        run()
    names = []
    for decision in log.decisions:
        if decision["op"] == kernel:
            names = [reason.split(":")[0] for reason in decision["declined"]] + [
                decision["implementation"]
            ]
    return names


@contextmanager
def using_isa(name: str) -> Iterator[None]:
    from convcore import _core

    before = _core.isa()
    _core.set_isa(name)
    try:
        yield
    finally:
        _core.set_isa(before)


@contextmanager
def using_impl(op: str, prefix: str) -> Iterator[None]:
    from convcore import _core

    _core.force_impl(op, prefix)
    try:
        yield
    finally:
        _core.force_impl(op, "")


@cache
def backends() -> tuple[str, ...]:
    """The threading backends of this build."""
    found = []
    for name in ("pool", "openmp"):
        with suppress(ValueError), using_threads(1, name):
            found.append(name)
    return tuple(found)


@contextmanager
def using_threads(n: int, backend: str | None = None) -> Iterator[None]:
    import convcore
    from convcore import _core

    before = _core.threading_backend()
    if backend:
        _core.set_threading_backend(backend)
    try:
        with convcore.threads(n):
            yield
    finally:
        _core.set_threading_backend(before)
