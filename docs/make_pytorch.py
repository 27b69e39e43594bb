"""Writes docs/pytorch.md, PyTorch's public names beside ours: `python -m docs.make_pytorch` (needs torch).

`--missing` only prints the names that are lacking without a written reason (docs/pytorch_tables.py).
"""

from __future__ import annotations

import argparse
import fnmatch
import importlib
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docs import signatures
from docs.pytorch_tables import CLASSES, NOT_PUBLIC, NOTES, REASONS

PAGE = Path(__file__).with_name("pytorch.md")
ABSENT = object()


@dataclass(frozen=True)
class Section:
    """Names of one place in PyTorch, a module or a class, and the same place in convcore."""

    place: str  # "nn.functional", "Tensor"; "" for the package itself
    kind: str  # which of its names: see `names`
    title: str = ""
    about: str = ""

    @property
    def heading(self) -> str:
        return self.title or f"torch.{self.place}".rstrip(".")


SECTIONS = [
    Section("nn.functional", "functions"),
    Section("nn", "classes"),
    Section("nn.Module", "members", about="Methods and attributes."),
    Section("nn.init", "listed"),
    Section("nn.utils", "listed"),
    Section("nn.utils.rnn", "listed"),
    Section("nn.utils.parametrize", "listed"),
    Section("nn.utils.parametrizations", "listed"),
    Section("nn.utils.prune", "functions"),
    Section("optim", "classes"),
    Section("optim.Optimizer", "members", about="Methods."),
    Section("optim.lr_scheduler", "listed"),
    Section("optim.swa_utils", "listed"),
    Section("autograd", "listed"),
    Section("autograd.functional", "listed"),
    Section("autograd.graph", "listed"),
    Section("utils.data", "listed"),
    Section("Tensor", "members", about="Methods and attributes; `abs_` beside `abs` is the method in place."),
    Section("", "functions", "torch: functions", "Functions of the package itself."),
    Section("", "constants", "torch: dtypes and constants"),
    Section("", "classes", "torch: classes"),
    Section("", "modules", "torch: modules", "Modules that the sections above do not go through."),
]  # fmt: skip


@dataclass
class Found:
    """One section, sorted."""

    section: Section
    have: list[str] = field(default_factory=list)
    differs: dict[str, list[str]] = field(default_factory=dict)
    lacks: dict[str, list[str]] = field(default_factory=dict)  # by reason
    unexplained: list[str] = field(default_factory=list)


def place(root: str, path: str) -> Any:
    """The module, class or object at root.path; ABSENT where there is none."""
    item = importlib.import_module(root)
    for part in path.split(".") if path else []:
        inner = getattr(item, part, ABSENT)
        if inner is ABSENT and isinstance(item, types.ModuleType):
            try:
                inner = importlib.import_module(f"{item.__name__}.{part}")
            except ImportError:
                return ABSENT
        item = inner
    return item


def names(section: Section) -> list[str]:
    """PyTorch's public names of a section."""
    home = place("torch", section.place)
    full = f"torch.{section.place}".rstrip(".")
    public = [n for n in dir(home) if not n.startswith("_")]
    if section.kind == "listed":
        kept = [n for n in home.__all__ if not isinstance(getattr(home, n), types.ModuleType)]
        kept = [n for n in kept if not n.startswith("_")]
    elif section.kind == "members":
        kept = [n for n in public if not isinstance(getattr(home, n), type)]
        kept = [n for n in kept if n not in vars(object)]
    else:
        kept = [n for n in public if _kind(n, getattr(home, n), full) == section.kind]
    if not section.place:
        kept = [n for n in kept if _everyday(section, n, getattr(home, n))]
    return sorted(n for n in kept if not explained_by(section, n, NOT_PUBLIC.split()))


def _everyday(section: Section, name: str, item: Any) -> bool:
    """Of the package's own names: what PyTorch documents, or we know."""
    if section.kind == "classes":
        return name in CLASSES.split()
    documented = section.kind != "functions" or (getattr(item, "__doc__", None) or "").strip()
    return bool(documented) or getattr(place("convcore", ""), name, ABSENT) is not ABSENT


def _kind(name: str, item: Any, home: str) -> str:
    """What a module's attribute is: function, class, constant, module, or "" for what it only imports."""
    if isinstance(item, types.ModuleType):
        return "modules" if item.__name__ == f"{home}.{name}" else ""
    if isinstance(item, type):
        return "classes" if item.__module__.startswith("torch") else ""
    if callable(item):
        module = getattr(item, "__module__", None) or ""
        own = module.startswith(("torch.nn.functional", "torch._C._nn")) or not module
        return "functions" if home == "torch" or own or module == home else ""
    return "constants" if home == "torch" else ""


def qualified(section: Section, name: str) -> str:
    return f"{section.place}.{name}".lstrip(".")


def explained_by(section: Section, name: str, patterns: list[str]) -> str | None:
    """The first pattern that names it: alone ("eig") or with its place ("Tensor.eig", "nn.*")."""
    for pattern in patterns:
        target = qualified(section, name) if "." in pattern else name
        # A pattern that starts with a dot speaks of the package itself.
        if fnmatch.fnmatchcase(
            f".{target}" if pattern[0] == "." and not section.place else target, pattern
        ):
            return pattern
    return None


def theirs(section: Section, name: str) -> list[signatures.Signature]:
    """PyTorch's signatures of a name: from Python, else from its stubs, else from its docstring."""
    home = place("torch", section.place)
    item = getattr(home, name)
    compiled = Path(importlib.import_module("torch").__file__).parent / "_C"
    for candidate in (item, getattr(home, f"_{name}", None)):
        found = candidate and signatures.from_inspect(candidate, section.kind == "members")
        if found is not None:
            return [found]
    stubs = [(compiled / "_VariableFunctions.pyi", None), (compiled / "_nn.pyi", None)]
    if section.place == "Tensor":
        stubs = [(compiled / "__init__.pyi", "TensorBase")]
    spelled = signatures.from_docstring(item, name)
    for path, cls in stubs:
        overloads = signatures.stub(path, cls).get(name)
        if overloads:
            untold = any(p.default is signatures.UNKNOWN for o in overloads for p in o)
            return spelled if untold and spelled else overloads
    return spelled


def compare(section: Section, name: str) -> list[str] | None:
    """None where we lack the name, else how ours differs."""
    home = place("convcore", section.place)
    item = ABSENT if home is ABSENT else getattr(home, name, ABSENT)
    if item is ABSENT:
        return None
    key = qualified(section, name)
    notes = [NOTES[key]] if NOTES.get(key) else []
    if not callable(item) or key in NOTES:
        return notes
    ours, other = signatures.from_inspect(item, section.kind == "members"), theirs(section, name)
    if ours is None:
        ours = next(iter(signatures.from_docstring(item, name)), None)
    if ours is None or not other:
        return notes
    return [*signatures.differences(ours, other), *notes]


def survey() -> list[Found]:
    return [_survey(section) for section in SECTIONS]


def _survey(section: Section) -> Found:
    found = Found(section)
    for name in names(section):
        how = compare(section, name)
        if how:
            found.differs[name] = how
        elif how is not None:
            found.have.append(name)
        else:
            for reason, patterns in REASONS.items():
                if explained_by(section, name, patterns.split()):
                    found.lacks.setdefault(reason, []).append(name)
                    break
            else:
                found.unexplained.append(name)
    return found


def stale(pages: list[Found]) -> Iterator[str]:
    """Patterns of the tables that name nothing lacking, or something we have."""
    had = [(p.section, n) for p in pages for n in [*p.have, *p.differs]]
    lacking = [(p.section, n) for p in pages for row in p.lacks.values() for n in row]
    lacking += [(p.section, n) for p in pages for n in p.unexplained]
    for patterns in REASONS.values():
        for pattern in patterns.split():
            wrong = [qualified(s, n) for s, n in had if explained_by(s, n, [pattern])]
            if wrong:
                yield f"{pattern}: we have {', '.join(wrong)}"
            elif not any(explained_by(s, n, [pattern]) for s, n in lacking):
                yield f"{pattern}: no such name"
    known = {qualified(s, n) for s, n in had}
    yield from (f"{name}: a note on what we lack" for name in NOTES if name not in known)


# --- the page ------------------------------------------------------------------------------------------------------------

TOP = """\
# PyTorch's names

Each public name of PyTorch {version} that belongs to convolutional networks or stands beside those that do, and what
convcore makes of it. Written by `python -m docs.make_pytorch`; a test compares.

- **have**: the same name, and the same arguments by name, order and default. Arguments of our own come after, by keyword.
- **differs**: there, with the difference told.
- **lacks**: not there, with the reason.

Nowhere taken, and not counted as a difference: `out`, `layout`, `pin_memory`, `non_blocking`, `names`, and the losses'
deprecated `size_average` and `reduce` (give `reduction` by keyword). Random streams, strides of results and the texts of
errors are not PyTorch's. `device` is there and takes `"cpu"`.
"""


def in_place(found: Found, name: str) -> bool:
    return name.endswith("_") and found.section.place in ("Tensor", "")


def beside(names: list[str]) -> list[str]:
    """Names in backticks, `abs_` beside `abs`."""
    known, out = set(names), []
    for name in names:
        if name.endswith("_") and name[:-1] in known:
            continue
        pair = [name, f"{name}_"] if f"{name}_" in known else [name]
        out.append(" ".join(f"`{n}`" for n in pair))
    return out


def render(pages: list[Found], version: str) -> str:
    lines = [TOP.format(version=version), "| | have | differs | lacks |", "|---|---:|---:|---:|"]
    total = [0, 0, 0]
    for found in pages:
        for title, keep in (("", False), (", in place", True)):
            counts = [
                sum(in_place(found, n) == keep for n in group)
                for group in (
                    found.have,
                    found.differs,
                    [n for row in found.lacks.values() for n in row],
                )
            ]
            if any(counts):
                lines.append(
                    f"| {found.section.heading}{title} | " + " | ".join(map(str, counts)) + " |"
                )
            total = [a + b for a, b in zip(total, counts, strict=True)]
    lines.append("| all | " + " | ".join(map(str, total)) + " |")
    for found in pages:
        lines += ["", f"## {found.section.heading}", ""]
        if found.section.about:
            lines += [found.section.about, ""]
        lines += _body(found)
    return "\n".join(lines) + "\n"


def _body(found: Found) -> list[str]:
    lines = []
    if found.have:
        lines += ["**have**: " + ", ".join(beside(found.have)), ""]
    if found.differs:
        lines += ["| differs | how |", "|---|---|"]
        lines += [f"| `{name}` | {'; '.join(how)} |" for name, how in found.differs.items()] + [""]
    if found.lacks:
        lines += ["| lacks | why |", "|---|---|"]
        lines += [
            f"| {', '.join(beside(row))} | {why} |" for why, row in sorted(found.lacks.items())
        ]
    return lines


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--missing", action="store_true", help="print what lacks a reason, write nothing"
    )
    missing_only = parser.parse_args().missing
    pages = survey()
    missing = {p.section.heading: p.unexplained for p in pages if p.unexplained}
    if missing_only:
        for heading, row in missing.items():
            print(f"{heading} ({len(row)}): {' '.join(row)}\n")
        return
    wrong = [
        f"{heading}: {len(row)} names lacking without a reason (--missing)"
        for heading, row in missing.items()
    ]
    wrong += stale(pages)
    if wrong:
        raise SystemExit("\n".join([*wrong, f"{len(wrong)} to mend in docs/pytorch_tables.py"]))
    PAGE.write_text(render(pages, torch.__version__.split("+")[0]))
    counts = [sum(len(getattr(p, kind)) for p in pages) for kind in ("have", "differs")]
    print(f"{PAGE.name}: {counts[0]} have, {counts[1]} differ")


if __name__ == "__main__":
    main()
