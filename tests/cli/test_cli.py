"""The command as a user meets it: output, files, exit codes, error lines."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("typer")
pytest.importorskip("matplotlib")

FILES = {
    "checkpoint.json",
    "checkpoint.safetensors",
    "config.json",
    "curves.png",
    "filters.png",
    "history.csv",
    "history.json",
    "weights.safetensors",
}


def convcore(*arguments, cwd, **options):
    command = [sys.executable, "-m", "convcore", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    result = convcore("train", "digits", "--epochs", 3, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder, result


def test_train_writes_a_run(trained):
    folder, result = trained
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"test accuracy: \d\d\.\d\d%", lines[-1])
    assert lines[-2] == "run folder: runs/digits-1"
    assert [line[:9] for line in lines[:-2]] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "\r" not in result.stdout and "\x1b" not in result.stdout
    assert result.stderr == ""
    run = folder / "runs/digits-1"
    assert {f.name for f in run.iterdir()} == FILES
    history = json.loads((run / "history.json").read_text())
    assert len(history["val_accuracy"]) == 3
    assert (run / "history.csv").read_text().count("\n") == 4
    for name in ("curves.png", "filters.png"):
        with Image.open(run / name) as picture:
            assert min(picture.size) > 100
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_predict(trained):
    from convcore.data import Digits

    folder, _ = trained
    test = Digits(train=False)
    for i in range(20):
        Image.fromarray(test.data[i, 0]).save(folder / f"{i}.png")
    Image.fromarray(255 - test.data[0, 0]).resize((64, 64)).save(folder / "ink.png")
    names = [f"{i}.png" for i in range(20)]
    result = convcore("predict", "runs/digits-1", *names, cwd=folder)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert all(re.fullmatch(rf"{i}\.png: \d \d+\.\d%", lines[i]) for i in range(20))
    right = sum(int(line.split(": ")[1][0]) == test.targets[i] for i, line in enumerate(lines))
    assert right >= 16
    result = convcore("predict", "runs/digits-1", "ink.png", "--top", 3, "--invert", cwd=folder)
    assert re.fullmatch(r"ink\.png: \d [\d.]+%, \d [\d.]+%, \d [\d.]+%\n", result.stdout)


def test_info_version_summary(trained):
    folder, _ = trained
    version = convcore("version", cwd=folder).stdout.strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", version)
    info = convcore("info", cwd=folder)
    facts = dict(line.split("  ", 1) for line in info.stdout.splitlines())
    assert info.returncode == 0 and facts["convcore"].strip() == version
    for name in ("cpu", "instruction set", "threads", "memory", "allocator"):
        assert facts[name].strip()
    summary = convcore("summary", "lenet5", cwd=folder)
    assert "parameters: 61,706" in summary.stdout
    run = convcore("summary", "runs/digits-1", cwd=folder)
    assert "DigitsNet, input 1x1x8x8" in run.stdout
    assert "resnet18_cifar" in convcore("summary", cwd=folder).stdout
    assert "train" in convcore("--help", cwd=folder).stdout


ERRORS = [
    (["train"], "train: dataset: expected digits, mnist, fashion-mnist or cifar10"),
    (["train", "birds"], "train: dataset: expected one of digits, mnist, .*, got 'birds'"),
    (["train", "mnist"], "train: --data: mnist needs the folder that holds its files"),
    (
        ["train", "mnist", "--data", "nowhere"],
        "nowhere: no such folder; expected it to hold train-",
    ),
    (["train", "digits", "--data", "x"], "train: --data: digits comes with the package"),
    (["train", "digits", "--epochs", "0"], "train: --epochs: expected an int >= 1, got 0"),
    (["train", "digits", "--epochs", "many"], "Invalid value for '--epochs'"),
    (
        ["train", "digits", "--batch-size", "-3"],
        "train: --batch-size: expected an int >= 1, got -3",
    ),
    (["train", "digits", "--lr", "0"], r"train: --lr: expected a number > 0, got 0\.0"),
    (["train", "digits", "--lr", "nan"], "train: --lr: expected a number > 0, got nan"),
    (["train", "digits", "--seed", "-1"], "train: --seed: expected an int >= 0, got -1"),
    (["train", "digits", "--model", "alexnot"], "model: expected one of cifar_small, .*'alexnot'"),
    (["train", "digits", "--model", "lenet5"], "--model: lenet5 does not take the 1x8x8 images"),
    (["train", "digits", "--out", "runs/digits-1"], "--out: runs/digits-1 holds a run already"),
    (["train", "digits", "--out", "/dev/null/x"], "Not a directory"),
    (["train", "digits", "--colour", "red"], "No such option: --colour"),
    (["train", "--resume", "nowhere"], "nowhere: no such run folder"),
    (["train", "--resume", "."], r"config\.json: no such file; \. is not a run folder"),
    (["train", "--resume", "runs/digits-1", "--lr", "9"], r"--lr: a resumed run keeps .*\(0\.01\)"),
    (["train", "mnist", "--resume", "runs/digits-1"], r"dataset: a resumed run keeps .*\(digits\)"),
    (["predict", "runs/digits-1"], "Missing argument '(?i:images)"),
    (["predict", "runs/digits-1", "away.png"], r"away\.png: no such file"),
    (["predict", "runs/digits-1", "runs/digits-1/config.json"], "expected an image file"),
    (["predict", "nowhere", "x.png"], "nowhere: no such run folder"),
    (["predict", "runs/digits-1", "x.png", "--top", "11"], "--top: expected 1 to 10, got 11"),
    (["summary", "alexnot"], "model: expected one of"),
    (["frobnicate"], "No such command 'frobnicate'"),
]


def test_errors_are_one_line_and_exit_2(trained, capsys, monkeypatch):
    from convcore.__main__ import main

    folder, _ = trained
    monkeypatch.chdir(folder)
    for arguments, message in ERRORS:
        before = set(folder.rglob("*"))
        assert main(arguments) == 2, arguments
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1, captured.err
        assert re.match(f"convcore: error: .*{message}", captured.err), captured.err
        assert set(folder.rglob("*")) == before, arguments


def test_errors_of_the_process(trained):
    folder, _ = trained
    result = convcore("train", "birds", cwd=folder)
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert result.stderr.startswith("convcore: error: ") and result.stdout == ""


def test_damaged_runs_are_refused(trained, tmp_path):
    import shutil

    folder, _ = trained
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    for name in ("weights.safetensors", "config.json"):
        run = tmp_path / name
        shutil.copytree(folder / "runs/digits-1", run)
        (run / name).write_bytes((run / name).read_bytes()[:-40])
        result = convcore("predict", run, "a.png", cwd=tmp_path)
        assert result.returncode == 2
        assert result.stderr.startswith(f"convcore: error: {run / name}: expected")
    run = tmp_path / "checkpoint"
    shutil.copytree(folder / "runs/digits-1", run)
    (run / "checkpoint.safetensors").write_bytes(b"junk")
    result = convcore("train", "--resume", run, cwd=tmp_path)
    assert result.returncode == 2
    assert f"{run / 'checkpoint.safetensors'}: expected a whole safetensors" in result.stderr


def test_without_the_extra(tmp_path):
    code = (
        "import importlib.util, sys\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda n, *a: None if n in ('typer', 'rich') else real(n, *a)\n"
        "from convcore.__main__ import main\n"
        "sys.exit(main(['version']))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr == (
        'convcore: error: the command needs typer, rich: pip install "convcore[cli]"\n'
    )


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_resumes_to_the_same_weights(tmp_path, how):
    command = [sys.executable, "-m", "convcore", "train", "digits", "--epochs", "40", "--out"]
    process = subprocess.Popen(
        [*command, "run"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for _ in range(2):
        process.stdout.readline()
    process.send_signal(how)
    _, err = process.communicate(timeout=120)
    run = tmp_path / "run"
    assert "Traceback" not in err
    if how == signal.SIGINT:
        assert process.returncode == 130
        done = re.search(
            r"interrupted after (\d+) of 40 epochs; continue with: convcore train --res", err
        )
        assert done and int(done[1]) >= 1
        assert (run / "history.csv").read_text().count("\n") == int(done[1]) + 1
    assert not (run / "weights.safetensors").exists()
    result = convcore("train", "--resume", "run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    threads = {**os.environ, "CONVCORE_NUM_THREADS": "1"}  # their number must not matter
    whole = convcore("train", "digits", "--epochs", 40, "--out", "whole", cwd=tmp_path, env=threads)
    assert (run / "weights.safetensors").read_bytes() == (
        tmp_path / "whole/weights.safetensors"
    ).read_bytes()
    assert result.stdout.splitlines()[-1] == whole.stdout.splitlines()[-1]


def test_live_bar_on_a_terminal(tmp_path):
    main_end, command_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "convcore", "train", "digits", "--epochs", "2"],
        cwd=tmp_path,
        stdout=command_end,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(command_end)
    output = b""
    while True:
        try:
            part = os.read(main_end, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    os.close(main_end)
    assert process.wait() == 0, process.stderr.read()
    process.stderr.close()
    text = output.decode()
    for word in ("epoch 2/2", "loss", "accuracy", "images/s", "left", "\x1b["):
        assert word in text
    assert re.search(r"test accuracy: \d\d\.\d\d%\s*$", text)


def test_a_closed_pipe_is_no_error(trained):
    folder, _ = trained
    result = subprocess.run(
        f"{sys.executable} -m convcore summary resnet18_cifar | head -1",
        shell=True, cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert result.stdout == "ResNet, input 1x3x32x32\n" and result.stderr == ""
