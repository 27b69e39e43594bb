"""Test accuracy of the command line's recipes, as a user would run them.

python bench/accuracy.py digits --seeds 5 --out bench/results/digits.json
python bench/accuracy.py mnist --data DIR --out bench/results/mnist.json
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import convcore


def train(dataset: str, seed: int, data: str | None, epochs: int | None) -> dict:
    """One run of `convcore train`: accuracy in per cent and wall seconds, start of the interpreter included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "convcore",
            "train",
            dataset,
            "--seed",
            str(seed),
            "--out",
            f"{folder}/run",
        ]
        command += ["--data", data] if data else []
        command += ["--epochs", str(epochs)] if epochs else []
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        config = json.loads(Path(folder, "run", "config.json").read_text())
    accuracy = float(re.search(r"^test accuracy: ([\d.]+)%$", done.stdout, re.M).group(1))
    print(f"{dataset} seed {seed}: {accuracy:.2f}% in {seconds:.1f} s", flush=True)
    return {
        "seed": seed,
        "accuracy": accuracy,
        "seconds": round(seconds, 1),
        "epochs": config["epochs"],
        "model": config["model"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", choices=["digits", "mnist", "fashion-mnist", "cifar10"])
    parser.add_argument("--data")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    runs = [train(args.dataset, seed, args.data, args.epochs) for seed in range(args.seeds)]
    report = {
        "dataset": args.dataset,
        "machine": convcore.show_config(),
        "mean_accuracy": round(statistics.mean(run["accuracy"] for run in runs), 3),
        "runs": runs,
    }
    print(f"mean: {report['mean_accuracy']:.2f}%")
    if args.out:
        args.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
