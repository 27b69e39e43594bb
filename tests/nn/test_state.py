"""State dicts: hooks around saving and loading, overridden parts, extra state, paths; beside PyTorch."""

from __future__ import annotations

from collections import OrderedDict

import convcore as cc
import pytest
from convcore import nn


def network(lib):
    return lib.nn.Sequential(OrderedDict(
        first=lib.nn.Linear(1, 2), rest=lib.nn.Sequential(lib.nn.BatchNorm1d(2), lib.nn.Linear(2, 1, bias=False)),
    ))  # fmt: skip


def scripted_saves(lib):
    log, model = [], network(lib)
    for name, module in model.named_modules():
        module.register_state_dict_pre_hook(
            lambda m, prefix, keep, n=name: log.append(("pre", n, prefix, keep))
        )
        module.register_state_dict_post_hook(
            lambda m, state, prefix, meta, n=name: log.append(("post", n, prefix, list(state)))
        )
    keys = list(model.state_dict(prefix="net.", keep_vars=True))
    log.append(keys)
    model.rest.register_state_dict_post_hook(without_bias)
    log.append(list(model.state_dict()))
    return log


def without_bias(module, state, prefix, metadata):
    del state[prefix + "0.bias"]


def scripted_loads(lib):
    log, model = [], network(lib)
    state = OrderedDict(model.state_dict())
    for name, module in model.named_modules():
        module.register_load_state_dict_pre_hook(
            lambda m, state, prefix, meta, strict, missing, unexpected, errors, n=name: log.append(
                ("pre", n, prefix)
            )
        )
        module.register_load_state_dict_post_hook(lambda m, keys, n=name: log.append(("post", n)))
    text = str(model.load_state_dict(state))
    # Ours first looks at everything, so that a load that fails changes nothing.
    log = [text, [e for e in log if e[0] == "pre"], [e for e in log if e[0] == "post"]]
    for module in model.modules():
        module._load_state_dict_post_hooks.clear()
        module._load_state_dict_pre_hooks.clear()

    def rename(m, state, prefix, *rest):
        for key in [k for k in state if k.startswith(prefix + "old_")]:
            state[key.replace("old_", "")] = state.pop(key)

    model.first.register_load_state_dict_pre_hook(rename)
    renamed = OrderedDict((k.replace("first.", "first.old_"), v) for k, v in state.items())
    log.append(str(model.load_state_dict(renamed)))
    log.append(list(renamed)[0])  # the caller's dict stays
    del renamed["rest.1.weight"]
    renamed["more"] = lib.ones(1)
    log.append([sorted(keys) for keys in model.load_state_dict(renamed, strict=False)])
    handle = model.register_load_state_dict_post_hook(
        lambda m, keys: [k.clear() for k in keys] and None
    )
    log.append(str(model.load_state_dict(renamed)))
    handle.remove()
    with pytest.raises(RuntimeError, match="Missing key.*rest.1.weight"):
        model.load_state_dict(renamed)
    return log


class Loads:
    """A module as users write them: it renames old keys, and has more to keep."""

    @staticmethod
    def make(lib):
        class Counter(lib.nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = lib.nn.Parameter(lib.zeros(1))
                self.count = 0

            def get_extra_state(self):
                return {"count": self.count}

            def set_extra_state(self, state):
                self.count = state["count"]

            def _load_from_state_dict(self, state_dict, prefix, *args):
                if prefix + "kernel" in state_dict:
                    state_dict[prefix + "weight"] = state_dict.pop(prefix + "kernel")
                super()._load_from_state_dict(state_dict, prefix, *args)

        return lib.nn.Sequential(Counter(), lib.nn.Linear(1, 1))


def scripted_overrides(lib):
    model = Loads.make(lib)
    model[0].count = 7
    state = model.state_dict()
    log = [list(state), state["0._extra_state"]]
    other = Loads.make(lib)
    log += [str(other.load_state_dict(state)), other[0].count]
    state["0.kernel"] = state.pop("0.weight") + 5
    log += [str(other.load_state_dict(state)), other[0].weight.item()]
    del state["0._extra_state"]
    log.append([list(keys) for keys in other.load_state_dict(state, strict=False)])
    return log


@pytest.mark.parametrize("script", [scripted_saves, scripted_loads, scripted_overrides])
def test_state_dicts_are_torchs(script):
    torch = pytest.importorskip("torch")
    ours = script(cc)
    assert ours == script(torch)


@pytest.mark.parametrize("script", [scripted_saves, scripted_loads, scripted_overrides])
def test_scripts_run(script):
    assert script(cc)


def test_an_overridden_state_dict_is_used():
    class Hidden(nn.Linear):
        def state_dict(self, *, destination=None, prefix="", keep_vars=False):
            return {} if destination is None else destination

    assert list(nn.Sequential(Hidden(1, 1), nn.Linear(1, 1)).state_dict()) == ["1.weight", "1.bias"]


def test_nothing_is_copied_when_a_load_fails():
    model = network(cc)
    model.register_load_state_dict_post_hook(lambda m, keys: None)
    state = {k: v + 1 for k, v in model.state_dict().items()}
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state["rest.0.weight"] = cc.zeros(9)
    with pytest.raises(ValueError, match="size mismatch for rest.0.weight"):
        model.load_state_dict(state)
    assert all(cc.equal(v, before[k]) for k, v in model.state_dict().items())


def test_errors_name_all_keys_in_torchs_order():
    torch = pytest.importorskip("torch")

    def text(lib):
        with pytest.raises(RuntimeError) as info:
            network(lib).load_state_dict(
                {"first.bias": lib.zeros(3), "x": lib.zeros(1), "y": lib.zeros(1)}
            )
        return str(info.value).replace("torch.Size", "Size")

    assert text(cc) == text(torch)


def test_set_submodule():
    def run(lib):
        log = []
        model = network(lib)
        model.set_submodule("rest.1", lib.nn.ReLU())
        model.set_submodule("first.act", lib.nn.Tanh())
        log.append(repr(model))
        for arguments in (
            ("rest.9", lib.nn.ReLU(), True),
            ("", lib.nn.ReLU()),
            ("no.where", lib.nn.ReLU()),
        ):
            with pytest.raises((AttributeError, ValueError)) as info:
                model.set_submodule(*arguments)
            log.append(info.type)
        return log

    torch = pytest.importorskip("torch")
    assert run(cc) == run(torch)
    with pytest.raises(ValueError, match="must be a Module, got int"):
        network(cc).set_submodule("first", 3)


def test_named_modules_with_prefix_and_duplicates():
    torch = pytest.importorskip("torch")

    def run(lib):
        model = network(lib)
        model.again = model.first
        names = [n for n, _ in model.named_modules(prefix="net", remove_duplicate=False)]
        seen = {model.rest}
        return (
            names,
            [n for n, _ in model.named_modules(memo=seen)],
            [n for n, _ in model.named_parameters("p", False)],
        )

    assert run(cc) == run(torch)


def test_conversions_are_torchs():
    torch = pytest.importorskip("torch")

    def run(lib):
        seen = []
        for convert in (
            lambda m: m.double(), lambda m: m.to(lib.float64), lambda m: m.to("cpu", lib.float64), lambda m: m.float(),
            lambda m: m.to(lib.ones(1, dtype=lib.float64)), lambda m: m.type(lib.float64), lambda m: m.to(device="cpu"),
            lambda m: m.to(dtype=lib.float64, non_blocking=True), lambda m: m.requires_grad_(False),
        ):  # fmt: skip
            model = network(lib)
            assert convert(model) is model
            seen.append([str(v.dtype).split(".")[1] for v in model.state_dict().values()])
            seen.append([p.requires_grad for p in model.parameters()])
        return seen

    assert run(cc) == run(torch)
