"""The lists that must not drift apart: ops.h, Python's functions, the case tables, the docstrings."""

from __future__ import annotations

import doctest
import importlib
import inspect
import operator
import pkgutil
import re
from pathlib import Path

import convcore
import pytest

from tests.cases import all_ops

F = convcore.nn.functional
ROOT = Path(__file__).parents[1]
OPS_H = ROOT / "cpp" / "ops" / "ops.h"
FORMULAS = ROOT / "cpp" / "kernels" / "elementwise" / "formulas.h"
# Functions of ops.h that are parts of others: not a name of PyTorch, tested through those that use them.
INTERNAL = {
    "result_type", "number", "unary", "binary", "scale", "sum_to", "conv_options", "empty", "full", "zeros", "ones",
    "full_like", "arange", "linspace", "eye", "unary_", "binary_", "fill_", "index_sum", "dropout_channels", "split_with_sizes",
    "recurrence", "recurrence_in_steps",  # inside nn.RNN, nn.LSTM, nn.GRU
    "triangle_indices", "combination_indices",  # inside tril_indices, triu_indices, combinations
}  # fmt: skip
# Rows of formulas.h that are gradients or parts.
PARTS = {
    "add",
    "mul",
    "pow",
    "gelu_tanh",
    "mul_add",
    "lerp",
    "clamp",
    "softplus",
    "leaky_relu",
    "elu",
    "kl_div_log",
    "poisson_nll_loss_rate",
    "cube",
    "inverse_square",
}


def declared() -> set[str]:
    text = re.sub(r"//.*", "", OPS_H.read_text())
    text = re.sub(r"struct \w+ \{.*?\};", "", text, flags=re.DOTALL)
    return set(
        re.findall(r"^(?:Tensors?|Dtype|void|std::\S+(?:, Tensor)*>) (\w+)\(", text, re.MULTILINE)
    )


def formulas() -> set[str]:
    return {
        name
        for name in re.findall(r'X\(\w+, "(\w+)"', FORMULAS.read_text())
        if not name.endswith("_grad")
    }


def with_rows() -> set[str]:
    names = set()
    for op in all_ops().values():
        names |= {op.name, *op.covers}
    return names


def public(name: str):
    """The Python function or method of that name."""
    ranks = [f"{name}{rank}d" for rank in ("1", "2", "3")]
    for candidate in (name, f"{name}_", ranks[1]):
        for place in (convcore, F, convcore.Tensor, convcore.nn.utils):
            found = getattr(place, candidate, None)
            if callable(found):
                return found
    special = {"slice": "__getitem__", "select": "__getitem__", "index": "__getitem__", "index_put": "__setitem__",
               "assign": "__setitem__"}  # fmt: skip
    return getattr(convcore.Tensor, special.get(name, name), None)


needs_sources = pytest.mark.skipif(
    not OPS_H.is_file(), reason="the sources are not here: an installed package is tested"
)


@needs_sources
def test_every_operator_has_a_case_table():
    missing = sorted((declared() | (formulas() - PARTS)) - INTERNAL - with_rows())
    assert not missing, f"no rows in tests/cases for {', '.join(missing)}"


@needs_sources
def test_every_operator_is_public():
    missing = sorted(n for n in (declared() | (formulas() - PARTS)) - INTERNAL if public(n) is None)
    assert not missing, f"no Python function for {', '.join(missing)}"


@needs_sources
def test_the_contents_page_names_real_files():
    text = re.sub(r"#include.*", "", OPS_H.read_text())
    named = set(re.findall(r"\b(\w+\.(?:cpp|h))\b", text))
    assert {n for n in named if not (OPS_H.parent / n).is_file()} == set()


def test_case_names_are_unique():
    for op in all_ops().values():
        for rows in (op.cases, op.bad, op.bench):
            names = [row.name for row in rows]
            assert len(names) == len(set(names)), (
                f"{op.name}: {sorted(n for n in names if names.count(n) > 1)}"
            )


def test_every_operator_has_a_bad_call_and_an_empty_one():
    no_bad = {op.name for op in all_ops().values() if not op.bad}
    assert len(no_bad) < len(all_ops()) / 2, sorted(no_bad)


def test_every_operator_is_timed_beside_pytorch():
    missing = sorted(
        op.name for op in all_ops().values() if op.name.isidentifier() and not op.bench
    )
    assert not missing, f"no bench rows in tests/cases for {', '.join(missing)}"


def test_rows_apart_from_pytorch_say_why():
    for op in all_ops().values():
        for row in (*op.cases, *op.bench):
            alike = row.torch and row.torch_grad and row.torch_gradgrad
            assert alike == (not row.why), f"{op.name}-{row.name}: say in `why` what PyTorch does"


def modules():
    found = ["convcore"]
    for info in pkgutil.walk_packages(convcore.__path__, "convcore."):
        if not any(part.startswith("_") for part in info.name.split(".")[1:]):
            found.append(info.name)
    return found


PRIVATE = ["convcore._tensor", "convcore._functions", "convcore._runtime", "convcore._files"]


def public_functions():
    """(module, name, object) of every documented name."""
    optim = convcore.optim
    for module in [
        convcore, F, convcore.autograd, optim, optim.lr_scheduler, optim.swa_utils, convcore.nn,
    ]:  # fmt: skip
        for name in sorted(dir(module)):
            item = getattr(module, name)
            if name.startswith("_") or inspect.ismodule(item):
                continue
            if (inspect.isroutine(item) or inspect.isclass(item)) and item.__module__.startswith(
                "convcore"
            ):
                yield pytest.param(item, id=f"{module.__name__}.{name}")


@pytest.mark.parametrize("item", list(public_functions()))
def test_public_names_are_documented_and_typed(item):
    assert item.__doc__ and item.__doc__.strip(), "no docstring"
    if inspect.isroutine(item):
        hints = item.__annotations__
        signature = inspect.signature(item)
        bare = [
            p.name
            for p in signature.parameters.values()
            if p.name not in hints and p.name != "self"
        ]
        assert not bare, f"no type for {bare}"
        assert "return" in hints, "no type for the result"


def of_one_tensor():
    """Functions of the package whose first argument is `input`."""
    for name, item in vars(convcore).items():
        if inspect.isroutine(item) and not name.startswith("_"):
            first = next(iter(inspect.signature(item).parameters.values()), None)
            if first and (first.name, first.annotation) == ("input", "Tensor"):
                yield pytest.param(item, id=name)


@pytest.mark.parametrize("function", list(of_one_tensor()))
def test_what_is_no_tensor_is_named(function):
    x = convcore.ones(2)
    required = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    required = [p for p in required[1:] if p.kind is not p.VAR_POSITIONAL]
    others = {p.name: x if "Tensor" in str(p.annotation) else 0 for p in required}
    with pytest.raises(TypeError, match=f"^{function.__name__}: input must be Tensor, got object"):
        function(object(), **others)
    with pytest.raises(TypeError, match=f"^{function.__name__}: "):
        function(x, **others, nonsense=1)


def test_tensor_methods_are_documented():
    bare = [
        name
        for name, item in vars(convcore.Tensor).items()
        if not name.startswith("_") and callable(item) and not (item.__doc__ or "").strip()
    ]
    assert not bare


@pytest.mark.parametrize("name", [*modules(), *PRIVATE])
def test_examples(name):
    """Every >>> in a docstring runs and prints what it says."""
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"an optional dependency is missing: {error}")
    convcore.manual_seed(0)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_names_are_those_of_pytorch():
    """The arguments we share with PyTorch have its names and order, where PyTorch is installed to ask."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    def arguments(item):
        try:
            found = inspect.signature(item).parameters
        except ValueError:  # of a class whose constructor is compiled
            return []
        # What can only be given by name has no order.
        found = {name: p for name, p in found.items() if p.kind is not p.KEYWORD_ONLY}
        return [p for p in found if p not in {"self", "args", "kwargs", "device", "dtype"}]

    wrong = []
    for path in ("nn", "optim", "optim.lr_scheduler", "optim.swa_utils"):
        ours, theirs = operator.attrgetter(path)(convcore), operator.attrgetter(path)(torch)
        for name in dir(ours):
            a, b = getattr(ours, name), getattr(theirs, name, None)
            if (
                not inspect.isclass(a)
                or b is None
                or name.startswith("_")
                or not a.__module__.startswith("convcore")
            ):
                continue
            mine, other = arguments(a), arguments(b)
            shared = [p for p in mine if p in other]
            if shared != [p for p in other if p in mine]:
                wrong.append(f"{path}.{name}{mine} against {other}")
    assert not wrong, "\n".join(wrong)
