// The Python type of tensors: identity, garbage collection, operators, attributes.
#include <cmath>

#include "autograd/accumulate_grad.h"
#include "bind/op.h"

namespace cc::bind {

TensorClasses& tensor_classes() {
    static TensorClasses classes;
    return classes;
}

PyObject* wrap(const Tensor& tensor) {
    if (!tensor.defined()) Py_RETURN_NONE;
    auto* existing = static_cast<PyObject*>(tensor.impl().wrapper.load(std::memory_order_acquire));
    if (existing && Py_REFCNT(existing) > 0) return Py_NewRef(existing);
    TensorClasses& classes = tensor_classes();
    PyObject* cls = tensor.impl().parameter ? classes.parameter : classes.tensor;
    if (!cls) cls = reinterpret_cast<PyObject*>(classes.base);
    nb::object object = nb::inst_alloc(cls);
    new (nb::inst_ptr<TensorHolder>(object)) TensorHolder(tensor, object.ptr());
    nb::inst_mark_ready(object);
    return object.release().ptr();
}

bool load_number(PyObject* object, Tensor& out) {
    if (PyBool_Check(object)) {
        out = number(object == Py_True, Dtype::Bool);
    } else if (PyFloat_Check(object)) {
        out = number(PyFloat_AS_DOUBLE(object), Dtype::Float64);
    } else if (PyLong_Check(object)) {
        long long value = PyLong_AsLongLong(object);
        if (value == -1 && PyErr_Occurred()) {
            PyErr_Clear();
            return false;
        }
        out = Tensor(Array::scalar<int64_t>(value));
        out.impl().wrapped_number = true;
    } else if (PyIndex_Check(object) && !PyObject_CheckBuffer(object)) {
        return false;
    } else if (nb::hasattr(object, "dtype") && nb::hasattr(object, "item") && !PySequence_Check(object)) {
        PyObject* value = PyObject_CallMethod(object, "item", nullptr);  // a numpy scalar
        if (!value) {
            PyErr_Clear();
            return false;
        }
        bool ok = (PyBool_Check(value) || PyFloat_Check(value) || PyLong_Check(value)) && load_number(value, out);
        Py_DECREF(value);
        return ok;
    } else {
        return false;
    }
    return true;
}

Tensor PyHook::operator()(const Tensor& grad) {
    GilAcquire held;
    if (!function_.is_valid()) return {};
    nb::object result = function_(grad);
    if (result.is_none()) return {};
    check_type(is_tensor(result),
               "register_hook: the hook must return a tensor or None, got ", type_name_of(result));
    return nb::cast<Tensor>(result);
}

namespace {

// A tensor's Python object owns what its tensor owns as long as nobody else holds the tensor; the same up the tape.
template <class F>
int visit_owned(const Tensor& tensor, int64_t owners, F visit) {
    TensorImpl& impl = tensor.impl();
    if (impl.use_count() != owners) return 0;
    Node* node = impl.grad_fn ? impl.grad_fn.get() : static_cast<Node*>(impl.accumulator.get());
    for (int depth = 0; node && depth < 1000; ++depth) {
        if (node->use_count() != 1) return 0;
        if (int stop = visit(*node)) return stop;
        Node* next = nullptr;
        for (const Edge& edge : node->edges())
            if (edge.node && edge.node->use_count() == 1) next = edge.node.get();
        node = next;
    }
    return 0;
}

}  // namespace

int traverse_tensor(const Tensor& tensor, int64_t owners, visitproc visit, void* arg) {
    return visit_owned(tensor, owners, [&](Node& node) -> int {
        for (auto& saved : node.hooks)
            if (auto* hook = dynamic_cast<PyHook*>(saved.hook.get()); hook && hook->use_count() == 1)
                Py_VISIT(hook->function().ptr());
        for (auto& foreign : node.foreign)
            if (auto* object = dynamic_cast<PyForeign*>(foreign.get()); object && object->use_count() == 1)
                Py_VISIT(object->object().ptr());
        return 0;
    });
}

namespace {

int tensor_traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return nb::inst_ready(self) ? traverse_tensor(nb::inst_ptr<TensorHolder>(self)->tensor, 1, visit, arg) : 0;
}

int tensor_clear(PyObject* self) {
    if (!nb::inst_ready(self)) return 0;
    std::vector<nb::object> dropped;
    visit_owned(nb::inst_ptr<TensorHolder>(self)->tensor, 1, [&](Node& node) -> int {
        for (auto& saved : node.hooks)
            if (auto* hook = dynamic_cast<PyHook*>(saved.hook.get())) dropped.push_back(std::move(hook->function()));
        for (auto& foreign : node.foreign)
            if (auto* object = dynamic_cast<PyForeign*>(foreign.get())) dropped.push_back(std::move(object->object()));
        return 0;
    });
    return 0;
}

PyType_Slot tensor_slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(tensor_traverse)},
                              {Py_tp_clear, reinterpret_cast<void*>(tensor_clear)},
                              {0, nullptr}};

Tensor run_binary(Binary op, const Tensor& a, const Tensor& b) {
    return unlocked(std::max(a.numel(), b.numel()), [&] { return binary(op, a, b); });
}

template <Binary op>
void def_operator(nb::class_<TensorHolder>& cls, const char* name, const char* reflected) {
    cls.def(name, [](const Tensor& a, const Operand& b) { return run_binary(op, a, b.tensor); }, nb::is_operator());
    if (reflected)
        cls.def(reflected, [](const Tensor& a, const Operand& b) { return run_binary(op, b.tensor, a); }, nb::is_operator());
}

template <Binary op>
void def_inplace(nb::class_<TensorHolder>& cls, const char* name) {
    cls.def(name, [](nb::object self, const Operand& b) {
        if (!is_tensor(self)) throw nb::next_overload();
        Tensor a = nb::cast<Tensor>(self);
        unlocked(a.numel(), [&] { binary_(op, a, b.tensor); });
        return self;
    }, nb::is_operator());
}

nb::object item(const Tensor& x) {
    check(x.numel() == 1, "item: the tensor must have one element, got shape ", x.shape());
    return visit_element(x.dtype(), [&](auto zero) -> nb::object {
        const auto value = *static_cast<const decltype(zero)*>(memory_of(x.array()));
        if constexpr (std::is_same_v<decltype(zero), bool>) return nb::bool_(value);
        else if constexpr (is_floating(dtype_of<decltype(zero)>)) return nb::float_(static_cast<double>(value));
        else return nb::int_(value);
    });
}

bool truth(const Tensor& x) {
    check(x.numel() == 1, "bool: the truth of a tensor of shape ", x.shape(), " is ambiguous; use .any() or .all()");
    return x.array().item() != 0;
}

nb::object nested(const Array& x) {
    if (x.rank() == 0) return item(Tensor(x));
    nb::list out;
    for (int64_t i = 0; i < x.size(0); ++i) out.append(nested(x.select(0, i)));
    return out;
}

// The end of walks at this leaf knows its shape and dtype: where they change, a new one takes over the hooks.
void set_data(TensorImpl& impl, const Array& array) {
    bool same = impl.array.shape() == array.shape() && impl.array.dtype() == array.dtype();
    impl.array = array;
    if (same || !impl.accumulator) return;
    Ref<AccumulateGrad> fresh = make_ref<AccumulateGrad>(&impl);
    fresh->hooks = std::move(impl.accumulator->hooks);
    impl.accumulator->forget_leaf();
    impl.accumulator = std::move(fresh);
}

nb::tuple as_tuple(const Shape& shape) {
    return nb::steal<nb::tuple>([&] {
        PyObject* tuple = PyTuple_New(shape.rank());
        for (int i = 0; i < shape.rank(); ++i) PyTuple_SET_ITEM(tuple, i, PyLong_FromLongLong(shape[i]));
        return tuple;
    }());
}

void bind_attributes(nb::class_<TensorHolder>& cls) {
    cls.def_prop_ro("shape", [](const Tensor& x) { return as_tuple(x.shape()); })
        .def_prop_ro("ndim", [](const Tensor& x) { return x.rank(); })
        .def_prop_ro("dtype", [](const Tensor& x) { return x.dtype(); })
        .def("numel", [](const Tensor& x) { return x.numel(); })
        .def("stride", [](const Tensor& x) { return as_tuple(x.array().strides()); })
        .def("storage_offset", [](const Tensor& x) { return x.array().offset(); })
        .def("element_size", [](const Tensor& x) { return itemsize(x.dtype()); })
        .def("data_ptr", [](const Tensor& x) { return reinterpret_cast<uintptr_t>(memory_of(x.array())); })
        .def("item", &item)
        .def("tolist", [](const Tensor& x) { return nested(x.array()); })
        .def("_is_format", [](const Tensor& x, Format format) { return x.array().is(format); })
        .def_prop_ro("is_leaf", [](const Tensor& x) { return x.is_leaf(); })
        .def_prop_rw("requires_grad", [](const Tensor& x) { return x.requires_grad(); },
                     [](const Tensor& x, bool value) { Tensor(x).set_requires_grad(value); })
        .def_prop_rw("grad", [](const Tensor& x) { return x.grad(); },
                     [](const Tensor& x, std::optional<Tensor> grad) {
                         if (!grad) {
                             x.impl().grad = nullptr;
                             return;
                         }
                         check(grad->shape() == x.shape() && grad->dtype() == x.dtype(), "grad: must have shape ", x.shape(),
                               " and dtype ", x.dtype(), ", got ", grad->shape(), " and ", grad->dtype());
                         x.impl().grad = grad->ref();
                     }, nb::arg("grad").none())
        .def_prop_ro("grad_fn", [](const Tensor& x) -> nb::object {
            return x.grad_fn() ? nb::cast(x.grad_fn()->name()) : nb::none();
        })
        .def_prop_rw("data", [](const Tensor& x) { return x.detach(); },
                     [](const Tensor& x, const Tensor& value) {
                         check(x.impl().requires_grad ? is_floating(value.dtype()) : true,
                               "data: a tensor that requires a gradient must stay floating-point, got ", value.dtype());
                         set_data(x.impl(), value.array());
                     })
        .def_prop_ro("_version", [](const Tensor& x) { return x.array().storage().version(); })
        .def_prop_ro("_cacheable", [](const Tensor& x) { return x.array().storage().cacheable(); })
        .def("_shares_memory", [](const Tensor& a, const Tensor& b) {
            return a.array().storage_ref() == b.array().storage_ref();
        })
        .def("detach", [](const Tensor& x) { return x.detach(); })
        .def("retain_grad", [](const Tensor& x) { x.retain_grad(); })
        .def("_register_hook", [](const Tensor& x, nb::object function) {
            Ref<PyHook> hook = make_ref<PyHook>(std::move(function));
            x.register_hook(hook);
            hook->inc_ref();  // the capsule's share
            return nb::capsule(hook.get(), [](void* p) noexcept { static_cast<PyHook*>(p)->dec_ref(); });
        })
        .def("__len__", [](const Tensor& x) {
            check_type(x.rank() > 0, "len: a 0-d tensor has no length");
            return x.size(0);
        })
        .def("__bool__", &truth)
        .def("__int__", [](const Tensor& x) { return nb::int_(item(x)); })
        .def("__float__", [](const Tensor& x) { return nb::float_(item(x)); })
        .def("__index__", [](const Tensor& x) {
            check_type(!is_floating(x.dtype()), "index: only integer tensors can be used as an index, got ", x.dtype());
            return nb::int_(item(x));
        })
        .def("__hash__", [](nb::handle self) { return reinterpret_cast<Py_hash_t>(self.ptr()) >> 4; });
}

void bind_operators(nb::class_<TensorHolder>& cls) {
    def_operator<Binary::Add>(cls, "__add__", "__radd__");
    def_operator<Binary::Sub>(cls, "__sub__", "__rsub__");
    def_operator<Binary::Mul>(cls, "__mul__", "__rmul__");
    def_operator<Binary::Div>(cls, "__truediv__", "__rtruediv__");
    def_operator<Binary::FloorDivide>(cls, "__floordiv__", "__rfloordiv__");
    def_operator<Binary::Remainder>(cls, "__mod__", "__rmod__");
    def_operator<Binary::Pow>(cls, "__pow__", "__rpow__");
    def_operator<Binary::Equal>(cls, "__eq__", nullptr);
    def_operator<Binary::NotEqual>(cls, "__ne__", nullptr);
    def_operator<Binary::Less>(cls, "__lt__", nullptr);
    def_operator<Binary::LessEqual>(cls, "__le__", nullptr);
    def_operator<Binary::Greater>(cls, "__gt__", nullptr);
    def_operator<Binary::GreaterEqual>(cls, "__ge__", nullptr);
    def_operator<Binary::BitAnd>(cls, "__and__", "__rand__");
    def_operator<Binary::BitOr>(cls, "__or__", "__ror__");
    def_operator<Binary::BitXor>(cls, "__xor__", "__rxor__");
    def_operator<Binary::ShiftLeft>(cls, "__lshift__", "__rlshift__");
    def_operator<Binary::ShiftRight>(cls, "__rshift__", "__rrshift__");
    def_inplace<Binary::BitAnd>(cls, "__iand__");
    def_inplace<Binary::BitOr>(cls, "__ior__");
    def_inplace<Binary::BitXor>(cls, "__ixor__");
    def_inplace<Binary::ShiftLeft>(cls, "__ilshift__");
    def_inplace<Binary::ShiftRight>(cls, "__irshift__");
    def_inplace<Binary::Add>(cls, "__iadd__");
    def_inplace<Binary::Sub>(cls, "__isub__");
    def_inplace<Binary::Mul>(cls, "__imul__");
    def_inplace<Binary::Div>(cls, "__itruediv__");
    def_inplace<Binary::Pow>(cls, "__ipow__");
    cls.def("__matmul__", [](const Tensor& a, const Tensor& b) { return run(amount(Work::BySquare, a, b), &matmul, a, b); },
            nb::is_operator())
        .def("__pos__", [](const Tensor& x) { return x; })
        .def("__neg__", [](const Tensor& x) { return neg(x); })
        .def("__abs__", [](const Tensor& x) { return unary(Unary::Abs, x); });
    cls.def("__invert__", [](const Tensor& x) { return unary(Unary::BitNot, x); });
}

}  // namespace

void bind_tensor(nb::module_& m) {
    nb::enum_<Dtype>(m, "dtype", "The type of a tensor's elements.")
        .value("bool", Dtype::Bool)
        .value("uint8", Dtype::UInt8)
        .value("int32", Dtype::Int32)
        .value("int64", Dtype::Int64)
        .value("bfloat16", Dtype::BFloat16)
        .value("float32", Dtype::Float32)
        .value("float64", Dtype::Float64)
        .def_prop_ro("is_floating_point", [](Dtype dtype) { return is_floating(dtype); })
        .def_prop_ro("itemsize", [](Dtype dtype) { return itemsize(dtype); })
        .def("__repr__", [](Dtype dtype) { return str("convcore.", dtype); })
        .def("__str__", [](Dtype dtype) { return str("convcore.", dtype); });
    nb::enum_<Format>(m, "memory_format", "The order of a tensor's strides.")
        .value("contiguous_format", Format::RowMajor)
        .value("channels_last", Format::ChannelsLast);

    nb::class_<TensorHolder> cls(m, "TensorBase", nb::type_slots(tensor_slots), nb::is_weak_referenceable());
    tensor_classes().base = reinterpret_cast<PyTypeObject*>(cls.ptr());
    cls.def("__init__", [](nb::pointer_and_handle<TensorHolder> self, const Tensor& source, bool requires_grad, bool parameter) {
           Tensor fresh(source.array());
           fresh.impl().parameter = parameter;
           if (requires_grad) fresh.set_requires_grad(true);
           new (self.p) TensorHolder(std::move(fresh), self.h.ptr());
       }, nb::arg("data"), nb::arg("requires_grad") = false, nb::arg("parameter") = false,
       "A new tensor over the same memory, off the tape.");
    bind_attributes(cls);
    bind_operators(cls);

    m.def("set_tensor_classes", [](nb::object tensor, nb::object parameter) {
        tensor_classes().tensor = tensor.release().ptr();
        tensor_classes().parameter = parameter.release().ptr();
    });
    m.def("remove_hook", [](nb::capsule hook) { static_cast<PyHook*>(hook.data())->remove(); });
}

}  // namespace cc::bind
