"""The environment is checked at import; what the library prints can go to logging."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

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
        ("CONVCORE_IMPL", "convolution:direct"),
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


def test_explain_names_the_layers():
    inner = cc.nn.Sequential(cc.nn.Conv2d(4, 4, 3), cc.nn.MaxPool2d(2))
    model = cc.nn.Sequential(cc.nn.Conv2d(3, 4, 3), inner)
    x = cc.zeros(2, 3, 12, 12)
    report = cc.explain(model, x)
    layers = [(d["layer"], d["op"]) for d in report.decisions if d["op"] in ("conv", "pool")]
    assert layers == [("0", "conv"), ("1.0", "conv"), ("1.1", "pool")]
    assert tuple(report.result.shape) == (2, 4, 4, 4)
    assert not model._forward_hooks and not model._forward_pre_hooks
    text = str(report)
    for word in ("1.0", "GFLOP/s", "of peak", "scratch", "ms"):
        assert word in text
    assert len(text.splitlines()) >= 2 + len(report.decisions)


def test_explain_takes_functions():
    x = cc.ones(2, 3, 6, 6, requires_grad=True)
    w = cc.ones(4, 3, 3, 3, requires_grad=True)
    report = cc.explain(lambda: cc.nn.functional.conv2d(x, w).sum().backward())
    kinds = [d["problem"].split()[0] for d in report.decisions if d["op"] == "conv"]
    assert sorted(kinds) == ["forward", "grad_input", "grad_weight"]
    assert all(d["layer"] == "" for d in report.decisions)
    assert str(cc.explain(lambda: None)) == "no kernel was called"


def test_algorithms_are_forced_for_a_scope_and_thread():
    def ran():
        with cc.explain() as log:
            cc.nn.functional.conv2d(cc.zeros(1, 32, 8, 8), cc.zeros(32, 32, 3, 3))
        return log.decisions[0]["implementation"]

    usual = ran()
    with cc.algorithms(conv="reference"):
        assert ran() == "reference"
        with cc.algorithms(conv="direct"):
            assert ran().startswith("direct")
        assert ran() == "reference"
        other = []
        thread = threading.Thread(target=lambda: other.append(ran()))
        thread.start(), thread.join()
        assert other == [usual]
    assert ran() == usual
    with pytest.raises(NotImplementedError, match="no implementation quantum"):
        with cc.algorithms(conv="quantum"):
            ran()
    with pytest.raises(
        ValueError, match="algorithms: expected an operator of .*conv, .*; got convolution"
    ):
        with cc.algorithms(convolution="direct"):
            pass
    with pytest.raises(ValueError, match="algorithms: conv must be a name, got 3"):
        cc.algorithms(conv=3)
