"""The environment is checked at import; what the library prints can go to logging."""

from __future__ import annotations

import os
import subprocess
import sys

import convcore as cc
import pytest


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "name, value",
    [
        ("CONVCORE_NUM_THREADS", "many"),
        ("CONVCORE_ISA", "sse9"),
        ("CONVCORE_IMPL", "conv"),
        ("CONVCORE_VERBOSE", "yes"),
        ("CONVCORE_THREADING", "tbb"),
    ],
)
def test_a_bad_variable_is_told_at_import(name, value):
    code = "try:\n    import convcore\nexcept ValueError as error:\n    print(error)"
    told = run(code, **{name: value})
    assert told.returncode == 0, told.stderr
    assert name in told.stdout and "expected" in told.stdout and value in told.stdout


CONVOLVE = "cc.nn.functional.conv2d(cc.zeros(1, 3, 8, 8), cc.zeros(4, 3, 3, 3))"


def test_lines_go_to_standard_error_unless_asked():
    done = run(f"import convcore as cc; {CONVOLVE}", CONVCORE_VERBOSE="1")
    assert done.returncode == 0 and not done.stdout
    assert done.stderr.startswith("convcore: ") and "conv" in done.stderr


def test_lines_go_to_logging():
    code = f"""
import logging, sys
import convcore as cc
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
cc.use_logging()
{CONVOLVE}
for _ in range(1000): pass
cc.use_logging(False)
{CONVOLVE}
"""
    done = run(code, CONVCORE_VERBOSE="1")
    assert done.returncode == 0, done.stderr
    assert "convcore INFO conv " in done.stdout
    assert done.stderr.startswith("convcore: conv ")


def test_explain_contexts_may_interleave():
    first, second = cc.explain(), cc.explain()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    cc.nn.functional.conv2d(cc.zeros(1, 1, 4, 4), cc.zeros(1, 1, 3, 3))
    second.__exit__(None, None, None)
    assert not first.decisions and len(second.decisions) == 1
    cc.nn.functional.conv2d(cc.zeros(1, 1, 4, 4), cc.zeros(1, 1, 3, 3))
    assert len(second.decisions) == 1
