// The loops of formulas.h over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h. Whole vectors, then one masked tail: no peeling, so a value never depends on where
// in memory it lies.

#include "kernels/elementwise/activations.inl"
#include "kernels/elementwise/losses.inl"

enum Domain { Floats, Whole, Numbers, Any };

template <class V> constexpr bool accepts(Domain domain) {
    using T = typename V::Scalar;
    constexpr bool number = static_cast<T>(2) != static_cast<T>(1);  // all but bool
    if (domain == Any) return true;
    return V::floating ? domain != Whole : domain == Whole || (domain == Numbers && number);
}

template <class V, class T> inline void put(V v, T* out, int64_t i) { v.store(out + i); }
template <class V, class T> inline void put(V v, T* out, int64_t i, int64_t n) {
    v.store(out + i, n);
}
template <class V> inline void put(typename V::Mask m, typename V::Scalar* out, int64_t i) {
    store_mask(m, reinterpret_cast<uint8_t*>(out) + i);
}
template <class V>
inline void put(typename V::Mask m, typename V::Scalar* out, int64_t i, int64_t n) {
    store_mask(m, reinterpret_cast<uint8_t*>(out) + i, n);
}

template <class V, class F>
void unary_loop(const void* x_, void* out_, int64_t n, double p_, double q_) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(x_);
    T* out = static_cast<T*>(out_);
    const V p = V::parameter(p_), q = V::parameter(q_);
    int64_t i = 0;
    for (; i + V::lanes <= n; i += V::lanes) put<V>(F::apply(V::load(x + i), p, q), out, i);
    if (V::lanes > 1 && i < n) put<V>(F::apply(V::load(x + i, n - i), p, q), out, i, n - i);
}

template <class V, class F>
void binary_loop(const void* a_, const void* b_, void* out_, int64_t n, double p_, double q_) {
    using T = typename V::Scalar;
    const T* a = static_cast<const T*>(a_);
    const T* b = static_cast<const T*>(b_);
    T* out = static_cast<T*>(out_);
    const V p = V::parameter(p_), q = V::parameter(q_);
    int64_t i = 0;
    for (; i + V::lanes <= n; i += V::lanes)
        put<V>(F::apply(V::load(a + i), V::load(b + i), p, q), out, i);
    if (V::lanes > 1 && i < n)
        put<V>(F::apply(V::load(a + i, n - i), V::load(b + i, n - i), p, q), out, i, n - i);
}

template <class V, class F>
void ternary_loop(const void* a_, const void* b_, const void* c_, void* out_, int64_t n, double p_,
                  double q_) {
    using T = typename V::Scalar;
    const T* a = static_cast<const T*>(a_);
    const T* b = static_cast<const T*>(b_);
    const T* c = static_cast<const T*>(c_);
    T* out = static_cast<T*>(out_);
    const V p = V::parameter(p_), q = V::parameter(q_);
    int64_t i = 0;
    for (; i + V::lanes <= n; i += V::lanes)
        put<V>(F::apply(V::load(a + i), V::load(b + i), V::load(c + i), p, q), out, i);
    if (V::lanes > 1 && i < n)
        put<V>(F::apply(V::load(a + i, n - i), V::load(b + i, n - i), V::load(c + i, n - i), p, q), out,
               i, n - i);
}

template <class V>
void where_loop(const void* a_, const void* b_, const void* c_, void* out_, int64_t n, double, double) {
    using T = typename V::Scalar;
    const uint8_t* a = static_cast<const uint8_t*>(a_);
    const T* b = static_cast<const T*>(b_);
    const T* c = static_cast<const T*>(c_);
    T* out = static_cast<T*>(out_);
    int64_t i = 0;
    for (; i + V::lanes <= n; i += V::lanes)
        select(load_mask<V>(a + i), V::load(b + i), V::load(c + i)).store(out + i);
    if (V::lanes > 1 && i < n)
        select(load_mask<V>(a + i, n - i), V::load(b + i, n - i), V::load(c + i, n - i))
            .store(out + i, n - i);
}

namespace formula {
#define CC_ROW(Name, text, domain, formula)                                     \
    struct Name {                                                               \
        template <class V> static auto apply(V x, V p, V q) { return formula; } \
    };
CC_UNARY_FORMULAS(CC_ROW)
#undef CC_ROW
#define CC_ROW(Name, text, domain, formula)                                          \
    struct Name {                                                                    \
        template <class V> static auto apply(V a, V b, V p, V q) { return formula; } \
    };
CC_BINARY_FORMULAS(CC_ROW)
#undef CC_ROW
#define CC_ROW(Name, text, domain, formula)                                               \
    struct Name {                                                                         \
        template <class V> static auto apply(V a, V b, V c, V p, V q) { return formula; } \
    };
CC_TERNARY_FORMULAS(CC_ROW)
#undef CC_ROW
}  // namespace formula

template <class V, class F, Domain domain> constexpr UnaryLoop pick_unary() {
    if constexpr (accepts<V>(domain)) return unary_loop<V, F>;
    else return nullptr;
}
template <class V, class F, Domain domain> constexpr BinaryLoop pick_binary() {
    if constexpr (accepts<V>(domain)) return binary_loop<V, F>;
    else return nullptr;
}
template <class V, class F, Domain domain> constexpr TernaryLoop pick_ternary() {
    if constexpr (accepts<V>(domain)) return ternary_loop<V, F>;
    else return nullptr;
}

#define CC_ROW(Name, text, domain, formula_) pick_unary<V, formula::Name, domain>(),
template <class V> constexpr UnaryLoop unary_loops[] = {CC_UNARY_FORMULAS(CC_ROW)};
#undef CC_ROW
#define CC_ROW(Name, text, domain, formula_) pick_binary<V, formula::Name, domain>(),
template <class V> constexpr BinaryLoop binary_loops[] = {CC_BINARY_FORMULAS(CC_ROW)};
#undef CC_ROW
#define CC_ROW(Name, text, domain, formula_) pick_ternary<V, formula::Name, domain>(),
template <class V>
constexpr TernaryLoop ternary_loops[] = {CC_TERNARY_FORMULAS(CC_ROW) where_loop<V>};
#undef CC_ROW

template <class V>
constexpr ElementwiseLoops loops_of = {unary_loops<V>, binary_loops<V>, ternary_loops<V>};
