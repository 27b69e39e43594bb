"""Every operator of the case tables beside PyTorch: forward, and forward with backward, in float32.

    python bench/compare/ops.py [--only REGEX] [--quick] [--threads 2] [--dtype float32] [--out bench/results/ops.json]

Both libraries get the same inputs; results and gradients are compared before anything is timed. Calls are timed in turn in one
process and medians count. Forward alone runs without a tape, where convcore keeps what it packs of a layer's weights. Inputs of
three to five dimensions are given row-major and channels-last, and each library counts in its better format. A row found slower
than half of PyTorch's speed is sampled a second time, and all its samples count.
The ratio is PyTorch's time over ours: 2 means twice as fast, and rows below 0.5 are marked; beside that of the medians stands that
of the fastest samples, which other work on the machine disturbs less. Absolute times mean little there: quote ratios.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import statistics
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timing import (
    alternate,
    convcore,
    keep_freed_memory,
    machine,
    progress,
    spread,
    torch,
    use_threads,
)

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests import harness  # noqa: E402
from tests.cases import Case, Op, all_ops  # noqa: E402

LIBRARIES = {"convcore": convcore, "torch": torch}
SLOW = 0.5
TOL = 16  # the rows are large: sums of a million terms differ more than those of the tests


@dataclass
class Row:
    """One operator, one call, one stage."""

    op: str
    case: str
    stage: str  # "forward" or "forward+backward"
    shapes: list[list[int]]
    calls: dict[str, dict[str, Callable[[], Any]]] = field(repr=False)  # by library and format
    seconds: dict[tuple[str, str], list[float]] = field(repr=False, default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.op}/{self.case}"

    def sample(self, budget: float) -> None:
        for key, found in alternate(self.calls, budget).items():
            self.seconds.setdefault(key, []).extend(found)

    def best(self, library: str, of: Callable = statistics.median) -> tuple[float, str]:
        """Seconds in the library's better format, and that format."""
        return min((of(s), layout) for (name, layout), s in self.seconds.items() if name == library)

    def ratio(self, of: Callable = statistics.median) -> float:
        return self.best("torch", of)[0] / self.best("convcore", of)[0]

    def report(self) -> dict[str, Any]:
        (ours, our_format), (theirs, their_format) = self.best("convcore"), self.best("torch")
        return {
            "op": self.op,
            "row": self.case,
            "stage": self.stage,
            "shapes": self.shapes,
            "ratio": round(self.ratio(), 3),
            "ratio_of_fastest": round(self.ratio(min), 3),
            "ms": {"convcore": round(ours * 1e3, 4), "torch": round(theirs * 1e3, 4)},
            "format": {"convcore": our_format, "torch": their_format},
            "spread": round(max(map(spread, self.seconds.values())), 3),
        }


def formats(case: Case) -> list[str]:
    ranks = {len(a.shape) for a in case.arrays}
    return ["row-major", "channels-last"] if ranks & {3, 4, 5} else ["row-major"]


def has_gradient(op: Op, case: Case) -> bool:
    return op.grad and case.grad and any(a.differentiable for a in case.arrays)


def call(library: Any, op: Op, case: Case, tensors: list) -> list:
    """The results, asked for their memory: convcore leaves the last pass of a normalisation to whoever reads it."""
    found = harness.call(library, op, tensors, case.kwargs)
    for o in found:
        o.data_ptr()
    return found


def forward(library: Any, op: Op, case: Case, tensors: list) -> Callable[[], Any]:
    def run() -> Any:
        with library.no_grad():
            return call(library, op, case, tensors)

    return run


def both(library: Any, op: Op, case: Case, tensors: list, leaves: list) -> Callable[[], Any]:
    def roots() -> list:
        return [o for o in call(library, op, case, tensors) if o.requires_grad]

    grads = [o.detach().clone() for o in roots()]

    def run() -> Any:
        return library.autograd.grad(roots(), leaves, grads, allow_unused=True)

    return run


def check(op: Op, case: Case, args: list, dtype: str, grad: bool) -> None:
    found = []
    for library in LIBRARIES.values():
        if grad:
            d = harness.derivatives(library, op, case, args)
            found.append(d.results + d.first)
        else:
            tensors, _ = harness.to_tensors(library, case, args)
            out = harness.call(library, op, tensors, case.kwargs)
            found.append([harness.numpy(t) for t in out])
    for i, (ours, theirs) in enumerate(zip(*found, strict=True)):
        if case.chance:
            assert ours.shape == theirs.shape, f"{op.name}/{case.name}: array {i}"
        else:
            what = f"{op.name}/{case.name}: array {i}"
            harness.assert_close(ours, theirs, dtype, what=what, tol=TOL * op.tol)


def timed_call(
    library: Any, op: Op, case: Case, args: list, stage: str, layout: str
) -> Callable[[], Any] | None:
    """The call, made once; None where PyTorch has no kernel for that format."""
    try:
        if stage == "forward":
            call = forward(library, op, case, harness.to_tensors(library, case, args, layout)[0])
        else:
            tensors, leaves = harness.to_tensors(library, case, args, layout, grad=True)
            call = both(library, op, case, tensors, leaves)
        call()
        return call
    except RuntimeError:
        if library is torch and layout != "row-major":
            return None
        raise


def measure(op: Op, case: Case, dtype: str, budget: float) -> Iterator[Row]:
    """The row's stages, checked and sampled."""
    args = case.make(op.name, dtype)
    grad = has_gradient(op, case)
    check(op, case, args, dtype, grad)
    for stage in ["forward", "forward+backward"] if grad else ["forward"]:
        calls: dict[str, dict[str, Callable]] = {name: {} for name in LIBRARIES}
        for layout, (name, library) in itertools.product(formats(case), LIBRARIES.items()):
            call = timed_call(library, op, case, args, stage, layout)
            if call is not None:
                calls[name][layout] = call
        row = Row(op.name, case.name, stage, [list(a.shape) for a in case.arrays], calls)
        row.sample(budget)
        if row.ratio() < SLOW:
            row.sample(budget)
        row.calls.clear()
        yield row


def table(rows: list[Row]) -> str:
    name = max(len(row.name) for row in rows)
    short = {"row-major": "rm", "channels-last": "cl"}
    lines = [
        f"{'':2}{'operator/row':{name}}  stage    ratio  fastest    ours ms   torch ms  formats"
    ]
    for row in sorted(rows, key=Row.ratio):
        (ours, a), (theirs, b) = row.best("convcore"), row.best("torch")
        mark = "!" if row.ratio() < SLOW else ""
        stage = "fwd" if row.stage == "forward" else "fwd+bwd"
        lines.append(
            f"{mark:2}{row.name:{name}}  {stage:7}{row.ratio():7.2f}{row.ratio(min):9.2f}{ours * 1e3:11.4f}{theirs * 1e3:11.4f}"
            f"  {short[a]}/{short[b]}"
        )
    return "\n".join(lines)


def chosen(only: str) -> list[tuple[Op, Case]]:
    return [
        (op, case)
        for op in all_ops().values()
        for case in op.timed
        if re.search(only, f"{op.name}/{case.name}")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="rows whose operator/row matches")
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--out", type=Path, help="a JSON file, or - for none")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    keep_freed_memory()
    use_threads(args.threads)
    rows: list[Row] = []
    failed: list[str] = []
    for op, case in progress(chosen(args.only), "timing"):
        try:
            rows += measure(op, case, args.dtype, 0.03 if args.quick else 0.15)
        except Exception as error:  # noqa: BLE001 - one broken row must not cost all the others
            failed.append(f"{op.name}/{case.name}: {type(error).__name__}: {error}")
    if rows:
        print(table(rows))
    slow = sum(row.ratio() < SLOW for row in rows)
    middle = statistics.median(row.ratio() for row in rows) if rows else float("nan")
    print(f"{len(rows)} rows, {slow} below {SLOW}, median ratio {middle:.2f}, {len(failed)} failed")
    print(*failed, sep="\n")
    if args.out:
        ordered = sorted(rows, key=Row.ratio)
        report = {
            "machine": machine(),
            "dtype": args.dtype,
            "median_ratio": round(middle, 3),
            "rows": [row.report() for row in ordered],
            "failed": failed,
        }
        args.out.write_text(json.dumps(report, indent=1) + "\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
