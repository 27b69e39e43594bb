// What the losses share.
#pragma once

#include <optional>

#include "ops/ops.h"

namespace cc {

Tensor reduced(const Tensor& loss, LossReduction reduction);

// Of class indices (N, d…) for scores x (N, C, d…); x and target without a batch, (C,) and (), get its axis: true is returned.
bool add_batch_axis(const char* op, Tensor& x, Tensor& target);
void check_class_weight(const char* op, const Tensor& weight, const Tensor& x);
// A copy, as a loader may reuse the target's memory before the backward reads the classes that are checked here: IndexError for one
// that is not from 0 to classes − 1.
Array class_indices(const char* op, const Tensor& target, int64_t classes, std::optional<int64_t> ignore_index = {});
// −weight[t]·x[t] for each index t, and its mean over the weights, sum or nothing.
Tensor picked_nll(const Tensor& x, const Array& target, const Tensor& weight, int64_t ignore_index);
Tensor reduced_nll(const Tensor& loss, const Tensor& x, const Array& target, const Tensor& weight, int64_t ignore_index,
                   LossReduction reduction);

}  // namespace cc
