// Interpolation by rows: a task is a stretch of one target row. The taps of the first two axes say which source rows it blends and
// with which weights, those of the last axis how its targets take their places from the blend (interpolate.inl). The blend stays
// in the first-level cache, so the map is separable without a pass over memory between its axes.
#include "kernels/interpolate/interpolate_rows.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/interpolate/interpolate.h"

namespace cc {

namespace {

constexpr int64_t kWorkPerTask = 16384;

int64_t most_taps(const Taps& taps) {
    int64_t most = 1;
    for (int64_t o = 0; o < taps.out; ++o) most = std::max(most, taps.count(o));
    return most;
}

// The source places that targets [begin, end) of the last axis read.
struct Span {
    int64_t low, width;
};
Span span_of(const Taps& taps, int64_t begin, int64_t end) {
    int64_t low = taps.in, high = 0;
    for (int64_t o = begin; o < end; ++o) {
        if (taps.count(o) == 0) continue;
        low = std::min(low, taps.first[o]);
        high = std::max(high, taps.first[o] + taps.count(o));
    }
    return {high ? low : 0, high ? high - low : 0};
}

template <class T>
void by_rows(const InterpolateProblem& p, const InterpolateArgs& args, InterpolateRowFunction run) {
    const Taps &t0 = args.axes[0], &t1 = args.axes[1], &t2 = args.axes[2];
    const int64_t most_rows = most_taps(t0) * most_taps(t1), reach = most_taps(t2);
    const int64_t share = p.in[2] / p.out[2] + 1;  // source places blended per target
    const int64_t work = p.c * (most_rows * share + reach);
    const int64_t stretch = std::min(p.out[2], std::max<int64_t>(1, kWorkPerTask / work));
    const int64_t stretches = (p.out[2] + stretch - 1) / stretch;
    const int64_t grain = std::max<int64_t>(1, kWorkPerTask / (work * stretch));
    Scratch<T> weights(t2.total());
    std::copy(t2.weights.begin(), t2.weights.end(), weights.data());
    Scratch<int64_t> first(p.out[2]);
    Scratch<Span> spans(stretches);
    int64_t widest = 0;
    for (int64_t s = 0; s < stretches; ++s) {
        int64_t begin = s * stretch, end = std::min(p.out[2], begin + stretch);
        spans[s] = span_of(t2, begin, end);
        widest = std::max(widest, spans[s].width);
        for (int64_t o = begin; o < end; ++o) first[o] = std::max<int64_t>(0, t2.first[o] - spans[s].low);
    }

    parallel_for(p.n * p.out[0] * p.out[1] * stretches, grain, [&](int64_t begin, int64_t end) {
        Scratch<int64_t> rows(most_rows);
        Scratch<T> row_weights(most_rows), blended(widest * p.c);
        for (int64_t task = begin; task < end; ++task) {
            int64_t at = task % stretches * stretch, row = task / stretches;
            int64_t o1 = row % p.out[1], o0 = row / p.out[1] % p.out[0], image = row / (p.out[1] * p.out[0]);
            InterpolateRow one{};
            one.targets = std::min(stretch, p.out[2] - at);
            const Span& span = spans[task % stretches];
            for (int64_t i = 0; i < t0.count(o0); ++i)
                for (int64_t j = 0; j < t1.count(o1); ++j) {
                    rows[one.row_count] = ((t0.first[o0] + i) * p.in[1] + t1.first[o1] + j) * p.in[2] * p.c;
                    double weight = t0.weights[t0.start[o0] + i] * t1.weights[t1.start[o1] + j];
                    row_weights[one.row_count++] = static_cast<T>(weight);
                }
            one.source = static_cast<const T*>(args.x) + (image * p.in[0] * p.in[1] * p.in[2] + span.low) * p.c;
            one.target = static_cast<T*>(args.y) + (row * p.out[2] + at) * p.c;
            one.c = p.c;
            one.rows = rows.data();
            one.row_weights = row_weights.data();
            one.blended = blended.data();
            one.width = span.width;
            one.first = first.data() + at;
            one.start = t2.start.data() + at;
            one.weights = weights.data();
            run(one);
        }
    });
}

}  // namespace

void interpolate_by_rows(const InterpolateProblem& p, const InterpolateArgs& args,
                         const InterpolateRowFunction* rows_of_dtypes) {
    if (p.n * p.c * p.out[0] * p.out[1] * p.out[2] == 0) return;
    if (p.dtype == Dtype::Float64) by_rows<double>(p, args, rows_of_dtypes[1]);
    else by_rows<float>(p, args, rows_of_dtypes[0]);
}

}  // namespace cc
