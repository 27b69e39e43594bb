"""Instruction sets: which one runs is proved, not assumed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from convcore import _core

from tests import harness

ALL = ["generic", "avx2", "avx512"]
PROOF = """
import convcore as cc
from convcore import _core
x, w = cc.ones(2, 32, 20, 20), cc.ones(32, 32, 3, 3)
with cc.explain() as log:
    cc.nn.functional.conv2d(x, w)
    cc.matmul(cc.ones(64, 64), cc.ones(64, 64))
print(_core.isa(), *(d["implementation"] for d in log.decisions if d["op"] in ("conv", "gemm")))
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CONVCORE_")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("isa", ALL)
def test_environment_chooses(isa):
    if isa not in harness.isas():
        pytest.skip(f"this machine has no {isa}: its best is {_core.machine_isa()}")
    done = run(PROOF, CONVCORE_ISA=isa)
    assert done.returncode == 0, done.stderr
    chosen, *kernels = done.stdout.split()
    assert chosen == isa
    assert len(kernels) == 2
    assert all(kernel.endswith(isa) for kernel in kernels), kernels


def test_the_best_is_the_default():
    chosen, *kernels = run(PROOF).stdout.split()
    assert chosen == _core.machine_isa()
    assert all(kernel.endswith(chosen) for kernel in kernels), kernels


def test_unknown_value():
    done = run(PROOF, CONVCORE_ISA="sse9")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    for word in ("CONVCORE_ISA", "sse9", *ALL):
        assert word in last


def test_a_set_this_machine_lacks():
    missing = [isa for isa in ALL if isa not in harness.isas()]
    if not missing:
        pytest.skip(f"this machine has them all, up to {_core.machine_isa()}")
    done = run(PROOF, CONVCORE_ISA=missing[-1])
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    for word in ("CONVCORE_ISA", missing[-1], _core.machine_isa()):
        assert word in last
    with pytest.raises(ValueError, match=f"{_core.machine_isa()}.*{missing[-1]}"):
        _core.set_isa(missing[-1])


def test_set_isa():
    with pytest.raises(ValueError, match="'generic', 'avx2' or 'avx512', got 'mmx'"):
        _core.set_isa("mmx")
    for isa in harness.isas():
        with harness.using_isa(isa):
            assert _core.isa() == isa


def test_environment_forces_an_implementation():
    done = run(PROOF, CONVCORE_IMPL="conv:reference")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "reference"


@pytest.mark.parametrize("value", ["conv", "conv:no-such-thing"])
def test_unknown_implementation(value):
    done = run(PROOF, CONVCORE_IMPL=value)
    assert done.returncode != 0
    assert "CONVCORE_IMPL" in done.stderr or value.split(":")[-1] in done.stderr


def test_verbose_tells_what_ran_and_why():
    done = run(PROOF, CONVCORE_VERBOSE="1", CONVCORE_ISA="generic")
    assert done.returncode == 0, done.stderr
    told = done.stdout + done.stderr
    assert "conv" in told
    assert "_generic" in told


def test_explain_gives_reasons():
    import convcore as cc

    with harness.using_isa("generic"), cc.explain() as log:
        cc.nn.functional.conv2d(cc.ones(1, 32, 9, 9), cc.ones(8, 32, 3, 3))
    decision = next(d for d in log.decisions if d["op"] == "conv")
    assert decision["flops"] == 2 * 8 * 32 * 9 * 49
    assert decision["seconds"] > 0
    if _core.machine_isa() != "generic":
        assert any("instruction set is not available" in reason for reason in decision["declined"])
    assert decision["implementation"] in str(log)
