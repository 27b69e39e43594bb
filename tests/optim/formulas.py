"""The published update rules written out in numpy: f(options, state, p, g, step) is the new parameter.

Options are a group of the optimizer; `state` is a dict of the parameter's own; steps count from 1.
"""

import numpy as np


def _moments(o, s, g):
    b1, b2 = o["betas"]
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    return s["m"], s["v"]


def sgd(o, s, p, g, step):
    g = g + o["weight_decay"] * p
    if o["rate_in_velocity"]:
        s["v"] = o["momentum"] * s.get("v", 0) - o["lr"] * g
        return p + s["v"]
    if o["momentum"]:
        share = 1 - o["dampening"] if "v" in s else 1
        s["v"] = o["momentum"] * s.get("v", 0) + share * g
        g = g + o["momentum"] * s["v"] if o["nesterov"] else s["v"]
    return p - o["lr"] * g


def asgd(o, s, p, g, step):
    g = g + o["weight_decay"] * p
    eta, weight = s.get("eta", np.float32(o["lr"])), np.float32(1 / max(1, step - 1 - o["t0"]))
    s["eta"] = np.float32(o["lr"] / (1 + o["lambd"] * o["lr"] * step) ** o["alpha"])
    p = p * (1 - o["lambd"] * float(eta)) - float(eta) * g
    s["ax"] = s.get("ax", 0) + float(weight) * (p - s.get("ax", 0))
    return p


def adam(o, s, p, g, step):
    if o["decoupled_weight_decay"]:
        p = p * (1 - o["lr"] * o["weight_decay"])
    else:
        g = g + o["weight_decay"] * p
    m, v = _moments(o, s, g)
    if o["amsgrad"]:
        v = s["most"] = np.maximum(s.get("most", 0), v)
    b1, b2 = o["betas"]
    return p - o["lr"] * (m / (1 - b1**step)) / (np.sqrt(v / (1 - b2**step)) + o["eps"])


def nadam(o, s, p, g, step):
    if o["decoupled_weight_decay"]:
        p = p * (1 - o["lr"] * o["weight_decay"])
    else:
        g = g + o["weight_decay"] * p
    m, v = _moments(o, s, g)
    b1, b2 = o["betas"]
    mu, following = (b1 * (1 - 0.96 ** (t * o["momentum_decay"]) / 2) for t in (step, step + 1))
    s["product"] = s.get("product", np.float32(1)) * np.float32(mu)
    product = float(s["product"])
    mean = following * m / (1 - product * following) + (1 - mu) * g / (1 - product)
    return p - o["lr"] * mean / (np.sqrt(v / (1 - b2**step)) + o["eps"])


def radam(o, s, p, g, step):
    if o["decoupled_weight_decay"]:
        p = p * (1 - o["lr"] * o["weight_decay"])
    else:
        g = g + o["weight_decay"] * p
    m, v = _moments(o, s, g)
    b1, b2 = o["betas"]
    m = m / (1 - b1**step)
    most = 2 / (1 - b2) - 1
    length = most - 2 * step * b2**step / (1 - b2**step)
    if length <= 5:
        return p - o["lr"] * m
    r = np.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length))
    return p - o["lr"] * m * r * np.sqrt(1 - b2**step) / (np.sqrt(v) + o["eps"])


def adamax(o, s, p, g, step):
    g = g + o["weight_decay"] * p
    b1, b2 = o["betas"]
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["u"] = np.maximum(b2 * s.get("u", 0), np.abs(g) + o["eps"])
    return p - o["lr"] / (1 - b1**step) * s["m"] / s["u"]


def rmsprop(o, s, p, g, step):
    g = g + o["weight_decay"] * p
    v = s["v"] = o["alpha"] * s.get("v", 0) + (1 - o["alpha"]) * g * g
    if o["centered"]:
        s["mean"] = o["alpha"] * s.get("mean", 0) + (1 - o["alpha"]) * g
        v = np.maximum(v - s["mean"] ** 2, 0)
    g = g / (np.sqrt(v) + o["eps"])
    if o["momentum"]:
        g = s["b"] = o["momentum"] * s.get("b", 0) + g
    return p - o["lr"] * g


def adagrad(o, s, p, g, step):
    g = g + o["weight_decay"] * p
    s["sum"] = s.get("sum", o["initial_accumulator_value"]) + g * g
    return p - o["lr"] / (1 + (step - 1) * o["lr_decay"]) * g / (np.sqrt(s["sum"]) + o["eps"])


def adadelta(o, s, p, g, step):
    g = g + o["weight_decay"] * p
    s["v"] = o["rho"] * s.get("v", 0) + (1 - o["rho"]) * g * g
    change = np.sqrt(s.get("u", 0) + o["eps"]) / np.sqrt(s["v"] + o["eps"]) * g
    s["u"] = o["rho"] * s.get("u", 0) + (1 - o["rho"]) * change * change
    return p - o["lr"] * change


def rprop(o, s, p, g, step):
    agreement = np.sign(g * s.get("g", 0))
    factor = np.where(agreement > 0, o["etas"][1], np.where(agreement < 0, o["etas"][0], 1))
    s["step"] = np.clip(s.get("step", o["lr"]) * factor, *o["step_sizes"])
    s["g"] = np.where(agreement < 0, 0, g)
    return p - np.sign(s["g"]) * s["step"]


FORMULAS = {
    "SGD": sgd, "ASGD": asgd, "Adam": adam, "AdamW": adam, "NAdam": nadam, "RAdam": radam, "Adamax": adamax,
    "RMSprop": rmsprop, "Adagrad": adagrad, "Adadelta": adadelta, "Rprop": rprop,
}  # fmt: skip
