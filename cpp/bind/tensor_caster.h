// How tensors cross to Python. A tensor has at most one Python object at a time, found through its weak slot, so `t is t` holds.
#pragma once

#include <nanobind/nanobind.h>

#include "ops/ops.h"

namespace cc::bind {

namespace nb = nanobind;

// What the Python object holds.
struct TensorHolder {
    Tensor tensor;
    PyObject* self;

    TensorHolder(Tensor tensor, PyObject* self) : tensor(std::move(tensor)), self(self) {
        this->tensor.impl().wrapper.store(self, std::memory_order_release);
    }
    ~TensorHolder() {
        void* expected = self;
        tensor.impl().wrapper.compare_exchange_strong(expected, nullptr);
    }
    TensorHolder(const TensorHolder&) = delete;
    TensorHolder& operator=(const TensorHolder&) = delete;
};

// The Python classes of tensors, registered once by the package.
struct TensorClasses {
    PyTypeObject* base = nullptr;
    PyObject* tensor = nullptr;
    PyObject* parameter = nullptr;
};
TensorClasses& tensor_classes();

PyObject* wrap(const Tensor& tensor);  // new reference; None when undefined

// A tensor or a Python number (bool, int, float, numpy scalar).
struct Operand {
    Tensor tensor;
};
bool load_number(PyObject* object, Tensor& out);

}  // namespace cc::bind

namespace nanobind::detail {

template <>
struct type_caster<cc::Tensor> {
    NB_TYPE_CASTER(cc::Tensor, const_name("convcore._tensor.Tensor"))

    bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
        if (!PyObject_TypeCheck(src.ptr(), cc::bind::tensor_classes().base) || !inst_ready(src)) return false;
        value = inst_ptr<cc::bind::TensorHolder>(src)->tensor;
        return true;
    }
    static handle from_cpp(const cc::Tensor& tensor, rv_policy, cleanup_list*) noexcept {
        try {
            return cc::bind::wrap(tensor);
        } catch (python_error& error) {  // no memory for the wrapper
            error.restore();
            return {};
        }
    }
};

template <>
struct type_caster<cc::bind::Operand> {
    NB_TYPE_CASTER(cc::bind::Operand, const_name("convcore._tensor.Tensor | float | int | bool"))

    bool from_python(handle src, uint8_t flags, cleanup_list* cleanup) noexcept {
        make_caster<cc::Tensor> tensor;
        if (tensor.from_python(src, flags, cleanup)) {
            value.tensor = tensor.value;
            return true;
        }
        return cc::bind::load_number(src.ptr(), value.tensor);
    }
};

}  // namespace nanobind::detail
