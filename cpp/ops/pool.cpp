// Max and average pooling, over windows of one size or adapted to the output's. Both backwards are linear maps of the output's
// gradient; their own gradients are pooling again (average) or reading at the same places (max).
#include "kernels/pool/pool.h"

#include "autograd/node.h"
#include "ops/places.h"
#include "ops/recast.h"
#include "ops/window.h"

namespace cc {

namespace {

struct Resolved {
    const char* op;
    int rank;
    PoolProblem problem;

    Shape in() const { return map_shape(problem.n, problem.c, problem.in, rank); }
    Shape out() const { return map_shape(problem.n, problem.c, problem.out, rank); }
};

Resolved resolve(const char* op, PoolMode mode, int rank, const Tensor& x, const PoolOptions& options) {
    PoolProblem p{};
    p.dtype = x.dtype();
    p.mode = mode;
    p.n = x.size(0);
    p.c = x.size(1);
    p.count_include_pad = options.count_include_pad;
    p.divisor_override = options.divisor_override;
    check_type(is_floating(p.dtype), op, ": input must have a floating-point dtype, got ", p.dtype);
    Triple in = spatial(x.shape(), rank), kernel = triple(op, "kernel_size", options.kernel_size, rank, 1, 1);
    Triple stride = triple(op, "stride", options.stride.empty() ? options.kernel_size : options.stride, rank, 1, 1);
    Triple padding = triple(op, "padding", options.padding, rank, 0, 0);
    Triple dilation = triple(op, "dilation", options.dilation, rank, 1, 1);
    for (int i = 0; i < 3; ++i) {
        check(2 * padding[i] <= kernel[i], op, ": padding must be at most half of kernel_size, got padding ", padding[i],
              " and kernel_size ", kernel[i]);
        p.in[i] = in[i];
        p.kernel[i] = kernel[i];
        p.stride[i] = stride[i];
        p.dilation[i] = dilation[i];
        p.pad_lo[i] = p.pad_hi[i] = padding[i];
        int64_t room = in[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1;
        int64_t out = (options.ceil_mode ? (room + stride[i] - 1) / stride[i] : room / stride[i]) + 1;
        // With ceil_mode the last window must start inside the input or its left padding.
        if (options.ceil_mode && (out - 1) * stride[i] >= in[i] + padding[i]) --out;
        check(room >= 0 || (options.ceil_mode && out >= 1 && room + stride[i] > 0), op, ": kernel_size ", kernel[i], " with dilation ", dilation[i],
              " is larger than the padded input size ", in[i] + 2 * padding[i], " (input shape ", x.shape(), ")");
        p.out[i] = out;
    }
    return {op, rank, p};
}

Resolved resolve_adaptive(const char* op, PoolMode mode, int rank, const Tensor& x, const Sizes& output_size) {
    check_type(is_floating(x.dtype()), op, ": input must have a floating-point dtype, got ", x.dtype());
    check(output_size.size() == 1 || static_cast<int>(output_size.size()) == rank, op, ": output_size must be one integer or ", rank,
          " of them, got ", output_size.size());
    PoolProblem p{};
    p.dtype = x.dtype();
    p.mode = mode;
    p.adaptive = true;
    p.n = x.size(0);
    p.c = x.size(1);
    Triple in = spatial(x.shape(), rank);
    for (int i = 0; i < 3; ++i) {
        int axis = i - (3 - rank);
        int64_t out = axis < 0 ? 1 : output_size[output_size.size() == 1 ? 0 : axis];
        if (out == -1) out = in[i];  // None
        check(out >= 0, op, ": output_size must not be negative, got ", out);
        check(in[i] > 0, op, ": input must have non-empty spatial dimensions, got shape ", x.shape());
        p.in[i] = in[i];
        p.out[i] = out;
        p.stride[i] = p.dilation[i] = 1;
        p.kernel[i] = out > in[i] && out % in[i] ? 2 : 1;  // windows of a finer map meet one place or two
        for (int64_t o = 0; o < std::min(out, in[i]); ++o) p.kernel[i] = std::max(p.kernel[i], window(p, i, o).count);
    }
    return {op, rank, p};
}

Tensor max_scatter(const Resolved& r, const Tensor& grad, const Array& indices) {
    PoolProblem p = r.problem;
    p.backward = true;
    const InFormat gy(grad.array(), Format::ChannelsLast);
    Array gx = Array::empty(r.in(), p.dtype, Format::ChannelsLast);
    cc::pool(p, {gx.raw(), gy.raw(), indices.data<int32_t>()});
    return record("max_pool_backward", std::move(gx), {grad}, [r, indices](Backward& g) {
        g[0] = take_at({r.op, indices.to(Dtype::Int64), r.out(), r.in()}, g.grad());
    });
}

// Values and, where asked for, their places; without these and without a gradient they are not found at all.
std::pair<Tensor, Tensor> maximum(const Resolved& r, const Tensor& x, bool return_indices) {
    const InFormat from(x.array(), Format::ChannelsLast);
    Array y = Array::empty(r.out(), r.problem.dtype, Format::ChannelsLast), indices;
    if (return_indices || (grad_enabled() && x.requires_grad())) {
        if (r.problem.in_pixels() >= int64_t{1} << 31)
            fail(ErrorKind::NotImplemented, r.op, ": indices of images of 2^31 pixels and more, got input of shape ", x.shape());
        indices = Array::empty(r.out(), Dtype::Int32, Format::ChannelsLast);
    }
    cc::pool(r.problem, {from.raw(), y.raw(), indices.defined() ? indices.data<int32_t>() : nullptr});
    Tensor values = record(r.op, std::move(y), {x}, [r, indices](Backward& g) { g[0] = max_scatter(r, g.grad(), indices); });
    // Copies, as the backward reads its own unchecked.
    return {std::move(values), return_indices ? Tensor(indices.to(Dtype::Int64)) : Tensor()};
}

std::pair<Tensor, Tensor> without_batch(const std::pair<Tensor, Tensor>& found) {
    return {squeeze(found.first, 0), found.second.defined() ? squeeze(found.second, 0) : Tensor()};
}

Tensor average(const Resolved& r, const Tensor& x);

Tensor average_backward(const Resolved& r, const Tensor& grad) {
    PoolProblem p = r.problem;
    p.backward = true;
    const InFormat gy(grad.array(), Format::ChannelsLast);
    Array gx = Array::empty(r.in(), p.dtype, Format::ChannelsLast);
    cc::pool(p, {gx.raw(), gy.raw(), nullptr});
    return record("avg_pool_backward", std::move(gx), {grad}, [r](Backward& g) { g[0] = average(r, g.grad()); });
}

Tensor average(const Resolved& r, const Tensor& x) {
    const InFormat from(x.array(), Format::ChannelsLast);
    Array y = Array::empty(r.out(), r.problem.dtype, Format::ChannelsLast);
    cc::pool(r.problem, {from.raw(), y.raw(), nullptr});
    return record(r.op, std::move(y), {x}, [r](Backward& g) { g[0] = average_backward(r, g.grad()); });
}

}  // namespace

std::pair<Tensor, Tensor> max_pool(int rank, const Tensor& x, const PoolOptions& options, bool return_indices) {
    const char* op = kMaxPool[rank];
    if (auto y = recast(op, [&](auto& a) { return max_pool(rank, a, options, return_indices); }, x)) return *y;
    if (lacks_batch(op, rank, x)) return without_batch(max_pool(rank, unsqueeze(x, 0), options, return_indices));
    return maximum(resolve(op, PoolMode::Max, rank, x, options), x, return_indices);
}

std::pair<Tensor, Tensor> adaptive_max_pool(int rank, const Tensor& x, const Sizes& output_size, bool return_indices) {
    auto here = [&](auto& a) { return adaptive_max_pool(rank, a, output_size, return_indices); };
    const char* op = kAdaptiveMaxPool[rank];
    if (auto y = recast(op, here, x)) return *y;
    if (lacks_batch(op, rank, x)) return without_batch(adaptive_max_pool(rank, unsqueeze(x, 0), output_size, return_indices));
    return maximum(resolve_adaptive(op, PoolMode::Max, rank, x, output_size), x, return_indices);
}

Tensor avg_pool(int rank, const Tensor& x, const PoolOptions& options) {
    const char* op = kAvgPool[rank];
    if (auto y = recast(op, [&](auto& a) { return avg_pool(rank, a, options); }, x)) return *y;
    if (lacks_batch(op, rank, x)) return squeeze(avg_pool(rank, unsqueeze(x, 0), options), 0);
    return average(resolve(op, PoolMode::Average, rank, x, options), x);
}

Tensor adaptive_avg_pool(int rank, const Tensor& x, const Sizes& output_size) {
    const char* op = kAdaptiveAvgPool[rank];
    if (auto y = recast(op, [&](auto& a) { return adaptive_avg_pool(rank, a, output_size); }, x)) return *y;
    if (lacks_batch(op, rank, x)) return squeeze(adaptive_avg_pool(rank, unsqueeze(x, 0), output_size), 0);
    Resolved r = resolve_adaptive(op, PoolMode::Average, rank, x, output_size);
    Axes axes;
    for (int i = 0; i < rank; ++i) axes.push_back(2 + i);
    return r.problem.out_pixels() == 1 ? mean(x, axes, true) : average(r, x);
}

}  // namespace cc
