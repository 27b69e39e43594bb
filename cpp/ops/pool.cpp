// Max and average pooling. Both backwards are linear maps of the output's gradient; their own gradients are pooling again (average)
// or reading at the same places (max).
#include "kernels/pool/pool.h"

#include "autograd/node.h"
#include "ops/window.h"

namespace cc {

namespace {

struct Resolved {
    const char* op;
    int rank;
    PoolProblem problem;
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

Shape pooled(const Resolved& r, const int64_t* sizes) {
    Shape shape{r.problem.n, r.problem.c};
    for (int i = 3 - r.rank; i < 3; ++i) shape.push_back(sizes[i]);
    return shape;
}

Array empty_last(const Resolved& r, const int64_t* sizes, Dtype dtype) {
    return Array::empty(pooled(r, sizes), dtype, Format::ChannelsLast);
}

// x at the places the forward chose: the adjoint of scattering.
Tensor max_gather(const Resolved& r, const Tensor& x, const Array& indices);

Tensor max_scatter(const Resolved& r, const Tensor& grad, const Array& indices) {
    PoolProblem p = r.problem;
    p.backward = true;
    Array gy = grad.array().to(Format::ChannelsLast), gx = empty_last(r, p.in, p.dtype);
    cc::pool(p, {gx.raw(), gy.raw(), indices.data<int64_t>()});
    return record("max_pool_backward", std::move(gx), {grad},
                  [r, indices](Backward& g) { g[0] = max_gather(r, g.grad(), indices); });
}

Tensor max_gather(const Resolved& r, const Tensor& x, const Array& indices) {
    const PoolProblem& p = r.problem;
    Array from = x.array().to(Format::ChannelsLast), y = empty_last(r, p.out, p.dtype);
    const int64_t* index = indices.data<int64_t>();
    visit_floating(r.op, p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* source = from.data<T>();
        T* target = y.data<T>();
        for (int64_t i = 0, n = 0; n < p.n; ++n)
            for (int64_t o = 0; o < p.out_pixels(); ++o)
                for (int64_t c = 0; c < p.c; ++c, ++i) target[i] = source[(n * p.in_pixels() + index[i]) * p.c + c];
    });
    return record("max_pool_gather", std::move(y), {x},
                  [r, indices](Backward& g) { g[0] = max_scatter(r, g.grad(), indices); });
}

Tensor average(const Resolved& r, const Tensor& x);

Tensor average_backward(const Resolved& r, const Tensor& grad) {
    PoolProblem p = r.problem;
    p.backward = true;
    Array gy = grad.array().to(Format::ChannelsLast), gx = empty_last(r, p.in, p.dtype);
    cc::pool(p, {gx.raw(), gy.raw(), nullptr});
    return record("avg_pool_backward", std::move(gx), {grad}, [r](Backward& g) { g[0] = average(r, g.grad()); });
}

Tensor average(const Resolved& r, const Tensor& x) {
    Array from = x.array().to(Format::ChannelsLast), y = empty_last(r, r.problem.out, r.problem.dtype);
    cc::pool(r.problem, {from.raw(), y.raw(), nullptr});
    return record(r.op, std::move(y), {x}, [r](Backward& g) { g[0] = average_backward(r, g.grad()); });
}

}  // namespace

std::pair<Tensor, Tensor> max_pool(int rank, const Tensor& input, const PoolOptions& options, bool return_indices) {
    const char* op = op_name("max_pool", rank);
    Tensor x = input;
    bool unbatched = add_batch(op, rank, x);
    Resolved r = resolve(op, PoolMode::Max, rank, x, options);
    Array from = x.array().to(Format::ChannelsLast);
    Array y = empty_last(r, r.problem.out, r.problem.dtype), indices = empty_last(r, r.problem.out, Dtype::Int64);
    cc::pool(r.problem, {from.raw(), y.raw(), indices.data<int64_t>()});
    Tensor values = record(op, std::move(y), {x}, [r, indices](Backward& g) { g[0] = max_scatter(r, g.grad(), indices); });
    // A copy, as the backward reads its own unchecked.
    Tensor places = return_indices ? Tensor(indices.clone()) : Tensor();
    if (!unbatched) return {values, places};
    return {squeeze(values, 0), return_indices ? squeeze(places, 0) : places};
}

Tensor avg_pool(int rank, const Tensor& input, const PoolOptions& options) {
    const char* op = op_name("avg_pool", rank);
    Tensor x = input;
    bool unbatched = add_batch(op, rank, x);
    Tensor y = average(resolve(op, PoolMode::Average, rank, x, options), x);
    return unbatched ? squeeze(y, 0) : y;
}

}  // namespace cc
