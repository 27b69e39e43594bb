"""The layers, read from the sources: base < kernels < array < autograd < ops < {nn, optim} < bind < python."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CPP = ROOT / "cpp"
PYTHON = ROOT / "python" / "convcore"
ORDER = {
    "base": 0,
    "kernels": 1,
    "array": 2,
    "autograd": 3,
    "ops": 4,
    "nn": 5,
    "optim": 5,
    "bind": 6,
}
SOURCES = sorted(p for p in CPP.rglob("*") if p.suffix in (".h", ".cpp", ".inl", ".cu"))
ISA_FILE = re.compile(r"_(avx2|avx512|neon|generic)\.(cpp|h|inl)$")
INTRINSICS = re.compile(
    r"<(immintrin|x86intrin|arm_neon|[a-z]+mmintrin|avx\w*)\.h>|\b_mm(256|512)?_\w+\(|\b__m(128|256|512)\w*\b"
)
# Python modules that others may not build upon, lowest first; the rest stands above them all.
PYTHON_ORDER = [
    "_core",
    "_errors",
    "_convert",
    "_repr",
    "_shape_methods",
    "_math_methods",
    "_tensor",
    "_functions",
    "_runtime",
    "_explain",
    "_files",
    "random",
    "autograd",
    "nn",
    "optim",
]

if not CPP.is_dir():
    pytest.skip("the sources are not here: an installed package is tested", allow_module_level=True)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer(path: Path) -> str:
    return path.relative_to(CPP).parts[0]


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.MULTILINE)


def test_lists_of_implementations_are_known():
    """CONVCORE_IMPL takes the operators that have a list, and no others."""
    text = (CPP / "kernels" / "impl.h").read_text()
    known = re.search(r"kListedOps\[\] = \{(.*?)\}", text, re.DOTALL)[1]
    used = {op for path in SOURCES for op in re.findall(r'run_best\("(\w+)"', path.read_text())}
    assert set(re.findall(r"\w+", known)) == used


def test_sources_are_found():
    assert len(SOURCES) > 50
    assert {layer(p) for p in SOURCES} <= {*ORDER, "include"}


def test_includes_go_down():
    wrong = []
    for path in SOURCES:
        here = layer(path)
        for target in includes(path):
            there = target.split("/")[0]
            if here == "include":
                ok = there in ORDER and there != "bind"
            elif there not in ORDER:
                ok = (path.parent / target).is_file()  # by path from cpp/, or a file beside it
            else:
                ok = there == here or ORDER[there] < ORDER[here]
                ok = ok and (CPP / target).is_file()
            if not ok:
                wrong.append(f"{name(path)} includes {target}")
    assert not wrong, "\n".join(wrong)


def test_includes_have_no_cycles():
    graph = {
        p.relative_to(CPP).as_posix(): [t for t in includes(p) if (CPP / t).is_file()]
        for p in SOURCES
    }
    done: set[str] = set()

    def visit(node: str, path: tuple[str, ...]) -> None:
        assert node not in path, " → ".join([*path, node])
        if node not in done:
            for target in graph.get(node, []):
                visit(target, (*path, node))
            done.add(node)

    for node in graph:
        visit(node, ())


def test_only_bind_knows_python():
    wrong = [
        name(p)
        for p in SOURCES
        if layer(p) != "bind"
        and re.search(r"nanobind|Python\.h|\bPyObject\b|\bnb::", p.read_text())
    ]
    assert not wrong, "\n".join(wrong)


def test_openmp_only_in_parallel():
    wrong = [
        name(p)
        for p in SOURCES
        if not (layer(p) == "base" and p.name.startswith("parallel"))
        and re.search(r"#\s*pragma\s+omp|<omp\.h>|\bomp_\w+\(", p.read_text())
    ]
    assert not wrong, "\n".join(wrong)


def test_intrinsics_only_in_isa_files():
    wrong = [
        name(p)
        for p in SOURCES
        if not ISA_FILE.search(p.name)
        and "kernels/simd" not in p.as_posix()
        and p != CPP / "base" / "cpu.cpp"
        and INTRINSICS.search(p.read_text())
    ]
    assert not wrong, "\n".join(wrong)


def test_instruction_set_conditions_only_in_lists():
    """#if for an instruction set or CUDA: in cpu detection and in a kernel's list, nowhere else."""
    condition = re.compile(
        r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef)\b[^\n]*(?:AVX|SSE|NEON|x86|X86|CUDA|aarch64)[^\n]*$(.*?)^[ \t]*#[ \t]*endif",
        re.MULTILINE | re.DOTALL,
    )
    wrong = []
    for path in SOURCES:
        if (
            path.name == "cpu.cpp"
            or "kernels/simd" in path.as_posix()
            or ISA_FILE.search(path.name)
        ):
            continue
        for block in condition.finditer(path.read_text()):
            if layer(path) != "kernels" or not re.search(r"avx2|avx512|neon|cuda", block[1]):
                wrong.append(f"{name(path)}: {block[0].splitlines()[0]}")
    assert not wrong, "\n".join(wrong)


def test_isa_files_are_plain():
    """What is compiled for an instruction set must not leave inline functions for the linker to choose among."""
    allowed = re.compile(
        r"^(kernels/.*\.(h|inl)|base/(dtype|shape)\.h|c?(math|stdint|stddef|string|float)(\.h)?)$"
    )
    wrong = []
    for path in SOURCES:
        if not re.search(r"_(avx2|avx512)\.cpp$", path.name):
            continue
        text = path.read_text()
        for target in re.findall(r'#\s*include\s*[<"]([^">]+)[">]', text):
            if not (
                allowed.match(target)
                or target.endswith("intrin.h")
                or (path.parent / target).is_file()
            ):
                wrong.append(f"{name(path)} includes {target}")
        if re.search(
            r"\bstd::(vector|string|function|sort|map|copy|fill|min|max|accumulate)\b", text
        ):
            wrong.append(f"{name(path)} calls the C++ standard library")
    assert not wrong, "\n".join(wrong)


def test_files_are_short():
    """500 lines; 800 for a tuned kernel; 700 for Python, where half are docstrings with examples."""
    files = [*SOURCES, *PYTHON.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    long = []
    for path in files:
        tuned = ISA_FILE.search(path.name) or "kernels" in path.parts
        count = len(path.read_text().splitlines())
        if count > (800 if tuned else 700 if path.suffix == ".py" else 500):
            long.append(f"{name(path)}: {count} lines")
    assert not long, "\n".join(long)


def imports(path: Path) -> list[str]:
    """The convcore modules that path imports when it is itself imported."""
    found = []

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                continue  # imports inside functions happen later
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if (
                isinstance(child, ast.ImportFrom)
                and (child.module or "").split(".")[0] == "convcore"
            ):
                if child.module == "convcore":
                    found.extend(f"convcore.{alias.name}" for alias in child.names)
                else:
                    found.append(child.module)
            elif isinstance(child, ast.Import):
                found.extend(a.name for a in child.names if a.name.startswith("convcore"))
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def test_python_imports_go_down():
    wrong = []
    for path in sorted(PYTHON.rglob("*.py")):
        parts = path.relative_to(PYTHON).with_suffix("").parts
        here = parts[0]
        if here not in PYTHON_ORDER or parts == ("__init__",):
            continue
        for target in imports(path):
            there = (target.split(".") + [""])[1]
            if there in PYTHON_ORDER and PYTHON_ORDER.index(there) > PYTHON_ORDER.index(here):
                wrong.append(f"{name(path)} imports {target}")
            elif (PYTHON / f"{there}.py").exists() or (PYTHON / there / "__init__.py").exists():
                if there not in PYTHON_ORDER and there:
                    wrong.append(f"{name(path)} imports {target}, which stands above it")
    assert not wrong, "\n".join(wrong)


def test_the_core_imports_only_numpy_and_safetensors():
    """`import convcore` must not load what only the command line or the plots need."""
    optional = ("matplotlib", "PIL", "rich", "typer", "onnx", "sklearn", "torch", "scipy", "pandas")
    wrong = []
    for path in sorted(PYTHON.rglob("*.py")):
        if path.relative_to(PYTHON).parts[0] in ("cli", "__main__.py"):
            continue
        for node in ast.parse(path.read_text()).body:
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            )
            wrong += [f"{name(path)} imports {n}" for n in names if n.split(".")[0] in optional]
    assert not wrong, "\n".join(wrong)
