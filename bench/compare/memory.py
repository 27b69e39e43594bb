"""Peak memory of training a net with one library, in MB.

    python bench/compare/memory.py torch vgg16 4 [--channels-last] [--threads 2]

By how much the process grew over what the import had taken, at most, in two steps: the second has
the momentum. What a library loads only then counts too: PyTorch 2.13 some 70 MB of its own modules.
Linux only.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from zoo import NETS, examples, training_step


def peak() -> float:
    """MB of this process at most; unlike ru_maxrss not those of the one that started it."""
    fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", choices=("convcore", "torch"))
    parser.add_argument("net", choices=NETS)
    parser.add_argument("batch", type=int)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    library = importlib.import_module(args.library)
    library.set_num_threads(args.threads)
    before, net = peak(), NETS[args.net]
    data = examples(net, args.batch)
    step = training_step(library, net.build(library), data, net.rate, args.channels_last)
    for _ in range(2):
        step()
    print(round(peak() - before, 1))


if __name__ == "__main__":
    main()
