"""Channels exchanged for places, or mixed."""

from tests.cases import Op, bad, case, ints, real


def pixel_shuffle(x, upscale_factor):
    *lead, c, h, w = x.shape
    r = upscale_factor
    parts = x.reshape(-1, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape(*lead, c // r**2, h * r, w * r)


def pixel_unshuffle(x, downscale_factor):
    *lead, c, h, w = x.shape
    r = downscale_factor
    parts = x.reshape(-1, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
    return parts.reshape(*lead, c * r**2, h // r, w // r)


def channel_shuffle(x, groups):
    n, c, *space = x.shape
    return x.reshape(n, groups, c // groups, *space).swapaxes(1, 2).reshape(x.shape)


OPS = [
    Op(
        "pixel_shuffle",
        "nn.functional.pixel_shuffle",
        pixel_shuffle,
        [
            case("two", real(2, 8, 3, 2), 2),
            case("three", real(1, 9, 2, 2), 3),
            case("one", real(1, 3, 2, 2), 1),
            case("unbatched", real(4, 2, 3), 2),
            case("two-batches", real(2, 1, 4, 2, 3), 2),
            case("empty-batch", real(0, 4, 2, 3), 2).but(torch_grad=False, why="PyTorch's gradient fails"),
            case("integers", ints(1, 4, 2, 2), 2),
        ],
        [
            bad("rank", ValueError, r"pixel_shuffle: input must have at least 3 dimensions.*\(4, 2\)", real(4, 2), 2),
            bad("channels", ValueError, r"upscale_factor 2 needs a multiple of 4 channels, got shape \(1, 6, 2, 2\)", real(1, 6, 2, 2), 2),
            bad("factor", ValueError, "upscale_factor must be positive, got 0", real(1, 4, 2, 2), 0),
            bad("type", TypeError, "upscale_factor must be int, got float", real(1, 4, 2, 2), 2.0),
        ],
        bench=[case("maps", real(8, 64, 64, 64), 2)],
    ),
    Op(
        "pixel_unshuffle",
        "nn.functional.pixel_unshuffle",
        pixel_unshuffle,
        [
            case("two", real(2, 2, 4, 6), 2),
            case("three", real(1, 1, 3, 6), 3),
            case("unbatched", real(2, 4, 2), 2),
            case("empty-batch", real(0, 2, 4, 2), 2).but(
                torch=False, why="PyTorch leaves the shape as it was"
            ),
            case("integers", ints(1, 1, 4, 4), 2),
        ],
        [
            bad("rank", ValueError, "pixel_unshuffle: input must have at least 3 dimensions", real(4, 2), 2),
            bad("size", ValueError, "downscale_factor 2 must divide height and width", real(1, 1, 4, 5), 2),
            bad("factor", ValueError, "downscale_factor must be positive, got -1", real(1, 1, 4, 4), -1),
        ],
        bench=[case("maps", real(8, 16, 128, 128), 2)],
    ),
    Op(
        "channel_shuffle",
        "nn.functional.channel_shuffle",
        channel_shuffle,
        [
            case("maps", real(2, 6, 3, 2), 3),
            case("lines", real(2, 4, 5), 2),
            case("volumes", real(1, 6, 2, 2, 3), 2),
            case("one-group", real(1, 3, 2, 2), 1),
            case("empty-batch", real(0, 4, 2, 2), 2),
        ],
        [
            bad("rank", ValueError, "channel_shuffle: input must have at least 3 dimensions", real(4, 4), 2),
            bad("groups", ValueError, "groups must divide the channels, got groups 4", real(1, 6, 2, 2), 4),
            bad("zero", ValueError, "groups must divide the channels, got groups 0", real(1, 6, 2, 2), 0),
        ],

        bench=[case("maps", real(16, 64, 28, 28), 4)],
    ),
]  # fmt: skip
