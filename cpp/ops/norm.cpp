// The one tape entry of all normalisations: a kernel for values and first gradients, closed ops for what comes after.
#include "ops/norm.h"

#include <array>
#include <cstring>

#include "array/affine_pass.h"
#include "autograd/node.h"

namespace cc {

namespace {

void* raw(const Array& a) { return a.defined() ? a.raw() : nullptr; }

// A weight in the order of the input's channels in memory: it may cover several axes, all but the input's first.
Array beside(const Tensor& weight, Format format) {
    return weight.defined() ? weight.array().unsqueeze(0).to(format) : Array();
}

Array like_weight(const Tensor& weight, Format format) {
    return Array::empty(weight.array().unsqueeze(0).shape(), weight.dtype(), format);
}

Tensor expression(const Normalization& norm, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& mean_given,
                  const Tensor& var_given) {
    Tensor y = reshape(x, norm.view);
    if (mean_given.defined())
        y = sub(y, reshape(mean_given, norm.affine));
    else if (norm.problem.centred)
        y = sub(y, mean(y, norm.axes, true));
    Tensor spread = var_given.defined() ? reshape(var_given, norm.affine) : mean(mul(y, y), norm.axes, true);
    y = mul(y, unary(Unary::Rsqrt, add(spread, number(norm.problem.eps, Dtype::Float64))));
    y = reshape(y, x.shape());
    if (weight.defined()) y = mul(y, reshape(weight, norm.affine));
    return bias.defined() ? add(y, reshape(bias, norm.affine)) : y;
}

// Scale and shift of given statistics. Without a tape they stay with the variance from call to call.
class GivenAffine : public Counted {
public:
    using Stamps = std::array<uint64_t, 7>;

    static Ref<GivenAffine> find(Packs* packs, const Stamps& stamps) {
        Ref<Counted> kept = packs ? packs->find_object(kKey) : nullptr;
        Ref<GivenAffine> found(static_cast<GivenAffine*>(kept.get()));
        return found && found->stamps_ == stamps ? found : nullptr;
    }
    GivenAffine(const Array& scale, const Array& shift, const Stamps& stamps) : scale(scale), shift(shift), stamps_(stamps) {}
    void keep(Packs& packs) { packs.keep_object(kKey, Ref<Counted>(this)); }

    // Says which tensors' which contents they were computed from.
    static Stamps stamps(double eps, const Array& mean, const Array& weight, const Array& bias) {
        Stamps all{};
        std::memcpy(&all[0], &eps, sizeof eps);
        size_t at = 1;
        for (const Array* a : {&mean, &weight, &bias}) {
            if (a->defined()) all[at] = a->storage().serial() + 1, all[at + 1] = a->storage().cache_key();
            at += 2;
        }
        return all;
    }

    const Array scale, shift;

private:
    static constexpr PackKey kKey{"norm", nullptr, {}};
    const Stamps stamps_;
};

// Where they may be kept: nowhere if something they come from might change unseen.
Ref<Packs> packs_of_statistics(const Array& mean, const Array& var, const Array& weight, const Array& bias) {
    for (const Array* a : {&mean, &weight, &bias})
        if (a->defined() && (!a->storage().cacheable() || !a->is_contiguous() || a->offset() != 0)) return nullptr;
    return var.is_contiguous() && var.offset() == 0 ? packs_of(var) : nullptr;
}

struct Statistics {
    Saved mean_given, var_given;
    Array mean, rstd;  // of the batch
};

void backward(const Normalization& norm, const Tensor& x, const Tensor& weight, const Tensor& bias, const Statistics& statistics,
              Backward& g) {
    NormProblem problem = norm.problem;
    problem.backward = true;
    Array gx, gw, gb;
    if (g.wants(1)) gw = like_weight(weight, norm.format);
    if (g.wants(2)) gb = like_weight(bias, norm.format);
    if (problem.elements() == 0) {
        if (g.wants(0)) gx = Array::empty(x.shape(), problem.dtype, norm.format);
        if (gw.defined()) gw.fill(0);
        if (gb.defined()) gb.fill(0);
    } else {
        Array from = x.array().to(norm.format), gy = g.take_grad().array().to(norm.format), w = beside(weight, norm.format);
        NormArgs args{};
        std::optional<ClampedGrad> clamped = problem.given ? std::nullopt : clamped_grad(gy, from);
        if (clamped) {
            gy = std::move(clamped->grad);
            args.clamp_scale = clamped->scale.raw(), args.clamp_shift = clamped->shift.raw();
            args.low = clamped->low, args.high = clamped->high;
        }
        args.x = from.raw(), args.weight = raw(w), args.grad_y = gy.raw();
        args.mean = problem.given ? statistics.mean_given.get().array().raw() : raw(statistics.mean);
        args.var = problem.given ? statistics.var_given.get().array().raw() : nullptr;
        args.rstd = raw(statistics.rstd);
        if (g.wants(0)) gx = problem.by_channel() && gy.sole() ? gy : Array::empty(x.shape(), problem.dtype, norm.format);
        args.grad_x = raw(gx), args.grad_weight = raw(gw), args.grad_bias = raw(gb);
        cc::norm(problem, args);
    }
    if (g.wants(0)) g[0] = Tensor(gx);
    if (g.wants(1)) g[1] = Tensor(gw.squeeze(0).contiguous());
    if (g.wants(2)) g[2] = Tensor(gb.squeeze(0).contiguous());
}

}  // namespace

Tensor normalize_groups(const Normalization& norm, const Tensor& x, const Tensor& weight, const Tensor& bias, const Array& mean,
                        const Array& var) {
    const NormProblem& p = norm.problem;
    const bool by_channel = p.by_channel();
    Ref<Packs> packs;
    GivenAffine::Stamps stamps{};
    if (by_channel && p.given) {
        const Array w = weight.defined() ? weight.array() : Array(), b = bias.defined() ? bias.array() : Array();
        packs = packs_of_statistics(mean, var, w, b);
        stamps = GivenAffine::stamps(p.eps, mean, w, b);
        if (auto kept = GivenAffine::find(packs.get(), stamps))
            return Tensor(affine(x.array().to(norm.format), kept->scale, kept->shift));
    }
    Array y = by_channel ? Array() : Array::empty(x.shape(), p.dtype, norm.format), centre = mean, rstd;
    if (!p.given) {
        if (!centre.defined() && p.centred) centre = Array::empty({p.n, p.groups}, p.dtype);
        rstd = Array::empty({p.n, p.groups}, p.dtype);
    }
    if (p.elements() > 0) {
        Array from = x.array().to(norm.format), w = beside(weight, norm.format), b = beside(bias, norm.format);
        NormArgs args{};
        args.x = p.given && by_channel ? nullptr : from.raw(), args.weight = raw(w), args.bias = raw(b), args.y = raw(y);
        args.mean = raw(centre), args.rstd = raw(rstd), args.var = raw(var);
        Array scale, shift;
        if (by_channel) {
            scale = Array::empty({p.channels}, p.dtype), shift = Array::empty({p.channels}, p.dtype);
            args.scale = scale.raw(), args.shift = shift.raw();
        }
        cc::norm(p, args);
        if (packs) make_ref<GivenAffine>(scale, shift, stamps)->keep(*packs);
        if (by_channel) y = affine(from, scale, shift);
    }
    Saved mean_given, var_given;
    if (p.given) mean_given = Saved(Tensor(mean)), var_given = Saved(Tensor(var));
    Statistics statistics{mean_given, var_given, centre, rstd};
    auto fast = [norm, x = Saved(x), weight = Saved(weight), bias = Saved(bias), statistics](Backward& g) {
        backward(norm, x.get(), weight.get(), bias.get(), statistics, g);
    };
    return record_composite(norm.op, std::move(y), {x, weight, bias}, std::move(fast),
                            [norm, mean_given, var_given](const Tensors& in) {
                                return expression(norm, in[0], in[1], in[2], mean_given, var_given);
                            });
}

void check_norm(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias, const Shape& shape) {
    check_type(is_floating(x.dtype()), op, ": input must have a floating-point dtype, got ", x.dtype());
    auto check_one = [&](const char* argument, const Tensor& t) {
        if (!t.defined()) return;
        check(t.shape() == shape, op, ": ", argument, " must have shape ", shape, " for input of shape ", x.shape(), ", got ",
              t.shape());
        check_type(t.dtype() == x.dtype(), op, ": input has dtype ", x.dtype(), ", ", argument, " ", t.dtype());
    };
    check_one("weight", weight);
    check_one("bias", bias);
}

}  // namespace cc
