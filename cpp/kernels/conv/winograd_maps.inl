// The 1-D maps of Winograd's algorithms, for one vector of each of their values.
//
// The construction is Toom and Cook's, the transpose of a product of polynomials that is found from
// its values at the points. Bᵀ depends on the points alone, so tiles of 5, 4, 3 and 2 for 2, 3, 4
// and 5 taps share it; a column of Aᵀ has the powers p⁰ … p^(tile−1) of a point, a row of G p⁰ …
// p^(taps−1) over Π (p − q), q the other points.
//
// Windows of 6 pixels, F(5, 2), F(4, 3), F(3, 4) and F(2, 5), have the points 0, ±5/8, ±3/2, ∞, those of oneDNN's former
// Winograd: errors grow 3 to 5 times over direct summation, not 6 to 11 times as with 0, ±1, ±2
// (Lavin and Gray, 2016). Windows of 4, F(2, 3), have 0, ±1, ∞, and hardly larger errors than direct
// summation.
#pragma once

#define CC_UNROLL _Pragma("GCC unroll 64")

namespace cc {
namespace {

// Bᵀ: windows of the input to elements.
struct InputMap {
    static constexpr int in = 6, out = 6;
    template <class V>
    static void apply(const V* x, V* r) {
        const V e = fma(V::set(-2.25f), x[2], x[4]), o = fma(V::set(-2.25f), x[1], x[3]),
                f = fma(V::set(-0.390625f), x[2], x[4]), p = fma(V::set(-0.390625f), x[1], x[3]);
        r[0] = fma(V::set(0.87890625f), x[0], fma(V::set(-2.640625f), x[2], x[4]));
        r[1] = fma(V::set(0.625f), o, e);
        r[2] = fma(V::set(-0.625f), o, e);
        r[3] = fma(V::set(1.5f), p, f);
        r[4] = fma(V::set(-1.5f), p, f);
        r[5] = fma(V::set(0.87890625f), x[1], fma(V::set(-2.640625f), x[3], x[5]));
    }
};

// B, its transpose.
struct GradInputMap {
    static constexpr int in = 6, out = 6;
    template <class V>
    static void apply(const V* r, V* x) {
        const V s = r[1] + r[2], o = V::set(0.625f) * (r[1] - r[2]), u = r[3] + r[4],
                p = V::set(1.5f) * (r[3] - r[4]);
        x[0] = V::set(0.87890625f) * r[0];
        x[1] = fma(V::set(-2.25f), o, fma(V::set(-0.390625f), p, V::set(0.87890625f) * r[5]));
        x[2] = fma(V::set(-2.25f), s, fma(V::set(-0.390625f), u, V::set(-2.640625f) * r[0]));
        x[3] = fma(V::set(-2.640625f), r[5], o + p);
        x[4] = r[0] + (s + u);
        x[5] = r[5];
    }
};

// Powers of the points 5/8 and 3/2; those of −5/8 and −3/2 have the other sign where they are odd.
constexpr float kP1[] = {1, 0.625f, 0.390625f, 0.244140625f, 0.152587890625f},
                kP3[] = {1, 1.5f, 2.25f, 3.375f, 5.0625f};

// Aᵀ: elements to tiles of the output.
template <int Tile>
struct OutputMap {
    static constexpr int in = 6, out = Tile;
    template <class V>
    static void apply(const V* m, V* y) {
        const V s[] = {m[1] + m[2], m[1] - m[2]}, t[] = {m[3] + m[4], m[3] - m[4]};
        y[0] = m[0] + (s[0] + t[0]);
        CC_UNROLL for (int j = 1; j < Tile - 1; ++j)
            y[j] = fma(V::set(kP1[j]), s[j % 2], V::set(kP3[j]) * t[j % 2]);
        constexpr int last = Tile - 1;
        y[last] = fma(V::set(kP1[last]), s[last % 2], fma(V::set(kP3[last]), t[last % 2], m[5]));
    }
};

// A, its transpose.
template <int Tile>
struct GradOutputMap {
    static constexpr int in = Tile, out = 6;
    template <class V>
    static void apply(const V* y, V* m) {
        V s[] = {y[0], V::set(kP1[1]) * y[1]}, t[] = {y[0], V::set(kP3[1]) * y[1]};
        CC_UNROLL for (int j = 2; j < Tile; ++j) {
            s[j % 2] = fma(V::set(kP1[j]), y[j], s[j % 2]);
            t[j % 2] = fma(V::set(kP3[j]), y[j], t[j % 2]);
        }
        m[0] = y[0];
        m[1] = s[0] + s[1];
        m[2] = s[0] - s[1];
        m[3] = t[0] + t[1];
        m[4] = t[0] - t[1];
        m[5] = y[Tile - 1];
    }
};

// Rows 0, 1 and 3 of G.
constexpr float kG0 = 256 / 225.0f,
                kG1[] = {-2048 / 2975.0f, -256 / 595.0f, -32 / 119.0f, -20 / 119.0f, -25 / 238.0f},
                kG3[] = {128 / 1071.0f, 64 / 357.0f, 32 / 119.0f, 48 / 119.0f, 72 / 119.0f};

// G: taps to elements.
template <int Taps>
struct WeightMap {
    static constexpr int in = Taps, out = 6;
    template <class V>
    static void apply(const V* w, V* u) {
        constexpr int even = (Taps - 1) / 2 * 2;  // the last of them
        V s = V::set(kG1[even]) * w[even], t = V::set(kG3[even]) * w[even];
        CC_UNROLL for (int i = even - 2; i >= 0; i -= 2) {
            s = fma(V::set(kG1[i]), w[i], s);
            t = fma(V::set(kG3[i]), w[i], t);
        }
        u[1] = u[2] = s;
        u[3] = u[4] = t;
        CC_UNROLL for (int i = 1; i < Taps; i += 2) {
            u[1] = fma(V::set(kG1[i]), w[i], u[1]);
            u[2] = fma(V::set(-kG1[i]), w[i], u[2]);
            u[3] = fma(V::set(kG3[i]), w[i], u[3]);
            u[4] = fma(V::set(-kG3[i]), w[i], u[4]);
        }
        u[0] = V::set(kG0) * w[0];
        u[5] = w[Taps - 1];
    }
};

// Gᵀ, its transpose.
template <int Taps>
struct GradWeightMap {
    static constexpr int in = 6, out = Taps;
    template <class V>
    static void apply(const V* u, V* w) {
        const V s[] = {u[1] + u[2], u[1] - u[2]}, t[] = {u[3] + u[4], u[3] - u[4]};
        CC_UNROLL for (int i = 0; i < Taps - 1; ++i)
            w[i] = fma(V::set(kG1[i]), s[i % 2], V::set(kG3[i]) * t[i % 2]);
        w[0] = fma(V::set(kG0), u[0], w[0]);
        constexpr int last = Taps - 1;
        w[last] = fma(V::set(kG1[last]), s[last % 2], fma(V::set(kG3[last]), t[last % 2], u[5]));
    }
};

// The same of windows of 4.
struct InputMap4 {
    static constexpr int in = 4, out = 4;
    template <class V>
    static void apply(const V* x, V* r) {
        r[0] = x[0] - x[2];
        r[1] = x[2] + x[1];
        r[2] = x[2] - x[1];
        r[3] = x[3] - x[1];
    }
};

struct GradInputMap4 {
    static constexpr int in = 4, out = 4;
    template <class V>
    static void apply(const V* r, V* x) {
        x[0] = r[0];
        x[1] = (r[1] - r[2]) - r[3];
        x[2] = (r[1] + r[2]) - r[0];
        x[3] = r[3];
    }
};

struct OutputMap4 {
    static constexpr int in = 4, out = 2;
    template <class V>
    static void apply(const V* m, V* y) {
        y[0] = m[0] + (m[1] + m[2]);
        y[1] = m[3] + (m[1] - m[2]);
    }
};

struct GradOutputMap4 {
    static constexpr int in = 2, out = 4;
    template <class V>
    static void apply(const V* y, V* m) {
        m[0] = y[0];
        m[1] = y[0] + y[1];
        m[2] = y[0] - y[1];
        m[3] = y[1];
    }
};

struct WeightMap4 {
    static constexpr int in = 3, out = 4;
    template <class V>
    static void apply(const V* w, V* u) {
        const V half = V::set(0.5f), s = half * (w[0] + w[2]), t = half * w[1];
        u[0] = w[0];
        u[1] = s + t;
        u[2] = s - t;
        u[3] = w[2];
    }
};

struct GradWeightMap4 {
    static constexpr int in = 4, out = 3;
    template <class V>
    static void apply(const V* u, V* w) {
        const V half = V::set(0.5f), s = half * (u[1] + u[2]);
        w[0] = u[0] + s;
        w[1] = half * (u[1] - u[2]);
        w[2] = s + u[3];
    }
};

// Those of kernels of `Taps` and windows of `Window` pixels an axis.
template <int Window, int Taps>
struct WinogradMapsOf {
    static_assert(Window == 6, "these maps are of windows of 6");
    static constexpr int tile = Window + 1 - Taps;
    using Input = InputMap;
    using GradInput = GradInputMap;
    using Output = OutputMap<tile>;
    using GradOutput = GradOutputMap<tile>;
    using Weight = WeightMap<Taps>;
    using GradWeight = GradWeightMap<Taps>;
};
template <>
struct WinogradMapsOf<4, 3> {
    static constexpr int tile = 2;
    using Input = InputMap4;
    using GradInput = GradInputMap4;
    using Output = OutputMap4;
    using GradOutput = GradOutputMap4;
    using Weight = WeightMap4;
    using GradWeight = GradWeightMap4;
};

}  // namespace
}  // namespace cc
