"""PyTorch beside us, where it is installed: every row in float32 and float64, values and gradients."""

from __future__ import annotations

import warnings

import convcore
import pytest

from tests import harness
from tests.cases import rows

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed; its recorded answers are compared instead"
)


@pytest.mark.parametrize(
    "op, case",
    [
        pytest.param(op, case, id=f"{op.name}-{case.name}")
        for op, case in rows(lambda op, case: case.torch)
    ],
)
def test_equals_torch(op, case):
    grad = op.grad and case.grad and any(a.differentiable for a in case.arrays)
    second = grad and op.gradgrad and case.gradgrad and not case.big
    for dtype in case.dtypes:
        args = case.make(op.name, dtype)
        found = []
        for module in (convcore, torch):
            with warnings.catch_warnings():
                if module is torch:
                    warnings.simplefilter("ignore")
                if grad:
                    d = harness.derivatives(module, op, case, args, second)
                    found.append(d.results + d.first + d.second)
                else:
                    tensors, _ = harness.to_tensors(module, case, args)
                    found.append(
                        [harness.numpy(t) for t in harness.call(module, op, tensors, case.kwargs)]
                    )
        ours, theirs = found
        assert len(ours) == len(theirs)
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert a.dtype == b.dtype, f"array {i}"
            harness.assert_close(
                a, b, dtype, op, case.exact and i == 0, f"array {i} in {dtype}", tol=4
            )
