#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

constexpr Dtype kDefaultDtype = Dtype::Float32;

// Tensors with dimensions decide before 0-d ones, those before Python numbers; a lower rank only matters with a higher category.
struct Candidates {
    std::optional<Dtype> dims, zero_dim, number;

    void add(const Tensor& x) {
        bool wrapped = x.impl().wrapped_number;
        Dtype dtype = wrapped && is_floating(x.dtype()) ? kDefaultDtype : x.dtype();
        std::optional<Dtype>& place = wrapped ? number : x.rank() == 0 ? zero_dim : dims;
        place = place ? promote(*place, dtype) : dtype;
    }

    static std::optional<Dtype> combine(std::optional<Dtype> higher, std::optional<Dtype> lower) {
        if (!higher || !lower) return higher ? higher : lower;
        if (is_floating(*higher)) return higher;
        if (*higher == Dtype::Bool || is_floating(*lower)) return promote(*higher, *lower);
        return higher;
    }
};

}  // namespace

Dtype result_type(const Tensor& a, const Tensor& b) {
    Candidates found;
    found.add(a);
    found.add(b);
    return *Candidates::combine(Candidates::combine(found.dims, found.zero_dim), found.number);
}

Tensor to(const Tensor& x, Dtype dtype) {
    if (x.dtype() == dtype) return x;
    return record("to", x.array().to(dtype), {x}, [from = x.dtype()](Backward& g) { g[0] = to(g.grad(), from); });
}

Tensor number(double value, Dtype dtype) {
    Tensor x(Array::full({}, dtype, value));
    x.impl().wrapped_number = true;
    return x;
}

}  // namespace cc
