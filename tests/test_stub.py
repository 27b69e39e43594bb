"""The committed type stub of the compiled module is the one nanobind generates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import convcore
import pytest

COMMITTED = Path(convcore.__file__).parent / "_core.pyi"


def test_stub_is_up_to_date(tmp_path):
    pytest.importorskip(
        "nanobind", reason="nanobind is not installed: the stub cannot be generated"
    )
    fresh = tmp_path / "_core.pyi"
    done = subprocess.run(
        [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "convcore._core", "-o", str(fresh)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert fresh.read_text() == COMMITTED.read_text(), (
        "python -m nanobind.stubgen -m convcore._core -o python/convcore/_core.pyi"
    )


def test_package_is_marked_as_typed():
    assert (COMMITTED.parent / "py.typed").is_file()
