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
    ("ExponentialLR(o, 0.9)", "SGD"),
    ("CosineAnnealingLR(o, 10)", "SGD"),
    ("CosineAnnealingLR(o, T_max=4, eta_min=0.01)", "SGD"),
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
        assert s.last_epoch == t.last_epoch == step
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


def test_step_to_an_epoch():
    torch = pytest.importorskip("torch")
    for text in (
        "StepLR(o, 3)",
        "MultiStepLR(o, [2, 5])",
        "CosineAnnealingLR(o, 10)",
        "ExponentialLR(o, 0.9)",
    ):
        a, b = optimizer(cc, "SGD"), optimizer(torch, "SGD")
        s, t = schedule(text, cc, a), schedule(text, torch, b)
        b.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            s.step(7), t.step(7)
        np.testing.assert_allclose(options(a), options(b), rtol=1e-12)


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
