"""repr is PyTorch's, letter for letter."""

import convcore as cc
import pytest
from convcore import nn

SNIPPETS = [
    "nn.Conv1d(2, 4, 3)",
    "nn.Conv2d(2, 4, (3, 5), stride=2, padding=1, dilation=2, groups=2, bias=False)",
    "nn.Conv2d(2, 4, 3, padding='same')",
    "nn.Conv2d(2, 4, 3, padding='same', padding_mode='circular')",
    "nn.Conv1d(2, 4, 3, padding=1, bias=False, padding_mode='reflect')",
    "nn.Conv3d(2, 4, 3, padding=(0, 1, 2))",
    "nn.ConvTranspose1d(2, 4, 3)",
    "nn.ConvTranspose2d(2, 4, (3, 4), 2, 1, 1, groups=2, bias=False, dilation=2)",
    "nn.ConvTranspose3d(2, 4, 3, stride=2, output_padding=(0, 1, 0))",
    "nn.ConstantPad1d(2, 3)",
    "nn.ConstantPad2d((1, 2, 0, 1), 3.5)",
    "nn.ConstantPad3d(1, 0)",
    "nn.ZeroPad1d(2)",
    "nn.ZeroPad2d((1, 2, 0, 1))",
    "nn.ZeroPad3d(1)",
    "nn.ReflectionPad1d(2)",
    "nn.ReflectionPad2d((1, 2, 0, 1))",
    "nn.ReflectionPad3d(1)",
    "nn.ReplicationPad1d(2)",
    "nn.ReplicationPad2d((1, 2, 0, 1))",
    "nn.ReplicationPad3d(1)",
    "nn.CircularPad1d(2)",
    "nn.CircularPad2d((1, 2, 0, 1))",
    "nn.CircularPad3d(1)",
    "nn.MaxPool1d(2)",
    "nn.MaxPool2d(2)",
    "nn.MaxPool2d((3, 2), stride=(1, 2), padding=1, ceil_mode=True)",
    "nn.MaxPool3d(3, dilation=2)",
    "nn.AvgPool1d(2)",
    "nn.AvgPool1d(3, 2, 1)",
    "nn.AvgPool2d(2)",
    "nn.AvgPool2d((2, 3), stride=1, padding=1)",
    "nn.AvgPool3d(2)",
    "nn.AdaptiveAvgPool1d(1)",
    "nn.AdaptiveAvgPool2d((1, 1))",
    "nn.AdaptiveAvgPool2d(1)",
    "nn.AdaptiveAvgPool3d((1, None, 2))",
    "nn.AdaptiveMaxPool1d(1)",
    "nn.AdaptiveMaxPool2d((None, 2))",
    "nn.AdaptiveMaxPool3d(2, return_indices=True)",
    "nn.LPPool1d(2, 3)",
    "nn.LPPool2d(1.5, (3, 2), stride=2)",
    "nn.LPPool3d(2, 3, ceil_mode=True)",
    "nn.MaxUnpool1d(2)",
    "nn.MaxUnpool2d((3, 2), stride=2, padding=1)",
    "nn.MaxUnpool3d(2)",
    "nn.FractionalMaxPool2d(2, output_size=3)",
    "nn.FractionalMaxPool3d(2, output_ratio=0.5)",
    "nn.Linear(2, 3)",
    "nn.Linear(2, 3, bias=False)",
    "nn.Bilinear(2, 3, 4, bias=False)",
    "nn.Embedding(5, 3)",
    "nn.Embedding(5, 3, padding_idx=-2, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)",
    "nn.EmbeddingBag(5, 3)",
    "nn.EmbeddingBag(5, 3, 2.0, mode='sum', padding_idx=1)",
    "nn.LazyLinear(3)",
    "nn.LazyConv2d(4, (3, 2), groups=2)",
    "nn.LazyConvTranspose1d(4, 3, bias=False)",
    "nn.LazyBatchNorm2d(eps=1e-3)",
    "nn.LazyInstanceNorm3d()",
    "nn.BatchNorm1d(3)",
    "nn.BatchNorm2d(3, eps=1e-3, momentum=None, affine=False)",
    "nn.BatchNorm3d(3, track_running_stats=False)",
    "nn.InstanceNorm1d(3)",
    "nn.InstanceNorm2d(3, eps=1e-3, affine=True, track_running_stats=True)",
    "nn.InstanceNorm3d(3, affine=True, bias=False)",
    "nn.GroupNorm(2, 4)",
    "nn.GroupNorm(2, 4, eps=0.1, affine=False)",
    "nn.LayerNorm(3)",
    "nn.LayerNorm((3, 4), elementwise_affine=False)",
    "nn.LayerNorm([3, 4], bias=False)",
    "nn.RMSNorm(3)",
    "nn.RMSNorm((3, 4), eps=0.1)",
    "nn.LocalResponseNorm(3)",
    "nn.LocalResponseNorm(3, 0.1, 0.5, 2.0)",
    "nn.Dropout()",
    "nn.Dropout2d(0.3, inplace=True)",
    "nn.ReLU()",
    "nn.ReLU(inplace=True)",
    "nn.LeakyReLU()",
    "nn.LeakyReLU(0.2, True)",
    "nn.ELU()",
    "nn.ELU(0.5, inplace=True)",
    "nn.Softplus()",
    "nn.GELU()",
    "nn.GELU(approximate='tanh')",
    "nn.SiLU()",
    "nn.Sigmoid()",
    "nn.Tanh()",
    "nn.ReLU6()",
    "nn.ReLU6(inplace=True)",
    "nn.Hardtanh()",
    "nn.Hardtanh(-2.0, 2.0, inplace=True)",
    "nn.Hardsigmoid()",
    "nn.Hardsigmoid(inplace=True)",
    "nn.Hardswish(inplace=True)",
    "nn.Hardshrink()",
    "nn.Softshrink(0.3)",
    "nn.Tanhshrink()",
    "nn.Softsign()",
    "nn.LogSigmoid()",
    "nn.SELU()",
    "nn.SELU(True)",
    "nn.CELU(0.5)",
    "nn.Mish()",
    "nn.Mish(inplace=True)",
    "nn.GLU(1)",
    "nn.Threshold(0.1, 20.0)",
    "nn.Threshold(0.1, 20.0, inplace=True)",
    "nn.PReLU()",
    "nn.PReLU(3)",
    "nn.RReLU()",
    "nn.RReLU(inplace=True)",
    "nn.Softmax(dim=1)",
    "nn.LogSoftmax(1)",
    "nn.Softmin(1)",
    "nn.Softmax2d()",
    "nn.AlphaDropout(0.2)",
    "nn.FeatureAlphaDropout(inplace=True)",
    "nn.Flatten()",
    "nn.Unflatten(1, (2, 3))",
    "nn.Identity()",
    "nn.Upsample(5)",
    "nn.Upsample((3, 4), mode='bilinear')",
    "nn.Upsample(scale_factor=2)",
    "nn.Upsample(scale_factor=(1, 2.5), mode='bicubic', align_corners=True)",
    "nn.UpsamplingNearest2d(scale_factor=2)",
    "nn.UpsamplingBilinear2d((3, 4))",
    "nn.PixelShuffle(2)",
    "nn.PixelUnshuffle(3)",
    "nn.ChannelShuffle(2)",
    "nn.Unfold(3)",
    "nn.Unfold((2, 3), dilation=2, padding=(0, 1), stride=2)",
    "nn.Fold((4, 5), (2, 2))",
    "nn.CrossEntropyLoss()",
    "nn.MSELoss()",
    "nn.NLLLoss()",
    "nn.BCELoss()",
    "nn.BCEWithLogitsLoss()",
    "nn.SmoothL1Loss()",
    "nn.KLDivLoss()",
    "nn.SoftMarginLoss()",
    "nn.HingeEmbeddingLoss(0.5)",
    "nn.PoissonNLLLoss()",
    "nn.GaussianNLLLoss()",
    "nn.MultiLabelSoftMarginLoss()",
    "nn.MultiMarginLoss()",
    "nn.MarginRankingLoss(0.5)",
    "nn.CosineEmbeddingLoss()",
    "nn.TripletMarginLoss()",
    "nn.TripletMarginWithDistanceLoss()",
    "nn.CosineSimilarity(0)",
    "nn.PairwiseDistance(1.0)",
    "nn.HuberLoss()",
    "nn.L1Loss(reduction='sum')",
    "nn.Sequential()",
    "nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.Flatten()))",
    "nn.ModuleList()",
    "nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.Sequential(nn.ReLU()), nn.Sequential(nn.ReLU())])",
    "nn.Module()",
]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_repr_is_torchs(snippet):
    torch = pytest.importorskip("torch")
    assert repr(eval(snippet, {"nn": nn})) == repr(eval(snippet, {"nn": torch.nn}))


def network(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
            self.gone = None

        def extra_repr(self):
            return "a=1"

    class Long(Net):
        def extra_repr(self):
            return "a=1\nb=2"

    return nn.Sequential(Net(), Long())


def test_repr_of_subclasses():
    assert repr(network(nn)) == (
        "Sequential(\n"
        "  (0): Net(\n"
        "    a=1\n"
        "    (body): Sequential(\n"
        "      (0): Linear(in_features=1, out_features=1, bias=True)\n"
        "      (1): ReLU()\n"
        "    )\n"
        "  )\n"
        "  (1): Long(\n"
        "    a=1\n"
        "    b=2\n"
        "    (body): Sequential(\n"
        "      (0): Linear(in_features=1, out_features=1, bias=True)\n"
        "      (1): ReLU()\n"
        "    )\n"
        "  )\n"
        ")"
    )


def test_repr_of_subclasses_is_torchs():
    torch = pytest.importorskip("torch")
    assert repr(network(nn)) == repr(network(torch.nn))


def test_parameter_repr():
    assert repr(nn.Parameter(cc.zeros(2))) == (
        "Parameter containing:\ntensor([0., 0.], requires_grad=True)"
    )
