"""PyTorch's recorded answers (record.py): every row but the big ones, where PyTorch is not installed."""

from __future__ import annotations

import pytest

from tests import answers
from tests.cases import all_ops, families
from tests.record import FOLDER, load, wanted

ROWS = [
    (family, all_ops()[name], case)
    for family, names in families().items()
    for name in names
    for case in all_ops()[name].cases
    if wanted(all_ops()[name], case)
]


@pytest.mark.parametrize(
    "family, op, case", [pytest.param(*r, id=f"{r[1].name}-{r[2].name}") for r in ROWS]
)
def test_equals_pytorch(family, op, case):
    """Results, gradients and second gradients in each dtype and layout."""
    want = load(family).get(f"{op.name}/{case.name}")
    assert want is not None, "not recorded: run python -m tests.record where torch is installed"
    asked = answers.fingerprint(answers.numbers(op, case, case.dtypes[-1]))
    assert asked == want.inputs, "the row has changed: run python -m tests.record"
    for dtype in case.dtypes:
        for layout in answers.LAYOUTS:
            answers.assert_equal(op, case, want, dtype, layout)


def test_size_and_rows():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3e6
    known = {f"{op.name}/{case.name}" for _, op, case in ROWS}
    stale = {row for family in families() for row in load(family)} - known
    assert not stale, "recorded, but no longer in a case table: run python -m tests.record"
