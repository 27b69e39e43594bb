"""Update rules, step by step against PyTorch and against the formulas written out in numpy."""

import copy
import pickle

import convcore as cc
import numpy as np
import pytest
from convcore import nn, optim

from tests.optim.formulas import FORMULAS

RULES = [
    "SGD(p, lr=0.1)",
    "SGD(p, lr=0.1, momentum=0.9)",
    "SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01)",
    "SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)",
    "SGD(p, lr=0.1, momentum=0.5, maximize=True)",
    "ASGD(p)",
    "ASGD(p, lr=0.1, lambd=0.1, alpha=0.6, t0=3, weight_decay=0.1)",
    "ASGD(p, lr=0.1, t0=0, maximize=True)",
    "Adam(p)",
    "Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)",
    "Adam(p, lr=0.01, amsgrad=True)",
    "Adam(p, lr=0.01, maximize=True)",
    "Adam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True)",
    "AdamW(p)",
    "AdamW(p, lr=0.05, weight_decay=0.3, amsgrad=True)",
    "AdamW(p, maximize=True)",
    "NAdam(p)",
    "NAdam(p, lr=0.05, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1, momentum_decay=0.01)",
    "NAdam(p, weight_decay=0.3, decoupled_weight_decay=True, maximize=True)",
    "RAdam(p)",
    "RAdam(p, lr=0.05, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1)",
    "RAdam(p, lr=0.05, weight_decay=0.3, decoupled_weight_decay=True, maximize=True)",
    "Adamax(p)",
    "Adamax(p, lr=0.05, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1, maximize=True)",
    "RMSprop(p)",
    "RMSprop(p, lr=0.05, alpha=0.9, eps=1e-6, weight_decay=0.1)",
    "RMSprop(p, momentum=0.9, maximize=True)",
    "RMSprop(p, alpha=0.8, centered=True)",
    "RMSprop(p, alpha=0.8, momentum=0.5, centered=True, weight_decay=0.1)",
    "Adagrad(p)",
    "Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-6)",
    "Adagrad(p, maximize=True)",
    "Adadelta(p)",
    "Adadelta(p, lr=0.5, rho=0.8, eps=1e-4, weight_decay=0.1, maximize=True)",
    "Rprop(p)",
    "Rprop(p, lr=0.1, etas=(0.3, 1.5), step_sizes=(0.05, 0.3), maximize=True)",
]
OURS = [*RULES, "SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, rate_in_velocity=True)"]
SHAPES = [(3, 4), (5,), (2, 3, 2, 2), ()]


def values(seed, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]


def parameters(lib, dtype=np.float32):
    return [lib.nn.Parameter(lib.tensor(v)) for v in values(0, dtype)]


def give_gradients(lib, params, step, skip=()):
    dtype = params[0].detach().numpy().dtype
    for i, (p, g) in enumerate(zip(params, values(step + 1, dtype), strict=True)):
        p.grad = None if i in skip else lib.tensor(g)


def assert_close(ours, theirs, tolerance=2e-6):
    for a, b in zip(ours, theirs, strict=True):
        a, b = np.asarray(a.detach()), np.asarray(b.detach())
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES)
def test_twenty_steps_are_torchs(rule, dtype):
    torch = pytest.importorskip("torch")
    ours, theirs = parameters(cc, dtype), parameters(torch, dtype)
    a = eval("optim." + rule, {"optim": optim, "p": ours})
    b = eval("optim." + rule, {"optim": torch.optim, "p": theirs})
    for step in range(20):
        give_gradients(cc, ours, step)
        give_gradients(torch, theirs, step)
        a.step(), b.step()
        assert_close(ours, theirs, 1e-5 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_gradients_that_come_late(rule):
    torch = pytest.importorskip("torch")
    ours, theirs = parameters(cc), parameters(torch)
    a = eval("optim." + rule, {"optim": optim, "p": ours})
    b = eval("optim." + rule, {"optim": torch.optim, "p": theirs})
    for step in range(6):
        skip = (1, 3) if step < 2 else (0,) if step == 4 else ()
        give_gradients(cc, ours, step, skip)
        give_gradients(torch, theirs, step, skip)
        a.step(), b.step()
    assert_close(ours, theirs, 1e-5)


@pytest.mark.parametrize("rule", OURS)
def test_twenty_steps_are_the_published_rule(rule):
    params = parameters(cc, np.float64)
    optimizer = eval("optim." + rule, {"optim": optim, "p": params})
    options = optimizer.param_groups[0]
    formula = FORMULAS[rule[: rule.index("(")]]
    expected, states = values(0, np.float64), [{} for _ in SHAPES]
    for step in range(20):
        options["lr"] *= 0.95
        give_gradients(cc, params, step)
        optimizer.step()
        for i, g in enumerate(values(step + 1, np.float64)):
            g = -g if options["maximize"] else g
            expected[i] = formula(options, states[i], expected[i], g, step + 1)
            close = dict(rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(params[i].detach().numpy(), expected[i], **close)


@pytest.mark.parametrize("rule", RULES)
def test_groups_and_changed_options(rule):
    torch = pytest.importorskip("torch")

    def run(lib):
        params = parameters(lib, np.float64)
        groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.03}]
        optimizer = eval("optim." + rule, {"optim": lib.optim, "p": groups})
        for step in range(20):
            if step == 5:
                params.append(lib.nn.Parameter(lib.tensor(np.ones(3))))
                optimizer.add_param_group({"params": params[-1], "lr": 0.02, "maximize": True})
            optimizer.param_groups[0]["lr"] *= 0.9
            for group in optimizer.param_groups[1:]:
                if "weight_decay" in group:
                    group["weight_decay"] = 0.01 * step
                if "betas" in group:
                    group["betas"] = (0.8 + 0.005 * step, 0.99)
            give_gradients(lib, params[:4], step, skip=(1,) if step % 7 == 3 else ())
            for p in params[4:]:
                p.grad = lib.tensor(np.full(3, step - 10.5))
            optimizer.step()
        return params

    assert_close(run(cc), run(torch), 1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_state_dict_is_torchs(rule):
    """The same keys and values, and each library goes on from the other's state as the other does."""
    torch = pytest.importorskip("torch")

    def made(lib, params):
        return eval("optim." + rule, {"optim": lib.optim, "p": params})

    def run(steps, *pairs):
        for step in steps:
            for lib, params, optimizer in pairs:
                give_gradients(lib, params, step)
                optimizer.step()

    ours, theirs = parameters(cc, np.float64), parameters(torch, np.float64)
    a, b = made(cc, ours), made(torch, theirs)
    assert a.state_dict()["state"].keys() == b.state_dict()["state"].keys()
    run(range(3), (cc, ours, a), (torch, theirs, b))
    state, expected = a.state_dict(), b.state_dict()
    assert set(expected["param_groups"][0]) == set(state["param_groups"][0]) - {"rate_in_velocity"}
    for key, value in expected["param_groups"][0].items():
        assert state["param_groups"][0][key] == value
    assert state["state"].keys() == expected["state"].keys()
    for index, entries in expected["state"].items():
        assert list(state["state"][index]) == list(entries)
        for key, value in entries.items():
            mine = np.asarray(state["state"][index][key])
            assert mine.dtype == value.numpy().dtype and mine.shape == value.numpy().shape
            np.testing.assert_allclose(mine, value, rtol=1e-12, atol=1e-12)

    again = [nn.Parameter(cc.tensor(q.detach().numpy())) for q in theirs]
    c = made(cc, again)
    c.load_state_dict(copy.deepcopy(expected))
    others = [torch.nn.Parameter(torch.tensor(q.detach().numpy())) for q in ours]
    d = made(torch, others)
    d.load_state_dict(
        {
            "param_groups": state["param_groups"],
            "state": {
                i: {k: torch.tensor(np.asarray(v)) for k, v in entries.items()}
                for i, entries in state["state"].items()
            },
        }
    )
    run(range(3, 6), (cc, ours, a), (torch, theirs, b), (cc, again, c), (torch, others, d))
    assert_close(ours, theirs, 1e-12)
    assert_close(ours, again, 1e-12)
    # PyTorch's own NAdam does not go on exactly: loading widens its float32 mu_product.
    assert_close(ours, others, 1e-9 if "NAdam" in rule else 1e-12)


@pytest.mark.parametrize("rule", OURS)
def test_resume_is_exact(rule):
    def run(resume):
        params = parameters(cc)
        optimizer = eval("optim." + rule, {"optim": optim, "p": params})
        for step in range(6):
            if resume and step == 3:
                state = copy.deepcopy(optimizer.state_dict())
                optimizer = eval("optim." + rule, {"optim": optim, "p": params})
                optimizer.load_state_dict(state)
            give_gradients(cc, params, step)
            optimizer.step()
        return params

    for a, b in zip(run(False), run(True), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_go_on_alone(copied):
    params = parameters(cc)
    optimizer = optim.Adam(params, lr=0.01)
    give_gradients(cc, params, 0)
    optimizer.step()
    pair = copied({"optimizer": optimizer, "params": params})
    other, others = pair["optimizer"], pair["params"]
    assert other.param_groups[0]["params"][0] is others[0]
    for p, o in ((params, optimizer), (others, other)):
        give_gradients(cc, p, 1)
        o.step()
    for a, b in zip(params, others, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_closure_and_zero_grad():
    p = nn.Parameter(cc.tensor([3.0]))
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with cc.no_grad():
        assert float(optimizer.step(closure)) == 9.0
    assert abs(float(p.detach()) - 2.4) < 1e-6
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_groups_may_be_edited():
    """Parameters taken out rest and keep their state, those put in are trained."""
    p, q = (nn.Parameter(cc.zeros(1)) for _ in range(2))
    optimizer = optim.SGD([p], lr=1.0, momentum=0.5)
    p.grad, q.grad = cc.ones(1), cc.ones(1)
    optimizer.step()
    optimizer.param_groups[0]["params"] = [q]
    optimizer.step()
    assert p.tolist() == [-1.0] and q.tolist() == [-1.0]
    optimizer.param_groups[0]["params"].append(p)
    optimizer.step()
    assert p.tolist() == [-2.5] and q.tolist() == [-2.5]
    optimizer.param_groups.pop()
    optimizer.step()
    assert p.tolist() == [-2.5]
    optimizer.param_groups.append({"params": [p], "lr": 1.0})
    optimizer.param_groups.append({"params": [p], "lr": 1.0})
    with pytest.raises(ValueError, match="is in more than one parameter group"):
        optimizer.step()


def test_state_may_be_replaced():
    params = parameters(cc)
    optimizer = optim.RMSprop(params)
    give_gradients(cc, params, 0)
    optimizer.step()
    first = {p: dict(s) for p, s in optimizer.state.items()}
    assert optimizer.state[nn.Parameter(cc.zeros(1))] == {}
    optimizer.state = {}
    assert optimizer.state == {}
    optimizer.state = first
    assert float(optimizer.state[params[0]]["step"]) == 1.0


def test_options_as_tensors():
    p = nn.Parameter(cc.tensor([1.0]))
    optimizer = optim.Adam([p], lr=cc.tensor(0.5), betas=(np.float64(0.9), cc.tensor(0.999)))
    p.grad = cc.ones(1)
    optimizer.step()
    assert abs(float(p.detach()) - 0.5) < 1e-6


def test_a_step_raises_the_version():
    p = nn.Parameter(cc.ones(2))
    optimizer = optim.SGD([p], lr=0.1)
    p.grad = cc.ones(2)
    version = p._version
    optimizer.step()
    assert p._version > version
    y = (p * p).sum()
    optimizer.step()
    with pytest.raises(ValueError, match="changed in place"):
        y.backward()


def test_views_and_formats():
    base = cc.zeros(4, 6)
    p = base[:, ::2].detach().requires_grad_()
    image = nn.Parameter(cc.zeros(2, 3, 4, 4).contiguous(memory_format=cc.channels_last))
    optimizer = optim.Adam([p, image], lr=0.5)
    p.grad = cc.ones(4, 3)
    image.grad = cc.tensor(np.arange(96, dtype=np.float32).reshape(2, 3, 4, 4) - 40.5)
    optimizer.step()
    np.testing.assert_allclose(base.numpy()[:, ::2], -0.5, rtol=1e-5)
    np.testing.assert_array_equal(base.numpy()[:, 1::2], 0)
    sign = np.sign(np.arange(96).reshape(2, 3, 4, 4) - 40.5)
    np.testing.assert_allclose(image.detach().numpy(), -0.5 * sign, rtol=1e-5)


def test_optimizer_written_in_python():
    class Signed(optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["steps"] = self.state[p].get("steps", 0) + 1
                    p.data -= group["lr"] * p.grad.sign()

    p = nn.Parameter(cc.zeros(2))
    optimizer = Signed([p], lr=0.5)
    p.grad = cc.tensor([3.0, -4.0])
    optimizer.step()
    assert p.tolist() == [-0.5, 0.5]
    state = optimizer.state_dict()
    assert state["state"] == {0: {"steps": 1}}
    other = Signed([p])
    other.load_state_dict(state)
    assert other.state[p]["steps"] == 1 and other.param_groups[0]["lr"] == 0.5
    with pytest.raises(NotImplementedError):
        optim.Optimizer([p], {}).step()


class Twice(optim.SGD):
    def step(self, closure=None):
        super().step(closure)
        return super().step()


@pytest.mark.parametrize("make", [optim.SGD, Twice])
def test_hooks(make):
    p = nn.Parameter(cc.zeros(1))
    optimizer, calls = make([p], lr=1.0, momentum=0.5), []
    p.grad = cc.ones(1)

    def before(o, args, kwargs):
        assert o is optimizer
        calls.append("before")
        return (), {"closure": lambda: 7}

    handles = [
        optimizer.register_step_pre_hook(before),
        optimizer.register_step_post_hook(lambda o, a, k: calls.append(sorted(k))),
        optimizer.register_state_dict_pre_hook(lambda o: calls.append("save")),
        optimizer.register_state_dict_post_hook(lambda o, s: {**s, "more": 1}),
        optimizer.register_state_dict_post_hook(
            lambda o, s: calls.append("more" in s), prepend=True
        ),
        optimizer.register_load_state_dict_pre_hook(lambda o, s: calls.append(s.pop("more"))),
        optimizer.register_load_state_dict_post_hook(lambda o: calls.append("loaded")),
    ]
    assert optimizer.step() == (7 if make is optim.SGD else None)
    state = optimizer.state_dict()
    optimizer.load_state_dict(state)
    assert "more" in state
    assert calls == ["before", ["closure"], "save", False, 1, "loaded"]
    assert copy.deepcopy(optimizer).step() is None  # copies have no hooks
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(calls) == 6


def test_named_parameters_and_repr():
    model = nn.Linear(2, 2)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    text = repr(optim.SGD(model.parameters(), lr=0.1))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n") and "lr: 0.1" in text


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda p: optim.SGD([], lr=0.1), ValueError, "SGD: params is empty"),
        (lambda p: optim.SGD(p, lr=0.1), TypeError, "params must be an iterable of tensors or dicts, got a Tensor"),
        (lambda p: optim.SGD([p], lr=-1.0), ValueError, "SGD: lr must not be negative, got -1"),
        (lambda p: optim.SGD([p], momentum=-0.5), ValueError, "SGD: momentum must not be negative, got -0.5"),
        (lambda p: optim.SGD([p], nesterov=True), ValueError, "nesterov=True needs a positive momentum and dampening 0, got momentum 0"),
        (lambda p: optim.SGD([p], weight_decay=-1), ValueError, "weight_decay must not be negative, got -1"),
        (lambda p: optim.SGD([p, p]), ValueError, "appear more than once"),
        (lambda p: optim.SGD([{"params": [p]}, {"params": [p]}]), ValueError, "appear more than once"),
        (lambda p: optim.SGD([p * 2]), ValueError, r"cannot optimize a tensor of shape \(2,\)"),
        (lambda p: optim.SGD([3]), TypeError, "params must hold tensors, got int"),
        (lambda p: optim.SGD([cc.tensor([1])]), ValueError, "parameters must be floating-point tensors, got dtype int64"),
        (lambda p: optim.Adam([p], betas=(0.9, 1.0)), ValueError, r"Adam: betas must be at least 0 and below 1, got \(0.9, 1\)"),
        (lambda p: optim.AdamW([p], eps=-1), ValueError, "AdamW: eps must not be negative, got -1"),
        (lambda p: optim.Adam([p], betas=0.9), TypeError, "Adam: betas must be a pair of numbers, got float"),
        (lambda p: optim.Adam([p], betas=(0.9,)), ValueError, "Adam: betas must be a pair of numbers, got 1"),
        (lambda p: optim.Adam([p], lr="fast"), TypeError, "Adam: lr must be a number, got str"),
        (lambda p: optim.RMSprop([p], alpha=-1), ValueError, "RMSprop: alpha must not be negative, got -1"),
        (lambda p: optim.RMSprop([p], momentum=-1), ValueError, "RMSprop: momentum must not be negative, got -1"),
        (lambda p: optim.Adagrad([p], lr_decay=-1), ValueError, "Adagrad: lr_decay must not be negative, got -1"),
        (lambda p: optim.Adadelta([p], rho=2), ValueError, "Adadelta: rho must be between 0 and 1, got 2"),
        (lambda p: optim.NAdam([p], momentum_decay=-1), ValueError, "NAdam: momentum_decay must not be negative, got -1"),
        (lambda p: optim.RAdam([p], lr=-1), ValueError, "RAdam: lr must not be negative, got -1"),
        (lambda p: optim.Adamax([p], betas=(-1, 0.9)), ValueError, "Adamax: betas must be at least 0 and below 1"),
        (lambda p: optim.ASGD([p], weight_decay=-1), ValueError, "ASGD: weight_decay must not be negative, got -1"),
        (lambda p: optim.Rprop([p], etas=(1.5, 1.2)), ValueError, "Rprop: etas must be a factor between 0 and 1 and one above 1, got"),
        (lambda p: optim.SGD([p], differentiable=True), NotImplementedError, "SGD: differentiable=True: steps are not recorded"),
        (lambda p: optim.SGD([p]).load_state_dict({"state": {0: {"velocity": 1}}, "param_groups": [{"params": [0]}]}), ValueError, "SGD: state has no entry 'velocity'"),
        (lambda p: optim.SGD([p]).load_state_dict(optim.SGD([p, nn.Parameter(cc.ones(1))]).state_dict()), ValueError, r"groups of \[2\] parameters, this optimizer has \[1\]"),
        (lambda p: optim.Adam([p]).load_state_dict({"state": {0: {"step": 1, "exp_avg": np.ones(3)}}, "param_groups": [{"params": [0]}]}), ValueError, r"state 'exp_avg' has shape \(3,\), but its parameter has shape \(2,\)"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, text):
    with pytest.raises(error, match=text):
        make(nn.Parameter(cc.zeros(2)))


def test_bad_option_set_later():
    p = nn.Parameter(cc.zeros(2))
    optimizer = optim.SGD([p], lr=0.1)
    optimizer.param_groups[0]["lr"] = -2.0
    p.grad = cc.ones(2)
    with pytest.raises(ValueError, match="lr must not be negative, got -2"):
        optimizer.step()
    assert p.tolist() == [0.0, 0.0]


def test_training_is_torchs():
    torch = pytest.importorskip("torch")

    def network(lib):
        return lib.nn.Sequential(
            lib.nn.Conv2d(1, 4, 3), lib.nn.BatchNorm2d(4), lib.nn.ReLU(), lib.nn.MaxPool2d(2),
            lib.nn.Flatten(), lib.nn.Linear(36, 3),
        )  # fmt: skip

    theirs = network(torch)
    ours = network(cc)
    ours.load_state_dict(theirs.state_dict())
    rng = np.random.default_rng(0)
    losses = []
    runs = [
        (cc, ours, optim.SGD(ours.parameters(), lr=0.1, momentum=0.9, nesterov=True)),
        (torch, theirs, torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9, nesterov=True)),
    ]
    for _ in range(20):
        images = rng.standard_normal((8, 1, 8, 8)).astype(np.float32)
        labels = rng.integers(0, 3, 8)
        row = []
        for lib, model, optimizer in runs:
            optimizer.zero_grad()
            loss = lib.nn.CrossEntropyLoss()(model(lib.tensor(images)), lib.tensor(labels))
            loss.backward()
            optimizer.step()
            row.append(loss.item())
        losses.append(row)
    losses = np.array(losses)
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=1e-4, atol=1e-4)
