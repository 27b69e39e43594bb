// Connectionist temporal classification: −ln of the probability of a sequence of labels, summed over
// all its alignments with the steps (Graves et al., 2006).
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

// log_probs [steps][batch][classes], dense. Sequence b has lengths[b] labels from labels + starts[b] on
// and input_lengths[b] ≤ steps. alpha [batch][steps][2·longest + 1] is written forward, read backward.
struct CtcProblem {
    Dtype dtype;
    int64_t steps, batch, classes, blank, longest;
    const int64_t *labels, *starts, *lengths, *input_lengths;
};

// loss [batch], infinite where no alignment exists.
void ctc_forward(const CtcProblem& problem, const void* log_probs, double* alpha, double* loss);

// grad [steps][batch][classes] holds exp(log_probs) and becomes grad_loss·(probability − its share in the
// alignments): the gradient of the scores under a log-softmax, as PyTorch has it. Zeros behind a
// sequence's steps and, with zero_infinity, for infinite losses.
void ctc_backward(const CtcProblem& problem, const void* log_probs, const double* alpha, const double* loss,
                  const double* grad_loss, bool zero_infinity, void* grad);

}  // namespace cc
