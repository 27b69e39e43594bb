"""PyTorch beside us, where it is installed: every row of every table (see answers.py)."""

from __future__ import annotations

import warnings

import pytest

from tests import answers
from tests.cases import rows

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed; its recorded answers are compared instead"
)


@pytest.mark.parametrize(
    "op, case",
    [
        pytest.param(op, case, id=f"{op.name}-{case.name}")
        for op, case in rows(lambda op, case: case.torch and not case.chance)
    ],
)
def test_equals_torch(op, case):
    """Results, gradients and second gradients in each dtype and layout."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = answers.of_torch(op, case)
    for dtype in case.dtypes:
        for layout in answers.LAYOUTS:
            answers.assert_equal(op, case, want, dtype, layout)
