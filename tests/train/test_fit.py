"""fit, evaluate, predict and the callbacks, on problems that take a moment."""

import math

import convcore as cc
import numpy as np
import pytest
from convcore import data, nn, optim
from convcore.data import transforms
from convcore.train import (
    Callback,
    Checkpoint,
    EarlyStopping,
    History,
    Progress,
    evaluate,
    fit,
    load_checkpoint,
    load_weights,
    predict,
    save_checkpoint,
    save_weights,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 1, 6, 6)).astype(np.float32)
Y = (X.mean((1, 2, 3)) > 0).astype(np.int64)


def net(seed=0):
    cc.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(16, 2),
    )


def arrays(model):
    return {name: np.asarray(value).copy() for name, value in model.state_dict().items()}


def assert_equal(first, second):
    a, b = arrays(first), arrays(second)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


class Stop(Callback):
    """Ctrl-C at a given step."""

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, state):
        if state.step == self.step:
            raise KeyboardInterrupt


def test_fit_learns_and_records():
    model = net()
    before = evaluate(model, (X, Y))
    history = fit(model, (X, Y), (X, Y), epochs=8, batch_size=16, verbose=False)
    assert history.epochs == 8
    assert list(history) == [
        "epoch", "lr", "seconds", "images_per_second", "train_loss", "train_accuracy", "val_loss",
        "val_accuracy",
    ]  # fmt: skip
    assert history["val_loss"][-1] < before["loss"]
    assert history["epoch"] == list(range(1, 9))
    assert model.training
    result = evaluate(model, (X, Y))
    assert result["loss"] == pytest.approx(history["val_loss"][-1], rel=1e-6)


def test_same_seed_same_weights():
    models = [net(), net(), net()]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        fit(model, (X, Y), epochs=2, batch_size=16, seed=seed, verbose=False)
    assert_equal(models[0], models[1])
    with pytest.raises(AssertionError):
        assert_equal(models[0], models[2])


def test_fit_is_the_loop_by_hand():
    by_fit, by_hand = net(), net()
    optimizer = optim.SGD(by_fit.parameters(), lr=0.1, momentum=0.9)
    fit(by_fit, (X, Y), epochs=2, optimizer=optimizer, batch_size=32, seed=4, verbose=False)
    cc.manual_seed(4)
    optimizer = optim.SGD(by_hand.parameters(), lr=0.1, momentum=0.9)
    loader = data.DataLoader(data.TensorDataset(X, Y), 32, shuffle=True, generator=4)
    by_hand.train()
    for _ in range(2):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(by_hand(x), y).backward()
            optimizer.step()
    assert_equal(by_fit, by_hand)


def training(model, epochs=5, callbacks=(), resume=None, scheduler="onecycle", workers=0):
    images = ((X - X.min()) * 30).astype(np.uint8)
    augment = transforms.Compose([transforms.RandomShift(1), transforms.Normalize(0.4, 0.2)])
    loader = data.DataLoader(
        data.ImageArrays(images, Y, augment), 16, shuffle=True, generator=3, num_workers=workers
    )
    if scheduler == "onecycle":
        optimizer = lambda p: optim.Adam(p, lr=0.01)  # noqa: E731
        schedule = lambda o, n: optim.lr_scheduler.OneCycleLR(o, 0.01, total_steps=n * epochs)  # noqa: E731
    elif scheduler == "plateau":
        optimizer = lambda p: optim.NAdam(p, lr=0.01)  # noqa: E731
        schedule = lambda o, n: optim.lr_scheduler.ReduceLROnPlateau(  # noqa: E731
            o, patience=0, threshold=0.5
        )
    elif scheduler == "sequence":
        optimizer = lambda p: optim.RMSprop(p, lr=0.01, momentum=0.9, centered=True)  # noqa: E731
        schedule = lambda o, n: optim.lr_scheduler.SequentialLR(  # noqa: E731
            o,
            [
                optim.lr_scheduler.LinearLR(o, 0.1, total_iters=2),
                optim.lr_scheduler.MultiStepLR(o, [1, 2]),
            ],
            [2],
        )
    else:
        optimizer = lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True)  # noqa: E731
        schedule = lambda o, n: optim.lr_scheduler.StepLR(o, 2, gamma=0.3)  # noqa: E731
    return fit(
        model,
        loader,
        (X, Y),
        epochs=epochs,
        optimizer=optimizer,
        scheduler=schedule,
        seed=7,
        callbacks=callbacks,
        resume=resume,
        verbose=False,
    )


def test_when_schedules_advance():
    def rates(schedule, **val):
        optimizer = optim.SGD(net().parameters(), lr=0.1, momentum=0.9)
        scheduler = schedule(optimizer)
        return fit(
            net(),
            (X, Y),
            epochs=3,
            batch_size=32,
            optimizer=optimizer,
            scheduler=scheduler,
            verbose=False,
            **val,
        )["lr"], scheduler

    steps = -(-len(X) // 32)
    _, scheduler = rates(lambda o: optim.lr_scheduler.CyclicLR(o, 0.1, 0.2, 10))
    assert scheduler.last_epoch == 3 * steps
    by_epoch, scheduler = rates(lambda o: optim.lr_scheduler.ExponentialLR(o, 0.5))
    assert by_epoch == [0.1, 0.05, 0.025]
    # nothing is learned (the optimizer has another net's parameters), so the loss does not fall
    for val in ({}, {"val": (X, Y)}):
        by_loss, scheduler = rates(
            lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.5), **val
        )
        np.testing.assert_allclose(by_loss, [0.1, 0.1, 0.01])


@pytest.mark.parametrize("scheduler", ["onecycle", "steps", "plateau", "sequence"])
@pytest.mark.parametrize("step", [7, 12, 13, 29])
def test_resume_is_bit_exact(tmp_path, scheduler, step):
    whole = net(1)
    expected = training(whole, scheduler=scheduler)
    file = tmp_path / "checkpoint.safetensors"
    killed = net(1)
    with pytest.raises(KeyboardInterrupt):
        training(killed, callbacks=[Checkpoint(file), Stop(step)], scheduler=scheduler)
    other = net(99)  # what it starts from must not matter
    history = training(other, callbacks=[Checkpoint(file)], resume=file, scheduler=scheduler)
    assert_equal(whole, other)
    for column in ("train_loss", "train_accuracy", "val_loss", "lr", "epoch"):
        assert history[column] == expected[column]


def test_resume_of_a_finished_run_does_nothing(tmp_path):
    file = tmp_path / "c.safetensors"
    model = net(1)
    training(model, callbacks=[Checkpoint(file)])
    again = net(5)
    training(again, resume=file)
    assert_equal(model, again)


def test_resume_with_threads_and_early_stopping(tmp_path):
    file = tmp_path / "c.safetensors"

    def stopping():
        return EarlyStopping("val_accuracy", patience=3, min_delta=0.02)

    whole, half, other = net(1), net(1), net(2)
    expected = training(whole, 9, [stopping()])
    with pytest.raises(KeyboardInterrupt):
        training(half, 9, [Checkpoint(file), stopping(), Stop(20)], workers=2)
    history = training(other, 9, [stopping()], resume=file, workers=1)
    assert history["val_loss"] == expected["val_loss"]
    assert_equal(whole, other)


def test_resume_refuses_another_training(tmp_path):
    file = tmp_path / "c.safetensors"
    training(net(), 2, [Checkpoint(file)])
    with pytest.raises(ValueError, match=r"c\.safetensors: does not fit.*expected at least the 2"):
        training(net(), 1, resume=file)
    with pytest.raises(ValueError, match=r"c\.safetensors: does not fit this training: callbacks"):
        training(net(), 3, [EarlyStopping()], resume=file)
    with pytest.raises(ValueError, match=r"c\.safetensors: does not fit this training"):
        training(nn.Sequential(nn.Flatten(), nn.Linear(36, 2)), resume=file)
    with pytest.raises(FileNotFoundError, match="nothing: no such file"):
        training(net(), resume=tmp_path / "nothing")


def test_checkpoint_every(tmp_path):
    file = tmp_path / "c.safetensors"
    epochs = []

    class Look(Callback):
        def on_epoch_begin(self, state):
            epochs.append(load_checkpoint(file)["epoch"] if file.exists() else None)

    training(net(), 5, [Checkpoint(file, every=2), Look()])
    assert epochs == [None, None, 2, 2, 4]
    assert load_checkpoint(file)["epoch"] == 5
    with pytest.raises(ValueError, match="every: expected an int >= 1, got 0"):
        Checkpoint(file, every=0)


def test_damaged_checkpoints_are_refused(tmp_path):
    file = tmp_path / "c.safetensors"
    training(net(), 1, [Checkpoint(file)])
    assert (tmp_path / "c.json").stat().st_size > 100
    content = file.read_bytes()
    cases = {
        "cut": content[:-10],
        "header": content[:20],
        "empty": b"",
        "flipped": content[:-3] + bytes([content[-3] ^ 1]) + content[-2:],
        "text": b"hello, this is not a checkpoint",
    }
    for name, broken in cases.items():
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(ValueError, match=f"{name}: "):
            load_checkpoint(tmp_path / name)
    save_weights(tmp_path / "w.safetensors", net())
    with pytest.raises(ValueError, match=r"w\.safetensors: expected a checkpoint"):
        training(net(), 1, resume=tmp_path / "w.safetensors")


def test_weights_file(tmp_path):
    from safetensors.numpy import load_file

    file = tmp_path / "w.safetensors"
    model, other = net(1), net(2)
    save_weights(file, model)
    assert load_file(file).keys() == model.state_dict().keys()
    load_weights(file, other)
    assert_equal(model, other)
    with pytest.raises(ValueError, match=r"w\.safetensors: "):
        load_weights(file, nn.Linear(2, 2))
    assert not list(tmp_path.glob(".*"))


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    import os

    file = tmp_path / "c.safetensors"
    save_checkpoint(file, {"a": 1})

    def broken(*_):
        raise OSError("disk is gone")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="disk is gone"):
        save_checkpoint(file, {"a": 2})
    monkeypatch.undo()
    assert load_checkpoint(file) == {"a": 1}
    assert not list(tmp_path.glob(".*"))


def test_checkpoint_keeps_types(tmp_path):
    file = tmp_path / "c.safetensors"
    state = {
        "tensor": cc.ones(2, 3),
        "scalar": cc.tensor(3),
        "array": np.arange(6).reshape(2, 3).T,
        "nested": {0: {"step": 5, "flag": True, "none": None}, 1: [1.5, "x", (2, math.inf)]},
    }
    save_checkpoint(file, state)
    loaded = load_checkpoint(file)
    assert loaded["nested"] == state["nested"]
    assert isinstance(loaded["tensor"], cc.Tensor) and loaded["tensor"].tolist() == [[1] * 3] * 2
    assert loaded["scalar"].item() == 3 and tuple(loaded["scalar"].shape) == ()
    np.testing.assert_array_equal(loaded["array"], state["array"])
    with pytest.raises(TypeError, match=r"save: a\.b: expected tensors.*got object"):
        save_checkpoint(file, {"a": {"b": object()}})


def test_metrics_are_those_of_all_samples():
    from convcore import metrics

    model = net(1)
    asked = {
        "f1": metrics.F1Score(2),
        "first": lambda output, target: float(target[0]),
        "accuracy": metrics.Accuracy(),
    }
    history = fit(model, (X, Y), (X, Y), epochs=2, metrics=asked, verbose=False)
    assert set(history) >= {"train_f1", "val_f1", "train_first", "val_accuracy"}
    results = evaluate(model, (X, Y), metrics=asked, batch_size=32)
    outputs = predict(model, X)
    assert results["f1"] == metrics.f1_score(outputs, Y) == history["val_f1"][-1]
    assert results["accuracy"] == metrics.accuracy(outputs, Y)
    assert results["first"] == (Y[0] * 32 + Y[32] * 32 + Y[64] * 26) / 90


def test_early_stopping_restores_the_best():
    model = net()
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, state, row):
            seen.append((row["val_loss"], arrays(state.model)))

    stopping = EarlyStopping(patience=2)
    history = fit(
        model,
        (X, Y),
        (X, 1 - Y),  # gets worse as training goes on
        epochs=20,
        optimizer=lambda p: optim.Adam(p, 0.01),
        callbacks=[stopping, Watch()],
        verbose=False,
    )
    best = int(np.argmin(history["val_loss"]))
    assert history.epochs == best + 3 < 20
    for name, value in arrays(model).items():
        np.testing.assert_array_equal(value, seen[best][1][name])
    with pytest.raises(ValueError, match="monitor: expected one of .*'train_loss'.*got 'nope'"):
        fit(net(), (X, Y), epochs=1, callbacks=[EarlyStopping("nope")], verbose=False)


def test_evaluate_and_predict():
    model = net()
    model[0].eval()
    outputs = predict(model, X, batch_size=7)
    assert tuple(outputs.shape) == (90, 2) and not outputs.requires_grad
    assert model.training and not model[0].training
    model.eval()
    with cc.no_grad():
        np.testing.assert_allclose(np.asarray(outputs), np.asarray(model(cc.tensor(X))), atol=1e-5)
    accuracy = (np.asarray(outputs).argmax(1) == Y).mean()
    assert evaluate(model, (X, Y), batch_size=8)["accuracy"] == pytest.approx(accuracy)
    custom = evaluate(model, (X, Y), metrics={"first": lambda output, target: 2.0})
    assert custom["first"] == 2.0


def test_regression_with_its_own_loss():
    x = RNG.normal(size=(64, 3)).astype(np.float32)
    y = x @ np.array([[1.0], [2.0], [-1.0]], np.float32)
    history = fit(
        nn.Linear(3, 1),
        (x, y),
        epochs=30,
        batch_size=8,
        optimizer=lambda p: optim.Adam(p, 0.05),
        loss=nn.functional.mse_loss,
        metrics=(),
        verbose=False,
    )
    assert history["train_loss"][-1] < 0.01 < history["train_loss"][0]


def test_history_files(tmp_path):
    history = History()
    history.append({"epoch": 1, "loss": 0.5})
    history.append({"epoch": 2, "loss": 0.25, "extra": 1})
    history.to_csv(tmp_path / "h.csv")
    history.to_json(tmp_path / "h.json")
    assert (tmp_path / "h.csv").read_text() == "epoch,loss,extra\n1,0.5,\n2,0.25,1\n"
    assert dict(History.from_json(tmp_path / "h.json")) == dict(history)
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ValueError, match=r"bad\.json: expected JSON"):
        History.from_json(tmp_path / "bad.json")
    with pytest.raises(KeyError, match="no column 'x'"):
        history["x"]


def test_progress_is_one_line_per_epoch(capsys):
    fit(net(), (X, Y), (X, Y), epochs=2, verbose=True)
    out = capsys.readouterr().out
    assert out.count("\n") == 2 and "\r" not in out
    assert out.startswith("epoch 1/2  loss ") and "val_accuracy" in out
    fit(net(), (X, Y), epochs=1)
    assert capsys.readouterr().out == ""


def test_a_diverging_loss_is_named():
    with pytest.raises(FloatingPointError, match=r"the loss is (nan|inf) at epoch 1, batch \d+, l"):
        fit(
            nn.Sequential(nn.Flatten(), nn.Linear(36, 2)),
            (X * np.float32(np.inf), Y),
            epochs=1,
            verbose=False,
        )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "fit: epochs: expected an int >= 1, got 0"),
        ({"train": 3}, TypeError, "train: expected a dataset, a DataLoader or a pair"),
        ({"train": (X, Y[:5])}, ValueError, r"equal first dimension.*\(90, 1, 6, 6\), \(5,\)"),
        ({"train": data.TensorDataset(X)}, ValueError, "batches of \\(inputs, targets\\)"),
        ({"metrics": ["nope"]}, ValueError, r"metrics: expected names among \['accuracy', "),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        fit(net(), **{"train": (X, Y), "epochs": 1, "verbose": False, **arguments})
    with pytest.raises(ValueError, match="mode: expected 'auto'"):
        EarlyStopping(mode="up")


def test_progress_stream():
    import io

    stream = io.StringIO()
    fit(net(), (X, Y), epochs=1, callbacks=[Progress(stream)], verbose=False)
    assert stream.getvalue().startswith("epoch 1/1  loss ")
