// Borders. Constant ones are undone by cropping; the others are a reading at mapped places whose adjoint adds back. Either way the
// two lead to each other: the tape is closed.
#include "kernels/pad/pad.h"

#include <algorithm>
#include <cstdint>

#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

struct Borders {
    PadMode mode;
    Sizes lo, hi;  // of every dimension
    double value;
};

PadMode mode_of(const std::string& text) {
    constexpr const char* names[] = {"constant", "reflect", "replicate", "circular"};
    for (int i = 0; i < 4; ++i)
        if (text == names[i]) return static_cast<PadMode>(i);
    fail(ErrorKind::Value, "pad: mode must be \"constant\", \"reflect\", \"replicate\" or \"circular\", got \"", text, "\"");
}

void check_border(PadMode mode, const Shape& shape, int axis, int64_t lo, int64_t hi) {
    if (lo == 0 && hi == 0) return;
    const int64_t size = shape[axis], left = size + std::min<int64_t>(lo, 0) + std::min<int64_t>(hi, 0),
                  most = std::max(lo, hi);
    auto must = [&](bool ok, const char* what) {
        check(ok, "pad: pad must ", what, ", got (", lo, ", ", hi, ") for dimension ", axis, " of shape ", shape);
    };
    must(std::min(lo, hi) >= -INT32_MAX && most <= INT32_MAX, "be below 2147483648");
    must(size + lo + hi >= 0, "leave no negative size");
    if (mode == PadMode::Constant) must(left >= 0, "crop no more than there is");
    if (mode == PadMode::Reflect) must(most < size, "be smaller than the dimension to reflect it");
    if (mode == PadMode::Replicate) must(size > 0, "have a last element to replicate");
    if (mode == PadMode::Circular) must(left >= 0 && most <= left, "wrap around once at most");
}

Borders resolve(const Shape& shape, const Sizes& pad, const std::string& mode, double value) {
    check(pad.size() % 2 == 0 && pad.size() <= 2 * size_t(shape.rank()),
          "pad: pad must have (low, high) pairs for at most ", shape.rank(), " dimensions, got ", pad.size(), " numbers");
    Borders b{mode_of(mode), Sizes(shape.rank(), 0), Sizes(shape.rank(), 0), value};
    check(b.mode == PadMode::Constant || value == 0, "pad: value is for mode \"constant\", got ", value, " with mode \"", mode,
          "\"");
    for (size_t i = 0; i < pad.size() / 2; ++i) {
        const int axis = shape.rank() - 1 - static_cast<int>(i);
        b.lo[axis] = pad[2 * i];
        b.hi[axis] = pad[2 * i + 1];
        check_border(b.mode, shape, axis, b.lo[axis], b.hi[axis]);
    }
    return b;
}

PadProblem problem_of(const Borders& b, const Shape& in, Dtype dtype, Format format) {
    const int rank = in.rank();
    PadProblem p{dtype, b.mode, rank, {}, {}, {}, b.value};
    for (int i = 0; i < rank; ++i) {
        const int axis = format == Format::RowMajor || i == 0 ? i : i == rank - 1 ? 1 : i + 1;
        p.in[i] = in[axis];
        p.lo[i] = b.lo[axis];
        p.hi[i] = b.hi[axis];
    }
    return p;
}

Tensor adjoint(const Borders& b, const Shape& in, const Tensor& grad);

Tensor forward(const Borders& b, const Tensor& x) {
    const Format format = x.array().format();
    Shape size = x.shape();
    for (int i = 0; i < size.rank(); ++i) size[i] += b.lo[i] + b.hi[i];
    Array from = x.array().to(format), y = Array::empty(size, x.dtype(), format);
    cc::pad(problem_of(b, x.shape(), x.dtype(), format), from.raw(), y.raw());
    return record("pad", std::move(y), {x}, [b, in = x.shape()](Backward& g) { g[0] = adjoint(b, in, g.grad()); });
}

Tensor adjoint(const Borders& b, const Shape& in, const Tensor& grad) {
    if (b.mode == PadMode::Constant) {
        Borders crop = b;
        crop.value = 0;
        for (int64_t& lo : crop.lo) lo = -lo;
        for (int64_t& hi : crop.hi) hi = -hi;
        return forward(crop, grad);
    }
    const Format format = grad.array().format();
    const Dtype dtype = computed_in(grad.dtype());
    Array from = grad.array().to(format).to(dtype), x = Array::empty(in, dtype, format);
    pad_adjoint(problem_of(b, in, dtype, format), from.raw(), x.raw());
    return record("pad_backward", x.to(grad.dtype()), {grad}, [b](Backward& g) { g[0] = forward(b, g.grad()); });
}

}  // namespace

Tensor pad(const Tensor& input, const Sizes& pad, const std::string& mode, double value) {
    Borders b = resolve(input.shape(), pad, mode, value);
    if (std::all_of(pad.begin(), pad.end(), [](int64_t width) { return width == 0; })) return clone(input);
    return forward(b, input);
}

}  // namespace cc
