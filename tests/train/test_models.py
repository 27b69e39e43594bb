"""The ready networks: sizes, keys, names."""

import convcore as cc
import numpy as np
import pytest
from convcore import models, nn
from convcore.describe import summary


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("digits", 25_978),
        ("lenet5", 61_706),
        ("cifar_small", 307_946),
        ("resnet18_cifar", 11_173_962),
    ],
)
def test_sizes(name, parameters):
    model = models.build(name)
    assert count(model) == parameters
    entry = models.get(name)
    model.eval()
    with cc.no_grad():
        out = model(cc.zeros((2, *entry.input_shape)))
    assert tuple(out.shape) == (2, 10)
    assert models.build(name, num_classes=3, in_channels=2) is not model


def test_resnet18_has_torchvisions_keys():
    model = models.resnet18(num_classes=1000, cifar_stem=False)
    assert count(model) == 11_689_512
    keys = list(model.state_dict())
    assert len(keys) == 122
    assert keys[:7] == [
        "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var",
        "bn1.num_batches_tracked", "layer1.0.conv1.weight",
    ]  # fmt: skip
    for key in ("layer2.0.downsample.0.weight", "layer4.1.bn2.running_var", "fc.bias"):
        assert key in keys
    assert tuple(model.state_dict()["layer3.0.downsample.0.weight"].shape) == (256, 128, 1, 1)
    model.eval()
    with cc.no_grad():
        assert tuple(model(cc.zeros(1, 3, 64, 64)).shape) == (1, 1000)


def test_resnet_trains():
    model = models.resnet18()
    loss = nn.functional.cross_entropy(model(cc.zeros(2, 3, 8, 8)), cc.tensor([1, 2]))
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_registry():
    assert "lenet5" in models.names()
    with pytest.raises(ValueError, match="expected one of cifar_small, .*got 'alexnot'"):
        models.build("alexnot")
    with pytest.raises(ValueError, match="'digits' is taken"):
        models.register("digits", models.DigitsNet, (1, 8, 8))
    with pytest.raises(ValueError, match="blocks: expected four numbers"):
        models.ResNet([1, 2])


def test_summary():
    model = models.build("lenet5")
    table = summary(model, (1, 1, 28, 28))
    assert table.parameters == table.trainable == 61_706
    first = table.layers[0]
    assert (first.name, first.type, first.output_shape) == ("conv1", "Conv2d", (1, 6, 28, 28))
    assert first.parameters == 156
    text = str(table)
    assert "conv2  Conv2d     1x16x10x10         2,416" in text
    assert text.endswith("parameters: 61,706 (0.25 MB), trainable: 61,706, buffers: 0")
    assert model.training
    with pytest.raises((ValueError, RuntimeError)):
        summary(model, (1, 3, 28, 28))
    assert not np.isnan(table.parameters)
