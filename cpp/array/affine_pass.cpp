#include "array/affine_pass.h"

#include <limits>

#include "kernels/norm/norm.h"

namespace cc {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Affine {
    Array x, scale, shift, added;
    double low = -kInfinity, high = kInfinity;

    bool clamps() const { return low > -kInfinity || high < kInfinity; }
    void run(void* y) const {
        AffineProblem p{x.dtype(), x.numel() / x.size(1), x.size(1), added.defined(), low, high};
        cc::affine(p, {x.raw(), scale.raw(), shift.raw(), added.defined() ? added.raw() : nullptr, y});
    }
};

class AffinePass : public Deferred {
public:
    AffinePass(size_t bytes, Affine affine) : Deferred(bytes), affine_(std::move(affine)) {}
    // What waits; none if it no longer does.
    std::optional<Affine> waiting() {
        std::optional<Affine> found;
        while_pending([&] { found = affine_; });
        return found;
    }

protected:
    void compute(void* out) override { affine_.run(out); }
    void release() override { affine_ = {}; }

private:
    Affine affine_;
};

bool stays(const Array& x) { return x.storage().cacheable(); }

Array defer(const Affine& affine) {
    const Array& x = affine.x;
    const size_t bytes = static_cast<size_t>(x.numel()) * itemsize(x.dtype());
    Ref<Deferred> pass(new AffinePass(bytes, affine));
    x.storage().add_reader(pass);
    if (affine.added.defined()) affine.added.storage().add_reader(pass);
    return Array::deferred(x.shape(), x.dtype(), Format::ChannelsLast, pass);
}

// The pass that x, all of it, waits for.
std::optional<Affine> waiting(const Array& x) {
    auto* pass = dynamic_cast<AffinePass*>(x.storage().deferred());
    std::optional<Affine> affine = pass ? pass->waiting() : std::nullopt;
    if (affine && (x.offset() != 0 || x.shape() != affine->x.shape() || x.strides() != strides_for(x.shape(), Format::ChannelsLast)))
        return std::nullopt;
    return affine;
}

}  // namespace

Array affine(const Array& x, const Array& scale, const Array& shift) {
    Affine affine{x, scale, shift, {}};
    if (stays(x)) return defer(affine);
    Array y = Array::empty(x.shape(), x.dtype(), Format::ChannelsLast);
    affine.run(y.raw());
    return y;
}

std::optional<Array> join_affine(Unary op, const Array& x, double parameter, double parameter2) {
    if (!x.storage().deferred() || (op != Unary::Relu && op != Unary::Hardtanh && op != Unary::Clamp)) return std::nullopt;
    std::optional<Affine> affine = waiting(x);
    if (!affine || affine->clamps()) return std::nullopt;
    affine->low = op == Unary::Relu ? 0 : parameter;
    affine->high = op == Unary::Relu ? kInfinity : parameter2;
    return defer(*affine);
}

std::optional<Array> join_affine(const Array& a, const Array& b) {
    if (!a.storage().deferred() && !b.storage().deferred()) return std::nullopt;
    for (auto [x, added] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        std::optional<Affine> affine = waiting(*x);
        if (!affine || affine->clamps() || affine->added.defined()) continue;
        if (added->shape() != x->shape() || added->dtype() != x->dtype() || added->strides() != x->strides() || !stays(*added))
            continue;
        affine->added = *added;
        return defer(*affine);
    }
    return std::nullopt;
}

}  // namespace cc
