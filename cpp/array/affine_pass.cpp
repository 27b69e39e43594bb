#include "array/affine_pass.h"
#include "array/conv_pass.h"

#include <limits>

#include "kernels/norm/norm.h"

namespace cc {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Affine {
    Array x, scale, shift, added;  // no scale and shift: the clamp and the sum alone
    double low = -kInfinity, high = kInfinity;

    bool clamps() const { return low > -kInfinity || high < kInfinity; }
    Epilogue epilogue() const { return {raw(scale), raw(shift), raw(added), low, high}; }
    ConvPass* conv() const { return dynamic_cast<ConvPass*>(x.storage().deferred()); }
    ConvPass* sole_conv() const { return x.storage().use_count() == 1 ? conv() : nullptr; }
    void run(void* y) const {
        const Epilogue end = epilogue();
        if (ConvPass* conv = sole_conv(); conv && conv->compute_with(end, y)) return;
        cc::affine(end, x.dtype(), x.numel() / x.size(1), x.size(1), x.raw(), y);
    }

private:
    static const void* raw(const Array& a) { return a.defined() ? a.raw() : nullptr; }
};

class AffinePass : public Deferred {
public:
    AffinePass(size_t bytes, Affine affine)
        : Deferred(bytes), low(affine.low), high(affine.high), adds(affine.added.defined()), serial(affine.x.storage().serial()),
          version(affine.x.storage().version()), affine_(std::move(affine)) {}

    // What stays when it has run.
    const Array& scale() const { return affine_.scale; }
    const Array& shift() const { return affine_.shift; }
    const double low, high;
    const bool adds;
    const uint64_t serial;  // of x's storage
    const uint32_t version;

    bool instead_of_conv(FunctionRef<void(const ConvPass&, const Epilogue&)> f) {
        bool done = false;
        while_pending([&] {
            ConvPass* conv = affine_.added.defined() ? nullptr : affine_.sole_conv();
            done = conv && conv->give_way([&] { f(*conv, affine_.epilogue()); });
        });
        return done;
    }

    // What waits; none if it no longer does.
    std::optional<Affine> waiting() {
        std::optional<Affine> found;
        while_pending([&] { found = affine_; });
        return found;
    }

protected:
    void* borrow() override { return borrowed_ = affine_.x.storage().sole_data(bytes()); }
    void compute(void* out) override { affine_.run(out); }
    void release() override {
        if (borrowed_ && !pending()) affine_.x.storage().give_up();
        affine_.x = affine_.added = Array();
    }

private:
    Affine affine_;
    void* borrowed_ = nullptr;
};

// grad where a clamp let its result through, else 0.
class ClampGradPass : public Deferred {
public:
    ClampGradPass(size_t bytes, Binary op, const Array& grad, const Array& result, double low, double high)
        : Deferred(bytes), op_(op), low_(low), high_(high), grad_(grad), result_(result) {}
    bool waiting(Array& grad, Array& result) {
        return while_pending([&] { grad = grad_, result = result_; });
    }

protected:
    void compute(void* out) override {
        const Shape flat{grad_.numel()}, one{1};
        elementwise(op_, {flat, grad_.dtype(), grad_.dtype(), {one, one}, one}, grad_.raw(), result_.raw(), out, low_, high_);
    }
    void release() override { grad_ = result_ = Array(); }

private:
    const Binary op_;
    const double low_, high_;
    Array grad_, result_;
};

bool stays(const Array& x) { return x.storage().cacheable(); }
size_t bytes_of(const Array& x) { return static_cast<size_t>(x.numel()) * itemsize(x.dtype()); }

Array defer(Affine affine) {
    const Shape shape = affine.x.shape();
    const Dtype dtype = affine.x.dtype();
    const Ref<Storage> read[] = {affine.x.storage_ref(), affine.added.storage_ref()};
    Ref<Deferred> pass(new AffinePass(static_cast<size_t>(shape.numel()) * itemsize(dtype), std::move(affine)));
    for (const Ref<Storage>& storage : read)
        if (storage) storage->add_reader(pass);
    return Array::deferred(shape, dtype, Format::ChannelsLast, std::move(pass));
}

bool fills_channels_last(const Array& x) {
    return x.offset() == 0 && x.strides() == strides_for(x.shape(), Format::ChannelsLast) &&
           x.storage().bytes() == bytes_of(x);
}

// The pass that x, all of it, waits for.
std::optional<Affine> waiting(const Array& x) {
    Deferred* deferred = x.storage().deferred();
    if (!deferred || !fills_channels_last(x)) return std::nullopt;
    if (dynamic_cast<ConvPass*>(deferred)) return Affine{x, {}, {}, {}};
    auto* pass = dynamic_cast<AffinePass*>(deferred);
    std::optional<Affine> affine = pass ? pass->waiting() : std::nullopt;
    return affine && x.shape() == affine->x.shape() ? affine : std::nullopt;
}

}  // namespace

Array affine(const Array& x, const Array& scale, const Array& shift) {
    Affine affine{x, scale, shift, {}};
    if (stays(x)) return defer(std::move(affine));
    Array y = Array::empty(x.shape(), x.dtype(), Format::ChannelsLast);
    affine.run(y.raw());
    return y;
}

std::optional<Array> join_affine(Unary op, const Array& x, double parameter, double parameter2) {
    if (op != Unary::Relu && op != Unary::Hardtanh && op != Unary::Clamp) return std::nullopt;
    std::optional<Affine> affine = waiting(x);
    if (!affine || affine->clamps()) return std::nullopt;
    affine->low = op == Unary::Relu ? 0 : parameter;
    affine->high = op == Unary::Relu ? kInfinity : parameter2;
    return defer(std::move(*affine));
}

std::optional<Array> join_affine(const Array& a, const Array& b) {
    for (auto [x, added] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        std::optional<Affine> affine = waiting(*x);
        if (!affine || affine->clamps() || affine->added.defined()) continue;
        if (added->shape() != x->shape() || added->dtype() != x->dtype() || added->strides() != x->strides() || !stays(*added))
            continue;
        affine->added = *added;
        return defer(std::move(*affine));
    }
    return std::nullopt;
}

std::optional<ConvProblem> waiting_conv(const Array& x) {
    if (!dynamic_cast<AffinePass*>(x.storage().deferred())) return std::nullopt;
    std::optional<Affine> affine = waiting(x);
    ConvPass* conv = affine && !affine->added.defined() ? affine->conv() : nullptr;
    return conv ? std::optional(conv->problem()) : std::nullopt;
}

bool instead_of_conv(const Array& x, FunctionRef<void(const ConvPass&, const Epilogue&)> f) {
    auto* pass = dynamic_cast<AffinePass*>(x.storage().deferred());
    return pass && x.storage().use_count() == 1 && pass->instead_of_conv(f);
}

bool waits_for(const Array& y, const Array& x) {
    std::optional<Affine> affine = waiting(y);
    return affine && affine->x.storage_ref() == x.storage_ref();
}

std::optional<Array> join_clamp_grad(Binary op, const Array& grad, const Array& result, double parameter, double parameter2) {
    if (op != Binary::ReluGrad && op != Binary::HardtanhGrad) return std::nullopt;
    auto* pass = dynamic_cast<AffinePass*>(result.storage().origin());
    const bool relu = op == Binary::ReluGrad;
    if (!pass || !pass->scale().defined() || pass->low != (relu ? 0 : parameter) || pass->high != (relu ? kInfinity : parameter2)) return std::nullopt;
    if (pass->adds || result.storage().version() != 0 || grad.shape() != result.shape() || grad.dtype() != result.dtype() ||
        !fills_channels_last(result) || grad.strides() != result.strides() || !stays(grad) || !stays(result))
        return std::nullopt;
    Ref<Deferred> clamp(new ClampGradPass(bytes_of(grad), op, grad, result, pass->low, pass->high));
    grad.storage().add_reader(clamp);
    result.storage().add_reader(clamp);
    return Array::deferred(grad.shape(), grad.dtype(), Format::ChannelsLast, clamp);
}

std::optional<ClampedGrad> clamped_grad(const Array& grad, const Array& x) {
    auto* clamp = dynamic_cast<ClampGradPass*>(grad.storage().deferred());
    Array through, result;
    if (!clamp || !fills_channels_last(grad) || grad.shape() != x.shape() || !fills_channels_last(x) || !clamp->waiting(through, result))
        return std::nullopt;
    auto* pass = dynamic_cast<AffinePass*>(result.storage().origin());
    if (!pass || pass->serial != x.storage().serial() || pass->version != x.storage().version()) return std::nullopt;
    const double none = std::numeric_limits<double>::quiet_NaN();
    return ClampedGrad{through, pass->scale(), pass->shift(), pass->low, pass->high < kInfinity ? pass->high : none};
}

}  // namespace cc
