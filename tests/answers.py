"""PyTorch's answers for a row: results, gradients and second gradients; and how near ours must be.

Inputs are numbers that float32 holds, so that PyTorch's float64 answer is the truth for both dtypes. An array of ours may
miss it by (n + 3·e)·ε·(|truth| + scale) in each element: n is 32, or 128 in big rows with their long sums; ε is the spacing
of the array's dtype at 1; scale is the largest |truth| (1e-3 where an operator is `pointwise`); and e is what PyTorch's own
float32 answer misses the truth by at most, in the same measure. What is ill-conditioned for PyTorch may be so for us, twice
as much, and the truth is off by as much again. No row has a tolerance of its own; an operator has (`departs`) where PyTorch
computes another formula than the one it states.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from tests import harness
from tests.cases import Arr, Case, Op

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
NEAR, NEAR_BIG = 32, 128
LAYOUTS = ("row-major", "channels-last", "sliced")

Arrays = dict[str, np.ndarray]  # by stage and position: result0, first0, first1, second0, …


@dataclass
class Answers:
    """What PyTorch says to one row."""

    inputs: int  # fingerprint of the numbers it was asked with
    dtypes: list[str]  # of the results, in the row's first dtype
    tracked: list[bool]  # which results require a gradient
    truth: Arrays  # in float64, where the row's dtype is free
    errors: dict[str, float]  # e above, where it is not 0
    single: Arrays  # the float32 answers that are infinite or NaN elsewhere than the truth


def numbers(op: Op, case: Case, dtype: str) -> list:
    """The row's arguments, rounded to what float32 holds."""

    def one(arg, spec):
        if isinstance(spec, list):
            return [one(a, s) for a, s in zip(arg, spec, strict=True)]
        if not isinstance(spec, Arr) or spec.dtype != "float":
            return arg
        with np.errstate(over="ignore"):
            return arg.astype(np.float32).astype(dtype)

    return [one(a, s) for a, s in zip(case.make(op.name, dtype), case.args, strict=True)]


def fingerprint(args: list) -> int:
    total = 0
    for arg in args:
        if isinstance(arg, list):
            total = zlib.crc32(str(fingerprint(arg)).encode(), total)
        elif isinstance(arg, np.ndarray):
            total = zlib.crc32(np.ascontiguousarray(arg).tobytes(), total)
    return total


def ask(
    module: ModuleType, op: Op, case: Case, dtype: str, layout: str = "row-major"
) -> tuple[Arrays, list[str], list[bool]]:
    """A library's arrays, the dtypes of its results and which of them require a gradient."""
    args = numbers(op, case, dtype)
    found = harness.derivatives(
        module, op, case, args, case.torch_gradgrad, layout, first=case.torch_grad
    )
    stages = {"result": found.results, "first": found.first, "second": found.second}
    arrays = {f"{stage}{i}": a for stage, rows in stages.items() for i, a in enumerate(rows)}
    return arrays, [str(a.dtype) for a in found.results], found.tracked


def of_torch(op: Op, case: Case) -> Answers:
    import torch

    narrow, wide = case.dtypes[0], case.dtypes[-1]
    single, dtypes, tracked = ask(torch, op, case, narrow)
    truth = single if narrow == wide else ask(torch, op, case, wide)[0]
    answers = Answers(fingerprint(numbers(op, case, wide)), dtypes, tracked, truth, {}, {})
    for key, array in single.items():
        if array.dtype.kind != "f":
            continue
        if not same_kind(array, held_in(array.dtype, truth[key])):
            answers.single[key] = array
        error = miss(array, truth[key], scale_of(key, truth, array.dtype, op))
        if error > 0:
            answers.errors[key] = error
    return answers


def held_in(dtype: Any, truth: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return truth.astype(dtype)


def same_kind(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether both are infinite, and NaN, in the same places."""
    return np.array_equal(*[np.where(np.isfinite(x), 0, x) for x in (a, b)], equal_nan=True)


def scale_of(key: str, truth: Arrays, dtype: np.dtype, op: Op) -> float:
    """See above; an array that is 0 but for rounding has the scale of its stage."""

    def largest(array):
        finite = array[np.isfinite(array)]
        return float(np.abs(finite).max(initial=0))

    if op.pointwise:
        return 1e-3
    of_stage = max(
        largest(a) for k, a in truth.items() if k.rstrip("0123456789") == key.rstrip("0123456789")
    )
    own = largest(truth[key])
    return own if own > 1e3 * EPS[dtype.name] * of_stage else of_stage


def miss(got: np.ndarray, truth: np.ndarray, scale: float) -> float:
    """The largest |got − truth|/(|truth| + scale), where both are finite, in units of got's ε."""
    both = np.isfinite(got) & np.isfinite(truth)
    if not both.any():
        return 0.0
    near, far = got[both].astype(np.float64), truth[both].astype(np.float64)
    distance = np.abs(near - far)
    measured = distance > 0
    with np.errstate(divide="ignore", over="ignore"):
        relative = distance[measured] / (np.abs(far[measured]) + scale)
    return float(relative.max(initial=0.0)) / EPS[got.dtype.name]


def assert_equal(op: Op, case: Case, want: Answers, dtype: str, layout: str) -> None:
    """Ours against PyTorch's answers, in one dtype and layout."""
    import convcore

    ours, dtypes, tracked = ask(convcore, op, case, dtype, layout)
    where = f"in {dtype}, {layout}"
    if case.torch_grad:
        assert tracked == want.tracked, f"which results require a gradient {where}"
    assert dtypes == want.dtypes or dtype != case.dtypes[0], f"dtypes {where}"
    assert ours.keys() == want.truth.keys(), where
    for key, truth in want.truth.items():
        got = ours[key]
        assert got.shape == truth.shape, f"{key} {where}: shape {got.shape}, not {truth.shape}"
        if got.dtype.kind != "f":
            np.testing.assert_array_equal(got, truth, err_msg=f"{key} {where}")
            continue
        single = want.single.get(key) if dtype == "float32" else None
        kind = held_in(got.dtype, truth) if single is None else single
        assert same_kind(got, kind), f"{key} {where}: {got}, not {kind}"
        # What was recorded is rounded to float32.
        rounding = max(1.0, EPS[truth.dtype.name] / EPS[got.dtype.name])
        near = NEAR_BIG if case.big else NEAR
        allowed = (near + 3 * want.errors.get(key, 0.0)) * rounding
        allowed += op.departs / EPS[got.dtype.name]
        found = miss(got, truth, scale_of(key, want.truth, got.dtype, op))
        assert found <= allowed, f"{key} {where}: misses by {found:.3g} ε, not {allowed:.3g}"
