"""The `convcore` command; `python -m convcore` is the same."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence

NEEDS = ("typer", "rich", "matplotlib", "PIL")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (those of the process when None); returns its exit code."""
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f'convcore: error: the command needs {", ".join(missing)}: pip install "convcore[cli]"',
            file=sys.stderr,
        )
        return 2
    try:
        from convcore.cli.app import run

        code = run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("convcore: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
