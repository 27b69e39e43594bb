// Channels exchanged for places (Shi et al., "Real-time single image and video super-resolution", 2016) and channels mixed between
// groups (Zhang et al., "ShuffleNet", 2018): one copy each, in the input's format.
#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

// x's dimensions cut into `parts`, put in another order, and joined to `shape`.
Array rearranged(const Array& x, const Shape& parts, const Shape& order, const Shape& shape) {
    Array from = x.to(x.format()).try_view(parts)->permute(order), out = Array::empty(shape, x.dtype(), x.format());
    out.try_view(from.shape())->copy_from(from);
    return out;
}

// Maps [batch][channels][height][width].
Tensor unshuffled(const Tensor& x, int64_t r);

Tensor shuffled(const Tensor& x, int64_t r) {
    int64_t n = x.size(0), c = x.size(1) / (r * r), h = x.size(2), w = x.size(3);
    Array out = rearranged(x.array(), {n, c, r, r, h, w}, {0, 1, 4, 2, 5, 3}, {n, c, h * r, w * r});
    return record("pixel_shuffle", std::move(out), {x}, [r](Backward& g) { g[0] = unshuffled(g.grad(), r); });
}

Tensor unshuffled(const Tensor& x, int64_t r) {
    int64_t n = x.size(0), c = x.size(1), h = x.size(2) / r, w = x.size(3) / r;
    Array out = rearranged(x.array(), {n, c, h, r, w, r}, {0, 1, 3, 5, 2, 4}, {n, c * r * r, h, w});
    return record("pixel_unshuffle", std::move(out), {x}, [r](Backward& g) { g[0] = shuffled(g.grad(), r); });
}

Tensor mixed(const Tensor& x, int64_t groups) {
    Shape parts = x.shape(), order;
    parts[1] /= groups;
    parts.insert(1, groups);
    for (int i = 0; i < parts.rank(); ++i) order.push_back(i == 1 ? 2 : i == 2 ? 1 : i);
    return record("channel_shuffle", rearranged(x.array(), parts, order, x.shape()), {x},
                  [other = x.size(1) / groups](Backward& g) { g[0] = mixed(g.grad(), other); });
}

void check_factor(const char* op, const char* argument, int64_t factor, const Tensor& x) {
    check(x.rank() >= 3, op, ": input must have at least 3 dimensions (…, channels, height, width), got shape ", x.shape());
    check(factor > 0, op, ": ", argument, " must be positive, got ", factor);
}

// f of x as one batch of maps; whatever comes before the channels is batch.
template <class F>
Tensor over_batch(const Tensor& x, F&& f) {
    if (x.rank() == 4) return f(x);
    const int lead = x.rank() - 3;
    Shape batch, maps{1};
    for (int i = 0; i < lead; ++i) {
        batch.push_back(x.size(i));
        maps[0] *= x.size(i);
    }
    for (int i = lead; i < x.rank(); ++i) maps.push_back(x.size(i));
    Tensor y = f(reshape(x, maps));
    for (int i = 1; i < 4; ++i) batch.push_back(y.size(i));
    return reshape(y, batch);
}

}  // namespace

Tensor pixel_shuffle(const Tensor& x, int64_t upscale_factor) {
    const int64_t r = upscale_factor;
    check_factor("pixel_shuffle", "upscale_factor", r, x);
    check(x.size(x.rank() - 3) % (r * r) == 0, "pixel_shuffle: upscale_factor ", r, " needs a multiple of ", r * r,
          " channels, got shape ", x.shape());
    return over_batch(x, [r](const Tensor& maps) { return shuffled(maps, r); });
}

Tensor pixel_unshuffle(const Tensor& x, int64_t downscale_factor) {
    const int64_t r = downscale_factor;
    check_factor("pixel_unshuffle", "downscale_factor", r, x);
    check(x.size(x.rank() - 2) % r == 0 && x.size(x.rank() - 1) % r == 0, "pixel_unshuffle: downscale_factor ", r,
          " must divide height and width, got shape ", x.shape());
    return over_batch(x, [r](const Tensor& maps) { return unshuffled(maps, r); });
}

Tensor channel_shuffle(const Tensor& x, int64_t groups) {
    check(x.rank() >= 3, "channel_shuffle: input must have at least 3 dimensions (batch, channels, …), got shape ", x.shape());
    check(groups > 0 && x.size(1) % groups == 0, "channel_shuffle: groups must divide the channels, got groups ", groups,
          " and shape ", x.shape());
    return mixed(x, groups);
}

}  // namespace cc
