// Distances of every two rows: out[(i, j)] = ‖x[i] − x[j]‖, i < j.
//
// Forward: rows are turned into panels, [columns][width], each of which stays in the cache while the rows before its last pass by.
// The pairs that lie on or below the diagonal are computed with the others and dropped. A task takes a panel from each end, which
// makes tasks equal. Backward: partitioned by the row of the gradient, which sums over all others in their order; both directions
// of a pair are computed, nothing is shared, and the bits do not depend on the threads.
#include "kernels/pdist/pdist.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/cpu.h"
#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kGrain = 32768;    // differences worth waking a thread for
constexpr int64_t kRowsAtOnce = 32;  // rows whose distances to a panel are kept before they are put in place

const PdistLoops& loops_of(Dtype dtype) {
    const int wide = dtype == Dtype::Float64;
#ifdef CONVCORE_X86
    if (isa() >= Isa::Avx512) return avx512::pdist_loops[wide];
    if (isa() >= Isa::Avx2) return avx2::pdist_loops[wide];
#endif
    return generic::pdist_loops[wide];
}

int64_t grain_for(int64_t differences_per_task) {
    return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, differences_per_task));
}

// Where pair (i, 0) would lie: that of (i, j) lies j further.
int64_t base_of(int64_t rows, int64_t i) { return i * (2 * rows - i - 1) / 2 - i - 1; }

template <class T>
void forward(const PdistProblem& p, const T* x, T* out) {
    const PdistLoops& loops = loops_of(p.dtype);
    const int64_t width = loops.width, panels = (p.rows + width - 1) / width, tasks = (panels + 1) / 2;
    auto do_panel = [&](int64_t index, T* panel, T* found) {
        const int64_t first = index * width, n = std::min(width, p.rows - first);
        for (int64_t k = 0; k < p.columns; ++k)
            for (int64_t j = 0; j < width; ++j) panel[k * width + j] = j < n ? x[(first + j) * p.columns + k] : T{0};
        for (int64_t row = 0; row < first + n - 1; row += kRowsAtOnce) {
            const int64_t count = std::min(kRowsAtOnce, first + n - 1 - row);
            loops.forward(p.distance, x + row * p.columns, count, p.columns, panel, found);
            for (int64_t i = row; i < row + count; ++i) {
                const int64_t skipped = std::max<int64_t>(0, i + 1 - first);
                std::copy_n(found + (i - row) * width + skipped, n - skipped, out + base_of(p.rows, i) + first + skipped);
            }
        }
    };
    parallel_for(tasks, grain_for(p.rows * width * p.columns), [&](int64_t begin, int64_t end) {
        Scratch<T> panel(width * p.columns), found(width * kRowsAtOnce);
        for (int64_t task = begin; task < end; ++task) {
            do_panel(task, panel.data(), found.data());
            if (panels - 1 - task > task) do_panel(panels - 1 - task, panel.data(), found.data());
        }
    });
}

template <class T>
void backward(const PdistProblem& p, const T* x, const T* distances, const T* grad, T* grad_x) {
    const PdistLoops& loops = loops_of(p.dtype);
    parallel_for(p.rows, grain_for(p.rows * p.columns), [&](int64_t begin, int64_t end) {
        Scratch<T> factors(p.rows), lengths(p.rows);
        for (int64_t i = begin; i < end; ++i) {
            for (int64_t j = 0; j < p.rows; ++j) {
                const int64_t pair = base_of(p.rows, std::min(i, j)) + std::max(i, j);
                const T length = i == j ? T{0} : distances[pair];
                lengths[j] = length;
                if (length == 0) factors[j] = 0;
                else factors[j] = p.distance == Distance::Euclidean ? grad[pair] / length : grad[pair];
            }
            loops.backward(p.distance, x, p.rows, p.columns, i, factors.data(), lengths.data(), grad_x + i * p.columns);
        }
    });
}

}  // namespace

void pdist(const PdistProblem& p, const void* x, void* out) {
    visit_floating("pdist", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        forward(p, static_cast<const T*>(x), static_cast<T*>(out));
    });
}

void pdist_backward(const PdistProblem& p, const void* x, const void* distances, const void* grad, void* grad_x) {
    visit_floating("pdist", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        backward(p, static_cast<const T*>(x), static_cast<const T*>(distances), static_cast<const T*>(grad),
                 static_cast<T*>(grad_x));
    });
}

}  // namespace cc
