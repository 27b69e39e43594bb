// Sampling: the readable reference, which is the specification, and the list of implementations.
#include "kernels/grid_sample/grid_sample.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "kernels/impl.h"

namespace cc {

std::string GridSampleProblem::describe() const {
    constexpr const char* passes[] = {"forward", "gradient of input", "gradient of grid"};
    constexpr const char* modes[] = {"nearest", "linear", "cubic"};
    constexpr const char* paddings[] = {"zeros", "border", "reflection"};
    return str(passes[static_cast<int>(pass)], ' ', modes[static_cast<int>(mode)], ' ', paddings[static_cast<int>(padding)],
               align_corners ? " corners " : " edges ", dtype, " n", n, " c", c, " in", in[0], 'x', in[1], 'x', in[2], " points ",
               points);
}

GridAxis grid_axis(const GridSampleProblem& p, int axis) {
    double size = static_cast<double>(p.in[axis]);
    if (p.align_corners) return {p.in[axis], (size - 1) / 2, 0, 0, size - 1};
    return {p.in[axis], size / 2, -0.5, -0.5, size};
}

namespace {

// The taps of one coordinate: −1 is a place that reads nothing.
template <class T>
struct Taps {
    int count;
    int64_t place[4] = {};
    T fraction, slope;

    Taps(const GridSampleProblem& p, const GridAxis& axis, T coordinate) : slope(static_cast<T>(axis.scale)) {
        T at = (coordinate + 1) * slope + static_cast<T>(axis.shift);
        if (p.mode == GridMode::Cubic) {
            count = 4;
            T first = std::floor(at), none = 0;
            for (int k = 0; k < 4; ++k) place[k] = whole(axis, inside(p.padding, axis, first + static_cast<T>(k - 1), none));
            fraction = at - first;
            return;
        }
        at = inside(p.padding, axis, at, slope);
        count = p.mode == GridMode::Nearest ? 1 : 2;
        T first = count == 1 ? std::nearbyint(at) : std::floor(at);
        for (int k = 0; k < count; ++k) place[k] = whole(axis, first + static_cast<T>(k));
        fraction = at - first;
        if (count == 1) slope = 0;
    }

    static T inside(GridPadding padding, const GridAxis& axis, T at, T& slope) {
        if (padding == GridPadding::Zeros) return at;
        T low = static_cast<T>(axis.low), span = static_cast<T>(axis.span), last = static_cast<T>(axis.size - 1);
        if (padding == GridPadding::Reflection) {
            if (span == 0) return slope = 0;
            T x = std::abs(at - low), flips = std::floor(x / span), extra = x - flips * span;
            const bool odd = std::fmod(flips, T(2)) != 0;
            if ((at < low) != odd) slope = -slope;
            at = (odd ? span - extra : extra) + low;
        }
        if (!(at > 0 && at < last)) slope = 0;
        return at > 0 ? std::min(at, last) : 0;
    }

    static int64_t whole(const GridAxis& axis, T at) {
        return at >= 0 && at <= static_cast<T>(axis.size - 1) ? static_cast<int64_t>(at) : -1;
    }

    T weight(int k) const {
        if (count == 1) return 1;
        if (count == 2) return k ? fraction : 1 - fraction;
        const T a = T(-0.75), x = std::abs(fraction + static_cast<T>(1 - k));
        return k == 1 || k == 2 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
    }

    // Of the weight, in the coordinate.
    T weight_slope(int k) const {
        if (count == 1) return 0;
        if (count == 2) return k ? slope : -slope;
        const T a = T(-0.75), x = std::abs(fraction + static_cast<T>(1 - k)), sign = k < 2 ? slope : -slope;
        return sign * (k == 1 || k == 2 ? (3 * (a + 2) * x - 2 * (a + 3)) * x : (3 * a * x - 10 * a) * x + 8 * a);
    }
};

// Calls f(flat place, the taps' numbers along each axis) for every tap of a point that reads.
template <class T, class F>
void each_tap(const GridSampleProblem& p, const Taps<T> (&taps)[3], F&& f) {
    for (int i = 0; i < taps[0].count; ++i)
        for (int j = 0; j < taps[1].count; ++j)
            for (int k = 0; k < taps[2].count; ++k) {
                int64_t p0 = taps[0].place[i], p1 = taps[1].place[j], p2 = taps[2].place[k];
                if (p0 >= 0 && p1 >= 0 && p2 >= 0) f((p0 * p.in[1] + p1) * p.in[2] + p2, i, j, k);
            }
}

template <class T>
void at_point(const GridSampleProblem& p, const GridSampleArgs& args, int64_t image, int64_t point) {
    const T* grid = static_cast<const T*>(args.grid) + point * p.rank;
    auto taps_along = [&](int axis) {
        // The leading axis of flat maps has one place, and the coordinate of its centre.
        return Taps<T>(p, grid_axis(p, axis), axis < 3 - p.rank ? T{0} : grid[2 - axis]);
    };
    const Taps<T> taps[] = {taps_along(0), taps_along(1), taps_along(2)};
    const int64_t base = image * p.in_pixels();
    T* y = static_cast<T*>(args.y) + point * p.c;
    double slopes[3] = {};
    for (int64_t c = 0; c < p.c; ++c) {
        double sum = 0;
        each_tap(p, taps, [&](int64_t place, int i, int j, int k) {
            const int64_t at = (base + place) * p.c + c;
            const double w0 = taps[0].weight(i), w1 = taps[1].weight(j), w2 = taps[2].weight(k);
            if (p.pass == GridPass::GradInput) {
                static_cast<T*>(args.grad_x)[at] += static_cast<T>(w0 * w1 * w2 * y[c]);
                return;
            }
            const double value = static_cast<const T*>(args.x)[at];
            sum += w0 * w1 * w2 * value;
            slopes[0] += taps[0].weight_slope(i) * w1 * w2 * value * y[c];
            slopes[1] += w0 * taps[1].weight_slope(j) * w2 * value * y[c];
            slopes[2] += w0 * w1 * taps[2].weight_slope(k) * value * y[c];
        });
        if (p.pass == GridPass::Forward) y[c] = static_cast<T>(sum);
    }
    if (p.pass != GridPass::GradGrid) return;
    for (int a = 0; a < p.rank; ++a)
        static_cast<T*>(args.grad_grid)[point * p.rank + a] = static_cast<T>(slopes[2 - a]);
}

void reference(const GridSampleProblem& p, const GridSampleArgs& args) {
    visit_floating("grid_sample", p.dtype, [&](auto zero) {
        parallel_for(p.n, 1, [&](int64_t begin, int64_t end) {
            for (int64_t image = begin; image < end; ++image)
                for (int64_t point = image * p.points; point < (image + 1) * p.points; ++point)
                    at_point<decltype(zero)>(p, args, image, point);
        });
    });
}

template <const GridFunctions (&Functions)[2]>
void points(const GridSampleProblem& problem, const GridSampleArgs& args) {
    grid_sample_by_points(problem, args, Functions);
}

constexpr Impl<GridSampleProblem, GridSampleArgs> kGridSample[] = {
#ifdef CONVCORE_X86
    {"points_avx512", Isa::Avx512, points_decline, points<avx512::grid_functions>},
    {"points_avx2", Isa::Avx2, points_decline, points<avx2::grid_functions>},
#endif
    {"points_generic", Isa::Generic, points_decline, points<generic::grid_functions>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void grid_sample(const GridSampleProblem& problem, const GridSampleArgs& args) {
    run_best("grid_sample", kGridSample, problem, args);
}

int grid_axis_taps(const GridSampleProblem& p, int axis, const void* grid, int64_t* places, void* fractions, void* slopes) {
    const int count = p.mode == GridMode::Nearest ? 1 : p.mode == GridMode::Linear ? 2 : 4;
    visit_floating("grid_sample", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const int64_t all = p.n * p.points;
        for (int64_t i = 0; i < all; ++i) {
            const Taps<T> taps(p, grid_axis(p, axis), static_cast<const T*>(grid)[i * p.rank + 2 - axis]);
            for (int k = 0; k < count; ++k) places[k * all + i] = taps.place[k];
            static_cast<T*>(fractions)[i] = taps.fraction;
            static_cast<T*>(slopes)[i] = taps.slope;
        }
    });
    return count;
}

}  // namespace cc
