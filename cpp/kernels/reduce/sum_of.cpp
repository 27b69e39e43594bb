// Σ f(a, b): a block of terms is computed in the first-level cache and added there, so that a loss reads its operands and
// writes nothing. Blocks and slices are those of a sum over an array of the terms: the same bits.
#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/reduce/layout.h"

namespace cc {

double sum_of(Binary op, Dtype dtype, int64_t n, const void* a_, const void* b_, double p) {
    const BinaryLoop terms_of = loop_of(op, dtype);
    const auto add = reductions().of[static_cast<int>(dtype)].sum.rows;
    const int64_t item = static_cast<int64_t>(itemsize(dtype));
    const Slices slices(1, n, kReduceBlock);
    const char *a = static_cast<const char*>(a_), *b = static_cast<const char*>(b_);
    Scratch<double> partial(slices.count);
    parallel_for(slices.count, slices.grain(), [&](int64_t begin, int64_t end) {
        alignas(64) char terms[kReduceBlock * sizeof(double)];
        for (int64_t slice = begin; slice < end; ++slice) {
            double sum = 0;
            for (int64_t i = slices.begin(slice); i < slices.end(slice); i += kReduceBlock) {
                const int64_t count = std::min(kReduceBlock, slices.end(slice) - i);
                terms_of(a + i * item, b + i * item, terms, count, p, 0);
                add(terms, 1, 0, count, &sum);
            }
            partial[slice] = sum;
        }
    });
    double sum = partial[0];
    for (int64_t slice = 1; slice < slices.count; ++slice) sum += partial[slice];
    return sum;
}

}  // namespace cc
