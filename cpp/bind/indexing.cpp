// x[…] and x[…] = v: integers, slices, None, Ellipsis go to views; integer and boolean arrays to index and index_put.
#include "bind/bind.h"

namespace cc::bind {

namespace {

Tensor index_tensor(nb::handle item) {
    nb::object as_index = nb::module_::import_("convcore._convert").attr("index_tensor")(item);
    return nb::cast<Tensor>(as_index);
}

bool is_array(nb::handle item) {
    return PyObject_TypeCheck(item.ptr(), tensor_classes().base) || PyList_Check(item.ptr()) || PyTuple_Check(item.ptr()) ||
           nb::hasattr(item, "__array__");
}

bool is_integer(nb::handle item) {
    return PyIndex_Check(item.ptr()) && !PyBool_Check(item.ptr()) &&
           !(PyObject_TypeCheck(item.ptr(), tensor_classes().base) && nb::cast<Tensor>(item).rank() > 0) &&
           !(nb::hasattr(item, "ndim") && nb::cast<int>(item.attr("ndim")) > 0);
}

// The view that the basic parts of an index select, and what is left for index(): one entry per axis, undefined where none.
struct Parsed {
    Tensor view;
    Tensors arrays;
    bool advanced = false;
};

Parsed parse(const Tensor& x, nb::handle key) {
    nb::tuple items = PyTuple_Check(key.ptr()) ? nb::borrow<nb::tuple>(key) : nb::make_tuple(key);
    int consumed = 0;
    bool ellipsis = false;
    std::vector<nb::object> parts;
    for (nb::handle item : items) {
        nb::object part = nb::borrow(item);
        if (item.ptr() == Py_Ellipsis) {
            check_index(!ellipsis, "index: only one Ellipsis is allowed");
            ellipsis = true;
        } else if (item.is_none()) {
        } else if (PyBool_Check(item.ptr())) {
            part = nb::cast(Tensor(Array::scalar<bool>(item.ptr() == Py_True)));
        } else if (PySlice_Check(item.ptr()) || is_integer(item)) {
            ++consumed;
        } else {
            check_type(is_array(item), "index: expected integers, slices, None, Ellipsis or arrays of them, got ",
                       type_name_of(item));
            Tensor array = index_tensor(item);
            part = nb::cast(array);
            consumed += array.dtype() == Dtype::Bool ? array.rank() : 1;
        }
        parts.push_back(part);
    }
    check_index(consumed <= x.rank(), "index: too many indices: ", consumed, " for a tensor of shape ", x.shape());
    if (!ellipsis) parts.push_back(nb::borrow(nb::handle(Py_Ellipsis)));

    Parsed out{x, {}, false};
    int axis = 0;
    for (const nb::object& part : parts) {
        if (part.ptr() == Py_Ellipsis) {
            for (int i = consumed; i < x.rank(); ++i, ++axis) out.arrays.emplace_back();
        } else if (part.is_none()) {
            out.view = unsqueeze(out.view, axis++);
            out.arrays.emplace_back();
        } else if (PySlice_Check(part.ptr())) {
            Py_ssize_t start, stop, step;
            if (PySlice_Unpack(part.ptr(), &start, &stop, &step) < 0) throw nb::python_error();
            check(step != 0, "index: slice step must not be 0");
            Py_ssize_t count = PySlice_AdjustIndices(out.view.size(axis), &start, &stop, step);
            if (!(start == 0 && count == out.view.size(axis) && step == 1))
                out.view = slice(out.view, axis, start, count, step);
            ++axis;
            out.arrays.emplace_back();
        } else if (PyObject_TypeCheck(part.ptr(), tensor_classes().base) && nb::cast<Tensor>(part).rank() + (nb::cast<Tensor>(part).dtype() == Dtype::Bool) > 0) {
            Tensor array = nb::cast<Tensor>(part);
            out.advanced = true;
            if (array.dtype() == Dtype::Bool && array.rank() == 0) {  // a new axis of size one or none
                out.view = unsqueeze(out.view, axis);
                array = reshape(array, {1});
            }
            out.arrays.push_back(array);
            axis += 1;
            if (array.dtype() == Dtype::Bool) axis += array.rank() - 1;
        } else {
            nb::object number = nb::steal(PyNumber_Index(part.ptr()));
            if (!number.is_valid()) throw nb::python_error();
            int64_t i = PyLong_AsLongLong(number.ptr());
            if (i == -1 && PyErr_Occurred()) throw nb::python_error();
            int64_t size = out.view.size(axis);
            check_index(i >= -size && i < size, "index: ", i, " is out of range for dimension ", axis, " with size ", size);
            out.view = select(out.view, axis, i);
        }
    }
    return out;
}

}  // namespace

void bind_indexing(nb::module_& m) {
    m.def("getitem", [](const Tensor& x, nb::object key) {
        Parsed parsed = parse(x, key);
        return parsed.advanced ? index(parsed.view, parsed.arrays) : parsed.view;
    }, nb::arg("input"), nb::arg("key").none());
    m.def("setitem", [](const Tensor& x, nb::object key, const Operand& value) {
        Parsed parsed = parse(x, key);
        if (parsed.advanced)
            assign(parsed.view, index_put(parsed.view, parsed.arrays, value.tensor, false));
        else
            assign(parsed.view, value.tensor);
    }, nb::arg("input"), nb::arg("key").none(), nb::arg("value"));
}

}  // namespace cc::bind
