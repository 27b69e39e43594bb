"""Writes PyTorch's answers for every row of the case tables: `python -m tests.record [family…]` (needs torch).

tests/recorded/<family>.npz holds results, gradients and second gradients, computed in float64 and kept in float32 where
that loses no range; inputs are drawn again from each row's seed. `meta` says with which version, and which dtypes results have.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
import zipfile
import zlib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from tests import harness
from tests.cases import all_ops, families

FOLDER = Path(__file__).parent / "recorded"


def fingerprint(args: list) -> int:
    """Tells whether the inputs are those that PyTorch saw."""
    total = 0
    for arg in args:
        if isinstance(arg, list):
            total = zlib.crc32(str(fingerprint(arg)).encode(), total)
        elif isinstance(arg, np.ndarray):
            total = zlib.crc32(np.ascontiguousarray(arg).tobytes(), total)
    return total


def wanted(op, case) -> bool:
    return case.torch and not case.big


def answers(module, op, case) -> tuple[dict[str, np.ndarray], dict]:
    """One row's arrays by stage and position, and its entry of `meta`."""
    args = case.make(op.name, case.dtypes[-1])
    with_grad = op.grad and case.grad and any(a.differentiable for a in case.arrays)
    if with_grad:
        second = op.gradgrad and case.gradgrad
        found = harness.derivatives(module, op, case, args, second)
        stages = {"result": found.results, "first": found.first, "second": found.second}
    else:
        tensors, _ = harness.to_tensors(module, case, args)
        stages = {
            "result": [harness.numpy(t) for t in harness.call(module, op, tensors, case.kwargs)]
        }
    tensors, _ = harness.to_tensors(module, case, case.make(op.name, case.dtypes[0]))
    dtypes = [harness.dtype_name(t) for t in harness.call(module, op, tensors, case.kwargs)]
    arrays = {f"{stage}{i}": a for stage, found in stages.items() for i, a in enumerate(found)}
    return arrays, {"inputs": fingerprint(args), "dtypes": dtypes}


DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")


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
def load(family: str) -> dict[str, dict]:
    """Each recorded row of a family: arrays by stage and position, and `inputs` and `dtypes`."""
    with np.load(FOLDER / f"{family}.npz") as file:
        flat = dict(file)
    rows = json.loads(flat["meta"].tobytes())["rows"]

    def unpack(value):
        dtype, start, shape = value
        return flat[dtype][start : start + int(np.prod(shape, dtype=np.int64))].reshape(shape)

    return {
        name: {k: v if k in ("inputs", "dtypes") else unpack(v) for k, v in row.items()}
        for name, row in rows.items()
    }


def main(chosen: list[str]) -> None:
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    for family, names in families().items():
        if chosen and family not in chosen:
            continue
        flat: dict[str, list[np.ndarray]] = {}
        used: Counter[str] = Counter()
        meta = {
            "torch": torch.__version__,
            "numpy": np.__version__,
            "seed": "crc32 of operator/row",
            "rows": {},
        }
        for name in names:
            op = all_ops()[name]
            for case in filter(lambda c, op=op: wanted(op, c), op.cases):
                row = f"{op.name}/{case.name}"
                arrays, meta["rows"][row] = answers(torch, op, case)
                for key, array in arrays.items():
                    array = narrow(array)
                    dtype = array.dtype.name
                    flat.setdefault(dtype, []).append(array.ravel())
                    meta["rows"][row][key] = [dtype, used[dtype], list(array.shape)]
                    used[dtype] += array.size
        arrays = {dtype: np.concatenate(parts) for dtype, parts in flat.items()}
        save(
            FOLDER / f"{family}.npz",
            {**arrays, "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)},
        )
        print(f"{family}: {len(meta['rows'])} rows")
    promotion = {"torch": torch.__version__, "table": promotions(torch)}
    (FOLDER / "promotion.json").write_text(json.dumps(promotion, indent=0) + "\n")
    total = sum(file.stat().st_size for file in FOLDER.glob("*.npz"))
    print(f"{total / 1e6:.2f} MB")
    assert total < 3e6, "the recorded answers must stay below 3 MB"


if __name__ == "__main__":
    main(sys.argv[1:])
