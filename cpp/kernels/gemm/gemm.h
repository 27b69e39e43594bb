// Matrix product C = A·B (+ C), batched, any strides.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"
#include "base/packs.h"
#include "kernels/gemm/epilogue.h"

namespace cc {

struct GemmProblem {
    Dtype dtype;
    int64_t batch, m, n, k;
    int64_t a_row, a_col, a_batch;  // strides of A[m][k] in elements; a_batch 0 shares A
    int64_t b_row, b_col, b_batch;  // strides of B[k][n]
    int64_t c_row, c_batch;         // C[m][n] has unit column stride
    bool accumulate;                // C += A·B instead of C = A·B

    std::string describe() const;
    double flops() const { return 2.0 * batch * m * n * k; }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * batch * (m * k + k * n + m * n);
    }
};

struct GemmArgs {
    const void* a;
    const void* b;
    void* c;
    const void* bias;  // null, or n values added to every row of C
    Packs* packs = nullptr;  // where to keep what is computed from B alone
    const Epilogue* epilogue = nullptr;  // of n columns; wants one product of dense rows of C
};

void gemm(const GemmProblem& problem, const GemmArgs& args);

// Multiply-adds that the machine gets done at most: the register tile on data of the first-level cache, on as many threads as
// work may use now. Measured in about 30 ms; in float32 operations a second.
double measure_peak_flops();

}  // namespace cc
