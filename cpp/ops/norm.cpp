// The one tape entry of all normalisations: a kernel for values and first gradients, closed ops for what comes after.
#include "ops/norm.h"

#include <array>
#include <cstring>
#include <optional>

#include "array/affine_pass.h"
#include "autograd/node.h"

namespace cc {

namespace {

void* raw(const Array& a) { return a.defined() ? a.raw() : nullptr; }
const Array* array_of(const Tensor& x) { return x.defined() ? &x.array() : nullptr; }

// A weight in the order of the input's channels in memory: it may cover several axes, all but the input's first.
InFormat beside(const Tensor& weight, Format format) {
    if (!weight.defined() || weight.rank() == 1) return in_format(weight, Format::RowMajor);
    return {weight.array().unsqueeze(0), format};
}

Array like_weight(const Tensor& weight, Format format) {
    return Array::empty(weight.array().unsqueeze(0).shape(), weight.dtype(), format);
}

Tensor expression(const Normalization& norm, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& mean_given,
                  const Tensor& var_given) {
    const NormProblem& p = norm.problem;
    const bool last = norm.over == Normalization::Last;
    Shape wide(x.rank(), 1);  // of a weight per channel
    if (!last) wide[1] = p.channels;
    auto beside_x = [&](const Tensor& t) { return last ? t : reshape(t, wide); };
    Tensor y = norm.over == Normalization::Groups ? reshape(x, {p.n, p.groups, p.share() * p.pixels}) : x;
    Axes axes;
    if (norm.over == Normalization::Batch) axes.push_back(0);
    for (int i = last ? x.rank() - norm.axes : 2; i < y.rank(); ++i) axes.push_back(i);
    if (mean_given.defined())
        y = sub(y, beside_x(mean_given));
    else if (p.centred)
        y = sub(y, mean(y, axes, true));
    Tensor spread = var_given.defined() ? beside_x(var_given) : mean(mul(y, y), axes, true);
    y = mul(y, unary(Unary::Rsqrt, add(spread, number(p.eps, Dtype::Float64))));
    y = reshape(y, x.shape());
    if (weight.defined()) y = mul(y, beside_x(weight));
    return bias.defined() ? add(y, beside_x(bias)) : y;
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
    static Stamps stamps(double eps, const Array& mean, const Tensor& weight, const Tensor& bias) {
        Stamps all{};
        std::memcpy(&all[0], &eps, sizeof eps);
        size_t at = 1;
        for (const Array* a : {&mean, array_of(weight), array_of(bias)}) {
            if (a) all[at] = a->storage().serial(), all[at + 1] = a->storage().cache_key();
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
Ref<Packs> packs_of_statistics(const Array& mean, const Array& var, const Tensor& weight, const Tensor& bias) {
    if (grad_enabled() || !var.is_contiguous() || var.offset() != 0) return nullptr;
    for (const Array* a : {&mean, array_of(weight), array_of(bias)})
        if (a && (!a->storage().cacheable() || !a->is_contiguous() || a->offset() != 0)) return nullptr;
    return packs_of(var);
}

// The statistics given, or room for those of the batch: mean, 1/√(var + eps), var.
void set_statistics(const NormProblem& p, const Array& mean_or_moments, const Array& var, NormArgs& args) {
    args.mean = raw(mean_or_moments), args.var = raw(var);
    if (p.given) return;
    const int64_t bytes = p.n * p.groups * static_cast<int64_t>(itemsize(p.dtype));
    args.rstd = static_cast<char*>(args.mean) + bytes, args.var = static_cast<char*>(args.rstd) + bytes;
}

// What the tape keeps besides the operands.
struct Kept {
    Kept(const Normalization& norm, const Array& mean_or_moments, const Array& var)
        : norm(norm), mean_or_moments(mean_or_moments), var(var) {}
    void backward(Backward& g, const SavedInputs& in) const;
    Tensor expr(const Tensors& in) const {
        auto given = [&](const SavedArray& statistics) { return norm.problem.given ? Tensor(statistics.get()) : Tensor(); };
        return expression(norm, in[0], in[1], in[2], given(mean_or_moments), given(var));
    }

    const Normalization norm;
    const SavedArray mean_or_moments, var;
};

void Kept::backward(Backward& g, const SavedInputs& in) const {
    NormProblem problem = norm.problem;
    problem.backward = true;
    const Tensor x = in[0], weight = in[1], bias = in[2];
    Array gx, gw, gb;
    if (g.wants(1)) gw = like_weight(weight, norm.format);
    if (g.wants(2)) gb = like_weight(bias, norm.format);
    if (problem.elements() == 0) {
        if (g.wants(0)) gx = Array::empty(x.shape(), problem.dtype, norm.format);
        if (gw.defined()) gw.fill(0);
        if (gb.defined()) gb.fill(0);
    } else {
        const InFormat from(x.array(), norm.format), w = beside(weight, norm.format);
        Array gy = g.take_grad().array().to(norm.format);
        NormArgs args{};
        std::optional<ClampedGrad> clamped = problem.given ? std::nullopt : clamped_grad(gy, *from);
        if (clamped) {
            gy = std::move(clamped->grad);
            args.clamp_scale = clamped->scale.raw(), args.clamp_shift = clamped->shift.raw();
            args.low = clamped->low, args.high = clamped->high;
        }
        args.x = from.raw(), args.weight = w.raw(), args.grad_y = gy.raw();
        set_statistics(problem, mean_or_moments.get(), var.get(), args);
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
                        const Array& var, Array* moments) {
    const NormProblem& p = norm.problem;
    // In a pass that may wait.
    const bool by_channel = p.by_channel() && static_cast<size_t>(p.elements()) * itemsize(p.dtype) >= kWorthWaiting;
    Ref<Packs> packs;
    GivenAffine::Stamps stamps{};
    if (by_channel && p.given) {
        packs = packs_of_statistics(mean, var, weight, bias);
        if (packs) stamps = GivenAffine::stamps(p.eps, mean, weight, bias);
        if (auto kept = GivenAffine::find(packs.get(), stamps))
            return Tensor(affine(x.array().to(norm.format), kept->scale, kept->shift));
    }
    Array y = by_channel ? Array() : Array::empty(x.shape(), p.dtype, norm.format), room;
    Array& of_batch = moments ? *moments : room;
    if (!p.given) of_batch = Array::empty({3, p.n, p.groups}, p.dtype);
    const Array& mean_or_moments = p.given ? mean : of_batch;
    if (p.elements() > 0) {
        const InFormat from(x.array(), norm.format), w = beside(weight, norm.format), b = beside(bias, norm.format);
        NormArgs args{};
        args.x = p.given && by_channel ? nullptr : from.raw(), args.weight = w.raw(), args.bias = b.raw(), args.y = raw(y);
        set_statistics(p, mean_or_moments, var, args);
        Array scale, shift;
        if (by_channel) {
            const Array both = Array::empty({2, p.channels}, p.dtype);
            scale = both.select(0, 0), shift = both.select(0, 1);
            args.scale = scale.raw(), args.shift = shift.raw();
        }
        cc::norm(p, args);
        if (packs) make_ref<GivenAffine>(scale, shift, stamps)->keep(*packs);
        if (by_channel) y = affine(*from, scale, shift);
    }
    if (!recorded({x, weight, bias})) return Tensor(std::move(y));
    return record_kept<Kept>(norm.op, std::move(y), {x, weight, bias}, kDropOutput, norm, mean_or_moments, var);
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
