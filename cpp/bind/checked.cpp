// A function whose errors of type something else may put into words: what `otherwise(error, args, kwargs)` returns or raises comes in
// their place, and NotImplemented leaves them as they are. Calls go straight through, which in Python would cost as much as a small
// operator: a wrapper there packs the arguments into a tuple and a dict and unpacks them again.
#include "bind/bind.h"

#include <structmember.h>

#include <cstddef>

namespace cc::bind {

namespace {

struct Checked {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *function, *otherwise;
    PyObject *dict, *weak;
};

Checked* self_of(PyObject* self) { return reinterpret_cast<Checked*>(self); }

PyObject* in_other_words(PyObject* self, PyObject* const* args, size_t count, PyObject* names) {
    nb::python_error error;
    nb::list given;
    nb::dict named;
    for (size_t i = 0; i < count; ++i) given.append(nb::handle(args[i]));
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i)
        named[nb::handle(PyTuple_GET_ITEM(names, i))] = nb::handle(args[count + static_cast<size_t>(i)]);
    nb::object result = nb::steal(PyObject_CallFunctionObjArgs(self_of(self)->otherwise, error.value().ptr(), nb::tuple(given).ptr(),
                                                               named.ptr(), nullptr));
    if (result.is_valid() && result.ptr() != Py_NotImplemented) return result.release().ptr();
    if (result.is_valid()) error.restore();
    return nullptr;
}

PyObject* call(PyObject* self, PyObject* const* args, size_t flags, PyObject* names) {
    PyObject* result = PyObject_Vectorcall(self_of(self)->function, args, flags, names);
    if (result || !(PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_AttributeError))) return result;
    try {
        return in_other_words(self, args, static_cast<size_t>(PyVectorcall_NARGS(flags)), names);
    } catch (nb::python_error& failure) {
        failure.restore();
        return nullptr;
    }
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self_of(self)->function);
    Py_VISIT(self_of(self)->otherwise);
    Py_VISIT(self_of(self)->dict);
    return 0;
}

int clear(PyObject* self) {
    Py_CLEAR(self_of(self)->function);
    Py_CLEAR(self_of(self)->otherwise);
    Py_CLEAR(self_of(self)->dict);
    return 0;
}

void dealloc(PyObject* self) {
    PyObject_GC_UnTrack(self);
    if (self_of(self)->weak) PyObject_ClearWeakRefs(self);
    clear(self);
    PyTypeObject* type = Py_TYPE(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

PyObject* bound(PyObject* self, PyObject* object, PyObject*) {
    return object && object != Py_None ? PyMethod_New(self, object) : Py_NewRef(self);
}

PyObject* repr(PyObject* self) { return PyObject_Repr(self_of(self)->function); }

// Copies and pickles go by the name, as those of any function.
PyObject* reduce(PyObject* self, PyObject*) { return PyObject_GetAttrString(self, "__qualname__"); }

PyMemberDef members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(Checked, call), READONLY, nullptr},
                         {"__dictoffset__", T_PYSSIZET, offsetof(Checked, dict), READONLY, nullptr},
                         {"__weaklistoffset__", T_PYSSIZET, offsetof(Checked, weak), READONLY, nullptr},
                         {nullptr, 0, 0, 0, nullptr}};
PyGetSetDef attributes[] = {{"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_descr_get, reinterpret_cast<void*>(bound)},
                       {Py_tp_repr, reinterpret_cast<void*>(repr)},
                       {Py_tp_members, members},
                       {Py_tp_getset, attributes},
                       {Py_tp_methods, methods},
                       {0, nullptr}};
PyType_Spec spec{"convcore._core.Checked", sizeof(Checked), 0,
                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

}  // namespace

void bind_checked(nb::module_& m) {
    static PyTypeObject* type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
    if (!type) nb::raise_python_error();
    m.def("checked", [](nb::callable function, nb::callable otherwise) {
        Checked* made = PyObject_GC_New(Checked, type);
        if (!made) nb::raise_python_error();
        made->call = call;
        made->function = function.release().ptr();
        made->otherwise = otherwise.release().ptr();
        made->dict = made->weak = nullptr;
        PyObject_GC_Track(reinterpret_cast<PyObject*>(made));
        return nb::steal<nb::callable>(reinterpret_cast<PyObject*>(made));
    }, nb::arg("function"), nb::arg("otherwise"));
}

}  // namespace cc::bind
