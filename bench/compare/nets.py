"""Whole nets beside PyTorch, ONNX Runtime and OpenVINO: steps of training, inference, peak memory.

    python bench/compare/nets.py [--nets lenet resnet18 ...] [--mode training inference] [--memory]
        [--threads 2] [--quick] [--fresh-pages] [--out bench/results/nets.json]

Everyone gets equal weights and images. The losses of the first three steps, and the outputs, are
compared before anything is timed. Calls are timed in turn in one process and medians count, each
library with the same number of threads, PyTorch with its default memory format and with
channels_last. Its freed memory stays mapped (see timing.py), so that it pays for no fresh pages;
with `--fresh-pages` the C library has its own habit. The peaks of `--memory` are those of fresh
processes (see memory.py), always with that habit; `--mode` without a word leaves them alone.
The ratio is the best rival's figure over ours: 2 means twice as fast, or half the memory.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from timing import (
    alternate,
    arguments,
    begin,
    convcore,
    machine,
    progress,
    rms_error,
    spread,
    torch,
)
from zoo import NETS, Net, examples, training_step

FORMATS = {"row-major": False, "channels-last": True}  # PyTorch's
RUNTIMES = ("onnxruntime", "openvino")  # of a file in ONNX's format
INSTALLED = [r for r in RUNTIMES if all(map(find_spec, (r, "onnx", "onnxscript")))]
COLUMNS = ["convcore", *(f"torch {layout}" for layout in FORMATS), *RUNTIMES]
# of three losses, relative to the first; rounding grows from step to step
LOSS_TOLERANCES = np.array([1e-5, 2e-4, 1e-3])
TOLERANCE = 1e-4  # rms of the difference over that of the output
BUDGET = {"quick": 1.0, "full": 20.0}  # seconds for each row

State = dict[str, np.ndarray]
Calls = dict[str, dict[str, Callable[[], Any]]]  # by library and variant


@dataclass
class Row:
    """One line of the table: milliseconds or megabytes by column."""

    net: str
    batch: int
    what: str
    values: dict[str, float]
    more: dict[str, Any]

    @property
    def rival(self) -> str:
        return min((c for c in self.values if c != "convcore"), key=self.values.__getitem__)

    @property
    def ratio(self) -> float:
        return self.values[self.rival] / self.values["convcore"]

    def report(self) -> dict[str, Any]:
        rounded = {c: round(self.values[c], 4) if c in self.values else None for c in COLUMNS}
        return {
            "net": self.net, "batch": self.batch, "what": self.what, "ratio": round(self.ratio, 3),
            "best_rival": self.rival, "values": rounded, **self.more,
        }  # fmt: skip


def weights(net: Net) -> State:
    """He's initial weights; the statistics of the normalisation are those of the images.

    So the outputs neither vanish nor grow with the depth, and depend on the images.
    """
    torch.manual_seed(0)
    model = net.build(torch)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean of all batches
        elif isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    with torch.no_grad():
        model(torch.tensor(examples(net, net.batches[0])[0]))
    return {name: value.numpy() for name, value in model.state_dict().items()}


def loaded(lib: Any, net: Net, state: State) -> Any:
    model = net.build(lib)
    model.load_state_dict({name: lib.tensor(value) for name, value in state.items()})
    return model


def timed(net: str, batch: int, what: str, calls: Calls, budget: float, **more: Any) -> Row:
    seconds = alternate(calls, budget)
    values = {" ".join(key).strip(): statistics.median(s) * 1e3 for key, s in seconds.items()}
    more["spread"] = round(max(map(spread, seconds.values())), 3)
    return Row(net, batch, what, values, more)


def training(name: str, batch: int, state: State, budget: float) -> Row:
    net = NETS[name]
    data = examples(net, batch)

    def step(lib: Any, channels_last: bool = False) -> Callable[[], float]:
        return training_step(lib, loaded(lib, net, state), data, net.rate, channels_last)

    calls: Calls = {
        "convcore": {"": step(convcore)},
        "torch": {layout: step(torch, last) for layout, last in FORMATS.items()},
    }
    losses = {
        f"{lib} {kind}".strip(): [call() for _ in range(3)]
        for lib, kinds in calls.items()
        for kind, call in kinds.items()
    }
    for theirs in losses.values():
        error = np.abs(np.subtract(losses["convcore"], theirs))
        assert (error <= LOSS_TOLERANCES * theirs[0]).all(), f"{name}, batch {batch}: {losses}"
    return timed(name, batch, "training ms", calls, budget, losses=losses)


def exported(model: Any, images: np.ndarray) -> bytes:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        program = torch.onnx.export(model, (torch.tensor(images),), verbose=False)
    return program.model_proto.SerializeToString()


def onnxruntime_call(model: bytes, images: np.ndarray) -> Callable[[], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = torch.get_num_threads(), 1
    # its threads would otherwise spin for tens of milliseconds after a run, in the others' turns
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: images})[0]


def openvino_call(model: bytes, images: np.ndarray) -> Callable[[], np.ndarray]:
    import openvino

    core = openvino.Core()
    options = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": "f32",  # else bfloat16 where the processor has it
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(core.read_model(model), "CPU", options).create_infer_request()
    return lambda: request.infer([images], share_inputs=True, share_outputs=True)[0]


MAKERS = {"onnxruntime": onnxruntime_call, "openvino": openvino_call}


def inference(name: str, state: State, budget: float) -> Iterator[Row]:
    net = NETS[name]
    ours, theirs = (loaded(lib, net, state).eval() for lib in (convcore, torch))
    theirs_last = loaded(torch, net, state).eval().to(memory_format=torch.channels_last)

    def forward(lib: Any, model: Any, x: Any) -> Callable[[], np.ndarray]:
        def call() -> np.ndarray:
            with lib.no_grad():
                return model(x).numpy()

        return call

    for batch in dict.fromkeys((net.batches[0], 1)):
        images, _ = examples(net, batch)
        x = torch.tensor(images)
        x_last = x.to(memory_format=torch.channels_last)
        calls: Calls = {
            "convcore": {"": forward(convcore, ours, convcore.tensor(images))},
            "torch": {
                "row-major": forward(torch, theirs, x),
                "channels-last": forward(torch, theirs_last, x_last),
            },
        }
        if INSTALLED:
            file = exported(theirs, images)
            calls |= {runtime: {"": MAKERS[runtime](file, images)} for runtime in INSTALLED}
        wanted = calls["torch"]["row-major"]()
        for lib, kinds in calls.items():
            for kind, call in kinds.items():
                error = rms_error(call(), wanted)
                assert error < TOLERANCE, f"{name}, batch {batch}: {lib} {kind} is {error:.1e} off"
        yield timed(name, batch, "inference ms", calls, budget)


def memory(name: str, batch: int, threads: int) -> Row:
    script = str(Path(__file__).with_name("memory.py"))

    def peak(library: str, *options: str) -> float:
        command = [sys.executable, script, library, name, str(batch), "--threads", str(threads)]
        command += options
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    values = {"convcore": peak("convcore")}
    for layout, last in FORMATS.items():
        values[f"torch {layout}"] = peak("torch", *(["--channels-last"] if last else []))
    return Row(name, batch, "peak MB", values, {})


def rows(name: str, args: argparse.Namespace) -> list[Row]:
    net, budget = NETS[name], BUDGET["quick" if args.quick else "full"]
    found = [memory(name, batch, args.threads) for batch in net.batches] if args.memory else []
    state = weights(net) if args.mode else {}
    if "training" in args.mode:
        found += [training(name, batch, state, budget) for batch in net.batches]
    if "inference" in args.mode:
        found += inference(name, state, budget)
    return found


def means(found: list[Row]) -> dict[str, float]:
    kinds = dict.fromkeys(row.what for row in found)
    return {k: statistics.geometric_mean(r.ratio for r in found if r.what == k) for k in kinds}


def show(found: list[Row], args: argparse.Namespace) -> None:
    habit = "as the C library leaves it" if args.fresh_pages else "kept mapped"
    print(f"{args.threads} threads; freed memory {habit}")
    print(f"{'net':13}{'batch':>6}  {'':13}" + "".join(f"{c:>21}" for c in COLUMNS) + "   ratio")
    for row in found:
        figures = [f"{row.values[c]:.3f}" if c in row.values else "-" for c in COLUMNS]
        cells = "".join(f"{figure:>21}" for figure in figures)
        print(f"{row.net:13}{row.batch:6}  {row.what:13}{cells}{row.ratio:8.2f}")
    for runtime in sorted(set(RUNTIMES) - set(INSTALLED)):
        print(f"{runtime} is absent: pip install {runtime} onnx onnxscript")
    for what, mean in means(found).items():
        print(f"geometric mean, {what}: {mean:.2f}")


def main() -> None:
    parser = arguments(__doc__)
    modes = ["training", "inference"]
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--mode", nargs="*", choices=modes, default=modes, help="at first both")
    parser.add_argument("--memory", action="store_true", help="also the peak memory of training")
    args = parser.parse_args()
    begin(args)
    found = [row for name in progress(args.nets, "timing") for row in rows(name, args)]
    show(found, args)
    if args.out:
        versions = {r: importlib.metadata.version(r) for r in INSTALLED}
        report = {
            "machine": machine(), "fresh_pages": args.fresh_pages,
            "runtimes": {r: versions.get(r) for r in RUNTIMES},
            "geometric_mean": {what: round(mean, 3) for what, mean in means(found).items()},
            "rows": [row.report() for row in found],
        }  # fmt: skip
        args.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
