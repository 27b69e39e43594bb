// One line binds an operator:
//
//   op(m, "gather", &gather, arg("input"), arg("dim"), arg("index"));
//
// Each name says how its argument comes from Python: `arg` as its type is, `maybe` a tensor or None, `operand` a tensor or a number.
// A Shape comes as a list of sizes, a LossReduction or a Cell as its word. Defaults and documentation are in the package. The interpreter's
// lock is released when the largest tensor is worth it (`op`), always (`heavy_op`: work far beyond the sizes of its operands) or
// never (`view_op`).
#pragma once

#include "bind/bind.h"

namespace cc::bind {

struct Named {
    const char* name;
    auto spelled() const { return nb::arg(name); }
};
struct Maybe : Named {
    auto spelled() const { return nb::arg(name).none(); }
};
struct NumberOr : Named {};

constexpr Named arg(const char* name) { return {name}; }
constexpr Maybe maybe(const char* name) { return {{name}}; }
constexpr NumberOr operand(const char* name) { return {{name}}; }

// What Python gives for an argument of type A under the name N, and how A comes of it.
template <class A, class N>
struct Incoming {
    using Type = std::decay_t<A>;
    static const Type& of(const char*, const Type& given) { return given; }
};
template <>
struct Incoming<const Tensor&, Maybe> {
    using Type = std::optional<Tensor>;
    static Tensor of(const char*, const Type& given) { return or_none(given); }
};
template <class A>
struct Incoming<A, NumberOr> {
    using Type = Operand;
    static const Tensor& of(const char*, const Type& given) { return given.tensor; }
};
template <class N>
struct Incoming<const Shape&, N> {
    using Type = std::vector<int64_t>;
    static Shape of(const char*, const Type& given) { return Shape(given); }
};
template <class N>
struct Incoming<LossReduction, N> {
    using Type = std::string;
    static LossReduction of(const char* op, const Type& given) { return reduction_of(op, given); }
};
template <class N>
struct Incoming<Cell, N> {
    using Type = std::string;
    static Cell of(const char* op, const Type& given) { return cell_of(op, given); }
};

template <class T>
int64_t elements(const T&) {
    return 0;
}
inline int64_t elements(const Tensor& tensor) { return tensor.numel(); }
inline int64_t elements(const Operand& operand) { return operand.tensor.numel(); }
inline int64_t elements(const std::optional<Tensor>& tensor) { return tensor ? tensor->numel() : 0; }
inline int64_t elements(const Tensors& tensors) {
    int64_t all = 0;
    for (const Tensor& tensor : tensors) all += tensor.defined() ? tensor.numel() : 0;
    return all;
}

enum class Work { None, BySize, Heavy };

template <class R, class... A, class... N>
void bind_op(nb::module_& m, Work work, const char* name, R (*f)(A...), N... names) {
    static_assert(sizeof...(A) == sizeof...(N), "one name for each argument");
    m.def(name, [f, name, work](const typename Incoming<A, N>::Type&... given) {
        int64_t size = work == Work::Heavy ? kHeavy : work == Work::None ? 0 : std::max({int64_t{0}, elements(given)...});
        return unlocked(size, [&] { return f(Incoming<A, N>::of(name, given)...); });
    }, names.spelled()...);
}

template <class F, class... N>
void op(nb::module_& m, const char* name, F f, N... names) {
    bind_op(m, Work::BySize, name, f, names...);
}

template <class F, class... N>
void heavy_op(nb::module_& m, const char* name, F f, N... names) {
    bind_op(m, Work::Heavy, name, f, names...);
}

template <class F, class... N>
void view_op(nb::module_& m, const char* name, F f, N... names) {
    bind_op(m, Work::None, name, f, names...);
}

}  // namespace cc::bind
