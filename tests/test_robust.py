"""Whatever comes in, an exception comes out at worst: no crash, no hang, no memory beyond reason."""

from __future__ import annotations

import resource
import subprocess
import sys
import warnings

import convcore as cc
import numpy as np
import pytest

from tests import harness
from tests.cases import all_ops

F = cc.nn.functional
LARGE = 2**40


@pytest.fixture(autouse=True)
def _not_the_whole_machine():
    """What asks for more than 8 GiB gets none: a size beyond reason must not cost the machine its memory."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 2**33, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def odd_values():
    return [
        None, "x", -1, 0, 2**31, -(2**63), 2**70, 1.5, float("nan"), True, [], [None], (1, 2, 3, 4, 5, 6), object(),
        cc.tensor(2.0), cc.zeros(0), cc.zeros(2, 0, 3), cc.zeros(*[1] * 8), cc.ones(2, 3, dtype=cc.int64),
        cc.ones(3, dtype=cc.bool), cc.full((2, 3, 4, 5), float("nan")), cc.ones(1).expand(2, 3), np.zeros(3),
    ]  # fmt: skip


@pytest.mark.parametrize("op", all_ops().values(), ids=lambda op: op.name)
def test_odd_arguments(op):
    """Each argument in turn is replaced by things that do not belong there."""
    case = op.cases[0]
    args, _ = harness.to_tensors(cc, case, case.make(op.name, case.dtypes[0]))
    calls = [
        (args[:i] + [odd] + args[i + 1 :], case.kwargs)
        for i in range(len(args))
        for odd in odd_values()
    ]
    names = {name for row in op.cases for name in row.kwargs}
    calls += [(args, {**case.kwargs, name: odd}) for name in sorted(names) for odd in odd_values()]
    if args:
        calls += [(args[:i], case.kwargs) for i in range(len(args))] + [
            ([*args, *args], case.kwargs)
        ]
    for call_args, kwargs in calls:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                harness.call(cc, op, call_args, kwargs)
            except Exception as error:  # noqa: BLE001 - any exception will do, but not one without a word
                assert str(error) or isinstance(error, MemoryError), (call_args, kwargs)


@pytest.mark.parametrize("call", [
    lambda: cc.zeros(LARGE, LARGE),
    lambda: cc.zeros(2**62, 4),
    lambda: cc.zeros(2**62, 4, 0),
    lambda: cc.empty(-1),
    lambda: cc.full((2**63 - 1,), 1.0),
    lambda: cc.zeros(1).expand(2**62, 2**62),
    lambda: cc.zeros(1).expand(-3),
    lambda: cc.zeros(4).reshape(2**62, -1),
    lambda: cc.arange(0, 1e18),
    lambda: cc.arange(0, float("inf")),
    lambda: cc.linspace(0, 1, LARGE * 8),
    lambda: cc.eye(2**31),
    lambda: cc.randperm(2**50),
    lambda: F.one_hot(cc.tensor([2**60])),
    lambda: F.conv2d(cc.zeros(1, 1, 4, 4), cc.zeros(1, 1, 3, 3), padding=LARGE),
    lambda: F.conv2d(cc.zeros(1, 1, 4, 4), cc.zeros(1, 1, 3, 3), padding=2**62),
    lambda: F.conv2d(cc.zeros(1, 1, 4, 4), cc.zeros(1, 1, 3, 3), dilation=2**62),
    lambda: F.max_pool2d(cc.zeros(1, 1, 4, 4), 2**62),
    lambda: F.avg_pool2d(cc.zeros(1, 1, 4, 4), 2**40, padding=2**39),
    lambda: cc.zeros(4)[2**62],
])  # fmt: skip
def test_sizes_beyond_reason(call):
    with pytest.raises((ValueError, MemoryError, IndexError, TypeError, OverflowError)) as caught:
        call()
    assert str(caught.value)


def test_memory_error_names_the_bytes():
    with pytest.raises(MemoryError, match=r"\d"):
        cc.zeros(2**45)
    assert cc.zeros(3).tolist() == [0, 0, 0]


def test_slices_beyond_reason():
    x = cc.arange(5)
    assert x[2**62 :].shape == (0,)
    assert x[-(2**62) : 2**62].tolist() == [0, 1, 2, 3, 4]
    assert x[:: 2**62].tolist() == [0]


def test_more_elements_than_an_int_holds():
    x = cc.ones(1, dtype=cc.uint8).expand(2**31 + 7)
    assert x.numel() == 2**31 + 7
    assert x[2**31 + 3].item() == 1
    assert x[:: 2**29].sum().item() == 5


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite(value):
    """They go through every kernel of a network and its gradients."""
    x = cc.full((2, 3, 12, 12), value, requires_grad=True)
    w = cc.ones(4, 3, 3, 3, requires_grad=True)
    y = F.max_pool2d(F.relu(F.batch_norm(F.conv2d(x, w), None, None, training=True)), 2)
    loss = F.cross_entropy(y.flatten(1), cc.tensor([0, 1]))
    loss.backward()
    assert np.isnan(loss.item())


def test_tiny_values_are_not_slow_or_lost():
    x = cc.full((1000,), 1e-310, dtype=cc.float64)
    assert (x * 2).sum().item() == pytest.approx(2e-307)


def test_recursion_in_lists():
    nested = []
    nested.append(nested)
    with pytest.raises((ValueError, TypeError, RecursionError)):
        cc.tensor(nested)


def test_exit_with_live_tensors_and_threads():
    """Nothing is destroyed at exit that a thread or a tensor still uses."""
    code = """
import threading, convcore as cc
x = cc.ones(300, 300, requires_grad=True)
def work():
    while True:
        (x @ x).sum().backward()
threading.Thread(target=work, daemon=True).start()
(x @ x).sum().backward()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
