"""Threads: forks, counts, contexts and several Python threads at once. (Same bits at any count: test_ops.py.)"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import convcore as cc
import numpy as np
import pytest

from tests import harness

rng = np.random.default_rng(5)
X = rng.standard_normal((4, 16, 30, 30), dtype=np.float32)
W = rng.standard_normal((16, 16, 3, 3), dtype=np.float32)


def step() -> bytes:
    """A convolution and its gradients, as bytes."""
    x, w = cc.tensor(X, requires_grad=True), cc.tensor(W, requires_grad=True)
    y = cc.nn.functional.conv2d(x, w, padding=1)
    (y * y).sum().backward()
    return b"".join(t.detach().numpy().tobytes() for t in (y, x.grad, w.grad))


def count_in(**environment: str) -> int:
    clean = {
        k: v
        for k, v in os.environ.items()
        if k != "OMP_NUM_THREADS" and not k.startswith("CONVCORE_")
    }
    code = "import convcore as cc; print(cc.get_num_threads())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("backend", ["openmp", "pool"])
def test_convolution_in_a_forked_child(backend):
    """libgomp hangs in a child of a process that has used it; ours must not."""
    try:
        with harness.using_threads(4, backend):
            want = step()
            statuses = [_fork_and_compare(want) for _ in range(8)]
    except ValueError as error:
        pytest.skip(f"this build has no {backend} backend: {error}")
    assert statuses == [0] * 8


def _fork_and_compare(want: bytes) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python warns of threads; that is what is tested
        child = os.fork()
    if child == 0:
        try:
            os._exit(0 if step() == want else 1)
        except BaseException:  # noqa: BLE001 - a child must not return into pytest
            os._exit(2)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -1


def test_parent_works_after_forks():
    want = step()
    assert _fork_and_compare(want) == 0
    assert step() == want


def test_count_from_environment():
    cores = len(os.sched_getaffinity(0))
    assert 1 <= count_in() <= cores
    assert count_in(CONVCORE_NUM_THREADS="1") == 1
    assert count_in(OMP_NUM_THREADS="1") == 1


def test_count_from_affinity():
    cores = sorted(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, [{cores[0]}]); import convcore as cc; print(cc.get_num_threads())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "1", done.stderr


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_bad_count(value):
    with pytest.raises(AssertionError, match=r"CONVCORE_NUM_THREADS"):
        count_in(CONVCORE_NUM_THREADS=value)


def test_context_is_of_its_thread():
    seen = {}
    outside = cc.get_num_threads()

    def other():
        seen["other"] = cc.get_num_threads()
        with cc.threads(5):
            seen["inner"] = cc.get_num_threads()

    with cc.threads(3):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert cc.get_num_threads() == 3
        with cc.threads(1):
            assert cc.get_num_threads() == 1
        assert cc.get_num_threads() == 3
    assert cc.get_num_threads() == outside
    assert seen == {"other": outside, "inner": 5}


def test_context_ends_with_an_error():
    outside = cc.get_num_threads()
    with pytest.raises(KeyError), cc.threads(2):
        raise KeyError
    assert cc.get_num_threads() == outside


@pytest.mark.parametrize("n", [0, -2])
def test_bad_context(n):
    with pytest.raises(ValueError, match=f"at least 1, got {n}"):
        cc.threads(n)
    with pytest.raises(ValueError, match=f"from 1 to 1024, got {n}"):
        cc.set_num_threads(n)


def test_several_python_threads():
    """Four at once, each recording its own graph, give what one gives."""
    want = step()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: step(), range(16))) == {want}


def test_shared_leaf_of_several_threads():
    """Gradients of one leaf from four threads add up."""
    w = cc.tensor(np.ones(1000), requires_grad=True)

    def add(_):
        for _ in range(50):
            (w * 2).sum().backward()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    np.testing.assert_array_equal(w.grad.numpy(), np.full(1000, 400.0))


def test_grad_mode_is_of_its_thread():
    seen = {}
    with cc.no_grad():
        thread = threading.Thread(target=lambda: seen.setdefault("enabled", cc.is_grad_enabled()))
        thread.start()
        thread.join()
        assert not cc.is_grad_enabled()
    assert seen == {"enabled": True}


def test_work_lets_other_threads_run():
    """The interpreter lock is released around work that takes long."""
    a = cc.ones(900, 900)
    stop, ticks = threading.Event(), []

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        with cc.threads(1):
            begin = time.perf_counter()
            while time.perf_counter() - begin < 0.3:
                cc.matmul(a, a)
            end = time.perf_counter()
    finally:
        stop.set()
        thread.join()
    assert sum(begin < t < end for t in ticks) > 20


def test_threadpoolctl():
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="threadpoolctl is not installed")
    found = [lib for lib in threadpoolctl.threadpool_info() if lib.get("user_api") == "convcore"]
    assert len(found) == 1
    assert found[0]["num_threads"] == cc.get_num_threads()
    with threadpoolctl.threadpool_limits(limits=1, user_api="convcore"):
        assert cc.get_num_threads() == 1
