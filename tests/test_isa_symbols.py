"""Code for an instruction set stays where it belongs (see check_isa_symbols.py)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import check_isa_symbols as check

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    not (shutil.which("nm") and shutil.which("objdump")), reason="needs binutils"
)


def newest_build() -> Path:
    """The build folder of this source tree that was built last, sanitizers apart."""
    newest = {}
    for path in (ROOT / "build").glob("**/*_avx2.cpp.o"):
        build = ROOT / "build" / path.relative_to(ROOT / "build").parts[0]
        cache = build / "CMakeCache.txt"
        if cache.is_file() and "CONVCORE_SANITIZE:STRING=\n" in cache.read_text():
            newest[build] = max(newest.get(build, 0), path.stat().st_mtime)
    if not newest:
        pytest.skip("no build folder with objects")
    return max(newest, key=newest.get)


def test_objects():
    assert check.check_build(newest_build()) == []


def test_extension():
    import convcore

    libraries = list(Path(convcore.__file__).parent.glob("_core*.so"))
    assert libraries
    if not check.has_symbols(libraries[0]):
        pytest.skip("the extension is stripped")
    assert check.check_code(libraries[0]) == []


def test_the_check_finds_what_it_looks_for(tmp_path):
    compiler = shutil.which("g++")
    if not compiler:
        pytest.skip("needs g++")
    source = tmp_path / "bad_avx2.cpp"
    source.write_text(
        "#include <immintrin.h>\n#include <vector>\n"
        "template <class T> T twice(T x) { return x + x; }\n"
        "namespace cc { namespace avx2 { namespace {\n"
        "float inner(float x) { return x * 3; } }\n"
        "float good(float x) { return inner(x); } } }\n"
        "float bad(float x) { return twice(x); }\n"
        "std::vector<float> worse;\n"
        "void wide(float* x) { _mm256_storeu_ps(x, _mm256_set1_ps(x[8])); }\n"
    )
    build = tmp_path / "convcore_core.dir"
    build.mkdir()
    compile_ = [compiler, "-std=c++17", "-mavx2", "-c", str(source), "-o"]
    subprocess.run([*compile_, str(build / "bad_avx2.cpp.o")], check=True)
    subprocess.run([*compile_, str(build / "plain.cpp.o")], check=True)
    problems = "\n".join(check.check_build(tmp_path))
    for part in (
        "weak symbol _Z5twice",
        "exports _Z3badf",
        "static initialiser",
        "plain.cpp.o: _Z4widePf",
    ):
        assert part in problems
    assert "exports _ZN2cc4avx2" not in problems
