#include "bind/options.h"

namespace cc::bind {

namespace {

bool load_integer(PyObject* item, int64_t& out) {
    nb::object index;
    if (!PyLong_Check(item)) {
        if (!PyIndex_Check(item)) return false;
        index = nb::steal(PyNumber_Index(item));
        if (!index.is_valid() && !PyErr_ExceptionMatches(PyExc_TypeError)) throw nb::python_error();
        if (!index.is_valid()) {
            PyErr_Clear();
            return false;
        }
        item = index.ptr();
    }
    out = PyLong_AsLongLong(item);
    if (out != -1 || !PyErr_Occurred()) return true;
    PyErr_Clear();
    throw nb::next_overload();  // beyond 64 bits
}

// Its items as a tuple or list; null where it has none.
nb::object items_of(nb::handle value) {
    nb::object items = nb::steal(PySequence_Fast(value.ptr(), ""));
    if (items.is_valid()) return items;
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw nb::python_error();
    PyErr_Clear();
    return items;
}

Py_ssize_t count_of(const nb::object& items) { return items.is_valid() ? PySequence_Fast_GET_SIZE(items.ptr()) : 0; }

// Whether all items are integers, which `put` gets with their places.
template <class Put>
bool load_integers(const nb::object& items, Put put) {
    for (Py_ssize_t i = 0; i < count_of(items); ++i) {
        int64_t value;
        if (!load_integer(PySequence_Fast_GET_ITEM(items.ptr(), i), value)) return false;
        put(static_cast<int>(i), value);
    }
    return items.is_valid();
}

nb::handle at(const nb::tuple& given, int i) { return PyTuple_GET_ITEM(given.ptr(), i); }

template <class T>
T member(nb::handle given) {
    T value{};
    if (!nb::try_cast(given, value)) throw nb::next_overload();
    return value;
}

// The integers of (2, 3) or ((2, 3),).
template <class Out>
Out load_sizes(const char* name, nb::handle args) {
    nb::object items = items_of(args);
    if (count_of(items) == 1 && !PyIndex_Check(PySequence_Fast_GET_ITEM(items.ptr(), 0)))
        items = items_of(PySequence_Fast_GET_ITEM(items.ptr(), 0));
    Out out(static_cast<int>(count_of(items)), 0);
    if (!load_integers(items, [&](int i, int64_t size) { out[i] = size; }))
        fail(ErrorKind::Type, name, ": expected integers, got ", nb::repr(args).c_str());
    return out;
}

void check_count(const nb::tuple& given, Py_ssize_t count) {
    if (PyTuple_GET_SIZE(given.ptr()) != count) throw nb::next_overload();
}

bool is_list(nb::handle value) { return PyTuple_Check(value.ptr()) || PyList_Check(value.ptr()); }

// A word, an integer, one per axis, or (low, high) pairs per axis.
std::variant<std::string, Sizes> padding_of(nb::handle value) {
    if (PyUnicode_Check(value.ptr())) return nb::cast<std::string>(value);
    nb::object pairs = is_list(value) ? items_of(value) : nb::object();
    if (count_of(pairs) == 0 || !is_list(PySequence_Fast_GET_ITEM(pairs.ptr(), 0))) return several("padding", value);
    Sizes flat;
    for (Py_ssize_t i = 0; i < count_of(pairs); ++i)
        for (int64_t width : several("padding", PySequence_Fast_GET_ITEM(pairs.ptr(), i))) flat.push_back(width);
    return flat;
}

}  // namespace

Sizes several(const char* name, nb::handle value) {
    int64_t one;
    if (!PyBool_Check(value.ptr()) && load_integer(value.ptr(), one)) return {one};
    nb::object items = items_of(value);
    Sizes out(static_cast<size_t>(count_of(items)));
    if (!load_integers(items, [&](int i, int64_t size) { out[i] = size; }))
        fail(ErrorKind::Type, name, ": expected an integer or several, got ", nb::repr(value).c_str());
    return out;
}

Shape sizes_given(const char* name, nb::handle args) { return load_sizes<Shape>(name, args); }

Axes axes_given(const char* name, nb::handle dim) {
    if (dim.is_none()) return {};
    int64_t one;
    if (PyBool_Check(dim.ptr()) && load_integer(dim.ptr(), one)) return {one};
    return several(name, dim);
}

template <>
ConvOptions options_of(const nb::tuple& given) {
    check_count(given, 6);
    return {several("stride", at(given, 0)), padding_of(at(given, 1)),   several("dilation", at(given, 2)),
            member<int64_t>(at(given, 3)),   member<bool>(at(given, 4)), member<std::string>(at(given, 5))};
}

template <>
PoolOptions options_of(const nb::tuple& given) {
    check_count(given, 7);
    return {several("kernel_size", at(given, 0)),
            at(given, 1).is_none() ? Sizes() : several("stride", at(given, 1)),
            several("padding", at(given, 2)),
            several("dilation", at(given, 3)),
            member<bool>(at(given, 4)),
            member<bool>(at(given, 5)),
            member<int64_t>(at(given, 6))};
}

template <>
FoldOptions options_of(const nb::tuple& given) {
    check_count(given, 4);
    return {several("kernel_size", at(given, 0)), several("dilation", at(given, 1)), several("padding", at(given, 2)),
            several("stride", at(given, 3))};
}

template <>
InterpolateOptions options_of(const nb::tuple& given) {
    check_count(given, 6);
    return {member<std::optional<Sizes>>(at(given, 0)), member<std::optional<std::vector<double>>>(at(given, 1)),
            member<std::string>(at(given, 2)),          member<std::optional<bool>>(at(given, 3)),
            member<std::optional<bool>>(at(given, 4)),  member<bool>(at(given, 5))};
}

void bind_sizes(nb::module_& m) {
    m.def("sizes", [](nb::object args, const char* name) { return load_sizes<Sizes>(name, args); }, nb::arg("args"),
          nb::arg("name") = "shape", "(2, 3) or ((2, 3),) as a list of integers.");
    m.def("axes", [](nb::object dim) { return axes_given("dim", dim); }, nb::arg("dim").none(),
          "None, an integer or several, as a list (empty: all).");
    m.def("several", [](nb::object value, const char* name) { return several(name, value); }, nb::arg("value"), nb::arg("name"),
          "One integer or several (a window's size, stride, …), as a list.");
}

}  // namespace cc::bind
