"""Scripts written for PyTorch train unchanged but for their import lines, with PyTorch's losses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.compat.run import LOSSES, SCRIPTS, run


@pytest.mark.parametrize("script", SCRIPTS)
def test_losses_equal_recorded(script: str) -> None:
    losses, _ = run(script, "convcore")
    recorded = json.loads(LOSSES.read_text())["losses"][script]
    np.testing.assert_allclose(losses, recorded, rtol=0, atol=1e-4)
    assert min(losses) < losses[0]


@pytest.mark.parametrize("script", SCRIPTS)
def test_losses_equal_live(script: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    losses, score = run(script, "convcore")
    theirs, their_score = run(script, "torch")
    np.testing.assert_allclose(losses, theirs, rtol=0, atol=1e-4)
    assert abs(score - their_score) <= 1 / 8
