"""What a function may be given: read from Python, from type stubs and from docstrings, and compared."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

REQUIRED = object()
UNKNOWN = object()  # there is a default, but no source tells it
# Taken by so many of PyTorch's functions that the page says once, at its top, that ours do without.
NOT_COMPARED = {"out", "layout", "pin_memory", "size_average", "reduce", "async", "names"}
NOT_COMPARED |= {"non_blocking", "check_reduction", "pin_memory_device", "_stacklevel", "foreach"}


class Parameter(NamedTuple):
    name: str
    kind: str  # "positional", "several" (*args) or "named" (by keyword only)
    default: Any = REQUIRED


Signature = list[Parameter]


def plain(value: Any) -> Any:
    """Defaults as they can be compared across the two libraries."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, tuple | list):
        return tuple(plain(v) for v in value)
    text = str(value)
    return UNKNOWN if " object at 0x" in text else text.split(".")[-1]


def from_inspect(item: Any, method: bool = False) -> Signature | None:
    """The signature Python knows, of a method without its first argument; None where there is none or it says nothing."""
    try:
        found = list(inspect.signature(item).parameters.values())[int(method) :]
    except (TypeError, ValueError):
        return None
    kinds = {"VAR_POSITIONAL": "several", "KEYWORD_ONLY": "named", "VAR_KEYWORD": ""}
    out = []
    for p in found:
        kind = kinds.get(p.kind.name, "positional")
        if kind:
            out.append(
                Parameter(p.name, kind, REQUIRED if p.default is p.empty else plain(p.default))
            )
    catch_all = [p.kind.name for p in found] == ["VAR_POSITIONAL", "VAR_KEYWORD"]
    return None if catch_all else out


def _default(node: ast.expr | None) -> Any:
    if node is None:
        return REQUIRED
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = ast.unparse(node)
    if isinstance(value, str) and value.startswith("torch."):
        value = value.removeprefix("torch.")
    return UNKNOWN if value is ... else plain(value)


def from_ast(function: ast.FunctionDef) -> Signature:
    a = function.args
    positional = [*a.posonlyargs, *a.args]
    defaults = [None] * (len(positional) - len(a.defaults)) + a.defaults
    out = [
        Parameter(p.arg, "positional", _default(d))
        for p, d in zip(positional, defaults, strict=True)
    ]
    if a.vararg:
        out.append(Parameter(a.vararg.arg, "several"))
    out += [
        Parameter(p.arg, "named", _default(d))
        for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)
    ]
    return [p for p in out if p.name != "self"]


def _usual(function: ast.FunctionDef, method: bool) -> bool:
    """Not for named tensors, not a form kept for old programs, whose first argument is called self."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    texts = [
        ast.unparse(p.annotation) for p in [*arguments, *function.args.kwonlyargs] if p.annotation
    ]
    old = not method and arguments and arguments[0].arg == "self"
    return not old and not any("ellipsis" in text for text in texts)


@cache
def stub(path: Path, cls: str | None = None) -> dict[str, list[Signature]]:
    """Every overload in a .pyi file, or in one of its classes, by name."""
    body = ast.parse(path.read_text()).body
    if cls:
        body = next(n for n in body if isinstance(n, ast.ClassDef) and n.name == cls).body
    found: dict[str, list[Signature]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef) and _usual(node, cls is not None):
            found.setdefault(node.name, []).append(from_ast(node))
    return found


def from_docstring(item: Any, name: str) -> list[Signature]:
    """The signatures that the first lines of a docstring spell."""
    found = []
    for line in (getattr(item, "__doc__", None) or "").strip().splitlines()[:3]:
        match = re.match(rf"(?:torch\.)?{name}\((.*?)\)\s*(->.*)?$", line.strip())
        if not match:
            continue
        try:
            tree = ast.parse(f"def f({match[1]}): ...").body[0]
        except SyntaxError:
            continue
        found.append(from_ast(tree))
    return found


def differences(ours: Signature, theirs: list[Signature]) -> list[str]:
    """How calls written for one of their signatures may fail with ours."""
    mine = {p.name: p for p in ours}
    several = any(p.kind == "several" for p in ours)
    order = [p.name for p in _by_position(ours)]
    # What only some of several forms take, such as an old spelling, counts as theirs all the same.
    wanted = {p.name: p for overload in theirs for p in overload if p.kind != "several"}
    wanted = {name: p for name, p in wanted.items() if name not in NOT_COMPARED}
    found = []
    absent = [name for name in wanted if name not in mine]
    if absent:
        found.append("without " + ", ".join(f"`{name}`" for name in absent))
    moved = not several and any(
        p.name in mine and order[place : place + 1] != [p.name]
        for overload in theirs
        for place, p in enumerate(_by_position(overload))
    )
    if moved:
        found.append("takes by position " + (", ".join(f"`{name}`" for name in order) or "nothing"))
    for name, p in wanted.items():
        if name not in mine:
            continue
        defaults = [q.default for overload in theirs for q in overload if q.name == name]
        known = [d for d in defaults if d is not REQUIRED]
        default = mine[name].default
        if not known or UNKNOWN in known or (default in known and default is not REQUIRED):
            continue
        if default is REQUIRED:
            if len(known) == len(defaults) and not several:
                found.append(f"`{name}` must be given")
        elif not (several and default is None):
            found.append(f"`{name}` is {_shown(default)} unless given, not {_shown(known[0])}")
    return found


def _shown(default: Any) -> str:
    return f"`{int(default) if isinstance(default, float) and default.is_integer() else default!r}`"


def _by_position(signature: Signature) -> Signature:
    return [p for p in signature if p.kind == "positional" and p.name not in NOT_COMPARED]
