"""PyTorch's recorded answers (tests/record.py): results, dtypes, gradients and second gradients."""

from __future__ import annotations

import convcore
import pytest

from tests import harness
from tests.cases import all_ops, families
from tests.record import FOLDER, answers, fingerprint, load, wanted

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
    recorded = load(family).get(f"{op.name}/{case.name}")
    assert recorded is not None, "not recorded: run python -m tests.record where torch is installed"
    args = case.make(op.name, case.dtypes[-1])
    assert fingerprint(args) == recorded["inputs"], (
        "the row has changed: run python -m tests.record"
    )
    arrays, meta = answers(convcore, op, case)
    assert meta["dtypes"] == recorded["dtypes"]
    for key, array in arrays.items():
        # Recorded in float32: its rounding is the tolerance.
        harness.assert_close(array, recorded[key], "float32", op, what=key, tol=0.1)


def test_size_and_rows():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.npz")) < 3e6
    known = {f"{op.name}/{case.name}" for _, op, case in ROWS}
    stale = {row for family in families() for row in load(family)} - known
    assert not stale, "recorded, but no longer in a case table: run python -m tests.record"
