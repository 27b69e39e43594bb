"""The page of PyTorch's names: how it is made, and that it is true."""

from __future__ import annotations

import ast

import pytest

signatures = pytest.importorskip("docs.signatures", reason="the sources are not here")


def spelled(text: str):
    return signatures.from_ast(ast.parse(f"def f({text}): ...").body[0])


@pytest.mark.parametrize(
    "ours, theirs, found",
    [
        ("input, dim=0", ["input, dim=0"], []),
        ("input, dim=0, *, more=1", ["input, dim=0, *, out=None"], []),
        ("input, dim=None", ["input", "input, dim"], []),
        ("*size, dtype=None, size=None", ["size, *, dtype=None", "*size, dtype=None"], []),
        ("input, eps=1e-5", ["input, eps=1e-05"], []),
        ("input", ["input, dim=0, *, keep=False"], ["without `dim`, `keep`"]),
        ("input, keep=0, dim=0", ["input, dim=0, keep=0"], ["takes by position `input`, `keep`, `dim`"]),
        ("input, *, dim=0", ["input, dim=0"], ["takes by position `input`"]),
        ("input, dim", ["input, dim=0"], ["`dim` must be given"]),
        ("input, eps=1", ["input, eps=2"], ["`eps` is `1` unless given, not `2`"]),
        ("input, size_average, mode", ["input, size_average, mode"], []),
        ("input, mode", ["input, size_average, mode"], []),
    ],
)  # fmt: skip
def test_differences(ours, theirs, found):
    assert signatures.differences(spelled(ours), [spelled(t) for t in theirs]) == found


def test_signatures_of_methods():
    class A:
        def f(self, x, *, y=2.0): ...
        def g(self, *args, **kwargs): ...

    assert signatures.from_inspect(A.f, method=True) == spelled("x, *, y=2")
    assert signatures.from_inspect(A.g, method=True) is None
    assert signatures.from_inspect(1) is None


def test_signatures_of_docstrings():
    class A:
        """f(input, *, eps=1e-5) -> Tensor

        f(input, dim)
        and so on"""

    assert signatures.from_docstring(A, "f") == [
        spelled("input, *, eps=1e-5"),
        spelled("input, dim"),
    ]


def test_the_page_is_of_today():
    torch = pytest.importorskip("torch", reason="the page is made from PyTorch's own names")
    make = pytest.importorskip("docs.make_pytorch")
    pages = make.survey()
    assert not [name for page in pages for name in page.unexplained]
    assert not list(make.stale(pages))
    version = torch.__version__.split("+")[0]
    assert make.PAGE.read_text() == make.render(pages, version), "run python -m docs.make_pytorch"
