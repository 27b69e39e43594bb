"""How tensors print: PyTorch's text, live where it is installed, and a few goldens."""

from __future__ import annotations

import math

import convcore as cc
import numpy as np
import pytest

OPTIONS = {
    "default": {},
    "precision-2": {"precision": 2},
    "precision-0": {"precision": 0},
    "short": {"profile": "short"},
    "full": {"profile": "full"},
    "exponents": {"sci_mode": True},
    "no-exponents": {"sci_mode": False},
    "narrow": {"linewidth": 40},
    "very-narrow": {"linewidth": 10},
    "summary": {"threshold": 5},
    "one-at-an-edge": {"threshold": 5, "edgeitems": 1},
    "none-at-an-edge": {"threshold": 3, "edgeitems": 0},
}
SHAPES = [(), (1,), (5,), (30,), (1001,), (3, 4), (2, 3, 4), (2, 2, 2, 2), (40, 40), (3, 500), (500, 3), (11, 11, 11),
          (2, 3, 1, 60), (0,), (0, 3), (2, 0)]  # fmt: skip
RNG = np.random.default_rng(0)
KINDS = {
    "plain": lambda x: x,
    "whole": lambda x: np.round(x * 10),
    "halves": lambda x: np.round(x * 2) / 2,
    "negative": lambda x: -np.abs(x),
    "large": lambda x: x * 1e9,
    "large-whole": lambda x: np.round(x * 1e12),
    "thousands": lambda x: np.round(x * 5000),
    "small": lambda x: x * 1e-6,
    "wide": lambda x: x * 10.0 ** np.resize(np.arange(-3, 4), x.shape),
    "nan": lambda x: np.where(x > 0.5, np.nan, x),
    "infinite": lambda x: np.where(x > 0.5, -np.inf, np.round(x * 5)),
    "zero": lambda x: x * 0,
    "all-nan": lambda x: x * np.nan,
    "integers": lambda x: np.round(x * 1000).astype(np.int64),
    "int32": lambda x: np.round(x * 10).astype(np.int32),
    "bytes": lambda x: (np.abs(x) * 50).astype(np.uint8),
    "booleans": lambda x: x > 0,
    "double": lambda x: x.astype(np.float64),
}


@pytest.fixture(autouse=True)
def defaults():
    yield
    cc.set_printoptions(profile="default")


def printed(lib, array, options):
    lib.set_printoptions(profile="default")
    lib.set_printoptions(**options)
    try:
        return repr(lib.from_numpy(array.copy())).replace("convcore.", "torch.")
    finally:
        lib.set_printoptions(profile="default")


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_text_is_torchs(kind, options):
    torch = pytest.importorskip("torch")
    for shape in SHAPES:
        x = RNG.normal(size=shape).astype(np.float32)
        array = np.asarray(KINDS[kind](x))
        array = array if array.dtype != np.float64 or kind == "double" else array.astype(np.float32)
        if options == "full" and array.size > 2000:
            continue
        ours, theirs = (printed(lib, array, OPTIONS[options]) for lib in (cc, torch))
        if "dtype" in theirs and array.size:  # the dtype's longer name may begin a line of its own
            ours, theirs = (" ".join(text.split()) for text in (ours, theirs))
        assert ours == theirs


def test_gradients_are_shown_as_torch_shows_them():
    torch = pytest.importorskip("torch")

    def texts(lib):
        x = lib.tensor([1.0, 2.5], requires_grad=True)
        return [repr(x), repr(lib.nn.Parameter(lib.zeros(2, 2))), repr(x.detach()), repr(lib.zeros(20, requires_grad=True))]  # fmt: skip

    assert texts(cc) == texts(torch)


def test_format_is_torchs():
    torch = pytest.importorskip("torch")

    def texts(lib):
        scalars = [lib.tensor(3), lib.tensor(2.5), lib.tensor(True), lib.tensor(-0.125)]
        several = lib.ones(2)
        return [
            f"{s}" for s in scalars
        ], f"{scalars[1]:8.3f}|{scalars[0]:>5d}|{several}|{several!s}"

    assert texts(cc) == texts(torch)
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{cc.ones(2):.2f}"


@pytest.mark.parametrize("make, text", [
    (lambda: cc.tensor([1.0, 2000.0]), "tensor([1.0000e+00, 2.0000e+03])"),
    (lambda: cc.tensor([math.nan, 1.0]), "tensor([nan, 1.])"),
    (lambda: cc.tensor([1, 20]), "tensor([ 1, 20])"),
    (lambda: cc.tensor([True, False]), "tensor([ True, False])"),
    (lambda: cc.arange(2000), "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"),
    (lambda: cc.zeros(2, 0), "tensor([], size=(2, 0))"),
    (lambda: cc.tensor(0.5, dtype=cc.float64), "tensor(0.5000, dtype=convcore.float64)"),
    (lambda: cc.ones(1, requires_grad=True) * 2, "tensor([2.], grad_fn=<mul>)"),
])  # fmt: skip
def test_goldens(make, text):
    assert repr(make()) == text == str(make())


def test_options_are_kept_until_changed():
    cc.set_printoptions(precision=1, sci_mode=True)
    assert repr(cc.tensor([0.25])) == "tensor([2.5e-01])"
    cc.set_printoptions(linewidth=70)
    assert repr(cc.tensor([0.25])) == "tensor([0.2])", "sci_mode is set by each call"
    cc.set_printoptions(profile="default")
    assert repr(cc.tensor([0.25])) == "tensor([0.2500])"


@pytest.mark.parametrize("options, message", [
    ({"profile": "long"}, "profile must be one of .*'long'"), ({"precision": -1}, "precision must not be negative"),
])  # fmt: skip
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        cc.set_printoptions(**options)


def test_printing_leaves_the_tensor_alone():
    x = cc.zeros(3)
    version = x._version if hasattr(x, "_version") else None
    repr(x)
    assert version is None or x._version == version
