// Back to the places that max pooling kept, and max pooling of windows drawn at random.
#include <algorithm>

#include "autograd/node.h"
#include "kernels/index/index.h"
#include "kernels/pool/fractional_pool.h"
#include "ops/places.h"
#include "ops/random.h"
#include "ops/recast.h"
#include "ops/window.h"

namespace cc {

Tensor max_unpool(int rank, const Tensor& input, const Tensor& indices, const PoolOptions& options, const Sizes& output_size) {
    auto here = [&](auto& a) { return max_unpool(rank, a, indices, options, output_size); };
    if (auto y = recast("max_unpool", here, input)) return *y;
    const char* op = kMaxUnpool[rank];
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    check_type(indices.dtype() == Dtype::Int64, op, ": indices must have dtype int64, got ", indices.dtype());
    check(indices.shape() == input.shape(), op, ": indices must have input's shape ", input.shape(), ", got ", indices.shape());
    Tensor x = input, at = indices;
    bool unbatched = add_batch(op, rank, x);
    if (unbatched) at = unsqueeze(at, 0);
    Triple in = spatial(x.shape(), rank), kernel = triple(op, "kernel_size", options.kernel_size, rank, 1, 1);
    Triple stride = triple(op, "stride", options.stride.empty() ? options.kernel_size : options.stride, rank, 1, 1);
    Triple padding = triple(op, "padding", options.padding, rank, 0, 0);
    Sizes wanted = output_size;
    if (static_cast<int>(wanted.size()) == rank + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
    check(wanted.empty() || static_cast<int>(wanted.size()) == rank, op, ": output_size must have ", rank, " or ", rank + 2,
          " sizes, got ", output_size.size());
    int64_t out[3], pixels = 1;
    for (int i = 0; i < 3; ++i) {
        int axis = i - (3 - rank);
        int64_t usual = (in[i] - 1) * stride[i] + kernel[i] - 2 * padding[i];
        out[i] = axis < 0 ? 1 : wanted.empty() ? usual : wanted[axis];
        check(axis < 0 || (out[i] > usual - stride[i] && out[i] < usual + stride[i]), op, ": output_size must lie between ",
              usual - stride[i] + 1, " and ", usual + stride[i] - 1, " in dimension ", axis, ", got ", out[i]);
        pixels *= out[i];
    }
    Places places{op, at.array().to(Format::ChannelsLast), x.shape(), map_shape(x.size(0), x.size(1), out, rank)};
    const int64_t* index = places.indices.data<int64_t>();
    int64_t wrong = find_out_of_range(index, places.indices.numel(), 0, pixels);
    check(wrong < 0, op, ": indices must lie in the output of ", pixels, " pixels, got ", wrong < 0 ? 0 : index[wrong]);
    Tensor y = put_at(places, x);
    return unbatched ? squeeze(y, 0) : y;
}

namespace {

// Where the windows of one axis begin in one map, every `stride`: the pseudorandom sequence of a sample u, the last one at the end.
template <class T>
void window_starts(T u, int64_t in, int64_t out, int64_t kernel, int64_t* starts, int64_t stride) {
    const T step = out > 1 ? static_cast<T>(in - kernel) / static_cast<T>(out - 1) : T{0};
    for (int64_t i = 0; i + 1 < out; ++i)
        starts[i * stride] = static_cast<int64_t>((static_cast<T>(i) + u) * step) - static_cast<int64_t>(u * step);
    if (out > 0) starts[(out - 1) * stride] = in - kernel;
}

}  // namespace

// Graham, "Fractional max-pooling", 2014.
std::pair<Tensor, Tensor> fractional_max_pool(int rank, const Tensor& input, const Sizes& kernel_size, const Sizes& output_size,
                                              bool return_indices, const Tensor& samples) {
    auto here = [&](auto& a, auto& b) { return fractional_max_pool(rank, a, kernel_size, output_size, return_indices, b); };
    if (auto y = recast("fractional_max_pool", here, input, samples)) return *y;
    const char* op = kFractionalMaxPool[rank];
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    Tensor x = input;
    bool unbatched = add_batch(op, rank, x);
    FractionalPoolProblem p{};
    p.dtype = x.dtype(), p.n = x.size(0), p.c = x.size(1);
    Triple in = spatial(x.shape(), rank), kernel = triple(op, "kernel_size", kernel_size, rank, 1, 1);
    Triple out = triple(op, "output_size", output_size, rank, 1, 1);
    for (int i = 0; i < 3; ++i) {
        check(out[i] + kernel[i] - 1 <= in[i], op, ": output_size + kernel_size - 1 must be at most the input's size, got ", out[i],
              " and ", kernel[i], " for input of shape ", input.shape());
        p.in[i] = in[i], p.out[i] = out[i], p.kernel[i] = kernel[i];
    }
    Shape sample_shape{p.n, p.c, rank};
    check(!samples.defined() || samples.shape() == sample_shape, op, ": _random_samples must have shape ", sample_shape, ", got ",
          samples.defined() ? samples.shape() : sample_shape);
    Array u = (samples.defined() ? to(samples.detach(), p.dtype) : rand(sample_shape, p.dtype)).array().contiguous();
    // Samples of the axes come in order, in two dimensions the last axis first: PyTorch's order.
    std::vector<int64_t> starts[3];
    for (int a = 0; a < 3; ++a) {
        const int axis = a - (3 - rank), sample = rank == 2 ? 1 - axis : axis;
        starts[a].assign(static_cast<size_t>(p.n * p.c * p.out[a]), 0);
        p.starts[a] = starts[a].data();
        if (axis < 0) continue;
        visit_floating(op, p.dtype, [&](auto zero) {
            for (int64_t map = 0; map < p.n * p.c; ++map)
                window_starts(u.data<decltype(zero)>()[map * rank + sample], p.in[a], p.out[a], p.kernel[a],
                              starts[a].data() + map / p.c * p.out[a] * p.c + map % p.c, p.c);
        });
    }
    Array from = x.array().to(Format::ChannelsLast);
    Shape shape = map_shape(p.n, p.c, p.out, rank);
    Array y = Array::empty(shape, p.dtype, Format::ChannelsLast), indices = Array::empty(shape, Dtype::Int64, Format::ChannelsLast);
    cc::fractional_pool(p, {from.raw(), y.raw(), indices.data<int64_t>()});
    Tensor values = record(op, std::move(y), {x}, [places = Places{op, indices, shape, x.shape()}](Backward& g) {
        g[0] = add_at(places, g.grad());
    });
    Tensor places = return_indices ? Tensor(indices.clone()) : Tensor();
    if (!unbatched) return {values, places};
    return {squeeze(values, 0), return_indices ? squeeze(places, 0) : places};
}

}  // namespace cc
