#include "kernels/conv/conv_reference.h"

#include <vector>

namespace cc {
namespace {

// Calls f(x index, weight index, y index) for every product of the sum that defines convolution.
template <class F>
void for_each_product(const ConvProblem& p, F f) {
    const int64_t group_c = p.c / p.groups, group_k = p.k / p.groups;
    int64_t o[3], t[3], i[3];
    auto inside = [&](int axis) {
        i[axis] = o[axis] * p.stride[axis] - p.pad_lo[axis] + t[axis] * p.dilation[axis];
        return i[axis] >= 0 && i[axis] < p.in[axis];
    };
    auto flipped = [&](int axis) { return p.flip ? p.kernel[axis] - 1 - t[axis] : t[axis]; };
    for (int64_t n = 0; n < p.n; ++n)
        for (o[0] = 0; o[0] < p.out[0]; ++o[0])
            for (o[1] = 0; o[1] < p.out[1]; ++o[1])
                for (o[2] = 0; o[2] < p.out[2]; ++o[2])
                    for (t[0] = 0; t[0] < p.kernel[0]; ++t[0])
                        for (t[1] = 0; t[1] < p.kernel[1]; ++t[1])
                            for (t[2] = 0; t[2] < p.kernel[2]; ++t[2]) {
                                if (!(inside(0) && inside(1) && inside(2))) continue;
                                int64_t x =
                                    (((n * p.in[0] + i[0]) * p.in[1] + i[1]) * p.in[2] + i[2]) *
                                    p.c;
                                int64_t y =
                                    (((n * p.out[0] + o[0]) * p.out[1] + o[1]) * p.out[2] + o[2]) *
                                    p.k;
                                int64_t tap =
                                    (flipped(0) * p.kernel[1] + flipped(1)) * p.kernel[2] +
                                    flipped(2);
                                for (int64_t k = 0; k < p.k; ++k)
                                    for (int64_t c = 0; c < group_c; ++c)
                                        f(x + k / group_k * group_c + c,
                                          (k * group_c + c) * p.taps() + tap, y + k);
                            }
}

template <class T>
void round(const std::vector<double>& sums, T* out) {
    for (size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<T>(sums[i]);
}

template <class T>
void forward(const ConvProblem& p, const T* x, const T* weight, T* y, const T* bias) {
    std::vector<double> sums(p.n * p.out_pixels() * p.k);
    if (bias)
        for (size_t i = 0; i < sums.size(); ++i) sums[i] = bias[i % p.k];
    for_each_product(p, [&](int64_t xi, int64_t wi, int64_t yi) {
        sums[yi] += double(x[xi]) * double(weight[wi]);
    });
    round(sums, y);
}

template <class T>
void grad_input(const ConvProblem& p, T* x, const T* weight, const T* y) {
    std::vector<double> sums(p.n * p.in_pixels() * p.c);
    for_each_product(p, [&](int64_t xi, int64_t wi, int64_t yi) {
        sums[xi] += double(y[yi]) * double(weight[wi]);
    });
    round(sums, x);
}

template <class T>
void grad_weight(const ConvProblem& p, const T* x, T* weight, const T* y) {
    std::vector<double> sums(p.k * (p.c / p.groups) * p.taps());
    for_each_product(
        p, [&](int64_t xi, int64_t wi, int64_t yi) { sums[wi] += double(x[xi]) * double(y[yi]); });
    round(sums, weight);
}

}  // namespace

void conv_reference(const ConvProblem& p, const ConvArgs& args) {
    visit_floating("conv", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        T *x = static_cast<T*>(args.x), *weight = static_cast<T*>(args.weight),
          *y = static_cast<T*>(args.y);
        switch (p.map) {
            case ConvMap::Forward:
                return forward<T>(p, x, weight, y, static_cast<const T*>(args.bias));
            case ConvMap::GradInput: return grad_input<T>(p, x, weight, y);
            case ConvMap::GradWeight: return grad_weight<T>(p, x, weight, y);
        }
    });
}

}  // namespace cc
