// The parts of the extension module, and what they share.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "bind/gil.h"
#include "bind/tensor_caster.h"

namespace cc::bind {

void bind_base(nb::module_& m);
void bind_checked(nb::module_& m);
void bind_sizes(nb::module_& m);
void bind_tensor(nb::module_& m);
void bind_interop(nb::module_& m);
void bind_indexing(nb::module_& m);
void bind_autograd(nb::module_& m);
void bind_random(nb::module_& m);
void bind_ops(nb::module_& m);
void bind_nn(nb::module_& m);
void bind_optim(nb::module_& m);

// Runs f with the GIL released when the work, in elements touched, is worth the switch (about 10 µs).
template <class F>
auto unlocked(int64_t work, F&& f) {
    if (work < 16384) return f();
    GilRelease released;
    return f();
}
constexpr int64_t kHeavy = int64_t{1} << 62;

// Of an array whose contents wait, they are computed without the GIL.
inline void* memory_of(const Array& array) {
    return unlocked(array.storage().deferred() ? kHeavy : 0, [&] { return array.raw(); });
}

inline bool is_tensor(nb::handle object) { return PyObject_TypeCheck(object.ptr(), tensor_classes().base); }
inline std::string type_name_of(nb::handle object) { return nb::cast<std::string>(nb::str(object.type().attr("__name__"))); }

// Sets the Python exception that stands for an error.
void set_python_error(const Error& error);

Cell cell_of(const char* op, const std::string& text);  // "tanh", "relu", "lstm" or "gru"

// Shows a collector what a tensor owns, if it is held by that many owners, all of them the caller's.
int traverse_tensor(const Tensor& tensor, int64_t owners, visitproc visit, void* arg);

inline Tensor or_none(const std::optional<Tensor>& tensor) { return tensor ? *tensor : Tensor(); }

// A Python object owned by the core.
class PyForeign : public Foreign {
public:
    explicit PyForeign(nb::object object) : object_(std::move(object)) {}
    ~PyForeign() override {
        GilAcquire held;
        object_.reset();
    }
    const nb::object& object() const { return object_; }
    nb::object& object() { return object_; }

private:
    nb::object object_;
};

class PyHook : public Hook {
public:
    explicit PyHook(nb::object function) : function_(std::move(function)) {}
    ~PyHook() override {
        GilAcquire held;
        function_.reset();
    }
    Tensor operator()(const Tensor& grad) override;
    nb::object& function() { return function_; }
    void remove() { function_.reset(); }

private:
    nb::object function_;  // null once removed
};

}  // namespace cc::bind
