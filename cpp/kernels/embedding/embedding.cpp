#include "kernels/embedding/embedding.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/error.h"
#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kGrain = 16384;  // values worth waking a thread for

template <class T>
void argmax(const BagProblem& p, const T* rows, int64_t* out) {
    const int64_t values = p.starts[p.bags] * p.columns / std::max<int64_t>(1, p.bags);
    parallel_for(p.bags, std::max<int64_t>(1, kGrain / (values + 1)), [&](int64_t begin, int64_t end) {
        Scratch<T> most(p.columns);
        for (int64_t bag = begin; bag < end; ++bag) {
            int64_t* at = out + bag * p.columns;
            std::copy_n(rows + p.starts[bag] * p.columns, p.columns, most.data());
            std::fill_n(at, p.columns, p.starts[bag]);
            for (int64_t row = p.starts[bag] + 1; row < p.starts[bag + 1]; ++row) {
                const T* from = rows + row * p.columns;
                for (int64_t j = 0; j < p.columns; ++j)
                    if (from[j] > most[j]) {
                        most[j] = from[j];
                        at[j] = row;
                    }
            }
        }
    });
}

// Blocks of columns stay in registers while the rows of a bag pass.
template <class T>
void sums(const BagProblem& p, const T* table, const int64_t* numbers, T* out) {
    constexpr int64_t kBlock = 32;
    const int64_t values = p.starts[p.bags] * p.columns / std::max<int64_t>(1, p.bags);
    parallel_for(p.bags, std::max<int64_t>(1, kGrain / (values + 1)), [&](int64_t begin, int64_t end) {
        for (int64_t bag = begin; bag < end; ++bag) {
            const int64_t *first = numbers + p.starts[bag], *last = numbers + p.starts[bag + 1];
            T* to = out + bag * p.columns;
            int64_t j = 0;
            for (; j + kBlock <= p.columns; j += kBlock) {
                T total[kBlock] = {};
                for (const int64_t* row = first; row < last; ++row)
                    for (int64_t k = 0; k < kBlock; ++k) total[k] += table[*row * p.columns + j + k];
                std::copy_n(total, kBlock, to + j);
            }
            for (; j < p.columns; ++j) {
                T total = 0;
                for (const int64_t* row = first; row < last; ++row) total += table[*row * p.columns + j];
                to[j] = total;
            }
        }
    });
}

}  // namespace

void bag_sum(const BagProblem& problem, const void* table, const int64_t* numbers, void* out) {
    visit_floating("embedding_bag", problem.dtype, [&](auto zero) {
        using T = decltype(zero);
        sums(problem, static_cast<const T*>(table), numbers, static_cast<T*>(out));
    });
}

void bag_argmax(const BagProblem& problem, const void* rows, int64_t* out) {
    visit_floating("embedding_bag", problem.dtype, [&](auto zero) {
        argmax(problem, static_cast<const decltype(zero)*>(rows), out);
    });
}

}  // namespace cc
