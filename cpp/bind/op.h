// One line binds an operator:
//
//   op(m, "gather", &gather, arg("input"), arg("dim"), arg("index"));
//
// Each name says how its argument comes from Python: `arg` as its type is, `maybe` a tensor or None, `operand` a tensor or a
// number, `dims` None (all of them), one or several. A Shape comes as sizes, options as a tuple (bind/options.h), a LossReduction or
// a Cell as its word. Defaults and documentation are in the package. The interpreter's lock is released when the largest tensor is
// worth it (`op`), its square (`product_op`: elements meet each other, as in products, convolutions and windows), always
// (`heavy_op`: work beyond what the operands' sizes tell) or never (`view_op`).
#pragma once

#include "bind/options.h"

namespace cc::bind {

struct Named {
    const char* name;
    auto spelled() const { return nb::arg(name); }
};
struct Maybe : Named {
    auto spelled() const { return nb::arg(name).none(); }
};
struct NumberOr : Named {};
struct Dims : Named {
    auto spelled() const { return nb::arg(name).none(); }
};

constexpr Named arg(const char* name) { return {name}; }
constexpr Maybe maybe(const char* name) { return {{name}}; }
constexpr NumberOr operand(const char* name) { return {{name}}; }
constexpr Dims dims(const char* name) { return {{name}}; }

// What Python gives for an argument of type A under the name N of an operator, and how A comes of it.
template <class A, class N>
struct Incoming {
    using Type = std::decay_t<A>;
    static const Type& of(const char*, N, const Type& given) { return given; }
};
template <>
struct Incoming<const Tensor&, Maybe> {
    using Type = std::optional<Tensor>;
    static Tensor of(const char*, Maybe, const Type& given) { return or_none(given); }
};
template <class A>
struct Incoming<A, NumberOr> {
    using Type = Operand;
    static const Tensor& of(const char*, NumberOr, const Type& given) { return given.tensor; }
};
template <class N>
struct Incoming<const Shape&, N> {
    using Type = nb::object;
    static Shape of(const char*, N argument, const Type& given) { return sizes_given(argument.name, given); }
};
template <>
struct Incoming<const Axes&, Dims> {
    using Type = nb::object;
    static Axes of(const char*, Dims argument, const Type& given) { return axes_given(argument.name, given); }
};
template <class N>
struct Incoming<LossReduction, N> {
    using Type = std::string;
    static LossReduction of(const char* op, N, const Type& given) { return reduction_of(op, given); }
};
template <class N>
struct Incoming<Cell, N> {
    using Type = std::string;
    static Cell of(const char* op, N, const Type& given) { return cell_of(op, given); }
};
template <class Options>
struct IncomingOptions {
    using Type = nb::tuple;
    static Options of(const char*, Named, const Type& given) { return options_of<Options>(given); }
};
template <>
struct Incoming<const ConvOptions&, Named> : IncomingOptions<ConvOptions> {};
template <>
struct Incoming<const PoolOptions&, Named> : IncomingOptions<PoolOptions> {};
template <>
struct Incoming<const FoldOptions&, Named> : IncomingOptions<FoldOptions> {};
template <>
struct Incoming<const InterpolateOptions&, Named> : IncomingOptions<InterpolateOptions> {};

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

enum class Work { None, BySize, BySquare, Heavy };

template <class... G>
int64_t amount(Work work, const G&... given) {
    if (work == Work::None) return 0;
    const int64_t size = std::max({int64_t{0}, elements(given)...});
    if (work == Work::Heavy || (work == Work::BySquare && size >> 20)) return kHeavy;
    return work == Work::BySquare ? size * size : size;
}

template <class R, class... A, class... G>
R run(int64_t work, R (*f)(A...), const G&... in) {
    return unlocked(work, [&]() -> R { return f(in...); });
}

template <class R, class... A, class... N>
void bind_op(nb::module_& m, Work work, const char* name, R (*f)(A...), N... names) {
    static_assert(sizeof...(A) == sizeof...(N), "one name for each argument");
    m.def(name, [f, name, work, names...](const typename Incoming<A, N>::Type&... given) {
        return run(amount(work, given...), f, Incoming<A, N>::of(name, names, given)...);
    }, names.spelled()...);
}

template <class F, class... N>
void op(nb::module_& m, const char* name, F f, N... names) {
    bind_op(m, Work::BySize, name, f, names...);
}

template <class F, class... N>
void product_op(nb::module_& m, const char* name, F f, N... names) {
    bind_op(m, Work::BySquare, name, f, names...);
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
