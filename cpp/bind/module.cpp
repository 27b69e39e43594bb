#include <nanobind/nanobind.h>

#include "bind/bind.h"

namespace cc::bind {

namespace {

PyObject* value_error = nullptr;  // both a ValueError and a RuntimeError, for code that catches PyTorch's

PyObject* exception_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::Value: return value_error;
        case ErrorKind::Type: return PyExc_TypeError;
        case ErrorKind::Index: return PyExc_IndexError;
        case ErrorKind::NotImplemented: return PyExc_NotImplementedError;
        case ErrorKind::Memory: return PyExc_MemoryError;
        default: return PyExc_RuntimeError;
    }
}

void bind_errors(nb::module_& m) {
    nb::object bases = nb::make_tuple(nb::handle(PyExc_ValueError), nb::handle(PyExc_RuntimeError));
    value_error = PyErr_NewExceptionWithDoc("convcore.ArgumentError",
                                            "A wrong value: names the op, the argument, what was expected and what came.",
                                            bases.ptr(), nullptr);
    m.attr("ArgumentError") = nb::handle(value_error);
    nb::register_exception_translator([](const std::exception_ptr& error, void*) {
        try {
            std::rethrow_exception(error);
        } catch (const Error& e) {
            set_python_error(e);
        }
    });
}

}  // namespace

void set_python_error(const Error& error) { PyErr_SetString(exception_of(error.kind()), error.what()); }

}  // namespace cc::bind

// Tells threadpoolctl this library from others of its file name.
extern "C" NB_EXPORT int convcore_is_here() { return 1; }

NB_MODULE(_core, m) {
    using namespace cc::bind;
    nb::set_leak_warnings(false);  // what lives until the process ends is no leak, and the library prints nothing
    m.doc() = "The C++ core of convcore; the public names are in the package.";
    bind_errors(m);
    bind_base(m);
    bind_checked(m);
    bind_sizes(m);
    bind_tensor(m);
    bind_interop(m);
    bind_indexing(m);
    bind_autograd(m);
    bind_random(m);
    bind_ops(m);
    bind_nn(m);
    bind_optim(m);
}
