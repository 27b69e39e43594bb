#include "kernels/interpolate/taps.h"

#include <algorithm>
#include <cmath>

namespace cc {

namespace {

// Input places per output place.
template <class T>
T step_of(const AxisMap& m) {
    if (m.align_corners) return m.out > 1 ? static_cast<T>(m.in - 1) / static_cast<T>(m.out - 1) : T{0};
    return m.scale > 0 ? static_cast<T>(1 / m.scale) : static_cast<T>(m.in) / static_cast<T>(m.out);
}

// Which place is nearest hangs on the last bit of the position, so it is computed as wide as PyTorch does.
template <class T>
int64_t nearest(const AxisMap& m, int64_t o) {
    T step = step_of<T>(m), at = static_cast<T>(o) * step;
    if (m.mode == InterpolateMode::NearestExact)
        at = std::max(step * (static_cast<T>(o) + T(0.5)) - T(0.5), T{0}) + T(0.5);
    return std::min(static_cast<int64_t>(std::floor(static_cast<float>(at))), m.in - 1);
}

double cubic_weight(double x, double a) {
    x = std::abs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Builds rows one after the other; places beyond the axis count for the outermost one.
struct Builder {
    Taps taps;

    explicit Builder(const AxisMap& m) {
        taps.in = m.in, taps.out = m.out;
        taps.first.reserve(m.out);
        taps.start.reserve(m.out + 1);
        taps.start.push_back(0);
    }
    void row(int64_t first, int64_t count, const double* weights) {
        int64_t low = std::clamp<int64_t>(first, 0, taps.in - 1), high = std::clamp<int64_t>(first + count - 1, 0, taps.in - 1);
        size_t begin = taps.weights.size();
        taps.first.push_back(low);
        taps.weights.resize(begin + (high - low + 1), 0.0);
        for (int64_t t = 0; t < count; ++t)
            taps.weights[begin + (std::clamp<int64_t>(first + t, 0, taps.in - 1) - low)] += weights[t];
        taps.start.push_back(taps.total());
    }
};

// Two or four neighbours of a position.
void point_row(const AxisMap& m, int64_t o, Builder& build) {
    const bool cubic = m.mode == InterpolateMode::Cubic;
    double step = step_of<double>(m);
    double at = m.align_corners ? step * static_cast<double>(o) : step * (static_cast<double>(o) + 0.5) - 0.5;
    if (!cubic) at = std::max(at, 0.0);
    if (!cubic && m.in == m.out) at = static_cast<double>(o);  // whatever the scale
    int64_t first = std::min(static_cast<int64_t>(std::floor(at)), m.in - 1);
    double part = std::clamp(at - static_cast<double>(first), 0.0, 1.0);
    if (cubic) {
        double weights[4];
        for (int t = 0; t < 4; ++t) weights[t] = cubic_weight(part + 1 - t, -0.75);
        build.row(first - 1, 4, weights);
    } else {
        double weights[] = {1 - part, part};
        build.row(first, 2, weights);
    }
}

// The triangle or the cubic, as wide as the step where that is more than one place, cut off at the borders.
void window_row(const AxisMap& m, int64_t o, Builder& build) {
    const double one = 1;
    if (m.in == m.out) return build.row(o, 1, &one);
    const bool cubic = m.mode == InterpolateMode::Cubic;
    double step = step_of<double>(m), wide = std::max(step, 1.0), reach = (cubic ? 2 : 1) * wide;
    double centre = step * (static_cast<double>(o) + 0.5);
    int64_t first = std::max<int64_t>(static_cast<int64_t>(centre - reach + 0.5), 0);
    int64_t end = std::min(static_cast<int64_t>(centre + reach + 0.5), m.in);
    std::vector<double> weights;
    double total = 0;
    for (int64_t i = first; i < end; ++i) {
        double x = (static_cast<double>(i) - centre + 0.5) / wide;
        weights.push_back(cubic ? cubic_weight(x, -0.5) : std::max(1 - std::abs(x), 0.0));
        total += weights.back();
    }
    for (double& weight : weights)
        if (total != 0) weight /= total;
    build.row(first, end - first, weights.data());
}

void area_row(const AxisMap& m, int64_t o, Builder& build) {
    int64_t first = o * m.in / m.out, end = ((o + 1) * m.in + m.out - 1) / m.out;
    std::vector<double> weights(end - first, 1 / static_cast<double>(end - first));
    build.row(first, end - first, weights.data());
}

}  // namespace

Taps interpolation_taps(const AxisMap& m) {
    Builder build(m);
    const double one = 1;
    for (int64_t o = 0; o < m.out; ++o) {
        switch (m.mode) {
            case InterpolateMode::Nearest:
            case InterpolateMode::NearestExact:
                build.row(m.wide ? nearest<double>(m, o) : nearest<float>(m, o), 1, &one);
                break;
            case InterpolateMode::Area: area_row(m, o, build); break;
            default: m.antialias ? window_row(m, o, build) : point_row(m, o, build);
        }
    }
    return std::move(build.taps);
}

Taps transposed(const Taps& taps) {
    Taps out;
    out.in = taps.out, out.out = taps.in;
    out.first.assign(taps.in, 0);
    out.start.assign(taps.in + 1, 0);
    for (int64_t o = 0; o < taps.out; ++o)
        for (int64_t i = taps.first[o]; i < taps.first[o] + taps.count(o); ++i)
            if (out.start[i + 1]++ == 0) out.first[i] = o;
    for (int64_t i = 0; i < taps.in; ++i) {
        if (out.start[i + 1] == 0 && i > 0) out.first[i] = out.first[i - 1];
        out.start[i + 1] += out.start[i];
    }
    out.weights.resize(taps.weights.size());
    for (int64_t o = 0; o < taps.out; ++o)
        for (int64_t t = 0; t < taps.count(o); ++t) {
            int64_t i = taps.first[o] + t;
            out.weights[out.start[i] + (o - out.first[i])] = taps.weights[taps.start[o] + t];
        }
    return out;
}

}  // namespace cc
