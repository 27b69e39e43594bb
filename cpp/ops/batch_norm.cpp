// Batch normalisation: y = (x − mean)/√(var + eps)·weight + bias, statistics per channel over all other axes.
#include "kernels/norm/batch_norm.h"

#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

constexpr const char* kOp = "batch_norm";

Array per_channel(const char* argument, const Tensor& t, const Tensor& x) {
    if (!t.defined()) return {};
    check(t.rank() == 1 && t.size(0) == x.size(1), kOp, ": ", argument, " must have shape (", x.size(1),
          ",) for input of shape ", x.shape(), ", got ", t.shape());
    check_type(is_floating(t.dtype()), kOp, ": ", argument, " must have a floating-point dtype, got ", t.dtype());
    return t.array().to(x.dtype()).contiguous();
}

void* raw(const Array& a) { return a.defined() ? a.raw() : nullptr; }

// running ← (1 − momentum)·running + momentum·(batch·factor)
void update_running(const Tensor& running, const Array& batch, double momentum, double factor) {
    Array old = running.array().contiguous(), now = Array::empty(old.shape(), old.dtype());
    visit_floating(kOp, old.dtype(), [&](auto zero) {
        using T = decltype(zero);
        Array values = batch.to(old.dtype());
        for (int64_t c = 0; c < old.numel(); ++c)
            now.data<T>()[c] = static_cast<T>((1 - momentum) * old.data<T>()[c] + momentum * factor * values.data<T>()[c]);
    });
    running.array().copy_from(now);
}

// The same in closed ops; mean and var are given when they are not the batch's own.
Tensor expression(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& mean_given,
                  const Tensor& var_given, double eps) {
    Axes axes;
    Shape wide(x.rank(), 1);
    for (int i = 0; i < x.rank(); ++i)
        if (i != 1) axes.push_back(i);
    wide[1] = x.size(1);
    Tensor centre = mean_given.defined() ? reshape(mean_given, wide) : mean(x, axes, true);
    Tensor centred = sub(x, centre);
    Tensor spread = var_given.defined() ? reshape(var_given, wide) : mean(mul(centred, centred), axes, true);
    Tensor y = mul(centred, unary(Unary::Rsqrt, add(spread, number(eps, Dtype::Float64))));
    if (weight.defined()) y = mul(y, reshape(weight, wide));
    return bias.defined() ? add(y, reshape(bias, wide)) : y;
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps) {
    check(x.rank() >= 2, kOp, ": input must have at least 2 dimensions (batch, channels, …), got shape ", x.shape());
    check_type(is_floating(x.dtype()), kOp, ": input must have a floating-point dtype, got ", x.dtype());
    for (const Tensor* t : {&weight, &bias})
        check_type(!t->defined() || t->dtype() == x.dtype(), kOp, ": input has dtype ", x.dtype(), ", ",
                   t == &weight ? "weight " : "bias ", t->defined() ? t->dtype() : x.dtype());
    check(training || (running_mean.defined() && running_var.defined()), kOp,
          ": running_mean and running_var are needed when training=False");
    Array w = per_channel("weight", weight, x), b = per_channel("bias", bias, x);
    Array old_mean = per_channel("running_mean", running_mean, x), old_var = per_channel("running_var", running_var, x);
    int64_t channels = x.size(1), rows = channels ? x.numel() / channels : 0;
    check(!training || rows != 1, kOp, ": expected more than 1 value per channel when training, got input of shape ",
          x.shape());

    Array from = x.array().to(Format::ChannelsLast), y = Array::empty(x.shape(), x.dtype(), Format::ChannelsLast);
    BatchNormProblem p{x.dtype(), false, training, rows, channels, eps};
    Array mean = training ? Array::empty({channels}, x.dtype()) : old_mean;
    Array var = training ? Array::empty({channels}, x.dtype()) : old_var, rstd;
    if (training) rstd = Array::empty({channels}, x.dtype());
    BatchNormArgs args{};
    args.x = from.raw(), args.y = y.raw(), args.weight = raw(w), args.bias = raw(b);
    args.mean = mean.raw(), args.var = var.raw(), args.rstd = raw(rstd);
    if (rows > 0) cc::batch_norm(p, args);
    if (training && rows > 0) {
        double unbiased = static_cast<double>(rows) / static_cast<double>(rows - 1);
        if (running_mean.defined()) update_running(running_mean, mean, momentum, 1);
        if (running_var.defined()) update_running(running_var, var, momentum, unbiased);
    }

    auto backward = [p, x = Saved(x), weight = Saved(weight), mean = Saved(Tensor(mean)), var = Saved(Tensor(var)),
                     rstd](Backward& g) {
        BatchNormProblem problem = p;
        problem.backward = true;
        Array from = x.get().array().to(Format::ChannelsLast), gy = g.grad().array().to(Format::ChannelsLast);
        Array w = weight.defined() ? weight.get().array().contiguous() : Array();
        Array gx, gw, gb;
        if (g.wants(0)) gx = Array::empty(from.shape(), p.dtype, Format::ChannelsLast);
        if (g.wants(1)) gw = Array::empty({p.channels}, p.dtype);
        if (g.wants(2)) gb = Array::empty({p.channels}, p.dtype);
        BatchNormArgs args{};
        args.x = from.raw(), args.weight = raw(w), args.grad_y = gy.raw();
        args.mean = mean.get().array().raw(), args.var = var.get().array().raw(), args.rstd = raw(rstd);
        args.grad_x = raw(gx), args.grad_weight = raw(gw), args.grad_bias = raw(gb);
        cc::batch_norm(problem, args);
        if (g.wants(0)) g[0] = Tensor(gx);
        if (g.wants(1)) g[1] = Tensor(gw);
        if (g.wants(2)) g[2] = Tensor(gb);
    };
    Saved fixed_mean(Tensor(training ? Array() : mean), !training), fixed_var(Tensor(training ? Array() : var), !training);
    return record_composite(kOp, std::move(y), {x, weight, bias}, std::move(backward),
                            [fixed_mean, fixed_var, eps](const Tensors& in) {
                                return expression(in[0], in[1], in[2], fixed_mean, fixed_var, eps);
                            });
}

}  // namespace cc
