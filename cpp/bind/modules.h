// How modules cross to Python: once seen by it, a module is its Python object, and both languages share one count.
#pragma once

#include "bind/bind.h"
#include "nn/module.h"

namespace nanobind::detail {

template <class T>
struct type_caster<cc::Ref<T>> {
    using Caster = make_caster<T>;
    static constexpr bool IsClass = true;
    NB_TYPE_CASTER(cc::Ref<T>, Caster::Name)

    bool from_python(handle src, uint32_t flags, cleanup_list* cleanup) noexcept {
        Caster caster;
        if (!caster.from_python(src, flags, cleanup)) return false;
        value = cc::Ref<T>(caster.operator T*());
        return true;
    }
    static handle from_cpp(const cc::Ref<T>& value, rv_policy policy, cleanup_list* cleanup) noexcept {
        if (!value) return none().release();
        if (void* self = value->self_py()) return handle(static_cast<PyObject*>(self)).inc_ref();
        return Caster::from_cpp(value.get(), policy, cleanup);
    }
};

}  // namespace nanobind::detail

namespace cc::bind {

using ModuleClass = nb::class_<Module>;

void bind_module(nb::module_& nn);

extern PyType_Slot module_collector[];  // nanobind wants garbage collection said again for each class

template <class T, class Base = Layer>
nb::class_<T, Base> module_class(nb::module_& nn, const char* name) {
    return nb::class_<T, Base>(nn, name, nb::type_slots(module_collector));
}

// One number for every axis, else a tuple.
inline nb::tuple as_tuple(const std::vector<int64_t>& values) {
    nb::list list;
    for (int64_t value : values) list.append(value);
    return nb::tuple(list);
}

}  // namespace cc::bind
