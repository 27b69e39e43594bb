// bfloat16 is a way to store: an op that computes runs on operands widened to float32, and its result is rounded once. And autocast:
// an op runs in bfloat16 or in float32, whatever its operands come in. Both are the first line of such an op:
//
//   Tensor softmax(const Tensor& input, int64_t dim) {
//       if (auto y = recast("softmax", [&](auto& x) { return softmax(x, dim); }, input)) return *y;
//
// Nothing happens where the operands are as the op wants them. The conversions are on the tape; what an op saves of a widened
// operand for its backward is the bfloat16 it came from. Ops that move elements, and elementwise functions (kernels/elementwise
// widens block by block), take bfloat16 as it is and have no such line.
#pragma once

#include <optional>
#include <utility>

#include "autograd/autocast.h"
#include "ops/ops.h"

namespace cc {

// An operand that a layer owns: without a tape its float32 form is kept with it from call to call.
struct Weight {
    const Tensor& tensor;
};

class Recast {
public:
    enum class Result { OfAll, OfFirst };  // whether all floating-point operands must be bfloat16 for the result to be

    Recast(const char* op, Result result, const Tensor* const* operands, int count);
    Tensor operator()(const Tensor& operand) const;
    Tensor operator()(const Weight& weight) const;
    bool needed() const { return lower_ || widen_ || autocast_enabled(); }

    Tensor finish(Tensor y) const;
    Tensors finish(Tensors all) const {
        for (Tensor& y : all) y = finish(std::move(y));
        return all;
    }
    std::pair<Tensor, Tensor> finish(std::pair<Tensor, Tensor> both) const {
        return {finish(std::move(both.first)), finish(std::move(both.second))};
    }

private:
    bool lower_ = false, widen_ = false, round_ = false;
};

inline const Tensor& tensor_of(const Tensor& x) { return x; }
inline const Tensor& tensor_of(const Weight& w) { return w.tensor; }
inline bool is_bfloat16(const Tensor& x) { return x.defined() && x.dtype() == Dtype::BFloat16; }

template <class F, class... T>
auto recast_as(const char* op, Recast::Result result, F f, const T&... operands)
    -> std::optional<decltype(f((static_cast<void>(operands), std::declval<Tensor&>())...))> {
    if (!autocast_enabled() && !(is_bfloat16(tensor_of(operands)) || ...)) return std::nullopt;
    const Tensor* all[] = {&tensor_of(operands)...};
    const Recast cast(op, result, all, sizeof...(T));
    if (!cast.needed()) return std::nullopt;
    auto run = [&](auto... in) {
        AutocastMode off(false);  // what an op is made of follows the op
        return f(in...);
    };
    return cast.finish(run(cast(operands)...));
}

template <class F, class... T>
auto recast(const char* op, F f, const T&... operands) {
    return recast_as(op, Recast::Result::OfAll, f, operands...);
}

// The result is bfloat16 where the first operand is, whatever the others are.
template <class F, class... T>
auto recast_by_first(const char* op, F f, const T&... operands) {
    return recast_as(op, Recast::Result::OfFirst, f, operands...);
}

}  // namespace cc
