// Pooling by rows: y[o] = max or mean of x over o's window; backward, each input pixel sums what the
// windows that cover it send back, of the maximum those whose index it is, so targets are written
// once, by one task, in a fixed order.
//
// The windows of an axis do not depend on the other axes: a table per axis says which sources, all
// inside, meet each target. A task is a stretch of one target row; its source rows are listed, and
// the compiled loops (pool.inl) run over channels × last axis with no test for borders.
#include "kernels/pool/pool_rows.h"

#include <algorithm>
#include <optional>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/pool/pool.h"

namespace cc {

namespace {

constexpr int64_t kWorkPerTask = 16384;
constexpr int64_t kMostOverlap = 6, kChannels = 8;  // beyond, below, the gradient of the maximum is scattered

// Whether lanes along the row beat lanes along the channels.
bool is_narrow(const PoolProblem& p) {
    return p.mode == PoolMode::Average && (p.c <= 3 || (p.c < 16 && p.stride[2] == 1));
}

// Sources that meet each target of one axis: first, first + step, …, count of them; and the part of
// the divisor that each output takes from this axis (backward: its reciprocal).
struct AxisTable {
    int64_t *first, *count;
    double* divisor;
    int64_t step = 1;

    AxisTable(const PoolProblem& p, int a, int64_t* places, double* divisors)
        : first(places), count(places + (p.backward ? p.in[a] : p.out[a])), divisor(divisors) {
        if (p.backward) std::fill(first, count + p.in[a], int64_t{0});  // both: a pixel may lie in no window
        for (int64_t o = 0; o < p.out[a]; ++o) {
            const PoolWindow w = window(p, a, o);
            double by = static_cast<double>(w.divisor);
            if (p.divisor_override) by = a == 0 ? static_cast<double>(p.divisor_override) : 1;
            divisor[o] = p.backward ? 1 / by : by;
            if (!p.backward) {
                first[o] = w.first, count[o] = w.count, step = w.step;
                continue;
            }
            // Windows move on with o, so the outputs that cover an input are evenly apart.
            for (int64_t t = 0; t < w.count; ++t) {
                int64_t i = w.first + t * w.step;
                if (count[i] == 0) first[i] = o;
                if (count[i] == 1) step = o - first[i];
                ++count[i];
            }
        }
    }
};

}  // namespace

const char* rows_decline(const PoolProblem& p) {
    if (p.mode != PoolMode::Max) return nullptr;
    if (p.backward && p.c < kChannels) return "few channels";
    if (p.backward && p.out_pixels() * p.kernel[0] * p.kernel[1] * p.kernel[2] > kMostOverlap * p.in_pixels())
        return "many windows cover a pixel";
    if (p.in_pixels() >= int64_t{1} << 24)
        return "positions of 2^24 pixels or more are not exact in float32";
    return nullptr;
}

void pool_by_rows(const PoolProblem& p, const PoolArgs& args, const PoolRows* loops_of_dtypes) {
    const bool forward = !p.backward, max = p.mode == PoolMode::Max;
    const PoolRows& loops = loops_of_dtypes[p.dtype == Dtype::Float64];
    const bool narrow = is_narrow(p);
    auto run = max       ? (forward ? loops.max_forward : loops.max_backward)
               : narrow  ? loops.average_narrow
               : forward ? loops.average_forward
                         : loops.average_backward;
    const int64_t *target_sizes = forward ? p.out : p.in, *source_sizes = forward ? p.in : p.out;
    int64_t target_pixels = forward ? p.out_pixels() : p.in_pixels(),
            source_pixels = forward ? p.in_pixels() : p.out_pixels();
    if (p.n * p.c * target_pixels == 0) return;
    const auto* source = static_cast<const char*>(forward ? args.x : args.y);
    auto* target = static_cast<char*>(forward ? args.y : args.x);
    const int64_t size = static_cast<int64_t>(itemsize(p.dtype));

    Scratch<int64_t> places(2 * (target_sizes[0] + target_sizes[1] + target_sizes[2]));
    Scratch<double> divisors(p.out[0] + p.out[1] + p.out[2]);
    auto table = [&, place = places.data(), divisor = divisors.data()](int a) mutable {
        const AxisTable axis(p, a, place, divisor);
        place += 2 * target_sizes[a], divisor += p.out[a];
        return axis;
    };
    const AxisTable axes[] = {table(0), table(1), table(2)};
    int64_t width = target_sizes[2];
    int64_t most_rows = 1, taps = 1;
    for (int a = 0; a < 3; ++a) {
        int64_t most = *std::max_element(axes[a].count, axes[a].count + target_sizes[a]);
        taps *= std::max<int64_t>(1, most);
        if (a < 2) most_rows = taps;
    }
    int64_t stretch = std::min(width, std::max<int64_t>(1, kWorkPerTask / (p.c * taps)));
    int64_t stretches = (width + stretch - 1) / stretch;
    int64_t grain = std::max<int64_t>(1, kWorkPerTask / (p.c * taps * stretch));
    int64_t tasks = p.n * target_sizes[0] * target_sizes[1] * stretches;
    parallel_for(tasks, grain, [&](int64_t begin, int64_t end) {
        Scratch<int64_t> rows(most_rows);
        Scratch<double> row_divisors(most_rows);
        std::optional<Scratch<char>> sums;
        if (narrow) sums.emplace(source_sizes[2] * p.c * size);
        for (int64_t task = begin; task < end; ++task) {
            int64_t at = task % stretches * stretch, row = task / stretches;
            int64_t t1 = row % target_sizes[1], t0 = row / target_sizes[1] % target_sizes[0];
            int64_t image = row / (target_sizes[1] * target_sizes[0]);
            int64_t count = 0;
            for (int64_t k0 = 0; k0 < axes[0].count[t0]; ++k0)
                for (int64_t k1 = 0; k1 < axes[1].count[t1]; ++k1) {
                    int64_t s0 = axes[0].first[t0] + k0 * axes[0].step;
                    int64_t s1 = axes[1].first[t1] + k1 * axes[1].step;
                    rows[count] = (s0 * source_sizes[1] + s1) * source_sizes[2];
                    if (!forward) row_divisors[count] = axes[0].divisor[s0] * axes[1].divisor[s1];
                    ++count;
                }
            if (forward) row_divisors[0] = axes[0].divisor[t0] * axes[1].divisor[t1];
            int64_t first = (t0 * target_sizes[1] + t1) * width + at;
            PoolRow one{};
            one.source = source + image * source_pixels * p.c * size;
            one.target = target + (image * target_pixels + first) * p.c * size;
            if (max && args.indices)
                one.indices = args.indices + (image * p.out_pixels() + (forward ? first : 0)) * p.c;
            one.pixel = first;
            one.backward = p.backward;
            one.sums = narrow ? sums->data() : nullptr;
            one.c = p.c;
            one.targets = std::min(stretch, width - at);
            one.rows = rows.data();
            one.row_count = count;
            one.first = axes[2].first + at;
            one.count = axes[2].count + at;
            one.step = axes[2].step;
            one.divisor = axes[2].divisor + (forward ? at : 0);
            one.row_divisor = row_divisors.data();
            run(one);
        }
    });
}

}  // namespace cc
