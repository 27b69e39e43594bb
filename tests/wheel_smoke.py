"""Run by CI from an empty folder with only the wheel installed: imports, dependencies, a training step, import time."""

import importlib.metadata
import subprocess
import sys
import time

HARD = {"numpy", "safetensors"}


def import_ms(module: str) -> float:
    """The best of five fresh interpreters, in ms."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        times.append((time.perf_counter() - start) * 1e3)
    return min(times)


def main() -> None:
    requires = importlib.metadata.requires("convcore") or []
    hard = {r.split(">")[0].split(";")[0].strip() for r in requires if "extra ==" not in r}
    assert hard == HARD, hard

    import convcore as cc

    assert "site-packages" in cc.__file__, cc.__file__
    model = cc.nn.Sequential(
        cc.nn.Conv2d(1, 4, 3), cc.nn.ReLU(), cc.nn.Flatten(), cc.nn.Linear(4 * 36, 10)
    )
    optimizer = cc.optim.SGD(model.parameters(), lr=0.1)
    images, labels = cc.randn(8, 1, 8, 8), cc.arange(8)
    losses = []
    for _ in range(10):
        loss = cc.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0], losses
    for heavy in ("matplotlib", "PIL", "rich", "typer", "torch", "scipy"):
        assert heavy not in sys.modules, heavy

    command = subprocess.run(
        [sys.executable, "-m", "convcore", "train", "digits"], capture_output=True, text=True
    )
    assert command.returncode == 2 and "convcore[cli]" in command.stderr, command
    assert command.stderr.count("\n") == 1, command.stderr

    extra = import_ms("convcore") - import_ms("numpy")
    print(f"import convcore: {extra:.0f} ms over numpy's own import")
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
