#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/micro.h"
#include "kernels/impl.h"

namespace cc {

namespace {

const Micro<float>& best_micro() {
#ifdef CONVCORE_X86
    if (isa() == Isa::Avx512) return avx512::micro.f32;
    if (isa() == Isa::Avx2) return avx2::micro.f32;
#endif
    return generic::micro.f32;
}

constexpr int64_t kDepth = 128, kMaxRows = 16, kTasks = 64, kTries = 5;
constexpr double kTaskFlops = 2e6;

}  // namespace

double measure_peak_flops() {
    const Micro<float>& micro = best_micro();
    const int64_t width = 2 * micro.lanes, rows = micro.rows;
    const double tile_flops = 2.0 * static_cast<double>(rows * width * kDepth);
    const int64_t repeats = static_cast<int64_t>(kTaskFlops / tile_flops) + 1;
    double best = 0;
    for (int64_t attempt = 0; attempt < kTries; ++attempt) {
        const double start = now_seconds();
        parallel_for(kTasks, 1, [&](int64_t begin, int64_t end) {
            Scratch<float> a(rows * kDepth), b(width * kDepth), c(rows * width);
            std::fill_n(a.data(), rows * kDepth, 1.0f);
            std::fill_n(b.data(), width * kDepth, 1.0f);
            const float *sources[kMaxRows], *panel = b.data();
            float* out[kMaxRows];
            for (int64_t i = 0; i < rows; ++i) sources[i] = a.data() + i * kDepth, out[i] = c.data() + i * width;
            for (int64_t i = 0; i < (end - begin) * repeats; ++i)
                micro.row_tile({1, kDepth, sources, &panel, width, out, nullptr, rows, width, false, nullptr});
        });
        best = std::max(best, static_cast<double>(kTasks * repeats) * tile_flops / (now_seconds() - start));
    }
    return best;
}

}  // namespace cc
