// Elementwise functions: every formula on every instruction set against long double, special
// values, layouts, threads.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "base/cpu.h"
#include "base/parallel.h"
#include "isas.h"
#include "kernels/elementwise/elementwise.h"

using namespace cc;

namespace {

#define EXPECT(ok, ...)                                          \
    do {                                                         \
        if (!(ok)) {                                             \
            std::fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            std::fprintf(stderr, __VA_ARGS__);                   \
            std::fprintf(stderr, "\n");                          \
            std::exit(1);                                        \
        }                                                        \
    } while (0)

using Real = long double;
constexpr double kInf = std::numeric_limits<double>::infinity(),
                 kNan = std::numeric_limits<double>::quiet_NaN();

// Distance of got from the exact value in units of the last place of T at that value.
template <class T> double ulps(T got, Real want) {
    if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : kInf;
    const T rounded = static_cast<T>(want);
    if (std::isinf(rounded) || std::isinf(got)) {
        if (rounded == got) return 0;
        // One side of the overflow threshold against the other.
        const T most = std::copysign(std::numeric_limits<T>::max(), rounded);
        return std::abs(got) == std::numeric_limits<T>::max() || rounded == most ? 1 : kInf;
    }
    const int exponent = std::max(rounded == 0 ? -100000 : std::ilogb(rounded),
                                  std::numeric_limits<T>::min_exponent - 1);
    return static_cast<double>(std::abs(got - want) /
                               std::ldexp(Real(1), exponent - std::numeric_limits<T>::digits + 1));
}

template <class T> std::vector<T> sweep() {
    std::vector<T> x;
    using L = std::numeric_limits<T>;
    for (T v : {T(0),
                L::denorm_min(),
                L::min(),
                L::max(),
                L::infinity(),
                L::epsilon(),
                T(1),
                T(0.5),
                T(2),
                T(88.7),
                T(103.9),
                T(709.7),
                T(745.1),
                T(1) - L::epsilon(),
                T(1) + L::epsilon(),
                T(0.3465),
                T(0.3466),
                T(2.5),
                T(3.5),
                T(1e8)})
        x.push_back(v), x.push_back(-v);
    x.push_back(L::quiet_NaN());
    // All binades, then the dense middle where the functions are interesting.
    for (int e = L::min_exponent - L::digits; e < L::max_exponent; ++e)
        for (int i = 0; i < 12; ++i) {
            const T v = std::ldexp(T(1) + T(i * 0.0833 + 0.001), e);
            x.push_back(v), x.push_back(-v);
        }
    for (T v = -110; v < 110; v += T(0.00731)) x.push_back(v);
    for (T v = -4; v < 4; v += T(0.000317)) x.push_back(v);
    return x;
}

struct UnaryCase {
    Unary op;
    std::function<Real(Real)> f;
    double bound32, bound64;  // ulps
    double p = 0, q = 0;
};

Real logistic(Real x) { return 1 / (1 + std::exp(-x)); }

const std::vector<UnaryCase>& unary_cases() {
    static const std::vector<UnaryCase> cases = {
        {Unary::Neg, [](Real x) { return -x; }, 0, 0},
        {Unary::Abs, [](Real x) { return std::abs(x); }, 0, 0},
        {Unary::Sign, [](Real x) { return Real((x > 0) - (x < 0)); }, 0, 0},
        {Unary::Square, [](Real x) { return x * x; }, 0.5, 0.501},
        {Unary::Floor, [](Real x) { return std::floor(x); }, 0, 0},
        {Unary::Ceil, [](Real x) { return std::ceil(x); }, 0, 0},
        {Unary::Round, [](Real x) { return std::nearbyint(x); }, 0, 0},
        {Unary::Trunc, [](Real x) { return std::trunc(x); }, 0, 0},
        {Unary::Relu, [](Real x) { return x < 0 ? 0 : x; }, 0, 0},
        {Unary::AddScalar, [](Real x) { return x + 1.5L; }, 0.5, 0.501, 1.5},
        {Unary::MulScalar, [](Real x) { return x * -1.5L; }, 0.5, 0.501, -1.5},
        {Unary::PowScalar, [](Real x) { return std::pow(x, 0.75L); }, 1, 1, 0.75},
        {Unary::PowScalar, [](Real x) { return x * x * x; }, 1.5, 1.5, 3},  // two products, each rounded
        {Unary::PowScalar, [](Real x) { return 1 / x; }, 0.5, 0.501, -1},
        {Unary::PowScalar, [](Real x) { return std::sqrt(x); }, 0.5, 0.501, 0.5},
        {Unary::Clamp, [](Real x) { return x < -1  ? -1
                                           : x > 2 ? 2
                                                   : x; }, 0, 0, -1, 2},
        {Unary::Clamp, [](Real x) { return x < -1 ? -1 : x; }, 0, 0, -1, kInf},
        {Unary::Exp, [](Real x) { return std::exp(x); }, 1.1, 1.1},
        {Unary::Expm1, [](Real x) { return std::expm1(x); }, 1.6, 2.1},
        {Unary::Log, [](Real x) { return std::log(x); }, 1.1, 1.1},
        {Unary::Log1p, [](Real x) { return std::log1p(x); }, 1.6, 1.6},
        {Unary::Sqrt, [](Real x) { return std::sqrt(x); }, 0.5, 0.501},
        {Unary::Rsqrt, [](Real x) { return 1 / std::sqrt(x); }, 1.6, 1.6},
        {Unary::Reciprocal, [](Real x) { return 1 / x; }, 0.5, 0.501},
        {Unary::Sin, [](Real x) { return std::sin(x); }, 0.51, 1},
        {Unary::Cos, [](Real x) { return std::cos(x); }, 0.51, 1},
        {Unary::Tan, [](Real x) { return std::tan(x); }, 0.51, 1},
        {Unary::Tanh, [](Real x) { return std::tanh(x); }, 2.5, 2.5},
        {Unary::Erf, [](Real x) { return std::erf(x); }, 2, 1},
        {Unary::Sigmoid, logistic, 2.1, 2.1},
        {Unary::LeakyRelu, [](Real x) { return x > 0 ? x : x * 0.25L; }, 0.5, 0.5, 0.25},
        {Unary::Elu, [](Real x) { return x > 0 ? x : 1.5L * std::expm1(x); }, 2.1, 2.1, 1.5},
    };
    return cases;
}

template <class T> ElementwiseProblem dense(int64_t n, Dtype out = dtype_of<T>) {
    return {{n}, dtype_of<T>, out, {{1}, {1}, {1}}, {1}};
}

template <class T> void test_unary_accuracy() {
    const std::vector<T> x = sweep<T>();
    const int64_t n = static_cast<int64_t>(x.size());
    std::vector<T> y(n);
    for (const UnaryCase& c : unary_cases()) {
        elementwise(c.op, dense<T>(n), x.data(), y.data(), c.p, c.q);
        double worst = 0;
        T at = 0;
        for (int64_t i = 0; i < n; ++i) {
            const double u = ulps(y[i], c.f(x[i]));
            if (u > worst) worst = u, at = x[i];
        }
        const double bound = sizeof(T) == 4 ? c.bound32 : c.bound64;
        if (std::getenv("CONVCORE_SHOW"))
            std::printf("%s %s %s: %.3f ulp at %.9g\n", name(isa()), name(c.op), name(dtype_of<T>),
                        worst, double(at));
        else
            EXPECT(worst <= bound, "%s %s %s: %.3f ulp at %.9g, bound %.3f", name(isa()),
                   name(c.op), name(dtype_of<T>), worst, double(at), bound);
    }
    // Written as PyTorch writes them, so only the absolute error is small where they vanish.
    for (auto [op, f, p, q] :
         std::vector<std::tuple<Unary, std::function<Real(Real)>, double, double>>{
             {Unary::Gelu, [](Real v) { return 0.5L * v * (1 + std::erf(v * std::sqrt(0.5L))); }, 0,
              0},
             {Unary::GeluTanh,
              [](Real v) {
                  return 0.5L * v *
                         (1 + std::tanh(std::sqrt(2 / std::acos(Real(-1))) *
                                        (v + 0.044715L * v * v * v)));
              },
              0, 0},
             {Unary::Silu, [](Real v) { return v * logistic(v); }, 0, 0},
             {Unary::Softplus,
              [](Real v) { return v * 2 > 20 ? v : std::log1p(std::exp(v * 2)) / 2; }, 2, 20}}) {
        elementwise(op, dense<T>(n), x.data(), y.data(), p, q);
        for (int64_t i = 0; i < n; ++i) {
            if (std::abs(x[i]) > 1000) continue;
            const Real want = f(x[i]);
            EXPECT(std::isnan(x[i])
                       ? std::isnan(y[i])
                       : std::abs(y[i] - want) <= 4 * std::numeric_limits<T>::epsilon() *
                                                          (std::abs(x[i]) + std::abs(want)) +
                                                      std::numeric_limits<T>::denorm_min(),
                   "%s %s(%.9g) = %.9g, expected %.9Lg", name(isa()), name(op), double(x[i]),
                   double(y[i]), want);
        }
    }
}

template <class T> bool same(T a, T b) { return a == b || (a != a && b != b); }

template <class T> T floor_quotient(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
        const T q = static_cast<T>(a / b);
        return static_cast<T>(q - (a % b != 0 && (a % b < 0) != (b < 0)));
    } else {
        return std::floor(a / b);
    }
}

template <class T> void test_binary() {
    std::mt19937 rng(7);
    std::vector<T> a, b;
    for (int i = 0; i < 1000; ++i) {
        int u = static_cast<int>(rng() % 41) - 20, v = static_cast<int>(rng() % 21) - 10;
        if (std::is_same_v<T, uint8_t>) u = std::abs(u), v = std::abs(v);
        if (!v && std::is_integral_v<T>) v = 3;
        const double half = std::is_floating_point_v<T> ? 0.5 : 1;
        a.push_back(static_cast<T>(u * half));
        b.push_back(static_cast<T>(v * half));
    }
    if (std::is_floating_point_v<T>)
        for (double u : {0.0, -0.0, 1.0, -1.0, kInf, -kInf, kNan})
            for (double v : {0.0, -0.0, 1.0, -2.0, kInf, -kInf, kNan})
                a.push_back(static_cast<T>(u)), b.push_back(static_cast<T>(v));
    const int64_t n = static_cast<int64_t>(a.size());
    std::vector<T> y(n);
    std::vector<uint8_t> m(n);
    auto values = [&](Binary op, auto f, bool special) {
        if (!accepts(op, dtype_of<T>)) return;
        EXPECT(result_dtype(op, dtype_of<T>) == dtype_of<T>, "%s", name(op));
        elementwise(op, dense<T>(n), a.data(), b.data(), y.data(), 0.25);
        for (int64_t i = 0; i < n; ++i) {
            if (!special && i >= 1000) break;
            const T want = static_cast<T>(f(a[i], b[i]));
            EXPECT(same(y[i], want), "%s %s %s(%g, %g) = %g, expected %g", name(isa()),
                   name(dtype_of<T>), name(op), double(a[i]), double(b[i]), double(y[i]),
                   double(want));
        }
    };
    auto tests = [&](Binary op, auto f) {
        EXPECT(result_dtype(op, dtype_of<T>) == Dtype::Bool, "%s", name(op));
        elementwise(op, dense<T>(n, Dtype::Bool), a.data(), b.data(), m.data());
        for (int64_t i = 0; i < n; ++i)
            EXPECT(m[i] == (f(a[i], b[i]) ? 1 : 0), "%s %s %s(%g, %g) = %d", name(isa()),
                   name(dtype_of<T>), name(op), double(a[i]), double(b[i]), m[i]);
    };
    values(Binary::Add, [](T u, T v) { return u + v; }, true);
    values(Binary::Sub, [](T u, T v) { return u - v; }, true);
    values(Binary::Mul, [](T u, T v) { return u * v; }, true);
    values(Binary::Div, [](T u, T v) { return u / v; }, true);
    values(
        Binary::Maximum, [](T u, T v) { return u != u   ? u
                                               : v != v ? v
                                                        : std::max(u, v); }, true);
    values(
        Binary::Minimum, [](T u, T v) { return u != u   ? u
                                               : v != v ? v
                                                        : std::min(u, v); }, true);
    values(Binary::FloorDivide, [](T u, T v) { return floor_quotient(u, v); }, false);
    values(
        Binary::Remainder,
        [](T u, T v) {
            return v == T(0) ? static_cast<T>(kNan) : static_cast<T>(u - floor_quotient(u, v) * v);
        },
        false);
    values(Binary::Atan2, [](T u, T v) { return std::atan2(double(u), double(v)); }, true);
    if constexpr (std::is_floating_point_v<T>) {
        values(Binary::Pow, [](T u, T v) { return std::pow(double(u), double(v)); }, true);
        values(Binary::ReluGrad, [](T u, T v) { return v <= 0 ? T(0) : u; }, true);
        values(Binary::LeakyReluGrad, [](T u, T v) { return v > 0 ? u : u * T(0.25); }, true);
        values(Binary::EluGrad, [](T u, T v) { return v <= 0 ? u * (v + T(0.25)) : u; }, true);
        values(Binary::SigmoidGrad, [](T u, T v) { return u * (1 - v) * v; }, true);
        values(Binary::TanhGrad, [](T u, T v) { return u * (1 - v * v); }, true);
    } else {
        values(
            Binary::Pow,
            [](T u, T v) {
                if (v < T(0))
                    return static_cast<T>(u == T(1) ? 1 : u == T(-1) ? (v % 2 ? -1 : 1) : 0);
                uint64_t r = 1;
                for (T k = 0; k < v; ++k) r *= static_cast<uint64_t>(u);
                return static_cast<T>(r);
            },
            true);
    }
    tests(Binary::Equal, [](T u, T v) { return u == v; });
    tests(Binary::NotEqual, [](T u, T v) { return u != v; });
    tests(Binary::Less, [](T u, T v) { return u < v; });
    tests(Binary::LessEqual, [](T u, T v) { return u <= v; });
    tests(Binary::Greater, [](T u, T v) { return u > v; });
    tests(Binary::GreaterEqual, [](T u, T v) { return u >= v; });
    tests(Binary::LogicalAnd, [](T u, T v) { return u != T(0) && v != T(0); });
    tests(Binary::LogicalOr, [](T u, T v) { return u != T(0) || v != T(0); });
    tests(Binary::LogicalXor, [](T u, T v) { return (u != T(0)) != (v != T(0)); });

    elementwise(Unary::LogicalNot, dense<T>(n, Dtype::Bool), a.data(), m.data());
    for (int64_t i = 0; i < n; ++i) EXPECT(m[i] == (a[i] == T(0)), "logical_not(%g)", double(a[i]));
    elementwise(Unary::IsNan, dense<T>(n, Dtype::Bool), a.data(), m.data());
    for (int64_t i = 0; i < n; ++i)
        EXPECT(m[i] == std::isnan(double(a[i])), "isnan(%g)", double(a[i]));
    elementwise(Unary::IsInf, dense<T>(n, Dtype::Bool), a.data(), m.data());
    for (int64_t i = 0; i < n; ++i)
        EXPECT(m[i] == std::isinf(double(a[i])), "isinf(%g)", double(a[i]));
    elementwise(Unary::IsFinite, dense<T>(n, Dtype::Bool), a.data(), m.data());
    for (int64_t i = 0; i < n; ++i)
        EXPECT(m[i] == std::isfinite(double(a[i])), "isfinite(%g)", double(a[i]));

    for (int64_t count : {0, 1, 3, 7, 8, 15, 17, 1000}) {
        for (int64_t i = 0; i < n; ++i) m[i] = rng() & 1;
        std::vector<T> out(n, T(99));
        elementwise(Ternary::Where, dense<T>(count), m.data(), a.data(), b.data(), out.data());
        for (int64_t i = 0; i < n; ++i)
            EXPECT(same(out[i], i >= count ? T(99)
                                : m[i]     ? a[i]
                                           : b[i]),
                   "where %d of %d", int(i), int(count));
        elementwise(Ternary::MulAdd, dense<T>(count), a.data(), b.data(), a.data(), out.data());
        for (int64_t i = 0; i < count; ++i)
            EXPECT(same(out[i], static_cast<T>(a[i] * b[i] + a[i])), "mul_add");
    }
}

void test_integers() {
    int32_t least = INT32_MIN, minus = -1, out = 0;
    elementwise(Binary::Div, dense<int32_t>(1), &least, &minus, &out);
    EXPECT(out == INT32_MIN, "least / -1 = %d", out);
    elementwise(Binary::Remainder, dense<int32_t>(1), &least, &minus, &out);
    EXPECT(out == 0, "least %% -1 = %d", out);
    std::vector<int64_t> a(100000, 5), b(100000, 2), y(100000);
    b[77777] = 0;
    for (Binary op : {Binary::Div, Binary::FloorDivide, Binary::Remainder}) {
        bool raised = false;
        try {
            elementwise(op, dense<int64_t>(100000), a.data(), b.data(), y.data());
        } catch (const Error& e) {
            raised = true;
        }
        EXPECT(raised, "%s by zero did not raise", name(op));
    }
    bool t[] = {true, true, false}, u[] = {true, false, false}, r[3];
    elementwise(Binary::Add, dense<bool>(3), t, u, r);
    EXPECT(r[0] && r[1] && !r[2], "bool add");
    elementwise(Binary::Mul, dense<bool>(3), t, u, r);
    EXPECT(r[0] && !r[1] && !r[2], "bool mul");
    bool raised = false;
    try {
        elementwise(Binary::Sub, dense<bool>(3), t, u, r);
    } catch (const Error& e) {
        raised = e.kind() == ErrorKind::Type;
    }
    EXPECT(raised, "bool sub did not raise");
}

std::mt19937 layouts(3);
int pick(int from, int to) { return from + static_cast<int>(layouts() % (to - from + 1)); }

struct Strides {
    Shape strides;
    int64_t offset = 0, size = 1;
};

Strides random_strides(const Shape& shape, bool may_broadcast) {
    Strides s;
    std::vector<int> order(shape.rank());
    for (int i = 0; i < shape.rank(); ++i) order[i] = i;
    if (pick(0, 1)) std::shuffle(order.begin(), order.end(), layouts);
    else std::reverse(order.begin(), order.end());
    s.strides = Shape(shape.rank(), 0);
    for (int i : order) {
        if (may_broadcast && pick(0, 3) == 0) continue;
        s.strides[i] = s.size;
        s.size *= shape[i] + (pick(0, 4) == 0);
        if (pick(0, 5) == 0 && shape[i] > 0) {
            s.offset += s.strides[i] * (shape[i] - 1);
            s.strides[i] = -s.strides[i];
        }
    }
    return s;
}

void test_layouts() {
    for (int round = 0; round < 4000; ++round) {
        Shape shape;
        const int rank = pick(0, 5), most = round % 10 ? 6 : 40;
        for (int i = 0; i < rank; ++i) shape.push_back(pick(0, 40) ? pick(1, most) : 0);
        if (shape.numel() > 60000) continue;
        const Strides sa = random_strides(shape, true), sb = random_strides(shape, true),
                      sy = random_strides(shape, false);
        std::vector<float> a(sa.size + 1), b(sb.size + 1), y(sy.size + 1, -1),
            want(sy.size + 1, -1);
        for (float& v : a) v = static_cast<float>(layouts() % 1000);
        for (float& v : b) v = static_cast<float>(layouts() % 1000);
        std::vector<uint8_t> m(sy.size + 1, 9), want_m(sy.size + 1, 9);
        ElementwiseProblem p{
            shape, Dtype::Float32, Dtype::Float32, {sa.strides, sb.strides, {}}, sy.strides};
        elementwise(Binary::Sub, p, a.data() + sa.offset, b.data() + sb.offset,
                    y.data() + sy.offset);
        p.out_dtype = Dtype::Bool;
        elementwise(Binary::Less, p, a.data() + sa.offset, b.data() + sb.offset,
                    m.data() + sy.offset);
        for (int64_t k = 0, n = shape.numel(); k < n; ++k) {
            int64_t ia = sa.offset, ib = sb.offset, iy = sy.offset, rest = k;
            for (int i = shape.rank() - 1; i >= 0; --i) {
                const int64_t j = rest % shape[i];
                rest /= shape[i];
                ia += j * sa.strides[i], ib += j * sb.strides[i], iy += j * sy.strides[i];
            }
            want[iy] = a[ia] - b[ib];
            want_m[iy] = a[ia] < b[ib];
        }
        EXPECT(y == want && m == want_m, "layout round %d", round);
    }
}

void test_threads() {
    const int64_t n = 300 * 1000 + 17;
    std::vector<float> x(n), first(n), y(n);
    for (int64_t i = 0; i < n; ++i) x[i] = static_cast<float>(i % 977) * 0.01f - 4;
    for (int threads : {1, 2, 3, 8}) {
        ThreadsScope scope(threads);
        elementwise(Unary::Tanh, dense<float>(n), x.data(), y.data());
        if (threads == 1) first = y;
        EXPECT(std::memcmp(first.data(), y.data(), n * sizeof(float)) == 0, "%d threads differ",
               threads);
    }
    // Where in memory a value lies changes nothing.
    for (int shift = 1; shift < 17; ++shift) {
        elementwise(Unary::Tanh, dense<float>(1000), x.data() + shift, y.data());
        EXPECT(std::memcmp(first.data() + shift, y.data(), 1000 * sizeof(float)) == 0,
               "shift %d differs", shift);
    }
}

}  // namespace

int main() {
    for (Isa i : tested_isas()) {
        set_isa(i);
        test_unary_accuracy<float>();
        test_unary_accuracy<double>();
        test_binary<float>();
        test_binary<double>();
        test_layouts();
        test_threads();
    }
    test_binary<uint8_t>();
    test_binary<int32_t>();
    test_binary<int64_t>();
    test_integers();
    std::puts("elementwise: ok");
}
