"""The case tables: one file per operator family, each a list `OPS` of rows that drive every generic test.

A row of inputs is described, not stored: `real(2, 3)` is drawn from the row's own seed, so the same
numbers come back in any process, for any dtype, and for PyTorch's recorded answers.
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Arr:
    """One array argument. dtype "float" stands for the floating-point dtype under test."""

    shape: tuple[int, ...]
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    dtype: str = "float"
    grad: bool = True

    @property
    def const(self) -> Arr:
        """The same array, but no gradient is taken with respect to it."""
        return replace(self, grad=False)

    @property
    def differentiable(self) -> bool:
        return self.grad and self.dtype in ("float", "float32", "float64")

    def make(self, rng: np.random.Generator, dtype: str) -> np.ndarray:
        values = np.asarray(self.draw(rng, self.shape))
        return values.astype(dtype if self.dtype == "float" else self.dtype).reshape(self.shape)


# What bench rows are made of: the activations of a middle layer, a matrix, a batch of class scores.
IMAGE = (16, 64, 32, 32)
MATRIX = (1024, 1024)
SCORES = (1024, 1000)


def _count(shape):
    return int(np.prod(shape, dtype=np.int64))


def real(*shape: int) -> Arr:
    """Values of both signs, at least 0.1 from 0, so that kinks there do not spoil differences."""

    def draw(rng, shape):
        values = rng.random(shape) * 2 - 1
        return values + np.where(values < 0, -0.1, 0.1)

    return Arr(shape, draw)


def positive(*shape: int) -> Arr:
    return Arr(shape, lambda rng, shape: 0.2 + 2 * rng.random(shape))


def unit(*shape: int) -> Arr:
    """Values in (-0.9, 0.9)."""
    return Arr(shape, lambda rng, shape: 1.8 * rng.random(shape) - 0.9)


def distinct(*shape: int) -> Arr:
    """No two values closer than 0.05: maxima stay where they are under small steps."""

    def draw(rng, shape):
        n = _count(shape)
        return (rng.permutation(n) - n / 2 + 0.4 * rng.random(n)) * 0.1

    return Arr(shape, draw)


def whole(*shape: int, low: int = -4, high: int = 4) -> Arr:
    """Floats with integer values: sums of products of them are exact in any order."""
    return Arr(shape, lambda rng, shape: rng.integers(low, high + 1, shape))


def ints(*shape: int, low: int = -9, high: int = 9, dtype: str = "int64") -> Arr:
    return Arr(shape, lambda rng, shape: rng.integers(low, high + 1, shape), dtype)


def flags(*shape: int) -> Arr:
    return Arr(shape, lambda rng, shape: rng.random(shape) < 0.5, "bool")


def labels(*shape: int, classes: int) -> Arr:
    return ints(*shape, low=0, high=classes - 1)


def values(data: Any, dtype: str = "float") -> Arr:
    """Exactly these numbers."""
    data = np.asarray(data)
    return Arr(data.shape, lambda rng, shape: data, dtype)


@dataclass(frozen=True)
class Case:
    """One call: positional arguments (arrays, lists of arrays, plain values) and keyword arguments."""

    name: str
    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)
    grad: bool = True  # False: no finite differences of the result
    kink: bool = False  # a gradient by convention: compared with PyTorch's, not with differences
    gradgrad: bool = True  # False: no finite differences of the gradient
    exact: bool = False  # the oracle's numbers to the last bit
    big: bool = False  # enough work for several threads; too much for finite differences
    torch: bool = True  # PyTorch has the same call,
    torch_grad: bool = True  # the same gradient,
    torch_gradgrad: bool = True  # and the same second gradient
    why: str = ""  # where it has not: what PyTorch does instead
    chance: bool = False  # random results: only their shapes are compared

    def but(self, **flags: Any) -> Case:
        return replace(self, **flags)

    @property
    def arrays(self) -> list[Arr]:
        found = []
        for arg in self.args:
            found += arg if isinstance(arg, list) else [arg]
        return [arr for arr in found if isinstance(arr, Arr)]

    @property
    def elements(self) -> int:
        return sum(_count(arr.shape) for arr in self.arrays)

    @property
    def dtypes(self) -> tuple[str, ...]:
        return (
            ("float32", "float64") if any(a.dtype == "float" for a in self.arrays) else ("as is",)
        )

    def make(self, op: str, dtype: str) -> list:
        """The positional arguments as numpy arrays, lists of them, and plain values."""
        rng = np.random.Generator(np.random.PCG64(zlib.crc32(f"{op}/{self.name}".encode())))

        def one(arg):
            if isinstance(arg, list):
                return [one(a) for a in arg]
            return arg.make(rng, dtype) if isinstance(arg, Arr) else arg

        return [one(arg) for arg in self.args]


def case(name: str, *args: Any, **kwargs: Any) -> Case:
    return Case(name, args, kwargs)


def big(name: str, *args: Any, **kwargs: Any) -> Case:
    return Case(name, args, kwargs, big=True)


def once(*rows: Case) -> list[Case]:
    """Rows of what PyTorch can differentiate only once."""
    why = "PyTorch has no second gradient of it"
    return [row.but(torch_gradgrad=False, why=row.why or why) for row in rows]


@dataclass(frozen=True)
class Bad:
    """A call that must fail: the exception and a regular expression its text must contain."""

    name: str
    args: tuple
    kwargs: dict[str, Any]
    error: type[Exception]
    match: str


def bad(name: str, error: type[Exception], match: str, *args: Any, **kwargs: Any) -> Bad:
    return Bad(name, args, kwargs, error, match)


@dataclass(frozen=True)
class Op:
    """An operator: how it is called, what it must give, and the rows to try.

    call is a dotted path in convcore and in torch ("nn.functional.relu"), a method (".view"), or a
    function of (module, *args, **kwargs). oracle gets the same arguments as numpy arrays (float64).
    A name that is no identifier ("inplace-views") is a scenario of several operators.

    bench rows are what a network really calls, large enough (a million numbers, or 10 Mflop) that the
    kernel counts and not the call, small enough for a few milliseconds: `bench/compare/ops.py` times
    each beside PyTorch, forward and backward. One row per way the kernel can go is right: along the
    last axis and across it, with a broadcast operand, of small and of large windows.
    """

    name: str
    call: str | Callable
    oracle: Callable
    cases: list[Case]
    bad: list[Bad] = field(default_factory=list)
    grad: bool = True
    gradgrad: bool = True
    tol: float = 1.0  # multiplies the tolerances of harness.py
    pointwise: bool = (
        False  # every result stands alone: errors are relative to it, not to the largest
    )
    departs: float = 0.0  # by how much PyTorch departs from the formula it states, relatively
    impl: str | None = None  # the implementation list behind it
    flops: Callable[..., float] | None = None  # of the argument shapes and keyword arguments
    covers: tuple[str, ...] = ()  # further names of ops.h and of Python that these rows test
    torch: str | Callable | None = None  # where PyTorch's call is another one
    bench: list[Case] = field(default_factory=list)  # rows to time beside PyTorch, no others

    @property
    def timed(self) -> list[Case]:
        return self.bench or [c for c in self.cases if c.big and c.torch]

    def case(self, name: str) -> Case:
        return next(c for c in self.cases if c.name == name)

    def bytes(self, case: Case, itemsize: int = 4) -> int:
        """What must be read at least, from memory: every array argument once."""
        return sum(
            _count(a.shape) * (itemsize if a.dtype == "float" else np.dtype(a.dtype).itemsize)
            for a in case.arrays
        )


@cache
def all_ops() -> dict[str, Op]:
    """Every table in this folder, by the operator's name."""
    found: dict[str, Op] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        for op in importlib.import_module(f"{__name__}.{module}").OPS:
            assert op.name not in found, f"two tables for {op.name}"
            found[op.name] = op
    return found


def families() -> dict[str, list[str]]:
    """The operators' names by file."""
    return {
        module.name: [op.name for op in importlib.import_module(f"{__name__}.{module.name}").OPS]
        for module in pkgutil.iter_modules(__path__)
    }


def rows(keep: Callable[[Op, Case], bool] = lambda op, case: True) -> Iterator[tuple[Op, Case]]:
    for op in all_ops().values():
        for row in op.cases:
            if keep(op, row):
                yield op, row
