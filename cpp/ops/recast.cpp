#include "ops/recast.h"

#include <cstring>

#include "autograd/node.h"
#include "base/packs.h"

namespace cc {

namespace {

// PyTorch's lists for its CPU: these run in bfloat16, these in float32; all others follow their operands.
constexpr const char* kLower[] = {"conv", "conv_transpose", "linear", "matmul", "prelu", "recurrence"};
constexpr const char* kFull[] = {
    "adaptive_avg_pool3d", "adaptive_max_pool3d", "avg_pool3d", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "cosine_embedding_loss", "cross_entropy", "ctc_loss", "fractional_max_pool", "grid_sample", "hinge_embedding_loss", "huber_loss",
    "kl_div", "l1_loss", "local_response_norm", "lp_pool3d", "margin_ranking_loss", "max_pool3d", "max_unpool", "mse_loss",
    "multi_margin_loss", "multilabel_margin_loss", "nll_loss", "poisson_nll_loss", "prod", "smooth_l1_loss", "soft_margin_loss",
    "triplet_margin_loss"};

template <size_t n>
bool contains(const char* const (&list)[n], const char* op) {
    for (const char* entry : list)
        if (!std::strcmp(entry, op)) return true;
    return false;
}

Tensor to_bfloat16(const Tensor& x) { return to(x, Dtype::BFloat16); }

Tensor lowered(const Tensor& x) {
    if (x.dtype() != Dtype::Float32) return x;
    return grad_enabled() && x.is_leaf() && x.requires_grad() ? cast_once(x, to_bfloat16) : to_bfloat16(x);
}

Tensor widened(const Tensor& x) {
    if (x.dtype() != Dtype::BFloat16) return x;
    Tensor wide = to(x, Dtype::Float32);
    wide.impl().stored = std::make_unique<const Array>(x.array());
    return wide;
}

// Dense float32 as an array over memory that others hold too.
Array over(const Ref<Storage>& storage, const Shape& shape) {
    return {storage, shape, strides_for(shape, Format::RowMajor), 0, Dtype::Float32};
}

}  // namespace

Recast::Recast(const char* op, Result result, const Tensor* const* operands, int count) {
    bool narrow = false, wide = false, wider = false;
    for (int i = 0; i < count; ++i) {
        if (!operands[i]->defined() || operands[i]->impl().wrapped_number) continue;
        const Dtype dtype = operands[i]->dtype();
        narrow = narrow || dtype == Dtype::BFloat16;
        wide = wide || dtype == Dtype::Float32;
        wider = wider || dtype == Dtype::Float64;
    }
    if (autocast_enabled() && !wider) {
        if (contains(kFull, op)) {
            widen_ = narrow;
            return;
        }
        if (contains(kLower, op)) {
            lower_ = widen_ = round_ = narrow || wide;
            return;
        }
    }
    widen_ = round_ = result == Result::OfFirst ? is_bfloat16(*operands[0]) : narrow && !wide && !wider;
}

Tensor Recast::operator()(const Tensor& operand) const {
    if (!operand.defined()) return operand;
    Tensor x = lower_ ? lowered(operand) : operand;
    return widen_ ? widened(x) : x;
}

Tensor Recast::operator()(const Weight& weight) const {
    const Tensor& given = weight.tensor;
    if (!given.defined() || grad_enabled() || !widen_ || !given.array().is_contiguous() || given.rank() > 7) return (*this)(given);
    if (given.dtype() != Dtype::BFloat16 && !(lower_ && given.dtype() == Dtype::Float32)) return (*this)(given);
    Ref<Packs> packs = given.array().storage().packs();
    if (!packs) return (*this)(given);
    PackKey key{"bfloat16 as float32", given.array().raw(), {given.rank()}};
    for (int i = 0; i < given.rank(); ++i) key.sizes[i + 1] = given.size(i);
    Ref<Counted> kept = packs->find_object(key);
    if (!kept) {
        kept = (*this)(given).array().storage_ref();
        packs->keep_object(key, kept);
    }
    return Tensor(over(Ref<Storage>(static_cast<Storage*>(kept.get())), given.shape()));
}

Tensor Recast::finish(Tensor y) const {
    if (!round_ || !y.defined() || y.dtype() != Dtype::Float32) return y;
    const char* name = y.grad_fn() ? y.grad_fn()->name() : "to";  // the op's, for whoever looks at the tape
    return record(name, y.array().to(Dtype::BFloat16), {y}, [](Backward& g) { g[0] = to(g.grad(), Dtype::Float32); });
}

}  // namespace cc
