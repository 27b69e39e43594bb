"""Learning-rate schedules, step by step against PyTorch and against the formulas."""

import math
import pickle
import warnings

import convcore as cc
import numpy as np
import pytest
from convcore import optim
from convcore.optim import lr_scheduler

STEPS = 20
SCHEDULES = [
    ("LambdaLR(o, lambda e: 0.9**e)", "SGD"),
    ("LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (1 + e)])", "SGD"),
    ("StepLR(o, 3)", "SGD"),
    ("StepLR(o, step_size=4, gamma=0.5)", "Adam"),
    ("MultiStepLR(o, [2, 5, 5, 9], gamma=0.5)", "SGD"),
    ("MultiplicativeLR(o, lambda e: 0.9 + 0.01 * e)", "SGD"),
    ("MultiplicativeLR(o, [lambda e: 0.9, lambda e: 1.1])", "SGD"),
    ("ConstantLR(o)", "SGD"),
    ("ConstantLR(o, factor=0.7, total_iters=8)", "Adam"),
    ("LinearLR(o)", "SGD"),
    ("LinearLR(o, start_factor=0.1, end_factor=0.5, total_iters=12)", "SGD"),
    ("LinearLR(o, start_factor=1, end_factor=0, total_iters=7)", "SGD"),
    ("PolynomialLR(o)", "SGD"),
    ("PolynomialLR(o, total_iters=15, power=2.5)", "SGD"),
    ("ExponentialLR(o, 0.9)", "SGD"),
    ("CosineAnnealingLR(o, 10)", "SGD"),
    ("CosineAnnealingLR(o, T_max=4, eta_min=0.01)", "SGD"),
    ("CosineAnnealingWarmRestarts(o, 5)", "SGD"),
    ("CosineAnnealingWarmRestarts(o, T_0=2, T_mult=2, eta_min=0.01)", "SGD"),
    ("CosineAnnealingWarmRestarts(o, 1, T_mult=3)", "SGD"),
    ("CyclicLR(o, 0.01, 0.1, step_size_up=3)", "SGD"),
    ("CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 3, 5, mode='triangular2')", "SGD"),
    ("CyclicLR(o, 0.01, 0.1, 4, 2, mode='exp_range', gamma=0.9)", "Adam"),
    ("CyclicLR(o, 0.01, 0.1, 4, scale_fn=lambda x: 1 / x)", "SGD"),
    ("CyclicLR(o, 0.01, 0.1, 4, scale_fn=lambda x: 0.9**x, scale_mode='iterations')", "SGD"),
    ("CyclicLR(o, 0.01, 0.1, 4, base_momentum=0.5, max_momentum=[0.9, 0.8])", "SGD"),
    ("CyclicLR(o, 0.01, 0.1, 4, cycle_momentum=False)", "Adam"),
    ("SequentialLR(o, [s.LinearLR(o, 0.25, total_iters=3), s.ExponentialLR(o, 0.9)], [3])", "SGD"),
    (
        "SequentialLR(o, [s.ConstantLR(o, 0.1), s.CosineAnnealingLR(o, 8), s.StepLR(o, 2)], [5, 13])",
        "SGD",
    ),
    ("SequentialLR(o, [s.ExponentialLR(o, 0.9), s.CosineAnnealingWarmRestarts(o, 4)], [4])", "SGD"),
    (
        "SequentialLR(o, [s.ExponentialLR(o, 0.9), s.PolynomialLR(o, 9), s.LambdaLR(o, lambda e: 0.8**e)], [4, 4])",
        "SGD",
    ),
    (
        "SequentialLR(o, [s.MultiplicativeLR(o, lambda e: 0.9), s.MultiStepLR(o, [2, 5])], [6])",
        "SGD",
    ),
    ("ChainedScheduler([s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9)])", "SGD"),
    ("ChainedScheduler([s.LinearLR(o), s.StepLR(o, 3), s.MultiStepLR(o, [4, 9])], o)", "SGD"),
    ("ChainedScheduler([s.CosineAnnealingLR(o, 8), s.PolynomialLR(o, 30)])", "SGD"),
    ("OneCycleLR(o, max_lr=0.5, total_steps=20)", "SGD"),
    ("OneCycleLR(o, [0.5, 0.1], epochs=5, steps_per_epoch=5, pct_start=0.4)", "SGD"),
    ("OneCycleLR(o, 0.5, 25, anneal_strategy='linear', three_phase=True)", "SGD"),
    ("OneCycleLR(o, 0.5, 25, base_momentum=0.7, max_momentum=0.9, div_factor=10)", "Adam"),
    ("OneCycleLR(o, 0.5, 25, cycle_momentum=False, final_div_factor=100)", "AdamW"),
]


def optimizer(lib, rule):
    params = [lib.nn.Parameter(lib.zeros(1)) for _ in range(2)]
    for p in params:
        p.grad = lib.ones(1)
    options = {"momentum": 0.9} if rule == "SGD" else {}
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.03}]
    return getattr(lib.optim, rule)(groups, lr=0.1, **options)


def options(o):
    return [(g["lr"], g["betas"][0] if "betas" in g else g["momentum"]) for g in o.param_groups]


def schedule(text, lib, o):
    return eval("s." + text, {"s": lib.optim.lr_scheduler, "o": o})


@pytest.mark.parametrize("text, rule", SCHEDULES)
def test_schedule_is_torchs(text, rule):
    torch = pytest.importorskip("torch")
    a, b = optimizer(cc, rule), optimizer(torch, rule)
    s, t = schedule(text, cc, a), schedule(text, torch, b)
    for step in range(STEPS):
        np.testing.assert_allclose(options(a), options(b), rtol=1e-12, err_msg=f"step {step}")
        np.testing.assert_allclose(s.get_last_lr(), t.get_last_lr(), rtol=1e-12)
        assert s.last_epoch == getattr(t, "last_epoch", step) == step
        a.step(), b.step()
        s.step(), t.step()
    for p, q in zip(a.param_groups, b.param_groups, strict=True):
        np.testing.assert_allclose(
            p["params"][0].detach().numpy(), q["params"][0].detach().numpy(), rtol=1e-5
        )


@pytest.mark.parametrize("text, rule", SCHEDULES)
def test_resume_is_exact(text, rule):
    def run(resume):
        rates = []
        o = optimizer(cc, rule)
        s = schedule(text, cc, o)
        for step in range(STEPS):
            if resume and step == 7:
                saved = s.state_dict(), o.state_dict()
                o = optimizer(cc, rule)
                s = schedule(text, cc, o)
                s.load_state_dict(saved[0])
                o.load_state_dict(saved[1])
            o.step()
            s.step()
            rates.append(options(o))
        return rates

    assert run(True) == run(False)


def test_by_hand():
    o = optimizer(cc, "SGD")
    s = lr_scheduler.StepLR(o, 2, gamma=0.1)
    rates = []
    for _ in range(5):
        rates.append(o.param_groups[0]["lr"])
        s.step()
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.01, 0.01, 0.001])

    o = optimizer(cc, "SGD")
    s = lr_scheduler.OneCycleLR(o, 1.0, total_steps=11, pct_start=0.5)
    rates, momenta = [], []
    for _ in range(11):
        rates.append(o.param_groups[0]["lr"])
        momenta.append(o.param_groups[0]["momentum"])
        s.step()
    up = 0.5 * 11 - 1
    for k in range(11):
        if k <= up:
            rate = 1 + (1 / 25 - 1) / 2 * (math.cos(math.pi * k / up) + 1)
        else:
            low, share = 1 / 25 / 1e4, (k - up) / (10 - up)
            rate = low + (1 - low) / 2 * (math.cos(math.pi * share) + 1)
        assert abs(rates[k] - rate) < 1e-12
    assert momenta[0] == 0.95 and abs(momenta[-1] - 0.95) < 1e-12 and min(momenta) < 0.86


@pytest.mark.parametrize(
    "text, factor",
    [
        ("StepLR(o, 3, 0.5)", lambda t: 0.5 ** (t // 3)),
        ("MultiStepLR(o, [2, 5], 0.5)", lambda t: 0.5 ** ((t >= 2) + (t >= 5))),
        ("ConstantLR(o, 0.5, 4)", lambda t: 0.5 if t < 4 else 1),
        ("ConstantLR(o, 0, 4)", lambda t: 0 if t < 4 else 1),
        ("LinearLR(o, 0.25, 0.75, 4)", lambda t: 0.25 + 0.5 * min(t, 4) / 4),
        ("ExponentialLR(o, 0.9)", lambda t: 0.9**t),
        ("PolynomialLR(o, 6, 2)", lambda t: (1 - min(t, 6) / 6) ** 2),
        ("LambdaLR(o, lambda t: 1 / (1 + t))", lambda t: 1 / (1 + t)),
        ("MultiplicativeLR(o, lambda t: t / (1 + t))", lambda t: 1 / (1 + t)),
        ("CosineAnnealingLR(o, 4)", lambda t: (1 + math.cos(math.pi * t / 4)) / 2),
        ("CosineAnnealingWarmRestarts(o, 4)", lambda t: (1 + math.cos(math.pi * (t % 4) / 4)) / 2),
        ("CyclicLR(o, 0.05, 0.15, 4)", lambda t: 0.5 + 0.25 * (4 - abs(t % 8 - 4))),
        ("ChainedScheduler([s.ConstantLR(o, 0.5, 4), s.ExponentialLR(o, 0.9)])", lambda t: (0.5 if t < 4 else 1) * 0.9**t),
        ("SequentialLR(o, [s.ExponentialLR(o, 0.9), s.StepLR(o, 2, 0.5)], [3])", lambda t: 0.9**t if t < 3 else 0.5 ** ((t - 3) // 2)),
    ],
)  # fmt: skip
def test_closed_forms(text, factor):
    o = optimizer(cc, "SGD")
    s = schedule(text, cc, o)
    for step in range(12):
        rate = o.param_groups[0]["lr"]
        np.testing.assert_allclose(rate, 0.1 * factor(step), rtol=1e-12, atol=1e-15)
        s.step()


def test_combinations_of_combinations():
    """A combination begins as its parts would (PyTorch makes a step too many, or raises)."""

    def rates(make):
        o = optimizer(cc, "SGD")
        s = make(o)
        found = []
        for _ in range(8):
            found.append(round(o.param_groups[0]["lr"] * 1000))
            s.step()
        assert s.get_last_lr()[0] == o.param_groups[0]["lr"]
        return found

    def warm(o):
        parts = [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.1)]
        return lr_scheduler.SequentialLR(o, parts, [2])

    def both(o):
        parts = [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.1)]
        return lr_scheduler.ChainedScheduler(parts)

    def then(first, second):
        return lambda o: lr_scheduler.SequentialLR(o, [first(o), second(o)], [4])

    def still(o):
        return lr_scheduler.StepLR(o, 100)

    assert rates(then(warm, still)) == [50, 50, 100, 10, 100, 100, 100, 100]
    assert rates(then(still, warm)) == [100, 100, 100, 100, 50, 50, 100, 10]
    assert rates(then(both, still)) == [50, 5, 1, 0, 100, 100, 100, 100]
    assert rates(then(still, both)) == [100, 100, 100, 100, 50, 5, 1, 0]
    assert rates(then(both, warm)) == [50, 5, 1, 0, 50, 50, 100, 10]


PLATEAUS = [
    "ReduceLROnPlateau(o, patience=2)",
    "ReduceLROnPlateau(o, 'max', factor=0.5, patience=0, cooldown=2)",
    "ReduceLROnPlateau(o, patience=1, threshold=0.2, threshold_mode='abs', min_lr=[0.02, 0.001])",
    "ReduceLROnPlateau(o, 'max', patience=1, threshold=0.2, threshold_mode='abs')",
    "ReduceLROnPlateau(o, factor=0.9, patience=0, threshold=0.3, eps=0.005)",
]


def metrics():
    rng = np.random.default_rng(0)
    return [2 * 0.9**step + 0.5 * rng.standard_normal() for step in range(30)]


@pytest.mark.parametrize("text", PLATEAUS)
def test_plateau_is_torchs(text):
    torch = pytest.importorskip("torch")
    a, b = optimizer(cc, "SGD"), optimizer(torch, "SGD")
    s, t = schedule(text, cc, a), schedule(text, torch, b)
    for metric in metrics():
        s.step(cc.tensor(metric, dtype=cc.float64)), t.step(metric)
        np.testing.assert_allclose(options(a), options(b), rtol=1e-12)
        assert s.get_last_lr() == [group["lr"] for group in a.param_groups]
        for name in ("best", "num_bad_epochs", "cooldown_counter", "last_epoch", "in_cooldown"):
            assert getattr(s, name) == getattr(t, name)


@pytest.mark.parametrize("text", PLATEAUS)
def test_plateau_resumes(text):
    def run(resume):
        o = optimizer(cc, "SGD")
        s = schedule(text, cc, o)
        rates = []
        for step, metric in enumerate(metrics()):
            if resume and step == 11:
                saved = s.state_dict(), o.state_dict()
                o = optimizer(cc, "SGD")
                s = schedule(text, cc, o)
                s.load_state_dict(saved[0])
                o.load_state_dict(saved[1])
            s.step(metric)
            rates.append(options(o))
        return rates

    assert run(True) == run(False)


def test_step_to_an_epoch():
    torch = pytest.importorskip("torch")
    for text in (
        "StepLR(o, 3)",
        "MultiStepLR(o, [2, 5])",
        "ConstantLR(o, 0.5, 9)",
        "LinearLR(o, 0.5, total_iters=9)",
        "PolynomialLR(o, 9)",
        "CosineAnnealingLR(o, 10)",
        "CosineAnnealingWarmRestarts(o, 3)",
        "CosineAnnealingWarmRestarts(o, 2, 2)",
        "CyclicLR(o, 0.01, 0.1, 4)",
        "ExponentialLR(o, 0.9)",
    ):
        a, b = optimizer(cc, "SGD"), optimizer(torch, "SGD")
        s, t = schedule(text, cc, a), schedule(text, torch, b)
        b.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            s.step(7), t.step(7)
        np.testing.assert_allclose(options(a), options(b), rtol=1e-12)


@pytest.mark.parametrize("T_mult", [1, 2])
def test_restarts_within_epochs(T_mult):
    torch = pytest.importorskip("torch")
    text = f"CosineAnnealingWarmRestarts(o, 3, {T_mult})"
    a, b = optimizer(cc, "SGD"), optimizer(torch, "SGD")
    s, t = schedule(text, cc, a), schedule(text, torch, b)
    for epoch in range(12):
        for batch in range(4):
            s.step(epoch + batch / 4), t.step(epoch + batch / 4)
            np.testing.assert_allclose(options(a), options(b), rtol=1e-12)
            assert s.last_epoch == t.last_epoch


@pytest.mark.parametrize("k", range(5))
@pytest.mark.parametrize(
    "text",
    [
        "StepLR(o, 2, last_epoch=k)",
        "MultiStepLR(o, [2, 4], last_epoch=k)",
        "ConstantLR(o, 0.5, 4, last_epoch=k)",
        "LinearLR(o, 0.5, 1, 4, last_epoch=k)",
        "ExponentialLR(o, 0.9, last_epoch=k)",
        "PolynomialLR(o, 6, last_epoch=k)",
        "CosineAnnealingLR(o, 5, last_epoch=k)",
        "CosineAnnealingWarmRestarts(o, 3, last_epoch=k)",
        "MultiplicativeLR(o, lambda e: 0.9, last_epoch=k)",
        "LambdaLR(o, lambda e: 0.9**e, last_epoch=k)",
    ],
)
def test_last_epoch_is_torchs(text, k):
    torch = pytest.importorskip("torch")
    rates = []
    for lib in (cc, torch):
        o = optimizer(lib, "SGD")
        for group in o.param_groups:
            group["initial_lr"] = 1.0
        s = eval("s." + text, {"s": lib.optim.lr_scheduler, "o": o, "k": k})
        rates.append([options(o)])
        for _ in range(5):
            o.step()
            s.step()
            rates[-1].append(options(o))
    np.testing.assert_allclose(*rates, rtol=1e-12)


def test_rates_as_tensors_stay_those_tensors():
    o = optimizer(cc, "SGD")
    rate = o.param_groups[0]["lr"] = cc.tensor(0.5)
    s = lr_scheduler.ExponentialLR(o, 0.5)
    s.step()
    assert o.param_groups[0]["lr"] is rate and rate.item() == 0.25
    assert s.get_last_lr() == [0.25, 0.015]


def test_state_of_callables():
    class Factor:
        def __init__(self):
            self.calls = 0

        def __call__(self, epoch):
            self.calls += 1
            return 0.9**epoch

    for text in ("LambdaLR(o, f)", "MultiplicativeLR(o, f)", "CyclicLR(o, 0.1, 1, 3, scale_fn=f)"):
        o, f, g = optimizer(cc, "SGD"), Factor(), Factor()
        s = eval("s." + text, {"s": lr_scheduler, "o": o, "f": f})
        for _ in range(3):
            s.step()
        state = pickle.loads(pickle.dumps(s.state_dict()))
        t = eval("s." + text, {"s": lr_scheduler, "o": optimizer(cc, "SGD"), "f": g})
        t.load_state_dict(state)
        assert g.calls == f.calls > 2 and t.last_epoch == 3
    with_dict = lr_scheduler.MultiStepLR(o, [2, 2])
    with_dict.load_state_dict({**with_dict.state_dict(), "milestones": {1: 2}})
    with_dict.step()
    assert list(with_dict.milestones.elements()) == [1, 1]


def test_last_epoch_continues():
    o = optimizer(cc, "SGD")
    with pytest.raises(KeyError, match=r"last_epoch=3 .* param_groups\[0\] has no 'initial_lr'"):
        lr_scheduler.StepLR(o, 2, last_epoch=3)
    for group in o.param_groups:
        group["initial_lr"] = 1.0
    assert lr_scheduler.ExponentialLR(o, 0.5, last_epoch=3).last_epoch == 4


def test_written_in_python():
    class Halving(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

    o = optimizer(cc, "SGD")
    s = Halving(o)
    s.step()
    assert s.get_last_lr() == [0.05, 0.015]
    state = pickle.loads(pickle.dumps(s.state_dict()))
    other = Halving(optimizer(cc, "SGD"))
    other.load_state_dict(state)
    assert other.last_epoch == 1
    with pytest.raises(NotImplementedError):
        lr_scheduler.LRScheduler(o)


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda o: lr_scheduler.StepLR(3, 2), TypeError, "StepLR: optimizer must be an Optimizer, got int"),
        (lambda o: lr_scheduler.StepLR(o, 0), ValueError, "StepLR: step_size must be positive, got 0"),
        (lambda o: lr_scheduler.ConstantLR(o, 2), ValueError, "ConstantLR: factor must be between 0 and 1, got 2"),
        (lambda o: lr_scheduler.LinearLR(o, 0), ValueError, "LinearLR: start_factor must be above 0 and at most 1, got 0"),
        (lambda o: lr_scheduler.LinearLR(o, 1, -1), ValueError, "LinearLR: end_factor must be between 0 and 1, got -1"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0 must be a positive int, got 0"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 1.5), ValueError, "T_mult must be a positive int, got 1.5"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2).step(-2), ValueError, "epoch must not be negative, got -2"),
        (lambda o: lr_scheduler.CyclicLR(3, 0.1, 1), TypeError, "CyclicLR: optimizer must be an Optimizer, got int"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1, mode="square"), ValueError, "mode must be one of 'triangular', 'triangular2', 'exp_range', got 'square'"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1, scale_mode="x"), ValueError, "scale_mode must be 'cycle' or 'iterations', got 'x'"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1, 0), ValueError, "step_size_up must be positive and step_size_down not negative, got 0 and 0"),
        (lambda o: lr_scheduler.CyclicLR(optim.Rprop(o.param_groups[0]["params"]), 0.1, 1), ValueError, "CyclicLR: cycle_momentum=True needs an optimizer with momentum or betas"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "SequentialLR: schedulers is empty"),
        (lambda o: lr_scheduler.SequentialLR(o, [3], []), TypeError, r"schedulers\[0\] must be a schedule, got int"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [3]), ValueError, "milestones must be one less than the 1 schedulers, got 1"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.ReduceLROnPlateau(o)], []), ValueError, "is a ReduceLROnPlateau, whose steps need a metric"),
        (lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(o, 1), lr_scheduler.StepLR(optimizer(cc, "SGD"), 1)]), ValueError, r"ChainedScheduler: schedulers\[1\] belongs to another optimizer"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, "mean"), ValueError, "mode must be 'min' or 'max', got 'mean'"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold_mode must be 'rel' or 'abs', got 'x'"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1), ValueError, "factor must be below 1, got 1"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0]), ValueError, "min_lr must be one value or 2, one per parameter group, got 1"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), ValueError, "T_max must be positive, got 0"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0), ValueError, "give total_steps, or both epochs"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, -3), ValueError, "total_steps must be positive, got -3"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 10, pct_start=2), ValueError, "pct_start must be between 0 and 1, got 2"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 10, anneal_strategy="sin"), ValueError, "anneal_strategy must be 'cos' or 'linear', got 'sin'"),
        (lambda o: lr_scheduler.OneCycleLR(o, [1.0], 10), ValueError, "max_lr must be one value or 2, one per parameter group, got 1"),
        (lambda o: lr_scheduler.LambdaLR(o, [abs] * 3), ValueError, "lr_lambda must be one value or 2, one per parameter group, got 3"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, text):
    with pytest.raises(error, match=text):
        make(optimizer(cc, "SGD"))


def test_one_cycle_ends():
    o = optimizer(cc, "SGD")
    s = lr_scheduler.OneCycleLR(o, 1.0, total_steps=2)
    s.step(), s.step()
    with pytest.raises(ValueError, match="step 3 is beyond total_steps=2"):
        s.step()
    plain = optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=0.1)
    del plain.param_groups[0]["momentum"]
    with pytest.raises(ValueError, match="needs an optimizer with momentum or betas"):
        lr_scheduler.OneCycleLR(plain, 1.0, 10)
