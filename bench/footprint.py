"""Size of the wheel and time of the import, beside PyTorch's where it is installed.

    pip wheel --no-deps -w dist . && python bench/footprint.py dist/*.whl --out bench/results/footprint.json

Run it where that wheel is installed. Import times are the least of `--rounds` fresh interpreters, taken in turn.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path


def import_seconds(modules: list[str], rounds: int) -> dict[str, float]:
    """Least wall time of `python -c "import module"` for each module, in turn."""
    best = dict.fromkeys(modules, float("inf"))
    for _ in range(rounds):
        for module in modules:
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {module}" if module else ""], check=True)
            best[module] = min(best[module], time.perf_counter() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    modules = ["", "numpy", "convcore"] + (["torch"] if importlib.util.find_spec("torch") else [])
    seconds = import_seconds(modules, args.rounds)
    with zipfile.ZipFile(args.wheel) as wheel:
        unpacked = sum(item.file_size for item in wheel.infolist())
    requires = importlib.metadata.requires("convcore") or []
    report = {
        "wheel": args.wheel.name,
        "wheel_bytes": args.wheel.stat().st_size,
        "unpacked_bytes": unpacked,
        "hard_dependencies": [r for r in requires if "extra ==" not in r],
        "import_ms": {name or "nothing": round(value * 1e3, 1) for name, value in seconds.items()},
        "import_ms_over_numpy": round((seconds["convcore"] - seconds["numpy"]) * 1e3, 1),
    }
    print(json.dumps(report, indent=2))
    if args.out:
        args.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
