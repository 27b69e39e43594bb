"""Layers compute what PyTorch's do, from equal weights: outputs, gradients, buffers."""

import math

import convcore as cc
import numpy as np
import pytest
from convcore import nn

# a snippet that makes the layer, the input's shape
LAYERS = [
    ("nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2)", (2, 4, 9)),
    ("nn.Conv2d(3, 4, 3, padding='same', dilation=2)", (2, 3, 7, 8)),
    ("nn.Conv2d(3, 4, (1, 3), bias=False)", (2, 3, 5, 6)),
    ("nn.Conv2d(3, 4, 3, padding='valid')", (3, 5, 6)),
    ("nn.Conv3d(2, 3, 2, stride=(1, 2, 1))", (1, 2, 4, 5, 4)),
    ("nn.Conv1d(2, 3, 4, padding='same', padding_mode='reflect')", (2, 2, 7)),
    ("nn.Conv1d(2, 3, 4, padding='valid', padding_mode='reflect')", (2, 2, 7)),
    ("nn.Conv2d(2, 3, (3, 2), 2, (2, 1), 2, padding_mode='circular')", (2, 2, 5, 6)),
    ("nn.Conv2d(2, 4, 3, padding=(1, 0), groups=2, padding_mode='replicate')", (2, 5, 6)),
    ("nn.Conv3d(2, 3, 3, padding=1, padding_mode='circular')", (1, 2, 3, 4, 3)),
    ("nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)", (2, 4, 5)),
    ("nn.ConvTranspose2d(3, 4, (2, 3), stride=(2, 1), bias=False, dilation=(1, 2))", (2, 3, 4, 5)),
    ("nn.ConvTranspose2d(3, 4, 2, 2)", (3, 5, 6)),
    ("nn.ConvTranspose3d(2, 3, 2, stride=2)", (1, 2, 3, 2, 3)),
    ("nn.ConstantPad1d(2, 3.5)", (2, 3, 5)),
    ("nn.ConstantPad2d((1, 2, 0, -1), 3.5)", (2, 3, 5, 4)),
    ("nn.ConstantPad3d(1, 3.5)", (1, 2, 3, 4, 3)),
    ("nn.ZeroPad1d(2)", (2, 3, 5)),
    ("nn.ZeroPad2d((1, 2, 0, -1))", (2, 3, 5, 4)),
    ("nn.ZeroPad3d(1)", (1, 2, 3, 4, 3)),
    ("nn.ReflectionPad1d(2)", (2, 3, 5)),
    ("nn.ReflectionPad2d((1, 2, 0, -1))", (2, 3, 5, 4)),
    ("nn.ReflectionPad3d(1)", (1, 2, 3, 4, 3)),
    ("nn.ReplicationPad1d(2)", (2, 3, 5)),
    ("nn.ReplicationPad2d((1, 2, 0, -1))", (2, 3, 5, 4)),
    ("nn.ReplicationPad3d(1)", (1, 2, 3, 4, 3)),
    ("nn.CircularPad1d(2)", (2, 3, 5)),
    ("nn.CircularPad2d((1, 2, 0, -1))", (2, 3, 5, 4)),
    ("nn.CircularPad3d(1)", (1, 2, 3, 4, 3)),
    ("nn.ReflectionPad2d(1)", (3, 5, 4)),
    ("nn.MaxPool1d(2)", (2, 3, 7)),
    ("nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)", (2, 3, 7, 8)),
    ("nn.MaxPool3d(2)", (1, 2, 4, 4, 4)),
    ("nn.AvgPool1d(3, 2, 1)", (2, 3, 7)),
    ("nn.AvgPool2d(2, count_include_pad=False, padding=1)", (2, 3, 6, 6)),
    ("nn.AvgPool3d(2, divisor_override=3)", (1, 2, 4, 4, 4)),
    ("nn.AdaptiveAvgPool1d(2)", (2, 3, 6)),
    ("nn.AdaptiveAvgPool2d((1, 1))", (2, 3, 5, 4)),
    ("nn.AdaptiveAvgPool2d((None, 2))", (2, 3, 5, 4)),
    ("nn.AdaptiveAvgPool3d(1)", (1, 2, 3, 3, 3)),
    ("nn.AdaptiveAvgPool2d((3, 4))", (2, 3, 5, 6)),
    ("nn.AdaptiveAvgPool3d((2, None, 3))", (2, 3, 5, 2, 4)),
    ("nn.AdaptiveMaxPool1d(3)", (2, 3, 7)),
    ("nn.AdaptiveMaxPool2d((None, 2))", (2, 3, 5, 4)),
    ("nn.AdaptiveMaxPool3d(2)", (2, 5, 4, 3)),
    ("nn.LPPool1d(2, 3, stride=2)", (2, 3, 7)),
    ("nn.LPPool2d(2, (3, 2), ceil_mode=True)", (2, 3, 7, 6)),
    ("nn.LPPool3d(2, 2, 1)", (1, 2, 3, 4, 3)),
    ("nn.LPPool2d(float('inf'), 2)", (2, 3, 5, 4)),
    ("nn.Linear(4, 3)", (2, 5, 4)),
    ("nn.Linear(4, 3, bias=False)", (4,)),
    ("nn.BatchNorm1d(3)", (6, 3)),
    ("nn.BatchNorm1d(3, momentum=0.3)", (6, 3, 4)),
    ("nn.BatchNorm2d(3, momentum=None)", (4, 3, 3, 2)),
    ("nn.BatchNorm2d(3, affine=False)", (4, 3, 3, 2)),
    ("nn.BatchNorm3d(2, track_running_stats=False)", (4, 2, 2, 2, 2)),
    ("nn.BatchNorm2d(2, bias=False)", (4, 2, 2, 2)),
    ("nn.BatchNorm1d(3, affine=False, track_running_stats=False)", (6, 3, 4)),
    ("nn.InstanceNorm1d(3)", (2, 3, 5)),
    ("nn.InstanceNorm1d(3, affine=True)", (3, 5)),
    ("nn.InstanceNorm2d(3, track_running_stats=True)", (2, 3, 5, 4)),
    ("nn.InstanceNorm2d(3, momentum=0.3, affine=True, track_running_stats=True)", (3, 5, 4)),
    ("nn.InstanceNorm3d(2, eps=1e-2, affine=True)", (2, 2, 3, 2, 4)),
    ("nn.GroupNorm(2, 6)", (3, 6, 4, 2)),
    ("nn.GroupNorm(3, 6, affine=False)", (3, 6)),
    ("nn.GroupNorm(1, 6, eps=0.1, bias=False)", (3, 6, 4)),
    ("nn.LayerNorm(5)", (3, 4, 5)),
    ("nn.LayerNorm((3, 4, 5), bias=False)", (2, 3, 4, 5)),
    ("nn.LayerNorm([4, 5], elementwise_affine=False)", (2, 3, 4, 5)),
    ("nn.RMSNorm(5)", (3, 4, 5)),
    ("nn.RMSNorm((4, 5), eps=0.1, elementwise_affine=False)", (3, 4, 5)),
    ("nn.LocalResponseNorm(3, alpha=1.0)", (2, 5, 3, 2)),
    ("nn.ReLU()", (2, 3)),
    ("nn.LeakyReLU(0.2)", (2, 3)),
    ("nn.ELU(0.5)", (2, 3)),
    ("nn.Softplus(2.0, 1.0)", (2, 3)),
    ("nn.GELU()", (2, 3)),
    ("nn.GELU('tanh')", (2, 3)),
    ("nn.SiLU()", (2, 3)),
    ("nn.Sigmoid()", (2, 3)),
    ("nn.Tanh()", (2, 3)),
    ("nn.ELU(-0.5)", (2, 3)),
    ("nn.ReLU6()", (2, 3)),
    ("nn.Hardtanh(-0.5, 0.25)", (2, 3)),
    ("nn.Hardsigmoid()", (2, 3)),
    ("nn.Hardswish()", (2, 3)),
    ("nn.Hardshrink(0.3)", (2, 3)),
    ("nn.Softshrink(0.3)", (2, 3)),
    ("nn.Tanhshrink()", (2, 3)),
    ("nn.Softsign()", (2, 3)),
    ("nn.LogSigmoid()", (2, 3)),
    ("nn.SELU()", (2, 3)),
    ("nn.CELU(0.7)", (2, 3)),
    ("nn.Mish()", (2, 3)),
    ("nn.GLU(1)", (2, 4, 3)),
    ("nn.Threshold(0.1, -2.0)", (2, 3)),
    ("nn.PReLU()", (2, 3)),
    ("nn.PReLU(3, init=0.5)", (2, 3, 4, 4)),
    ("nn.RReLU(0.2, 0.2)", (2, 3)),
    ("nn.Softmax(dim=1)", (2, 3, 4)),
    ("nn.LogSoftmax(dim=-1)", (2, 3)),
    ("nn.Softmin(dim=1)", (2, 3, 4)),
    ("nn.Softmax2d()", (2, 3, 4, 2)),
    ("nn.Softmax2d()", (3, 4, 2)),
    ("nn.Flatten(0, 1)", (2, 3, 4)),
    ("nn.Unflatten(-1, (2, -1))", (3, 4)),
    ("nn.Identity()", (2, 3)),
    ("nn.Upsample(scale_factor=2)", (1, 2, 3, 4)),
    ("nn.Upsample((5, 7), mode='bicubic', align_corners=True)", (1, 2, 3, 4)),
    ("nn.Upsample(scale_factor=1.4, mode='linear', recompute_scale_factor=True)", (1, 2, 7)),
    ("nn.UpsamplingNearest2d(size=5)", (1, 2, 3, 4)),
    ("nn.UpsamplingBilinear2d(scale_factor=(2, 1.5))", (1, 2, 3, 4)),
    ("nn.PixelShuffle(2)", (1, 8, 3, 4)),
    ("nn.PixelUnshuffle(2)", (1, 2, 4, 6)),
    ("nn.ChannelShuffle(3)", (2, 6, 3)),
    ("nn.Unfold((2, 3), dilation=2, padding=1)", (2, 3, 6, 7)),
    ("nn.Fold((5, 6), 2, stride=(1, 2))", (2, 8, 12)),
    ("nn.Dropout(0.0)", (2, 3)),
    ("nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))", (3, 1, 4, 4)),
]  # fmt: skip


def numbers(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def close(ours, theirs, tolerance=2e-5):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("snippet, shape", LAYERS)
def test_layer_is_torchs(snippet, shape):
    torch = pytest.importorskip("torch")
    ours, theirs = eval(snippet, {"nn": nn}), eval(snippet, {"nn": torch.nn})
    ours.load_state_dict(theirs.state_dict())
    for step in range(3):
        data = numbers(shape, step)
        x, y = cc.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
        out, expected = ours(x), theirs(y)
        assert tuple(out.shape) == tuple(expected.shape)
        close(out.detach(), expected.detach())
        weight = numbers(expected.shape, 7)
        (out * cc.tensor(weight)).sum().backward()
        (expected * torch.tensor(weight)).sum().backward()
        close(x.grad, y.grad, 1e-4)
    for (name, p), (other, q) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        assert name == other
        close(p.grad, q.grad, 1e-4)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    for name in state:
        assert str(state[name].dtype).split(".")[1] == str(expected[name].dtype).split(".")[1]
        assert tuple(state[name].shape) == tuple(expected[name].shape)
        close(state[name], expected[name])
    ours.eval(), theirs.eval()
    data = numbers(shape, 9)
    close(ours(cc.tensor(data)).detach(), theirs(torch.tensor(data)).detach())


@pytest.mark.parametrize(
    "snippet, targets",
    [
        ("nn.CrossEntropyLoss()", "classes"),
        ("nn.CrossEntropyLoss(label_smoothing=0.1, reduction='sum')", "classes"),
        ("nn.CrossEntropyLoss(lib.tensor([1.0, 2.0, 0.5]), ignore_index=1)", "classes"),
        ("nn.MSELoss()", "values"),
        ("nn.MSELoss(reduction='none')", "values"),
        ("nn.L1Loss()", "values"),
        ("nn.L1Loss(reduction='sum')", "values"),
        ("nn.SmoothL1Loss(beta=0.5)", "values"),
        ("nn.HuberLoss(delta=0.7, reduction='sum')", "values"),
        ("nn.NLLLoss()", "classes"),
        ("nn.NLLLoss(lib.tensor([1.0, 2.0, 0.5]), ignore_index=1, reduction='sum')", "classes"),
        ("nn.KLDivLoss(reduction='batchmean')", "shares"),
        ("nn.KLDivLoss(reduction='sum', log_target=True)", "values"),
        ("nn.SoftMarginLoss()", "signs"),
        ("nn.HingeEmbeddingLoss(0.3, reduction='sum')", "signs"),
        ("nn.PoissonNLLLoss(full=True)", "shares"),
        ("nn.MultiLabelSoftMarginLoss(lib.tensor([1.0, 2.0, 0.5]))", "shares"),
        (
            "(lambda x, y: nn.MultiLabelMarginLoss()(x[:3], lib.stack([y[:3], y[1:4] - 1, y[2:]])))",
            "classes",
        ),
        ("(lambda x, y: nn.CTCLoss(1)(lib.log_softmax(x, 1), y[:1], [5], [1]))", "classes"),
        ("nn.MultiMarginLoss(2, 0.5, lib.tensor([1.0, 2.0, 0.5]))", "classes"),
        ("(lambda x, y: nn.GaussianNLLLoss(full=True)(x, y, y * y))", "values"),
        ("(lambda x, y: nn.MarginRankingLoss(0.2)(x, x.detach() * 0.5, y))", "signs"),
        ("(lambda x, y: nn.CosineEmbeddingLoss(0.2)(x, x.detach() + 1, y[:, 0]))", "signs"),
        ("(lambda x, y: nn.TripletMarginLoss(2.0, swap=True)(x, y, x.detach() * y))", "values"),
        (
            "(lambda x, y: nn.TripletMarginWithDistanceLoss(margin=2.0)(x, y, x.detach() * y))",
            "values",
        ),
        ("nn.CosineSimilarity()", "values"),
        ("nn.PairwiseDistance(1.0, keepdim=True)", "values"),
        ("nn.BCEWithLogitsLoss(pos_weight=lib.tensor([1.0, 2.0, 0.5]))", "shares"),
        ("nn.Sequential(nn.Sigmoid()) and (lambda x, y: nn.BCELoss()(x.sigmoid(), y))", "shares"),
    ],
)
def test_loss_is_torchs(snippet, targets):
    torch = pytest.importorskip("torch")
    data = numbers((5, 3), 0)
    target = {
        "classes": np.array([0, 1, 2, 1, 0]),
        "values": numbers((5, 3), 1),
        "signs": np.sign(numbers((5, 3), 1)),
        "shares": np.abs(numbers((5, 3), 1)) % 1,
    }[targets]
    results = []
    for lib in (cc, torch):
        x = lib.tensor(data, requires_grad=True)
        loss = eval(snippet, {"nn": lib.nn, "lib": lib})(x, lib.tensor(target))
        loss.sum().backward()
        results.append((loss.detach(), x.grad))
    close(results[0][0], results[1][0])
    close(results[0][1], results[1][1])


def test_batch_norm_by_hand():
    layer = nn.BatchNorm1d(2, momentum=0.25)
    x = numbers((8, 2), 0)
    y = layer(cc.tensor(x)).detach().numpy()
    close(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5))
    close(layer.running_mean, 0.25 * x.mean(0))
    close(layer.running_var, 0.75 + 0.25 * x.var(0, ddof=1))
    assert int(layer.num_batches_tracked) == 1
    layer.eval()
    z = layer(cc.tensor(x)).detach().numpy()
    close(z, (x - 0.25 * x.mean(0)) / np.sqrt(0.75 + 0.25 * x.var(0, ddof=1) + 1e-5))
    assert int(layer.num_batches_tracked) == 1
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0.0, 0.0] and int(layer.num_batches_tracked) == 0


def test_linear_and_conv_by_hand():
    linear = nn.Linear(3, 2)
    x = numbers((4, 3), 0)
    weight, bias = linear.weight.detach().numpy(), linear.bias.detach().numpy()
    close(linear(cc.tensor(x)).detach(), x @ weight.T + bias)
    conv = nn.Conv1d(1, 1, 3, bias=False)
    kernel = conv.weight.detach().numpy()[0, 0]
    line = numbers((10,), 1)
    close(conv(cc.tensor(line[None, None])).detach()[0, 0], np.correlate(line, kernel, "valid"))


def test_dropout():
    cc.manual_seed(0)
    layer = nn.Dropout(0.25)
    x = cc.ones(100, 100)
    y = layer(x).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert layer.eval()(x) is x
    channels = nn.Dropout2d(0.5)(cc.ones(20, 10, 3, 3)).numpy()
    whole = channels.reshape(200, 9)
    assert (whole == whole[:, :1]).all() and 0.3 < (whole[:, 0] == 0).mean() < 0.7
    assert float(nn.Dropout(1.0)(x).sum()) == 0


def test_output_size():
    """Both sizes that a convolution of stride 2 makes equal can be had back."""
    torch = pytest.importorskip("torch")
    data = numbers((2, 3, 4, 5), 0)
    ours, theirs = (lib.nn.ConvTranspose2d(3, 2, 3, 2, padding=1) for lib in (cc, torch))
    ours.load_state_dict(theirs.state_dict())
    for size in [(7, 9), (8, 10), [7, 10], (2, 2, 8, 9)]:
        got, want = ours(cc.tensor(data), size), theirs(torch.tensor(data), output_size=size)
        assert tuple(got.shape) == tuple(want.shape) == (2, 2, *size[-2:])
        close(got.detach(), want.detach())
    assert ours(cc.tensor(data[0]), output_size=(8, 10)).shape == (2, 8, 10)


def test_max_pool_indices():
    values, indices = nn.MaxPool2d(2, return_indices=True)(cc.tensor([[[[1.0, 5.0], [2.0, 3.0]]]]))
    assert values.tolist() == [[[[5.0]]]] and indices.tolist() == [[[[1]]]]
    assert indices.dtype == cc.int64
    got = nn.Sequential(nn.MaxPool1d(2, return_indices=True))(cc.tensor([[[1.0, 2.0]]]))
    assert isinstance(got, tuple)


def test_inplace_relu():
    x = cc.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x
    assert x.tolist() == [0.0, 2.0]
    leaf = cc.tensor([-1.0, 2.0], requires_grad=True)
    y = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))(leaf * 2)
    y.sum().backward()
    assert leaf.grad.tolist() == [0.0, 2.0]


@pytest.mark.parametrize(
    "make, fan_in",
    [
        (lambda: nn.Linear(300, 200), 300),
        (lambda: nn.Conv2d(20, 30, 5), 500),
        (lambda: nn.Conv2d(20, 40, 5, groups=2), 250),
        (lambda: nn.Conv1d(64, 64, 3), 192),
        (lambda: nn.ConvTranspose2d(20, 30, 5), 750),
    ],
)
def test_first_values(make, fan_in):
    cc.manual_seed(5)
    layer = make()
    bound = 1 / math.sqrt(fan_in)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert np.abs(values).max() <= bound
        assert abs(values.std() - bound / math.sqrt(3)) < 0.15 * bound
    cc.manual_seed(5)
    np.testing.assert_array_equal(make().weight.detach().numpy(), layer.weight.detach().numpy())
    old = layer.weight.detach().clone().numpy()
    layer.reset_parameters()
    assert (layer.weight.detach().numpy() != old).any()


def test_dtype_and_device_arguments():
    layer = nn.Conv2d(1, 1, 1, device="cpu", dtype=cc.float64)
    assert layer.weight.dtype == cc.float64
    assert layer(cc.ones(1, 1, 2, 2, dtype=cc.float64)).dtype == cc.float64
    with pytest.raises((ValueError, NotImplementedError), match="device"):
        nn.Linear(1, 1, device="cuda")


def test_attributes():
    conv = nn.Conv2d(2, 4, 3, stride=2, padding=(1, 0))
    assert (conv.in_channels, conv.out_channels, conv.groups) == (2, 4, 1)
    assert (conv.kernel_size, conv.stride, conv.padding, conv.dilation) == (
        (3, 3), (2, 2), (1, 0), (1, 1),
    )  # fmt: skip
    conv.stride = (1, 1)
    assert conv(cc.ones(1, 2, 5, 5)).shape == (1, 4, 5, 3)
    pairs = nn.Conv2d(1, 1, 2, padding=((1, 0), (2, 3)))
    assert pairs.padding == ((1, 0), (2, 3))
    assert pairs(cc.ones(1, 1, 4, 4)).shape == (1, 1, 4, 8)
    norm = nn.BatchNorm2d(3)
    norm.momentum = None
    assert norm.momentum is None and norm.num_features == 3 and norm.eps == 1e-5
    drop = nn.Dropout()
    drop.p = 0.0
    assert drop(cc.ones(5)).tolist() == [1.0] * 5
    border = nn.ConstantPad1d(1, 2)
    assert (border.padding, border.value) == ((1, 1), 2)
    border.value, border.padding = 3.5, (0, 1)
    assert border(cc.zeros(1, 1)).tolist() == [[0.0, 3.5]]
    pool = nn.MaxPool2d(2)
    assert (pool.kernel_size, pool.stride, pool.padding) == (2, 2, 0)


def test_init_functions():
    cc.manual_seed(1)
    w = cc.empty(200, 50, 3, 3)
    for fill, deviation in [
        (lambda: nn.init.xavier_uniform_(w), math.sqrt(2 / (2250))),
        (lambda: nn.init.xavier_normal_(w, gain=2), 2 * math.sqrt(2 / 2250)),
        (lambda: nn.init.kaiming_uniform_(w, nonlinearity="relu"), math.sqrt(2 / 450)),
        (lambda: nn.init.kaiming_normal_(w, mode="fan_out"), math.sqrt(2 / 1800)),
        (lambda: nn.init.uniform_(w, -1, 1), 1 / math.sqrt(3)),
        (lambda: nn.init.normal_(w, 0, 0.5), 0.5),
        (lambda: nn.init.trunc_normal_(w, std=1, a=-1, b=1), 0.54),
    ]:
        assert fill() is w
        assert abs(float(w.std()) / deviation - 1) < 0.02
        assert abs(float(w.mean())) < 0.02 * max(1, deviation)
    assert float(nn.init.zeros_(w).abs().sum()) == 0
    assert float(nn.init.ones_(w).mean()) == 1
    assert float(nn.init.constant_(w, 2.5).mean()) == 2.5
    layer = nn.Linear(2, 2)
    nn.init.kaiming_normal_(layer.weight)
    assert layer.weight.requires_grad and layer.weight.is_leaf
    with pytest.raises(ValueError, match=r"at least 2 dimensions, got shape \(2,\)"):
        nn.init.xavier_uniform_(layer.bias)
    with pytest.raises(ValueError, match="mode must be 'fan_in' or 'fan_out', got 'fan'"):
        nn.init.kaiming_normal_(layer.weight, mode="fan")
    with pytest.raises(ValueError, match="nonlinearity"):
        nn.init.calculate_gain("step")


def test_softmax_arguments():
    x = cc.tensor([[1, 2], [3, 5]])
    for name in ("softmax", "log_softmax", "softmin"):
        function = getattr(nn.functional, name)
        y = function(x, 0, 3, cc.float64)
        assert y.dtype == cc.float64
        close(y, function(x.double(), dim=0))
        with pytest.warns(UserWarning, match=f"{name}: the choice of a dimension by rank"):
            close(function(x.float()), function(x.float(), dim=1))
    with pytest.raises(ValueError, match=r"softmax2d: input must have 4 dimensions.*\(2, 2\)"):
        nn.Softmax2d()(x.float())
