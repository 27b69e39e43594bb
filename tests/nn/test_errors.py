"""Errors say which layer, which argument, what was expected and what came."""

import convcore as cc
import numpy as np
import pytest
from convcore import nn


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
        self.layers = nn.ModuleList([nn.Linear(4, 2)])

    def forward(self, x):
        x = self.features(x)
        for layer in self.layers:
            x = layer(x)
        return x


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Body()

    def forward(self, x):
        return self.body(x)


@pytest.mark.parametrize(
    "wrap, path",
    [
        (lambda m: m, "features.1.0"),
        (lambda m: nn.Sequential(m), "0.features.1.0"),
        (lambda m: nn.Sequential(nn.Sequential(nn.Identity(), m)), "0.1.features.1.0"),
    ],
)
def test_layer_path(wrap, path):
    with pytest.raises(ValueError) as info:
        wrap(Body())(cc.ones(1, 5, 8, 8))
    text = str(info.value)
    assert text.startswith(f"layer '{path}' (Conv2d): conv2d: input"), text
    assert text.count("layer '") == 1 and "5" in text and "3" in text


def test_layer_path_through_python_modules():
    with pytest.raises(ValueError) as info:
        Outer()(cc.ones(1, 3, 8, 8))
    assert str(info.value).startswith("layer 'body.layers.0' (Linear): linear: input")
    assert str(info.value).count("layer '") == 1


def test_path_with_hooks():
    model = nn.Sequential(nn.Conv2d(3, 4, 3))
    model[0].register_forward_hook(lambda *a: None)
    with pytest.raises(ValueError, match=r"^layer '0' \(Conv2d\): conv2d: input"):
        model(cc.ones(3, 3))


def test_a_layer_alone_has_no_path():
    with pytest.raises(ValueError, match="^conv2d: input"):
        nn.Conv2d(3, 4, 3)(cc.ones(3, 3))


def test_function_called_in_a_python_module():
    class Own(nn.Module):
        def forward(self, x):
            return x.reshape(7, 7)

    with pytest.raises(ValueError, match=r"^layer '0' \(Own\): "):
        nn.Sequential(Own())(cc.ones(3))


def test_errors_of_users_are_left_alone():
    class Own(nn.Module):
        def forward(self, x):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="^mine$"):
        nn.Sequential(nn.ReLU(), Own())(cc.ones(3))


def test_an_error_caught_inside_is_gone():
    class Careful(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            try:
                return self.conv(x)
            except ValueError:
                return x

    assert nn.Sequential(Careful())(cc.ones(1)).tolist() == [1.0]


def test_input_that_is_no_tensor():
    with pytest.raises(TypeError, match="Linear: input must be a Tensor, got .*ndarray"):
        nn.Linear(2, 2)(np.ones((1, 2)))
    with pytest.raises(TypeError):
        nn.Linear(2, 2)()
    with pytest.raises(TypeError):
        nn.Linear(2, 2)(cc.ones(1, 2), cc.ones(1, 2))


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "Conv2d: in_channels must not be negative and be divisible by groups, got in_channels 3, groups 2"),
        (lambda: nn.Conv2d(4, 3, 3, groups=2), ValueError, "Conv2d: out_channels"),
        (lambda: nn.ConvTranspose2d(4, 3, 3, groups=2), ValueError, "ConvTranspose2d: out_channels"),
        (lambda: nn.ConvTranspose2d(4, 3, 3, padding="same"), ValueError, "ConvTranspose2d: padding must be numbers, got 'same'"),
        (lambda: nn.ConvTranspose1d(4, 3, 3, padding_mode="reflect"), ValueError, "ConvTranspose1d: padding_mode must be 'zeros', got 'reflect'"),
        (lambda: nn.ConvTranspose1d(4, 3, 3, output_padding=-1), ValueError, "ConvTranspose1d: output_padding must not be negative, got -1"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, 2)(cc.ones(1, 1, 4, 4), (9, 8)), ValueError, "conv_transpose2d: output_size must be from 9 to 10 along spatial axis 1, got 8"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, 2)(cc.ones(1, 1, 4, 4), (9,)), ValueError, "conv_transpose2d: output_size must have 2 or 4 sizes, got 1"),
        (lambda: nn.Conv2d(3, 4, 0), ValueError, "Conv2d: kernel_size must be positive, got 0"),
        (lambda: nn.Conv2d(3, 4, (1, 2, 3)), ValueError, "Conv2d: kernel_size must be one number or 2 numbers, got 3"),
        (lambda: nn.Conv1d(3, 4, 3, stride=0), ValueError, "Conv1d: stride must be positive, got 0"),
        (lambda: nn.Conv1d(3, 4, 3, padding=-1), ValueError, "Conv1d: padding must not be negative, got -1"),
        (lambda: nn.Conv2d(3, 4, 3, padding="half"), ValueError, "padding must be 'valid', 'same', 'same_lower', 'full' or numbers, got 'half'"),
        (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), ValueError, "padding_mode must be .* got 'mirror'"),
        (lambda: nn.Conv2d(3, 4, 2.5), TypeError, "kernel_size"),
        (lambda: nn.Embedding(5, 3, 5), ValueError, "Embedding: padding_idx must be from -5 to 4, got 5"),
        (lambda: nn.Embedding(-1, 3), ValueError, "Embedding: num_embeddings must not be negative, got -1"),
        (lambda: nn.Embedding(5, 3, sparse=True), NotImplementedError, "Embedding: sparse gradients"),
        (lambda: nn.Embedding(5, 3, _weight=cc.ones(3, 5)), ValueError, r"Embedding: _weight must have shape \(5, 3\), got \(3, 5\)"),
        (lambda: nn.EmbeddingBag.from_pretrained(cc.ones(3)), ValueError, r"EmbeddingBag.from_pretrained: embeddings .* got shape \(3,\)"),
        (lambda: nn.Embedding(5, 3)(cc.tensor([7])), IndexError, "embedding: input holds 7, but weight has 5 rows"),
        (lambda: nn.Bilinear(0, 1, 1), ValueError, "Bilinear: in1_features must be positive, got 0"),
        (lambda: nn.Bilinear(2, 3, 1)(cc.ones(2), cc.ones(2)), ValueError, r"bilinear: input2 of shape \(2,\) must end in 3"),
        (lambda: nn.LazyConv2d(4, 3)(cc.ones(5, 5)), ValueError, r"LazyConv2d: input must have 3 or 4 dimensions, got shape \(5, 5\)"),
        (lambda: nn.LazyConv2d(4, 3, groups=2)(cc.ones(3, 5, 5)), ValueError, "LazyConv2d: in_channels must be a positive multiple of groups=2, the input has 3"),
        (lambda: nn.ReflectionPad2d((1, 2, 3)), ValueError, "ReflectionPad2d: padding must be one number or 4 numbers, got 3"),
        (lambda: nn.CircularPad1d(1)(cc.ones(1, 1, 4, 4)), ValueError, r"pad: input must have 3 dimensions .* got shape \(1, 1, 4, 4\)"),
        (lambda: nn.Linear(-1, 2), ValueError, "Linear: in_features must not be negative, got -1"),
        (lambda: nn.BatchNorm2d(-2), ValueError, "BatchNorm2d: num_features must not be negative, got -2"),
        (lambda: nn.InstanceNorm1d(-1), ValueError, "InstanceNorm1d: num_features must not be negative, got -1"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "GroupNorm: num_channels must be divisible by num_groups, got num_channels=4 and num_groups=3"),
        (lambda: nn.Dropout(1.5), ValueError, "Dropout: p must be between 0 and 1, got 1.5"),
        (lambda: nn.Dropout2d(-1), ValueError, "Dropout2d: p must be between 0 and 1, got -1"),
        (lambda: nn.AdaptiveAvgPool2d((1, 2, 3)), ValueError, "AdaptiveAvgPool2d: output_size"),
        (lambda: nn.CrossEntropyLoss(reduction="avg"), ValueError, "CrossEntropyLoss: reduction .* got \"avg\""),
        (lambda: nn.CrossEntropyLoss(label_smoothing=2), ValueError, "label_smoothing must be between 0 and 1, got 2"),
        (lambda: nn.MSELoss(size_average=True), TypeError, "MSELoss: size_average"),
        (lambda: nn.AvgPool2d(2, divisor_override=0), ValueError, "AvgPool2d: divisor_override must be positive, got 0"),
        (lambda: nn.AdaptiveMaxPool2d(3)(cc.ones(1, 8)), ValueError, r"adaptive_max_pool2d: input must have 4 dimensions .* got shape \(1, 8\)"),
        (lambda: nn.BatchNorm1d(2)(cc.ones(1, 2)), ValueError, r"batch_norm: Expected more than 1 value per channel when training, got input of shape \(1, 2\)"),
        (lambda: nn.InstanceNorm2d(2, affine=True)(cc.ones(1, 3, 2, 2)), ValueError, r"instance_norm: input must have num_features=2 channels, got 3 in shape \(1, 3, 2, 2\)"),
        (lambda: nn.InstanceNorm2d(2)(cc.ones(2, 2)), ValueError, r"instance_norm: input must have 4 dimensions \(or 3 without a batch\), got shape \(2, 2\)"),
        (lambda: nn.BatchNorm2d(2)(cc.ones(2, 2)), ValueError, r"batch_norm: input must have 4 dimensions, got shape \(2, 2\)"),
        (lambda: nn.Unflatten(1, (2, 3))(cc.ones(1, 5)), ValueError, r"unflattened_size \(2, 3\) does not multiply to the input's size 5"),
        (lambda: nn.L1Loss()(cc.ones(2), cc.ones(3)), ValueError, r"l1_loss: .*\(2,\) and \(3,\)"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_deleted_parameter():
    layer = nn.Linear(2, 2)
    del layer.weight
    with pytest.raises(ValueError, match="Linear: parameter 'weight' was deleted"):
        layer(cc.ones(1, 2))
