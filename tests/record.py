"""Writes PyTorch's answers for the rows of the case tables: `python -m tests.record [family…]` (needs torch).

tests/recorded/<family>.npz holds results, gradients and second gradients (see answers.py), computed in float64 and kept in
float32 where that loses no range; inputs are drawn again from each row's seed. `meta` says with which version.
"""

from __future__ import annotations

import argparse
import io
import json
import warnings
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from tests import harness
from tests.answers import Answers, of_torch
from tests.cases import all_ops, families

FOLDER = Path(__file__).parent / "recorded"


def wanted(op, case) -> bool:
    return case.torch and not case.big and not case.chance


DTYPES = ("bool", "uint8", "int32", "int64", "bfloat16", "float32", "float64")


def promotions(module) -> dict[str, str]:
    """The dtype of a sum and of a quotient for every pair of dtypes, as arrays, as 0-d tensors and as numbers."""
    table = {}
    for a in DTYPES:
        x = module.ones(2, dtype=getattr(module, a))
        for b in DTYPES:
            y = module.ones(2, dtype=getattr(module, b))
            for kind, other in (("array", y), ("0-d", y[0])):
                table[f"{a} + {kind} {b}"] = harness.dtype_name(x + other)
                table[f"{a} / {kind} {b}"] = harness.dtype_name(x / other)
        for other in (True, 2, 2.5):
            for kind, operand in (("array", x), ("0-d", x[0])):
                table[f"{kind} {a} + {other}"] = harness.dtype_name(operand + other)
                table[f"{kind} {a} * {other}"] = harness.dtype_name(other * operand)
    return table


def narrow(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.float64:
        return array
    with np.errstate(over="ignore", under="ignore"):
        small = array.astype(np.float32)
    tiny = (array != 0) & (np.abs(array) < 1e-30)
    return (
        array if tiny.any() or not np.array_equal(np.isfinite(small), np.isfinite(array)) else small
    )


def save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """np.savez_compressed without the time of day in the file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, np.asanyarray(array), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy"), data.getvalue(), zipfile.ZIP_DEFLATED, 9
            )


@cache
def load(family: str) -> dict[str, Answers]:
    """Each recorded row of a family."""
    with np.load(FOLDER / f"{family}.npz") as file:
        flat = dict(file)
    rows = json.loads(flat["meta"].tobytes())["rows"]

    def unpack(places):
        return {
            key: flat[dtype][start : start + int(np.prod(shape, dtype=np.int64))].reshape(shape)
            for key, (dtype, start, shape) in places.items()
        }

    return {
        name: Answers(**{**row, "truth": unpack(row["truth"]), "single": unpack(row["single"])})
        for name, row in rows.items()
    }


def record(family: str, version: str) -> None:
    """Asks PyTorch and writes the family's file."""
    flat: dict[str, list[np.ndarray]] = {}
    used: Counter[str] = Counter()
    meta = {"torch": version, "numpy": np.__version__, "seed": "crc32 of operator/row", "rows": {}}

    def pack(arrays):
        places = {}
        for key, array in arrays.items():
            array = narrow(array)
            dtype = array.dtype.name
            flat.setdefault(dtype, []).append(array.ravel())
            places[key] = [dtype, used[dtype], list(array.shape)]
            used[dtype] += array.size
        return places

    for name in families()[family]:
        op = all_ops()[name]
        for case in filter(lambda c, op=op: wanted(op, c), op.cases):
            found = of_torch(op, case)
            meta["rows"][f"{op.name}/{case.name}"] = {
                **vars(found),
                "errors": {key: round(error, 3) for key, error in found.errors.items()},
                "truth": pack(found.truth),
                "single": pack(found.single),
            }
    arrays = {dtype: np.concatenate(parts) for dtype, parts in flat.items()}
    meta_bytes = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    save(FOLDER / f"{family}.npz", {**arrays, "meta": meta_bytes})
    print(f"{family}: {len(meta['rows'])} rows")


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="*", choices=[[], *families()], metavar="family")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    for family in parser.parse_args().family or families():
        record(family, torch.__version__)
    promotion = {"torch": torch.__version__, "table": promotions(torch)}
    (FOLDER / "promotion.json").write_text(json.dumps(promotion, indent=0) + "\n")
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{total / 1e6:.2f} MB")
    assert total < 3e6, "the recorded answers must stay below 3 MB"


if __name__ == "__main__":
    main()
