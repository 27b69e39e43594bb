"""Who keeps whom alive: identity, reference cycles, copies and pickles."""

import copy
import gc
import pickle
import weakref

import convcore as cc
import numpy as np
import pytest
from convcore import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = nn.Linear(3, 3)
        self.second.weight = self.first.weight
        self.note = ["plain", {"attribute": 1}]
        self.register_buffer("kept", cc.ones(2))
        self.register_buffer("scratch", cc.zeros(2), persistent=False)

    def forward(self, x):
        return self.second(self.first(x))


def collected(make):
    """Whether what make() returns is freed by the collector alone."""
    gc.collect()
    gc.disable()
    try:
        reference = weakref.ref(make())
        gc.collect()
        return reference() is None
    finally:
        gc.enable()


def test_parts_keep_their_identity():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    ids = [id(model[0]), id(model[0].weight), id(model[1].running_mean)]
    gc.collect()
    assert ids == [id(model[0]), id(model[0].weight), id(model[1].running_mean)]
    assert model[0].weight is model[0].weight
    assert next(model.parameters()) is model[0].weight


def test_parameter_attributes_live_as_long_as_the_module():
    layer = nn.Linear(2, 2)
    layer.weight.note = "kept"
    gc.collect()
    assert layer.weight.note == "kept"
    assert isinstance(layer.weight, nn.Parameter)


def test_children_outlive_their_parent():
    model = nn.Sequential(nn.Linear(2, 2))
    layer, weight = model[0], model[0].weight
    del model
    gc.collect()
    assert layer(cc.ones(1, 2)).shape == (1, 2)
    del layer
    gc.collect()
    assert weight.shape == (2, 2)


def test_no_cycle_is_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        model(cc.ones(1, 2)).sum().backward()
        reference = weakref.ref(model)
        del model
        assert reference() is None
    finally:
        gc.enable()


def test_cycle_through_parent_is_collected():
    def make():
        parent = nn.Sequential(nn.Linear(2, 2))
        parent[0].__dict__["parent"] = parent
        return parent

    assert collected(make)


def test_cycle_through_registered_parent_is_collected():
    def make():
        parent, child = nn.Module(), nn.Module()
        parent.child = child
        child.parent = parent
        return parent

    assert collected(make)


def test_cycle_through_hook_is_collected():
    def make():
        model = nn.Sequential(nn.Linear(2, 2))
        model[0].register_forward_hook(lambda *args: model)
        return model

    assert collected(make)


def test_cycle_through_closure_attribute_is_collected():
    def make():
        model = nn.Linear(2, 2)
        model.closure = lambda: model
        return model

    assert collected(make)


def test_cycle_through_parameter_hook_is_collected():
    def make():
        model = nn.Linear(2, 2)
        model.weight.register_hook(lambda grad: model and None)
        return model

    assert collected(make)


def test_cycle_through_parameter_attribute_is_collected():
    def make():
        model = nn.Linear(2, 2)
        model.weight.owner = model
        return model

    assert collected(make)


def test_module_in_use_is_not_collected():
    model = nn.Sequential(nn.Linear(2, 2))
    model[0].__dict__["parent"] = model
    model.weight_hook = model[0].weight.register_hook(lambda grad: model and None)
    gc.collect()
    assert model(cc.ones(1, 2)).shape == (1, 2)
    assert len(list(model.parameters())) == 2


def test_module_deleted_while_running():
    class Vanishing(nn.Module):
        def forward(self, x):
            holder.clear()
            gc.collect()
            return self.layer(x)

    holder = {"model": Vanishing()}
    holder["model"].layer = nn.Linear(2, 2)
    assert holder["model"](cc.ones(1, 2)).shape == (1, 2)


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))],
    ids=["deepcopy", "pickle"],
)
def test_copies_of_python_subclasses_keep_ties(copied):
    model = Tied().eval()
    model.first.weight.requires_grad_(False)
    other = copied(model)
    assert type(other) is Tied
    assert other.first.weight is other.second.weight
    assert other.first.weight is not model.first.weight
    assert isinstance(other.first.weight, nn.Parameter)
    assert not other.first.weight.requires_grad and other.first.bias.requires_grad
    assert other.note == model.note and other.note is not model.note
    assert not other.training and not other.first.training
    assert list(other.state_dict()) == list(model.state_dict())
    assert "scratch" not in other.state_dict() and other.scratch.shape == (2,)
    x = cc.ones(1, 3)
    np.testing.assert_array_equal(other(x).detach().numpy(), model(x).detach().numpy())
    with cc.no_grad():
        other.first.weight.zero_()
    assert float(model.first.weight.abs().sum()) > 0


def test_copy_draws_no_random_numbers():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(2, 2))
    cc.manual_seed(3)
    expected = cc.rand(4)
    cc.manual_seed(3)
    copy.deepcopy(model)
    np.testing.assert_array_equal(cc.rand(4).numpy(), expected.numpy())


def test_copy_of_several_objects_shares_them():
    model = nn.Linear(2, 2)
    pair = copy.deepcopy({"model": model, "weight": model.weight})
    assert pair["model"].weight is pair["weight"]


def test_copy_of_a_cycle():
    model = nn.Sequential(nn.Linear(2, 2))
    model[0].__dict__["parent"] = model
    other = copy.deepcopy(model)
    assert other[0].parent is other


def test_copy_keeps_hooks_and_overrides():
    class Doubled(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    model = nn.Sequential(Doubled(2, 2), nn.ReLU())
    model[1].register_forward_hook(add_one)
    x = cc.ones(1, 2)
    other = copy.deepcopy(model)
    np.testing.assert_array_equal(other(x).detach().numpy(), model(x).detach().numpy())
    assert float(other(x).detach().amin()) >= 1


def add_one(module, args, output):
    return output + 1


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.Conv1d(2, 4, 3, stride=2, padding=((1, 2),), groups=2, bias=False),
        lambda: nn.Conv2d(1, 2, 3, padding="same", dilation=2),
        lambda: nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular", flip=True),
        lambda: nn.Conv3d(1, 2, (1, 2, 3), dtype=cc.float64),
        lambda: nn.ConvTranspose2d(2, 4, 3, 2, ((1, 0), (0, 1)), 1, groups=2, bias=False),
        lambda: nn.ConstantPad2d((1, 2, 3, 4), 2),
        lambda: nn.CircularPad1d(3),
        lambda: nn.MaxPool2d(2, return_indices=True, ceil_mode=True),
        lambda: nn.AvgPool2d(2, 1, 1, count_include_pad=False, divisor_override=3),
        lambda: nn.AvgPool1d(2),
        lambda: nn.AdaptiveAvgPool2d((1, None)),
        lambda: nn.AdaptiveMaxPool2d((1, None), return_indices=True),
        lambda: nn.LPPool2d(1.5, (3, 2), 2, True),
        lambda: nn.GaussianPool2d(3, 2, 1, (0.5, 2.0), False),
        lambda: nn.SpatialPyramidPool2d((3, 1), "avg"),
        lambda: nn.Linear(2, 3, bias=False),
        lambda: nn.Bilinear(2, 3, 4, bias=False),
        lambda: nn.Embedding(5, 3, padding_idx=-1, max_norm=1.5, scale_grad_by_freq=True),
        lambda: nn.EmbeddingBag(5, 3, mode="max", include_last_offset=True, dtype=cc.float64),
        lambda: nn.LazyConv2d(4, 3, groups=2),
        lambda: nn.LazyBatchNorm1d(),
        lambda: nn.BatchNorm2d(3, momentum=None, affine=False),
        lambda: nn.BatchNorm1d(3, track_running_stats=False),
        lambda: nn.Dropout2d(0.3, inplace=True),
        lambda: nn.FeatureAlphaDropout(0.3, inplace=True),
        lambda: nn.Softmin(1),
        lambda: nn.LeakyReLU(0.3),
        lambda: nn.ELU(2.0),
        lambda: nn.Softplus(2.0, 3.0),
        lambda: nn.GELU("tanh"),
        lambda: nn.SiLU(),
        lambda: nn.SmoothL1Loss(beta=2.0),
        lambda: nn.HuberLoss("sum", 2.0),
        lambda: nn.NLLLoss(cc.ones(2)),
        lambda: nn.BCELoss(cc.ones(2)),
        lambda: nn.BCEWithLogitsLoss(pos_weight=cc.ones(2)),
        lambda: nn.BatchNorm2d(3, bias=False),
        lambda: nn.BatchNorm2d(3, dtype=cc.float64),
        lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        lambda: nn.GroupNorm(2, 4, bias=False),
        lambda: nn.LayerNorm((3, 4), 0.1),
        lambda: nn.RMSNorm(3, dtype=cc.float64),
        lambda: nn.LocalResponseNorm(3, 0.1, 0.5, 2.0),
        lambda: nn.L1Loss(),
        lambda: nn.Softmax(dim=1),
        lambda: nn.Flatten(2),
        lambda: nn.Unflatten(1, (2, 2)),
        lambda: nn.Identity(),
        lambda: nn.CrossEntropyLoss(cc.ones(3), label_smoothing=0.1, reduction="sum"),
        lambda: nn.ModuleList([nn.ReLU(inplace=True)]),
    ],
)
def test_every_layer_can_be_copied(layer):
    model = layer()
    model.extra = 1
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(other) is type(model)
        assert repr(other) == repr(model)
        assert other._config() == model._config()
        assert other.extra == 1
        assert list(other.state_dict()) == list(model.state_dict())
        for name, value in model.state_dict().items():
            copied = other.state_dict()[name]
            assert copied.dtype == value.dtype
            np.testing.assert_array_equal(copied.numpy(), value.numpy())


def test_a_module_that_contains_itself_does_not_crash():
    model = nn.Sequential(nn.ReLU())
    model.append(model)
    with pytest.raises(RecursionError):
        model(cc.ones(1))
    with pytest.raises(RuntimeError, match="contains itself"):
        model.state_dict()
    assert len(list(model.modules())) == 2


def test_joblib(tmp_path):
    joblib = pytest.importorskip("joblib")
    model = Tied()
    joblib.dump(model, tmp_path / "model.joblib")
    other = joblib.load(tmp_path / "model.joblib")
    assert other.first.weight is other.second.weight


def test_many_modules_leave_nothing_behind():
    def round_trip():
        model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(10)))
        model[0].__dict__["parent"] = model
        model(cc.ones(1, 2)).sum().backward()

    round_trip()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        round_trip()
    gc.collect()
    assert len(gc.get_objects()) < before + 100
