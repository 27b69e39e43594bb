"""Every operator, every row of its case table."""

from __future__ import annotations

from contextlib import suppress

import convcore
import numpy as np
import pytest

from tests import answers, harness
from tests.cases import Arr, all_ops, rows

LIMIT = 400  # numbers in a row up to which gradcheck builds whole Jacobians


def params(keep=lambda op, case: True):
    return [pytest.param(op, case, id=f"{op.name}-{case.name}") for op, case in rows(keep)]


def has_gradient(op, case):
    return op.grad and case.grad and not case.big and any(a.differentiable for a in case.arrays)


def has_slope(op, case):
    return has_gradient(op, case) and not case.kink


def has_second(op, case):
    return has_slope(op, case) and op.gradgrad and case.gradgrad


def is_float(op, case):
    return "float32" in case.dtypes


def forward(op, case, dtype, layout="row-major"):
    args = case.make(op.name, dtype)
    tensors, _ = harness.to_tensors(convcore, case, args, layout)
    harness.poison()
    return harness.call(convcore, op, tensors, case.kwargs)


def check_forward(op, case, dtype, layout="row-major", tol=1.0):
    want = harness.expected(op, case, case.make(op.name, dtype))
    got = forward(op, case, dtype, layout)
    assert len(got) == len(want)
    for i, (g, w) in enumerate(zip(got, want, strict=True)):
        harness.assert_close(
            harness.numpy(g), w, dtype, op, case.exact, f"result {i} ({layout})", tol
        )
    return got


def everything(op, case, dtype="float32", layout="row-major"):
    """Results and first gradients as numpy arrays."""
    harness.poison()
    if not has_gradient(op, case.but(big=False)):
        return [harness.numpy(t) for t in forward(op, case, dtype, layout)]
    found = harness.derivatives(convcore, op, case, case.make(op.name, dtype), layout=layout)
    return found.results + found.first


def assert_same_bits(got, want, what):
    for i, (g, w) in enumerate(zip(got, want, strict=True)):
        assert g.dtype == w.dtype and g.tobytes() == w.tobytes(), f"{what}: array {i} differs"


@pytest.mark.parametrize("op, case", params())
def test_forward(op, case):
    for dtype in case.dtypes:
        first = check_forward(op, case, dtype)
        assert_same_bits(
            [harness.numpy(t) for t in forward(op, case, dtype)],
            [harness.numpy(t) for t in first],
            "second call",
        )


@pytest.mark.parametrize("op, case", params(has_slope))
def test_gradient(op, case):
    """Along random directions, the gradient is the slope of the result."""
    _check_slope(op, case, second=False)


@pytest.mark.parametrize("op, case", params(has_second))
def test_second_gradient(op, case):
    _check_slope(op, case, second=True)


def _check_slope(op, case, second):
    args = case.make(op.name, "float64")
    found = harness.derivatives(convcore, op, case, args, second)
    gradients = found.second if second else found.first
    assert gradients, "nothing to differentiate: mark the row or the operator grad=False"
    rng = np.random.default_rng(7)
    direction = [rng.standard_normal(g.shape) for g in gradients]
    step = 1e-6

    def value(sign):
        steps = iter(direction)

        def move(arg, spec):
            if isinstance(spec, list):
                return [move(a, s) for a, s in zip(arg, spec, strict=True)]
            if isinstance(spec, Arr) and spec.differentiable:
                return arg + sign * step * next(steps)
            return arg

        moved = [move(a, s) for a, s in zip(args, case.args, strict=True)]
        at = harness.derivatives(convcore, op, case, moved)
        return at.slope if second else at.loss

    slope = (value(1) - value(-1)) / (2 * step)
    dot = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True))
    size = sum(np.abs(g * d).sum() for g, d in zip(gradients, direction, strict=True)) + abs(
        found.slope if second else found.loss
    )
    assert abs(slope - dot) < 2e-7 * size + 1e-7, f"slope {slope}, gradient {dot}"


def _function(op, case, args):
    """op as a function of its differentiable arguments alone."""

    def function(*leaves):
        leaves = iter(leaves)

        def fill(arg, spec):
            if isinstance(spec, list):
                return [fill(a, s) for a, s in zip(arg, spec, strict=True)]
            if not isinstance(spec, Arr):
                return arg
            return next(leaves) if spec.differentiable else convcore.tensor(arg)

        out = harness.call(
            convcore, op, [fill(a, s) for a, s in zip(args, case.args, strict=True)], case.kwargs
        )
        return tuple(t for t in out if t.requires_grad)

    return function


def is_small(op, case):
    return 0 < sum(int(np.prod(a.shape)) for a in case.arrays if a.differentiable) <= LIMIT


@pytest.mark.parametrize("op, case", params(lambda o, c: has_slope(o, c) and is_small(o, c)))
def test_gradcheck(op, case):
    args = case.make(op.name, "float64")
    _, leaves = harness.to_tensors(convcore, case, args, grad=True)
    assert convcore.autograd.gradcheck(_function(op, case, args), leaves)


@pytest.mark.parametrize("op, case", params(lambda o, c: has_second(o, c) and is_small(o, c)))
def test_gradgradcheck(op, case):
    args = case.make(op.name, "float64")
    _, leaves = harness.to_tensors(convcore, case, args, grad=True)
    assert convcore.autograd.gradgradcheck(_function(op, case, args), leaves)


@pytest.mark.parametrize("op, case", params(has_second))
def test_both_backwards_agree(op, case):
    """The fast backward against expr(), which create_graph=True replays."""
    args = case.make(op.name, "float64")
    fast = harness.derivatives(convcore, op, case, args).first
    replayed = harness.derivatives(convcore, op, case, args, create_graph=True).first
    for i, (f, r) in enumerate(zip(fast, replayed, strict=True)):
        harness.assert_close(r, f, "float64", op, what=f"gradient {i}")


@pytest.mark.parametrize("layout", ["channels-last", "reversed", "sliced"])
@pytest.mark.parametrize("op, case", params(lambda o, c: not c.big))
def test_layout(op, case, layout):
    for dtype in case.dtypes:
        check_forward(op, case, dtype, layout)
    if has_gradient(op, case):
        want = everything(op, case)
        for i, (g, w) in enumerate(zip(everything(op, case, layout=layout), want, strict=True)):
            harness.assert_close(g, w, "float32", op, what=f"array {i}")


@pytest.mark.parametrize("op, case", params(lambda o, c: not c.big and is_float(o, c)))
def test_expanded(op, case):
    """Arguments whose first axis has stride 0."""

    def repeat(arg):
        if isinstance(arg, list):
            return [repeat(a) for a in arg]
        return (
            np.broadcast_to(arg[:1], arg.shape) if isinstance(arg, np.ndarray) and arg.ndim else arg
        )

    def expand(arg):
        if isinstance(arg, list):
            return [expand(a) for a in arg]
        if not isinstance(arg, np.ndarray):
            return arg
        return (
            convcore.tensor(arg[:1].copy()).expand(*arg.shape) if arg.ndim else convcore.tensor(arg)
        )

    args = repeat(case.make(op.name, "float32"))
    if any(isinstance(a, np.ndarray) and a.ndim and a.shape[0] == 0 for a in args):
        want_shapes = [w.shape for w in harness.expected(op, case, args)]
        assert [tuple(t.shape) for t in forward(op, case, "float32")] == want_shapes
        return
    got = harness.call(convcore, op, expand(args), case.kwargs)
    for g, w in zip(got, harness.expected(op, case, args), strict=True):
        # Equal rows cancel more than the rows of the table do.
        harness.assert_close(harness.numpy(g), w, "float32", op, case.exact, tol=4, floor=0.1)


TRANSFORMS = ("winograd", "fft")


@pytest.mark.parametrize("op, case", params(lambda o, c: o.impl is not None and is_float(o, c)))
def test_implementations(op, case):
    """Each entry of the list that accepts the row gives the oracle's numbers and the default's gradients."""
    ran = []
    want = everything(op, case)
    names = harness.implementations(op.impl, lambda: everything(op, case))
    if not names:
        pytest.skip(f"this call of {op.name} is made of other operators")
    for name in names:
        # Sums of products of integers are exact in any order, but not through a transform.
        row = case.but(exact=False) if name.startswith(TRANSFORMS) else case
        with harness.using_impl(op.impl, name):
            for dtype in case.dtypes:
                with suppress(NotImplementedError):  # declined
                    check_forward(op, row, dtype, tol=4)
                    ran.append(name)
            with suppress(NotImplementedError):
                for i, (g, w) in enumerate(zip(everything(op, case), want, strict=True)):
                    harness.assert_close(g, w, "float32", op, what=f"{name}: array {i}", tol=4)
    assert any("reference" in name for name in ran), f"no reference implementation ran, only {ran}"


@pytest.mark.parametrize("op, case", params(is_float))
def test_instruction_sets(op, case):
    with harness.using_isa("generic"):
        want = everything(op, case)
    for isa in harness.isas():
        with harness.using_isa(isa):
            check_forward(op, case, "float32", tol=4)
            for i, (g, w) in enumerate(zip(everything(op, case), want, strict=True)):
                harness.assert_close(g, w, "float32", op, what=f"{isa}: array {i}", tol=4)


def thread_settings(case):
    """Backend, dtype and layout: all of the pool's; OpenMP's where there is work for several threads."""
    settings = [("pool", dtype, layout) for dtype in case.dtypes for layout in answers.LAYOUTS]
    if case.big and "openmp" in harness.backends():
        settings.append(("openmp", case.dtypes[0], "row-major"))
    return settings


@pytest.mark.parametrize("op, case", params(lambda o, c: not c.chance))
def test_threads(op, case):
    """1, 2 and 8 threads give the same bits: results, gradients and second gradients."""
    for backend, dtype, layout in thread_settings(case):
        args = case.make(op.name, dtype)
        want = None
        for n in (1, 2, 8):
            with harness.using_threads(n, backend):
                harness.poison()
                found = harness.derivatives(
                    convcore, op, case, args, second=op.gradgrad, layout=layout
                )
            got = found.results + found.first + found.second
            want = want or got
            assert_same_bits(got, want, f"{n} threads of {backend}, {dtype}, {layout}")


def with_flops(op, case):
    return op.flops is not None and all(np.prod(a.shape) for a in case.arrays)


@pytest.mark.parametrize("op, case", params(with_flops))
def test_flops(op, case):
    """The work a kernel reports is the work the row asks for."""
    with convcore.explain() as log:
        forward(op, case, case.dtypes[0])
    told = sum(d["flops"] for d in log.decisions if d["op"] == op.impl)
    shapes = [a.shape for a in case.arrays]
    unbatched = op.name.startswith("conv") and len(shapes[0]) < len(shapes[1])
    if unbatched:
        shapes[0] = (1, *shapes[0])
    assert told == op.flops(*shapes, **case.kwargs)


def bad_calls():
    return [
        pytest.param(op, row, id=f"{op.name}-{row.name}")
        for op in all_ops().values()
        for row in op.bad
    ]


@pytest.mark.parametrize("op, row", bad_calls())
def test_bad_call(op, row):
    rng = np.random.default_rng(0)

    def make(arg):
        if isinstance(arg, list):
            return [make(a) for a in arg]
        return convcore.tensor(arg.make(rng, "float32")) if isinstance(arg, Arr) else arg

    args = make(list(row.args))
    with pytest.raises(row.error, match=row.match) as caught:
        harness.call(convcore, op, args, row.kwargs)
    if row.error is ValueError:
        assert isinstance(caught.value, RuntimeError), (
            "code written for PyTorch catches RuntimeError"
        )


def test_gradcheck_finds_a_wrong_gradient():
    class Wrong(convcore.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 2.001 * grad * x

    x = convcore.tensor(np.array([1.0, 2.0]), requires_grad=True)
    with pytest.raises(RuntimeError, match="output 0 with respect to input 0"):
        convcore.autograd.gradcheck(Wrong.apply, [x], rtol=1e-4)
    assert not convcore.autograd.gradcheck(Wrong.apply, [x], rtol=1e-4, raise_exception=False)
