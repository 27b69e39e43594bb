"""Recurrent layers over a whole sequence: one layer, one direction."""

import numpy as np

from tests.cases import Arr, Op, bad, big, case, real

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def ours(kind):
    def call(m, x, h, c, w_ih, w_hh, b_ih, b_hh, reverse=False):
        products = m.nn.functional.linear(x, w_ih, b_ih)
        cell = kind.removeprefix("rnn_")
        states = m._core.recurrence(cell, products, h, c, w_hh, b_hh, reverse)
        return tuple(states)

    return call


def theirs(kind):
    def call(m, x, h, c, w_ih, w_hh, b_ih, b_hh, reverse=False):
        weights = [w for w in (w_ih, w_hh, b_ih, b_hh) if w is not None]
        x = x.flip(0) if reverse else x
        first = (h[None], c[None]) if c is not None else h[None]
        out, *last = getattr(m, kind)(
            x, first, weights, b_hh is not None, 1, 0.0, False, False, False
        )
        # PyTorch gives the cell state of the last step alone: those before come from shorter sequences.
        outputs = [out]
        if c is not None:
            shorter = [
                getattr(m, kind)(
                    x[: t + 1], first, weights, b_hh is not None, 1, 0.0, False, False, False
                )[2]
                for t in range(len(x))
            ]
            outputs.append(m.cat(shorter))
        return tuple(o.flip(0) if reverse else o for o in outputs)

    return call


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def oracle(kind):
    def run(x, h, c, w_ih, w_hh, b_ih, b_hh, reverse=False):
        hs, cs = [], []
        for step in x[::-1] if reverse else x:
            a = step @ w_ih.T + (0 if b_ih is None else b_ih)
            s = h @ w_hh.T + (0 if b_hh is None else b_hh)
            if kind == "lstm":
                i, f, g, o = np.split(a + s, 4, 1)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            elif kind == "gru":
                (ar, az, an), (sr, sz, sn) = np.split(a, 3, 1), np.split(s, 3, 1)
                z, n = sigmoid(az + sz), np.tanh(an + sigmoid(ar + sr) * sn)
                h = n + z * (h - n)
            else:
                h = np.tanh(a + s) if kind == "rnn_tanh" else np.maximum(a + s, 0)
            hs.append(h)
            cs.append(c)
        found = (np.stack(hs), np.stack(cs)) if kind == "lstm" else (np.stack(hs),)
        return tuple(f[::-1] for f in found) if reverse else found

    return run


def initial(*shape):
    """Weights of the size that layers start with: with larger ones a long recurrence is chaotic and amplifies rounding."""
    return Arr(shape, lambda rng, shape: (2 * rng.random(shape) - 1) / np.sqrt(shape[-1]))


def rows(kind):
    def arrays(steps, batch, features, hidden, bias=True, weight=real):
        width = GATES[kind] * hidden
        return (
            real(steps, batch, features),
            real(batch, hidden),
            real(batch, hidden) if kind == "lstm" else None,
            weight(width, features),
            weight(width, hidden),
            real(width) if bias else None,
            real(width) if bias else None,
        )

    return [
        case("plain", *arrays(4, 3, 2, 5)),
        case("reverse", *arrays(4, 3, 2, 5), reverse=True),
        case("no-bias", *arrays(3, 2, 2, 3, bias=False)),
        case("one-step", *arrays(1, 2, 3, 4)),
        big("big", *arrays(6, 40, 8, 70)),
    ], [case("text", *arrays(50, 32, 128, 128, weight=initial))]


def unfit(kind):
    x, h, c, _, *others = rows(kind)[0][0].args
    return x, h, c, real(GATES[kind] * 5, 6), *others


OPS = [
    Op(
        kind,
        ours(kind),
        oracle(kind),
        rows(kind)[0],
        [
            bad(
                "features",
                ValueError,
                r"linear: input of shape \(4, 3, 2\) must end in 6",
                *unfit(kind),
            )
        ],
        impl="recurrent",
        covers=("recurrence", "recurrence_in_steps"),
        torch=theirs(kind),
        bench=rows(kind)[1],
        tol=4,  # errors of one step go through the next
    )
    for kind in GATES
]
