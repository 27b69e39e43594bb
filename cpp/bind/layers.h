// One line makes a class of layers for Python:
//
//   layer<ELU>(nn, "ELU", field("alpha", &ELU::alpha), field("inplace", &ELU::inplace));
//
// The constructor takes the fields in that order, each is a property of its name (read-only where it is const or a function), and
// pickle and deepcopy make the layer again from them. `buffer` is a tensor or None of the constructor that the module keeps in its
// own table, `parameter_dtype` the dtype of what it keeps there (None: float32).
#pragma once

#include <functional>

#include "bind/modules.h"

namespace cc::bind {

template <class Member>
struct Field {
    const char* name;
    Member member;
};
template <class Member>
Field<Member> field(const char* name, Member member) {
    return {name, member};
}

struct Buffer {
    const char* name;
};
constexpr Buffer buffer(const char* name) { return {name}; }

struct ParameterDtype {
    const char* name;
};
constexpr ParameterDtype parameter_dtype(const char* name) { return {name}; }

inline const char* reduction_name(LossReduction reduction) {
    constexpr const char* names[] = {"none", "mean", "sum"};
    return names[static_cast<int>(reduction)];
}

// How a value of a layer crosses: Type is what the constructor takes, of() makes the value, show() gives it back.
template <class V>
struct Value {
    using Type = V;
    static const V& of(const char*, const V& given) { return given; }
    static const V& show(const V& value) { return value; }
};
template <>
struct Value<LossReduction> {
    using Type = std::string;
    static LossReduction of(const char* layer, const std::string& text) { return reduction_of(layer, text); }
    static const char* show(LossReduction value) { return reduction_name(value); }
};
template <>
struct Value<std::vector<int64_t>> {
    using Type = std::vector<int64_t>;
    static const Type& of(const char*, const Type& given) { return given; }
    static nb::tuple show(const Type& values) { return as_tuple(values); }
};

template <class V>
struct IsOptional : std::false_type {};
template <class V>
struct IsOptional<std::optional<V>> : std::true_type {};

template <class V>
auto argument(const char* name) {
    if constexpr (IsOptional<V>::value)
        return nb::arg(name).none();
    else
        return nb::arg(name);
}

// What a constructor's argument is, for a layer T.
template <class T, class F>
struct Part;

template <class T, class Member>
struct Part<T, Field<Member>> {
    using Held = std::invoke_result_t<Member, T&>;
    using V = std::decay_t<Held>;
    using Type = typename Value<V>::Type;
    static decltype(auto) of(const char* layer, const Type& given) { return Value<V>::of(layer, given); }
    static nb::object config(const Field<Member>& field, T& m) { return nb::cast(Value<V>::show(std::invoke(field.member, m))); }
    static auto spelled(const Field<Member>& field) { return argument<V>(field.name); }

    template <class Class>
    static void property(Class& cls, const char* layer, const Field<Member>& field) {
        auto get = [member = field.member](T& m) { return Value<V>::show(std::invoke(member, m)); };
        if constexpr (std::is_member_object_pointer_v<Member> && !std::is_const_v<std::remove_reference_t<Held>>)
            cls.def_prop_rw(field.name, get, [member = field.member, layer](T& m, const Type& given) {
                m.*member = Value<V>::of(layer, given);
            }, nb::for_setter(argument<V>("value")));
        else
            cls.def_prop_ro(field.name, get);
    }
};

template <class T>
struct Part<T, Buffer> {
    using Type = std::optional<Tensor>;
    static Tensor of(const char*, const Type& given) { return or_none(given); }
    static nb::object config(const Buffer&, T&) { return nb::none(); }  // restored with the table of buffers
    static auto spelled(const Buffer& buffer) { return nb::arg(buffer.name).none(); }
    template <class Class>
    static void property(Class&, const char*, const Buffer&) {}
};

template <class T>
struct Part<T, ParameterDtype> {
    using Type = std::optional<Dtype>;
    static Dtype of(const char*, const Type& given) { return given.value_or(Dtype::Float32); }
    static nb::object config(const ParameterDtype&, T&) { return nb::none(); }  // restored with the tables
    static auto spelled(const ParameterDtype& dtype) { return nb::arg(dtype.name).none(); }
    template <class Class>
    static void property(Class&, const char*, const ParameterDtype&) {}
};

template <class T, class Base = Layer, class... F>
nb::class_<T, Base> layer(nb::module_& nn, const char* name, F... fields) {
    auto cls = module_class<T, Base>(nn, name);
    cls.def("__init__", [name](T* self, const typename Part<T, F>::Type&... given) {
        new (self) T(Part<T, F>::of(name, given)...);
    }, Part<T, F>::spelled(fields)...);
    cls.def("_config", [fields...](T& m) { return nb::make_tuple(Part<T, F>::config(fields, m)...); });
    (Part<T, F>::property(cls, name, fields), ...);
    return cls;
}

void bind_conv_layers(nb::module_& nn);
void bind_pooling_layers(nb::module_& nn);
void bind_activation_layers(nb::module_& nn);
void bind_normalization_layers(nb::module_& nn);
void bind_shape_layers(nb::module_& nn);
void bind_recurrent_layers(nb::module_& nn);
void bind_loss_layers(nb::module_& nn);
void bind_map_layers(nb::module_& nn);
void bind_embedding_layers(nb::module_& nn);

}  // namespace cc::bind
