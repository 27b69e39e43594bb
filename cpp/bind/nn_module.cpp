// Module as Python sees it: attributes that are table entries, calls, garbage collection.
#include "bind/modules.h"

namespace cc::bind {

namespace {

PyObject* locate = nullptr;  // Python's part of putting a layer's path before an error's text

Module* ready_module(nb::handle self) { return nb::inst_ready(self) ? nb::inst_ptr<Module>(self) : nullptr; }

// Runs f in a slot called by the interpreter itself: C++ exceptions become Python's.
template <class R, class F>
R guarded(R failure, F&& f) noexcept {
    try {
        return f();
    } catch (nb::python_error& error) {
        error.restore();
    } catch (const Error& error) {
        set_python_error(error);
    } catch (const nb::builtin_exception& error) {
        PyErr_SetString(PyExc_TypeError, error.what());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return failure;
}

// Garbage collection

class Collector : public Visitor {
public:
    Collector(visitproc visit, void* arg) : visit_(visit), arg_(arg) {}

    void visit(const Tensor& owned, const Foreign* keep) override {
        if (keep && keep->use_count() == 1)
            show(static_cast<const PyForeign*>(keep)->object().ptr());
        int64_t owners = keep ? 2 : 1;  // the table, and the tensor's Python object
        if (!stop_) stop_ = traverse_tensor(owned, owners, visit_, arg_);
    }
    void visit(const Module& owned) override {
        if (void* self = owned.self_py())
            show(static_cast<PyObject*>(self));
        else if (owned.use_count() == 1)
            owned.visit(*this);
    }
    int stop() const { return stop_; }

private:
    void show(PyObject* object) {
        if (!stop_ && object) stop_ = visit_(object, arg_);
    }
    visitproc visit_;
    void* arg_;
    int stop_ = 0;
};

int module_traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (PyObject** dict = _PyObject_GetDictPtr(self)) Py_VISIT(*dict);
    Module* module = ready_module(self);
    if (!module) return 0;
    Collector collector(visit, arg);
    module->visit(collector);
    return collector.stop();
}

int module_clear(PyObject* self) {
    if (PyObject** dict = _PyObject_GetDictPtr(self)) Py_CLEAR(*dict);
    if (Module* module = ready_module(self)) module->clear();
    return 0;
}

// Attributes

nb::object entry_object(Module::Entry& entry) {
    nb::object object = nb::cast(entry.tensor);
    if (!entry.keep && entry.tensor.defined()) entry.keep = make_ref<PyForeign>(object);
    return object;
}

nb::object child_object(const Module::Child& child) { return nb::cast(child.module); }

std::optional<Tensor> as_tensor(nb::handle value) {
    Tensor tensor;
    if (!nb::try_cast(value, tensor)) return {};
    return tensor;
}

const char* class_name(nb::handle value) { return Py_TYPE(value.ptr())->tp_name; }

[[noreturn]] void no_attribute(nb::handle self, nb::handle name, const char* hint) {
    PyErr_Format(PyExc_AttributeError, "'%s' object has no attribute '%U'%s", class_name(self), name.ptr(), hint);
    throw nb::python_error();
}

nb::object get_attribute(nb::handle self, nb::str name) {
    Module* module = ready_module(self);
    if (!module) no_attribute(self, name, " (was super().__init__() called first?)");
    std::string key = name.c_str();
    if (auto* entry = module->find_parameter(key)) return entry_object(*entry);
    if (auto* entry = module->find_buffer(key)) return entry_object(*entry);
    if (auto* child = module->find_child(key)) return child_object(*child);
    no_attribute(self, name, "");
}

// What Python's getattr finds under a name that no table holds: a property, or a tensor that a hook put there.
bool python_attribute(const Module& module, const char* name, Tensor& value) {
    if (!module.self_py()) return false;
    GilAcquire held;
    nb::object found = nb::steal(PyObject_GetAttrString(static_cast<PyObject*>(module.self_py()), name));
    if (!found.is_valid() && !PyErr_ExceptionMatches(PyExc_AttributeError)) throw nb::python_error();
    if (!found.is_valid()) {
        PyErr_Clear();
        return false;
    }
    if (found.is_none()) return true;
    std::optional<Tensor> tensor = as_tensor(found);
    check_type(tensor.has_value(), class_name(static_cast<PyObject*>(module.self_py())), ": '", name,
               "' must be a Tensor or None, got ", class_name(found));
    value = *tensor;
    return true;
}

void drop_plain(nb::handle self, nb::handle name) {
    if (PyObject** dict = _PyObject_GetDictPtr(self.ptr()); dict && *dict && PyDict_Contains(*dict, name.ptr()) == 1)
        PyDict_DelItem(*dict, name.ptr());
}

// A name is in one table at most; its place there is kept when it is assigned again.
void leave_other_tables(Module& module, const std::string& key, bool parameter, bool buffer, bool child) {
    if ((!parameter && module.find_parameter(key)) || (!buffer && module.find_buffer(key)) ||
        (!child && module.find_child(key)))
        module.erase(key);
}

void put_parameter(nb::handle self, Module& module, const std::string& key, nb::handle name, const Tensor& tensor,
                   nb::handle object) {
    module.register_parameter(key, tensor, object.is_none() ? Ref<Foreign>() : make_ref<PyForeign>(nb::borrow(object)));
    drop_plain(self, name);
}

void check_assignable(bool ok, nb::handle value, const char* what, nb::handle name, const char* expected) {
    if (ok) return;
    PyErr_Format(PyExc_TypeError, "cannot assign '%s' as %s '%U' (%s or None expected)", class_name(value), what, name.ptr(),
                 expected);
    throw nb::python_error();
}

void check_ready(Module* module, const char* what) {
    if (module) return;
    PyErr_Format(PyExc_AttributeError, "cannot assign %s before Module.__init__() call: begin __init__ with super().__init__()",
                 what);
    throw nb::python_error();
}

bool set_table_attribute(nb::handle self, nb::handle name, nb::handle value) {
    Module* module = ready_module(self);
    std::optional<Tensor> tensor = as_tensor(value);
    if (tensor && tensor->impl().parameter) {
        check_ready(module, "parameters");
        std::string key = nb::cast<std::string>(name);
        leave_other_tables(*module, key, true, false, false);
        put_parameter(self, *module, key, name, *tensor, value);
        return true;
    }
    if (nb::isinstance<Module>(value)) {
        check_ready(module, "module");
        std::string key = nb::cast<std::string>(name);
        leave_other_tables(*module, key, false, false, true);
        module->register_module(key, nb::cast<Ref<Module>>(value));
        drop_plain(self, name);
        return true;
    }
    if (!module) return false;
    std::string key = nb::cast<std::string>(name);
    if (auto* entry = module->find_parameter(key)) {
        check_assignable(value.is_none(), value, "parameter", name, "convcore.nn.Parameter");
        module->register_parameter(entry->name, Tensor());
        return true;
    }
    if (auto* entry = module->find_buffer(key)) {
        check_assignable(value.is_none() || tensor, value, "buffer", name, "convcore.Tensor");
        module->register_buffer(key, tensor ? *tensor : Tensor(), entry->persistent,
                                tensor ? Ref<Foreign>(make_ref<PyForeign>(nb::borrow(value))) : Ref<Foreign>());
        return true;
    }
    if (auto* child = module->find_child(key)) {
        check_assignable(value.is_none(), value, "child module", name, "convcore.nn.Module");
        module->register_module(child->name, nullptr);
        return true;
    }
    if (key == "forward") module->set_foreign_forward(true);
    return false;
}

int module_setattro(PyObject* self, PyObject* name, PyObject* value) {
    return guarded(-1, [&]() -> int {
        if (value) {
            if (set_table_attribute(self, name, value)) return 0;
        } else if (Module* module = ready_module(self)) {
            std::string key = nb::cast<std::string>(nb::handle(name));
            if (module->erase(key)) return 0;
        }
        return PyObject_GenericSetAttr(self, name, value);
    });
}

// Calls

void add_location(PyObject* self, const std::string& path, const char* kind, const std::string& text) {
    nb::python_error error;
    try {
        nb::borrow(locate)(nb::handle(self), error.value(), path, kind, text);
    } catch (nb::python_error& failure) {
        failure.discard_as_unraisable("convcore.nn");
    }
    error.restore();
}

PyObject* call_native(PyObject* self, Layer& layer, const Tensor& input) {
    const char* name = Py_TYPE(self)->tp_name;
    try {
        Tensor output = unlocked(kHeavy, [&] { return layer.forward(input); });
        return wrap(output);
    } catch (const LayerError& error) {
        set_python_error(error);
        add_location(self, error.path(), error.layer_kind().c_str(), error.text());
    } catch (const Error& error) {
        set_python_error(error);
        add_location(self, "", name, error.what());
    }
    return nullptr;
}

PyObject* call_python(PyObject* self, Module& module, PyObject* args, PyObject* kwargs) {
    static PyObject *forward = PyUnicode_InternFromString("forward"),
                    *with_hooks = PyUnicode_InternFromString("_call_with_hooks");
    PyObject* result;
    if (module.hooked()) {
        nb::object keywords = kwargs ? nb::borrow(kwargs) : nb::object(nb::dict());
        result = PyObject_CallMethodObjArgs(self, with_hooks, args, keywords.ptr(), nullptr);
    } else {
        nb::object method = nb::steal(PyObject_GetAttr(self, forward));
        if (!method.is_valid()) return nullptr;
        result = PyObject_Call(method.ptr(), args, kwargs);
    }
    if (!result) add_location(self, "", "", "");
    return result;
}

PyObject* module_call(PyObject* self, PyObject* args, PyObject* kwargs) {
    return guarded(static_cast<PyObject*>(nullptr), [&]() -> PyObject* {
        Module* module = ready_module(self);
        if (!module) {
            PyErr_Format(PyExc_TypeError, "%s was called before its Module.__init__(): begin __init__ with super().__init__()",
                         class_name(self));
            return nullptr;
        }
        nb::object alive = nb::borrow(self);
        Layer* layer = module->as_layer();
        if (layer && layer->native() && PyTuple_GET_SIZE(args) == 1 && (!kwargs || PyDict_GET_SIZE(kwargs) == 0)) {
            nb::handle argument = PyTuple_GET_ITEM(args, 0);
            std::optional<Tensor> input = as_tensor(argument);
            if (input) return call_native(self, *layer, *input);
            PyErr_Format(PyExc_TypeError, "%s: input must be a Tensor, got %s", class_name(self), class_name(argument));
            return nullptr;
        }
        return call_python(self, *module, args, kwargs);
    });
}

PyType_Slot module_slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(module_traverse)},
                              {Py_tp_clear, reinterpret_cast<void*>(module_clear)},
                              {Py_tp_call, reinterpret_cast<void*>(module_call)},
                              {Py_tp_setattro, reinterpret_cast<void*>(module_setattro)},
                              {0, nullptr}};

// Whether a Python class between the object's and ours defines forward or __call__.
bool overrides_forward(PyTypeObject* type) {
    nb::tuple mro = nb::borrow<nb::tuple>(type->tp_mro);
    for (nb::handle base : mro) {
        if (nb::cast<std::string>(base.attr("__module__")).rfind("convcore._core", 0) == 0) return false;
        nb::object names = base.attr("__dict__");
        for (const char* name : {"forward", "__call__"})
            if (PySequence_Contains(names.ptr(), nb::str(name).ptr()) == 1) return true;
    }
    return false;
}

void adopt(Module* module, PyObject* self) noexcept {
    module->set_self_py(self);
    if (!module->as_layer()) return;
    try {
        module->set_foreign_forward(overrides_forward(Py_TYPE(self)));
    } catch (nb::python_error& error) {
        error.discard_as_unraisable("convcore.nn");
    }
}

// Tables

nb::list named(const Module::NamedEntries& entries) {
    nb::list result;
    for (auto& [name, entry] : entries) result.append(nb::make_tuple(name, entry_object(*entry)));
    return result;
}

nb::dict table(std::vector<Module::Entry>& entries) {
    nb::dict result;
    for (Module::Entry& entry : entries) result[entry.name.c_str()] = entry_object(entry);
    return result;
}

void check_free(nb::handle self, Module& module, const std::string& key, bool in_table) {
    if (in_table || !nb::hasattr(self, key.c_str())) return;
    PyErr_Format(PyExc_KeyError, "attribute '%s' already exists", key.c_str());
    throw nb::python_error();
}

Ref<Foreign> keep(const nb::object& object) { return object.is_none() ? Ref<Foreign>() : make_ref<PyForeign>(object); }

void register_parameter(nb::handle self, const std::string& name, nb::object value) {
    Module* module = ready_module(self);
    check_ready(module, "parameters");
    check_free(self, *module, name, module->find_parameter(name));
    std::optional<Tensor> tensor = as_tensor(value);
    check_assignable(value.is_none() || (tensor && tensor->impl().parameter), value, "parameter", nb::str(name.c_str()),
                     "convcore.nn.Parameter");
    module->register_parameter(name, tensor ? *tensor : Tensor(), keep(value));
}

void register_buffer(nb::handle self, const std::string& name, nb::object value, bool persistent) {
    Module* module = ready_module(self);
    check_ready(module, "buffers");
    check_free(self, *module, name, module->find_buffer(name));
    std::optional<Tensor> tensor = as_tensor(value);
    check_assignable(value.is_none() || tensor, value, "buffer", nb::str(name.c_str()), "convcore.Tensor");
    module->register_buffer(name, tensor ? *tensor : Tensor(), persistent, keep(value));
}

void register_module(nb::handle self, const std::string& name, nb::object value) {
    Module* module = ready_module(self);
    check_ready(module, "module");
    check_free(self, *module, name, module->find_child(name));
    check_assignable(value.is_none() || nb::isinstance<Module>(value), value, "child module", nb::str(name.c_str()),
                     "convcore.nn.Module");
    module->register_module(name, value.is_none() ? Ref<Module>() : nb::cast<Ref<Module>>(value));
}

void set_tables(nb::handle self, nb::dict parameters, nb::dict buffers, nb::handle non_persistent, nb::dict modules) {
    Module& module = *nb::cast<Module*>(self);
    module.clear();
    for (auto [name, value] : parameters) register_parameter(self, nb::cast<std::string>(name), nb::borrow(value));
    for (auto [name, value] : buffers) {
        bool persistent = PySequence_Contains(non_persistent.ptr(), name.ptr()) != 1;
        register_buffer(self, nb::cast<std::string>(name), nb::borrow(value), persistent);
    }
    for (auto [name, value] : modules) register_module(self, nb::cast<std::string>(name), nb::borrow(value));
}

void bind_tables(ModuleClass& cls) {
    cls.def("register_parameter", &register_parameter, nb::arg("name"), nb::arg("param").none(),
            "Add a parameter (or None) under a name.")
        .def("register_buffer", &register_buffer, nb::arg("name"), nb::arg("tensor").none(), nb::arg("persistent") = true,
             "Add a tensor (or None) that is state but not trained; only persistent ones are in the state dict.")
        .def("register_module", &register_module, nb::arg("name"), nb::arg("module").none(),
             "Add a child (or None) under a name.")
        .def_prop_ro("_parameters", [](Module& m) { return table(m.own_parameters()); })
        .def_prop_ro("_buffers", [](Module& m) { return table(m.own_buffers()); })
        .def_prop_ro("_modules", [](Module& m) {
            nb::dict result;
            for (const auto& child : m.own_children()) result[child.name.c_str()] = child_object(child);
            return result;
        })
        .def_prop_ro("_non_persistent_buffers_set", [](Module& m) {
            nb::object names = nb::steal(PySet_New(nullptr));
            for (const auto& buffer : m.own_buffers())
                if (!buffer.persistent) names.attr("add")(buffer.name);
            return names;
        })
        .def("_set_tables", &set_tables)
        .def("_named_parameters", [](Module& m, bool recurse, bool remove_duplicate) {
            return named(m.named_parameters(recurse, remove_duplicate));
        })
        .def("_named_buffers", [](Module& m, bool recurse, bool remove_duplicate) {
            return named(m.named_buffers(recurse, remove_duplicate));
        })
        .def("_named_modules", [](Module& m, bool remove_duplicate) {
            nb::list result;
            for (auto& [name, module] : m.named_modules(remove_duplicate))
                result.append(nb::make_tuple(name, Ref<Module>(module)));
            return result;
        })
        .def("_state", [](Module& m) { return named(m.state()); });
}

}  // namespace

PyType_Slot module_collector[] = {{Py_tp_traverse, reinterpret_cast<void*>(module_traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(module_clear)},
                                  {0, nullptr}};

void bind_module(nb::module_& nn) {
    install_python_counting({[](void* object) {
                                 GilAcquire held;
                                 Py_INCREF(static_cast<PyObject*>(object));
                             },
                             [](void* object) {
                                 if (!nb::is_alive()) return;
                                 GilAcquire held;
                                 Py_DECREF(static_cast<PyObject*>(object));
                             },
                             [](void* object) { return static_cast<int64_t>(Py_REFCNT(static_cast<PyObject*>(object))); }});
    install_foreign_attribute(&python_attribute);
    ModuleClass cls(nn, "Module", nb::type_slots(module_slots), nb::dynamic_attr(), nb::is_weak_referenceable(),
                    nb::intrusive_ptr<Module>(adopt),
                    "The base of everything with parameters: subclass it, assign layers and parameters in `__init__`, define\n"
                    "`forward`.\n\n"
                    ">>> import convcore as cc\n"
                    ">>> class Net(cc.nn.Module):\n"
                    "...     def __init__(self):\n"
                    "...         super().__init__()\n"
                    "...         self.fc = cc.nn.Linear(4, 2)\n"
                    "...     def forward(self, x):\n"
                    "...         return self.fc(x)\n"
                    ">>> tuple(Net()(cc.zeros(3, 4)).shape)\n"
                    "(3, 2)");
    cls.def(nb::init<>())
        .def("__getattr__", &get_attribute)
        .def_prop_rw("training", &Module::training, &Module::set_training)
        .def_prop_rw("_hooked", &Module::hooked, &Module::set_hooked)
        .def_prop_rw("_foreign_forward", &Module::foreign_forward, &Module::set_foreign_forward)
        .def("_config", [](Module&) { return nb::make_tuple(); });
    bind_tables(cls);
    nn.def("set_error_locator", [](nb::object function) { locate = function.release().ptr(); });
}

}  // namespace cc::bind
