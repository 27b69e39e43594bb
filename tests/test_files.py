"""save and load: what comes back, what is shared, and what is said of broken files."""

from __future__ import annotations

import inspect
import io
import math
import pickle
from collections import OrderedDict

import convcore as cc
import numpy as np
import pytest
from convcore import nn, optim


def through(obj):
    file = io.BytesIO()
    cc.save(obj, file)
    file.seek(0)
    return cc.load(file)


def test_a_state_dict_round_trips(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2, dtype=cc.float64))
    cc.save(model.state_dict(), tmp_path / "model.pt")
    loaded = cc.load(tmp_path / "model.pt")
    assert list(loaded) == list(model.state_dict())
    for name, value in model.state_dict().items():
        assert loaded[name].dtype == value.dtype and cc.equal(loaded[name], value)
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2, dtype=cc.float64))
    assert str(other.load_state_dict(loaded)) == "<All keys matched successfully>"
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]


def test_every_kind_of_value():
    value = {
        "numbers": [1, -2.5, True, None, math.inf, 2**60, np.float32(0.5), np.int64(3)],
        "text": "naïve\n",
        "tuple": (1, (2, [])),
        "empty": {},
        3: {"three": cc.arange(3)},
        (1, None): "tuple as key",
        "$tensor": "looks like ours",
        "dtype": cc.float64,
        "ordered": OrderedDict(b=1, a=2),
        "shape": cc.zeros(2, 3).shape,
    }
    loaded = through(value)
    assert loaded.pop(3)["three"].tolist() == [0, 1, 2]
    value.pop(3)
    assert loaded == value
    assert list(loaded) == list(value) and list(loaded["ordered"]) == ["b", "a"]
    assert math.isnan(through([math.nan])[0])
    assert through(5) == 5 and through(cc.ones(2)).tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [cc.float32, cc.float64, cc.int64, cc.int32, cc.uint8, cc.bool])
@pytest.mark.parametrize(
    "view",
    [lambda x: x, lambda x: x.permute(2, 0, 1), lambda x: x[:, ::2], lambda x: x[0, 0, 0], lambda x: x[:0]],
    ids=["plain", "permuted", "sliced", "scalar", "empty"],
)  # fmt: skip
def test_tensors_of_any_layout(dtype, view):
    x = view(cc.arange(24).reshape(2, 3, 4).to(dtype))
    loaded = through(x)
    assert loaded.dtype == dtype and loaded.shape == x.shape and cc.equal(loaded, x)
    assert loaded.is_contiguous()


@pytest.mark.parametrize("array", [
    np.arange(6.0).reshape(2, 3).T, np.arange(4, dtype=">f4"), np.arange(8, dtype=np.int16)[::-2],
    np.array(3, np.float16), np.zeros((0, 2)),
])  # fmt: skip
def test_arrays_stay_arrays(array):
    loaded = through({"a": array})["a"]
    assert type(loaded) is np.ndarray and loaded.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(loaded, array)


def test_names_that_would_meet():
    x = through({"a": {"b": cc.zeros(1)}, "a.b": cc.ones(1), "l": [cc.full((1,), 2.0)], "l.0": cc.full((1,), 3.0)})  # fmt: skip
    assert [x["a"]["b"].item(), x["a.b"].item(), x["l"][0].item(), x["l.0"].item()] == [0, 1, 2, 3]


def test_tied_tensors_are_written_once_and_stay_tied():
    model = nn.Sequential(nn.Linear(40, 40), nn.Linear(40, 40))
    file = io.BytesIO()
    cc.save(model.state_dict(), file)
    apart = len(file.getvalue())
    model[1].weight = model[0].weight
    file = io.BytesIO()
    cc.save(model.state_dict(), file)
    assert len(file.getvalue()) < apart - 40 * 40 * 4 + 200
    file.seek(0)
    loaded = cc.load(file)
    with cc.no_grad():
        loaded["0.weight"].fill_(7)
    assert loaded["1.weight"][3, 3].item() == 7
    model.load_state_dict(loaded)
    assert model[1].weight is model[0].weight


def test_gradients_and_parameters_are_marked():
    parameter = nn.Parameter(cc.ones(2))
    loaded = through({"p": parameter, "q": parameter, "x": cc.ones(1, requires_grad=True), "y": cc.ones(1)})  # fmt: skip
    assert isinstance(loaded["p"], nn.Parameter) and loaded["p"] is loaded["q"]
    assert loaded["p"].requires_grad and loaded["x"].requires_grad
    assert not isinstance(loaded["x"], nn.Parameter) and not loaded["y"].requires_grad
    assert not through(nn.Parameter(cc.ones(1), requires_grad=False)).requires_grad


def optimizers():
    return sorted(
        name
        for name, item in vars(optim).items()
        if inspect.isclass(item) and issubclass(item, optim.Optimizer) and item is not optim.Optimizer
    )  # fmt: skip


@pytest.mark.parametrize("name", optimizers())
def test_optimizers_go_on(name):
    def make(start):
        p = nn.Parameter(cc.full((3, 1), start))
        return p, getattr(optim, name)([p], lr=0.1)

    def step(p, optimizer):
        def closure():
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        optimizer.step(closure)

    p, optimizer = make(2.0)
    step(p, optimizer)
    saved = through({"p": p.detach(), "optimizer": optimizer.state_dict()})
    step(p, optimizer)
    q, other = make(0.0)
    q.detach().copy_(saved["p"])
    other.load_state_dict(saved["optimizer"])
    step(q, other)
    assert cc.equal(p, q)


@pytest.mark.parametrize("make", [
    lambda o: optim.lr_scheduler.StepLR(o, 2),
    lambda o: optim.lr_scheduler.MultiStepLR(o, [2, 3]),
    lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 5),
    lambda o: optim.lr_scheduler.OneCycleLR(o, 0.5, total_steps=9),
])  # fmt: skip
def test_schedulers_go_on(make):
    def fresh():
        optimizer = optim.SGD([nn.Parameter(cc.ones(1))], lr=0.1)
        return optimizer, make(optimizer)

    def rates(optimizer, scheduler, n):
        seen = []
        for _ in range(n):
            optimizer.step()
            scheduler.step()
            seen.append(optimizer.param_groups[0]["lr"])
        return seen

    optimizer, scheduler = fresh()
    rates(optimizer, scheduler, 2)
    saved = through([optimizer.state_dict(), scheduler.state_dict()])
    other, again = fresh()
    other.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    assert rates(other, again, 4) == rates(optimizer, scheduler, 4)


def test_equal_states_give_equal_files(tmp_path):
    for name in "ab":
        cc.manual_seed(1)
        cc.save({"w": nn.Linear(3, 3).state_dict(), "n": 1}, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_programs_read_it_and_are_read(tmp_path):
    from safetensors.numpy import load_file, save_file

    model = nn.Linear(3, 2)
    cc.save(model.state_dict(), tmp_path / "ours")
    theirs = load_file(tmp_path / "ours")
    np.testing.assert_array_equal(theirs["weight"], model.weight.detach().numpy())
    save_file({"a": np.arange(3), "b": np.ones((1, 2), np.float32)}, tmp_path / "theirs")
    loaded = cc.load(tmp_path / "theirs")
    assert loaded["a"].tolist() == [0, 1, 2] and loaded["b"].dtype == cc.float32
    with open(tmp_path / "theirs", "rb") as file:
        assert cc.load(file)["a"].tolist() == [0, 1, 2]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    file = tmp_path / "state"
    cc.save({"a": 1}, file)
    with pytest.raises(TypeError):
        cc.save({"a": cc.ones(1), "b": object()}, file)
    assert cc.load(file) == {"a": 1} and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(FileNotFoundError):
        cc.save({}, tmp_path / "nowhere" / "state")


@pytest.mark.parametrize("value, message", [
    ({"a": {"b": object()}}, "save: a.b: expected tensors.*got object"),
    (nn.Linear(1, 1), r"save: obj: .*got Linear; save its state_dict\(\)"),
    ([lambda: 1], "save: 0: .*got function"),
    ({"s": {1, 2}}, "save: s: .*got set"),
    ({cc.ones(1): 1}, "cannot be a key"),
    ({"c": np.zeros(2, complex)}, "save: c: cannot write an array of complex128"),
    ({"t": np.array(["x"])}, "save: t: cannot write an array of <U1"),
])  # fmt: skip
def test_what_cannot_be_saved(value, message):
    with pytest.raises(TypeError, match=message):
        through(value)


def good() -> bytes:
    file = io.BytesIO()
    cc.save({"w": cc.arange(100.0), "n": 1}, file)
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    np.savez(file, a=np.ones(2))
    return file.getvalue()


BROKEN = {
    "cut": (lambda: good()[:-10], "whole safetensors.*was cut"),
    "header": (lambda: good()[:20], "whole safetensors"),
    "empty": (lambda: b"", "whole safetensors"),
    "flipped": (
        lambda: good()[:-3] + bytes([good()[-3] ^ 1]) + good()[-2:],
        "do not match their checksum",
    ),
    "text": (lambda: b"hello, this is not a checkpoint", "whole safetensors"),
    "zip": (zipped, "torch.save, it holds a pickle.*save_file.*numpy.load"),
    "pickle": (lambda: pickle.dumps({"a": 1}), "a pickle, which may hold code.*save_file"),
    "json": (lambda: good().replace(b'{\\"w', b'{\\"w\\'), "JSON|Expecting|delimiter|whole"),
    "reference": (
        lambda: good().replace(b'$tensor\\": \\"w', b'$tensor\\": \\"v'),
        "contents is damaged.*'v'",
    ),
    "hdf5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(9), "HDF5"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("stream", [False, True], ids=["path", "file"])
def test_broken_files_are_told_apart(tmp_path, kind, stream):
    make, message = BROKEN[kind]
    path = tmp_path / f"{kind}.pt"
    path.write_bytes(make())
    with pytest.raises(ValueError, match=rf"(?s){kind}\.pt: .*({message})"):
        if stream:
            with open(path, "rb") as file:
                cc.load(file)
        else:
            cc.load(path)


def test_every_cut_is_noticed():
    whole = good()
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError):
            cc.load(io.BytesIO(whole[:length]))


def crafted(state: str) -> io.BytesIO:
    from safetensors.numpy import save

    return io.BytesIO(save({"x": np.ones(1)}, {"convcore": '{"state": ' + state + "}"}))


@pytest.mark.parametrize("state", [
    '{"$tensor": 5}', '{"$tensor": ["x"]}', '{"$items": 5}', '{"$items": [[1]]}', '{"$items": [[{"a": 1}, 2]]}',
    '{"$dtype": "nope"}', '{"$counter": 3}', '{"$tuple": 3}', '{"$array": null}', "nonsense",
    "[" * 100_000 + "]" * 100_000,
])  # fmt: skip
def test_crafted_contents_are_refused(state):
    with pytest.raises(ValueError, match="BytesIO: "):
        cc.load(crafted(state))


def test_what_contains_itself():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="save: obj contains itself"):
        through(value)


def test_bad_calls(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing: no such file"):
        cc.load(tmp_path / "nothing")
    with pytest.raises(ValueError, match="binary mode"):
        cc.load(io.StringIO("text"))
    cc.save({"a": 1}, tmp_path / "f")
    for location in (None, "cpu", cc.device("cpu"), {"cpu": "cpu"}, lambda storage, where: storage):
        assert cc.load(tmp_path / "f", map_location=location, weights_only=True) == {"a": 1}
    for location in ("cuda", {"cpu": "cuda:0"}):
        with pytest.raises(NotImplementedError, match="device: only 'cpu'"):
            cc.load(tmp_path / "f", map_location=location)


def test_torch_files_are_refused_and_its_safetensors_read(tmp_path):
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file

    layer = torch.nn.Linear(3, 2)
    for new in (True, False):
        torch.save(layer.state_dict(), tmp_path / "t.pt", _use_new_zipfile_serialization=new)
        with pytest.raises(ValueError, match=r"t\.pt: .*pickle.*safetensors\.torch\.save_file"):
            cc.load(tmp_path / "t.pt")
    save_file(layer.state_dict(), tmp_path / "t.safetensors")
    ours = nn.Linear(3, 2)
    ours.load_state_dict(cc.load(tmp_path / "t.safetensors"))
    np.testing.assert_array_equal(ours.weight.detach().numpy(), layer.weight.detach().numpy())
