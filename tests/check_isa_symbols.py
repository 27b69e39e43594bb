"""Checks that code for AVX2 and AVX-512 stays in the files made for it.

A function that such a file shares with the rest of the program (an inline or template function, anything of the standard
library) may be the copy the linker keeps, and then the library dies on a machine without that instruction set. So objects
of `*_avx2.cpp` and `*_avx512.cpp` may define nothing weak, export only names of `cc::avx2` and `cc::avx512`, and ask for
nothing of the standard library; and no other object or function may use ymm, zmm or mask registers.

Usage: python tests/check_isa_symbols.py BUILD_FOLDER [EXTENSION.so]
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ISA_OBJECT = re.compile(r"_(avx2|avx512)\.cpp\.o(bj)?$")
OWN = re.compile(r"^_Z(Z|GV|T[VIS])*N[VK]*2cc(4avx2|6avx512)")
WIDE = re.compile(r"%[yz]mm\d|%k[0-7]\b")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
# What the compiler itself may call, besides the C library.
FORBIDDEN = re.compile(
    r"^_ZN?K?S[tabsiod]|^_Z[nd][wal]|^__cxa_|^_Unwind|^__gxx_personality|^_ZN?K?2cc"
)


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def objects(build: Path) -> tuple[list[Path], list[Path]]:
    """The object files of the core: those for an instruction set, and all others."""
    core = [
        p for p in build.rglob("*.o") if "convcore_core.dir" in p.parts or "_core.dir" in p.parts
    ]
    isa = [p for p in core if ISA_OBJECT.search(p.name)]
    return sorted(isa), sorted(set(core) - set(isa))


def check_symbols(path: Path) -> list[str]:
    """What `path`, an object for an instruction set, defines or asks for and should not."""
    problems = []
    for line in _lines("nm", "--format=posix", str(path)):
        symbol, kind, *_ = line.split()
        if kind in "WVwvu":
            problems.append(f"{path.name}: weak symbol {symbol}")
        elif "_GLOBAL__sub_I_" in symbol or kind in "bd" and "_ZGV" in symbol:
            problems.append(f"{path.name}: static initialiser {symbol}")
        elif kind == "U":
            if FORBIDDEN.search(symbol) and not OWN.match(symbol):
                problems.append(f"{path.name}: asks for {symbol}")
        elif kind.isupper() and not OWN.match(symbol):
            problems.append(
                f"{path.name}: exports {symbol}, which is not of cc::avx2 or cc::avx512"
            )
    return problems


def check_code(path: Path) -> list[str]:
    """Functions of `path` that use wide registers without being of cc::avx2 or cc::avx512."""
    function, found = "", {}
    for line in _lines("objdump", "-d", "--no-show-raw-insn", str(path)):
        if header := FUNCTION.match(line):
            function = header[1]
        elif WIDE.search(line) and not OWN.match(function):
            found.setdefault(function, line.strip())
    return [f"{path.name}: {name} uses wide registers: {line}" for name, line in found.items()]


def check_build(build: Path) -> list[str]:
    """Every problem of the objects in a build folder."""
    isa, others = objects(build)
    return [p for path in isa for p in check_symbols(path)] + [
        p for path in others for p in check_code(path)
    ]


def has_symbols(library: Path) -> bool:
    """Whether a library still names its local functions (a stripped one cannot be checked)."""
    return any("2cc" in line for line in _lines("nm", str(library)))


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    problems = check_build(Path(arguments[0]))
    if len(arguments) == 2:
        problems += check_code(Path(arguments[1]))
    print("\n".join(problems) or "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
