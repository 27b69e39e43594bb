"""L-BFGS, step by step against PyTorch, and on functions whose minimum is known."""

import copy
import pickle

import convcore as cc
import numpy as np
import pytest
from convcore import nn, optim

RULES = [
    "LBFGS(p)",
    "LBFGS(p, lr=0.5, max_iter=4)",
    "LBFGS(p, lr=0.1, max_iter=5, history_size=3)",
    "LBFGS(p, max_iter=10, max_eval=6)",
    "LBFGS(p, line_search_fn='strong_wolfe')",
    "LBFGS(p, lr=2, max_iter=3, line_search_fn='strong_wolfe')",
    "LBFGS(p, lr=0.01, max_iter=4, history_size=2, line_search_fn='strong_wolfe')",
    "LBFGS(p, lr=100, max_iter=6, line_search_fn='strong_wolfe', tolerance_change=1e-4)",
]


def rosenbrock(x):
    """A curved valley in six dimensions, least at 1."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def bowl(x):
    return (x**4).sum() + (x**2 * 3).sum() + (x[0] - x[1]) ** 2


def wave(x):
    return (x.sin() + 0.1 * x * x).sum()


FUNCTIONS = [rosenbrock, bowl, wave]


def closure_of(optimizer, params, function, lib):
    def closure():
        optimizer.zero_grad()
        loss = function(lib.cat([p.reshape(-1) for p in params]))
        loss.backward()
        return loss

    return closure


def run(lib, rule, function, steps, dtype=np.float64, resume=None):
    start = np.random.default_rng(3).standard_normal(6).astype(dtype)
    params = [lib.nn.Parameter(lib.tensor(part)) for part in (start[:4].reshape(2, 2), start[4:])]
    make = lambda: eval("o." + rule, {"o": lib.optim, "p": params})  # noqa: E731
    optimizer, rows = make(), []
    for step in range(steps):
        if resume is not None and step == 2:
            state = resume(optimizer.state_dict())
            optimizer = make()
            optimizer.load_state_dict(state)
        loss = optimizer.step(closure_of(optimizer, params, function, lib))
        state = optimizer.state[params[0]]
        flat = np.concatenate([p.detach().numpy().ravel() for p in params])
        rows.append([loss.item(), state["func_evals"], state["n_iter"], float(state["t"]), *flat])
    return np.array(rows, dtype=np.float64), optimizer


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("rule", RULES)
def test_steps_are_torchs(rule, function):
    torch = pytest.importorskip("torch")
    ours, a = run(cc, rule, function, 8)
    theirs, b = run(torch, rule, function, 8)
    # Every iteration multiplies rounding, in the valley by most: the first step has up to 20.
    np.testing.assert_allclose(ours[:1], theirs[:1], rtol=1e-9, atol=1e-10)
    if function is not rosenbrock:
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)
    state, expected = a.state_dict(), b.state_dict()
    assert set(state["state"][0]) == set(expected["state"][0]) - {"al"}
    assert state["param_groups"] == expected["param_groups"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_states_of_torch(function):
    """Ours goes on from PyTorch's state as PyTorch does, in float64 for two steps."""
    torch = pytest.importorskip("torch")
    rule = "LBFGS(p, max_iter=3, line_search_fn='strong_wolfe')"
    theirs, b = run(torch, rule, function, 2)
    flat = theirs[-1, 4:]
    params = [nn.Parameter(cc.tensor(part)) for part in (flat[:4].reshape(2, 2), flat[4:])]
    a = eval("o." + rule, {"o": optim, "p": params})
    a.load_state_dict(copy.deepcopy(b.state_dict()))
    a.step(closure_of(a, params, function, cc))
    further, _ = run(torch, rule, function, 3)
    got = np.concatenate([p.detach().numpy().ravel() for p in params])
    np.testing.assert_allclose(got, further[-1, 4:], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    "resume", [lambda s: s, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
@pytest.mark.parametrize("rule", RULES)
def test_resume_is_exact(rule, resume):
    whole, _ = run(cc, rule, rosenbrock, 5, np.float32)
    again, _ = run(cc, rule, rosenbrock, 5, np.float32, resume)
    np.testing.assert_array_equal(whole, again)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_minima(dtype):
    rule = "LBFGS(p, max_iter=100, tolerance_change=1e-15, line_search_fn='strong_wolfe')"
    rows, _ = run(cc, rule, rosenbrock, 3, dtype)
    np.testing.assert_allclose(rows[-1, 4:], 1, atol=1e-3 if dtype is np.float32 else 1e-6)
    rows, _ = run(cc, "LBFGS(p, max_iter=50)", bowl, 3, dtype)
    np.testing.assert_allclose(rows[-1, 4:], 0, atol=1e-4)


def test_parameters_without_gradients_rest():
    p, q = nn.Parameter(cc.tensor([2.0])), nn.Parameter(cc.tensor([3.0]))
    optimizer = optim.LBFGS([p, q])
    optimizer.step(closure_of(optimizer, [p], lambda x: (x * x).sum(), cc))
    assert abs(float(p.detach())) < 1e-5 and q.tolist() == [3.0]


def test_the_closure_runs_with_gradients():
    p = nn.Parameter(cc.tensor([2.0]))
    optimizer = optim.LBFGS([p])
    with cc.no_grad():
        optimizer.step(closure_of(optimizer, [p], lambda x: (x * x).sum(), cc))
    assert abs(float(p.detach())) < 1e-5


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda p: optim.LBFGS([p], lr=-1), ValueError, "LBFGS: lr must not be negative, got -1"),
        (lambda p: optim.LBFGS([p], line_search_fn="armijo"), ValueError, "line_search_fn must be None or 'strong_wolfe', got 'armijo'"),
        (lambda p: optim.LBFGS([{"params": [p]}, {"params": [nn.Parameter(cc.ones(1))]}]), ValueError, "only one parameter group"),
        (lambda p: optim.LBFGS([p]).step(), TypeError, "closure"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, text):
    with pytest.raises(error, match=text):
        make(nn.Parameter(cc.zeros(2)))
