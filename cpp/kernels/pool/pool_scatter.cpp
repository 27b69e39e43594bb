// Backward of max pooling: grad_x = 0, then grad_x[index] += grad_y in the order of the outputs. A
// task owns an image, or where there are few images a stripe of one along its first real axis, and
// reads the outputs whose windows touch the stripe; what they send elsewhere is another task's.
// Every input gets its sums in the order of the outputs, so the stripes do not show in the bits. An
// output is read once, not once per input that its window covers, whatever the overlap and the
// channels.
#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "kernels/pool/pool.h"
#include "kernels/pool/pool_rows.h"

namespace cc {

namespace {

constexpr int64_t kTasks = 8;                // that all images together should make
constexpr int64_t kElementsPerTask = 16384;  // at least

// Outputs [lo, hi) of one axis whose windows touch inputs [begin, end).
struct Touching {
    int64_t lo, hi;
    Touching(const PoolProblem& p, int a, int64_t begin, int64_t end) : lo(p.out[a]), hi(0) {
        for (int64_t o = 0; o < p.out[a]; ++o) {
            const PoolWindow w = window(p, a, o);
            if (!w.count || w.first >= end || w.first + (w.count - 1) * w.step < begin) continue;
            lo = std::min(lo, o);
            hi = o + 1;
        }
    }
};

template <class T>
void scatter(const PoolProblem& p, const PoolArgs& args) {
    int axis = p.in[0] > 1 ? 0 : p.in[1] > 1 ? 1 : 2;
    int64_t slice = p.in_pixels() / p.in[axis],
            out_slice = p.out_pixels() / std::max<int64_t>(1, p.out[axis]);
    int64_t reach = (p.kernel[axis] - 1) * p.dilation[axis] + 1;
    int64_t parts = (kTasks + p.n - 1) / p.n;
    int64_t stripe = std::max({(p.in[axis] + parts - 1) / parts, 4 * reach,
                               kElementsPerTask / std::max<int64_t>(1, slice * p.c)});
    stripe = std::min(stripe, p.in[axis]);
    int64_t stripes = (p.in[axis] + stripe - 1) / stripe;
    int64_t grain = std::max<int64_t>(1, kElementsPerTask / (stripe * slice * p.c));
    const T* grad_y = static_cast<const T*>(args.y);
    T* grad_x = static_cast<T*>(args.x);
    parallel_for(p.n * stripes, grain, [&](int64_t first_task, int64_t last_task) {
        for (int64_t task = first_task; task < last_task; ++task) {
            int64_t image = task / stripes, begin = task % stripes * stripe;
            int64_t end = std::min(p.in[axis], begin + stripe);
            int64_t first_pixel = begin * slice, pixels = (end - begin) * slice;
            T* to = grad_x + (image * p.in_pixels() + first_pixel) * p.c;
            std::memset(to, 0, static_cast<size_t>(pixels * p.c) * sizeof(T));
            Touching out(p, axis, begin, end);
            for (int64_t o = out.lo * out_slice; o < out.hi * out_slice; ++o) {
                int64_t at = (image * p.out_pixels() + o) * p.c;
                for (int64_t c = 0; c < p.c; ++c) {
                    int64_t pixel = args.indices[at + c] - first_pixel;
                    if (pixel >= 0 && pixel < pixels) to[pixel * p.c + c] += grad_y[at + c];
                }
            }
        }
    });
}

}  // namespace

const char* scatter_decline(const PoolProblem& p) {
    if (!p.backward || p.mode != PoolMode::Max) return "only the backward of max pooling scatters";
    return nullptr;
}

void pool_by_scatter(const PoolProblem& problem, const PoolArgs& args) {
    if (problem.n * problem.c * problem.in_pixels() == 0) return;
    visit_floating("pool", problem.dtype,
                   [&](auto zero) { scatter<decltype(zero)>(problem, args); });
}

}  // namespace cc
