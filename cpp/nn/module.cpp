#include "nn/module.h"

#include <algorithm>
#include <unordered_set>

namespace cc {

namespace {

ForeignAttribute foreign_attribute = nullptr;

template <class Table>
auto* find(Table& table, const std::string& name) {
    auto at = std::find_if(table.begin(), table.end(), [&](auto& entry) { return entry.name == name; });
    return at == table.end() ? nullptr : &*at;
}

template <class Table>
bool remove(Table& table, const std::string& name) {
    auto* entry = find(table, name);
    if (!entry) return false;
    auto dropped = std::move(*entry);  // its destructor may run code that reads the table
    table.erase(table.begin() + (entry - table.data()));
    return true;
}

void check_name(const char* what, const std::string& name) {
    check(!name.empty(), what, ": a name must not be empty");
    check(name.find('.') == std::string::npos, what, ": a name must not contain \".\", got '", name, "'");
}

template <class Table, class Entry>
void put(Table& table, Entry entry) {
    if (auto* old = find(table, entry.name))
        std::swap(*old, entry);
    else
        table.push_back(std::move(entry));
}

std::string in(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : prefix + "." + name;
}

void collect(Module& module, const std::string& name, bool remove_duplicate, std::unordered_set<Module*>& seen,
             Module::Named& result, int depth = 0) {
    if (!seen.insert(&module).second && remove_duplicate) return;
    if (depth > kMaxDepth)
        fail(ErrorKind::Runtime, module.kind(), ": more than ", kMaxDepth, " modules inside each other; one contains itself");
    result.emplace_back(name, &module);
    for (const Module::Child& child : module.own_children())
        if (child.module) collect(*child.module, in(name, child.name), remove_duplicate, seen, result, depth + 1);
}

std::string located(const std::string& path, const std::string& kind, const std::string& text) {
    return str("layer '", path, "' (", kind, "): ", text);
}

}  // namespace

void Module::register_parameter(const std::string& name, Tensor tensor, Ref<Foreign> keep) {
    check_name("register_parameter", name);
    check(!tensor.defined() || tensor.is_leaf(), "register_parameter: '", name,
          "' must be a leaf: it has a grad_fn, so training could not change it");
    put(parameters_, Entry{name, std::move(tensor), true, std::move(keep)});
}

void Module::register_buffer(const std::string& name, Tensor tensor, bool persistent, Ref<Foreign> keep) {
    check_name("register_buffer", name);
    put(buffers_, Entry{name, std::move(tensor), persistent, std::move(keep)});
}

void Module::register_module(const std::string& name, Ref<Module> module) {
    check_name("register_module", name);
    put(children_, Child{name, std::move(module)});
}

bool Module::erase(const std::string& name) {
    return remove(parameters_, name) || remove(buffers_, name) || remove(children_, name);
}

void Module::clear() {
    // Emptied first: a destructor may come back to this module.
    auto parameters = std::exchange(parameters_, {});
    auto buffers = std::exchange(buffers_, {});
    auto children = std::exchange(children_, {});
}

Module::Entry* Module::find_parameter(const std::string& name) { return find(parameters_, name); }
Module::Entry* Module::find_buffer(const std::string& name) { return find(buffers_, name); }
Module::Child* Module::find_child(const std::string& name) { return find(children_, name); }

Tensor Module::held_or_foreign(const std::vector<Entry>& table, const char* what, const char* name) const {
    if (const Entry* entry = find(table, name)) return entry->tensor;
    Tensor value;
    check(foreign_attribute && foreign_attribute(*this, name, value), kind(), ": ", what, " '", name, "' was deleted");
    return value;
}

void install_foreign_attribute(ForeignAttribute lookup) { foreign_attribute = lookup; }

Module::Named Module::named_modules(bool remove_duplicate) {
    std::unordered_set<Module*> seen;
    Named result;
    collect(*this, "", remove_duplicate, seen, result);
    return result;
}

Module::NamedEntries Module::named_entries(std::vector<Entry> Module::*table, bool recurse, bool remove_duplicate) {
    std::unordered_set<TensorImpl*> seen;
    NamedEntries result;
    Named modules = recurse ? named_modules(remove_duplicate) : Named{{"", this}};
    for (auto& [prefix, module] : modules)
        for (Entry& entry : module->*table) {
            if (!entry.tensor.defined()) continue;
            if (!seen.insert(&entry.tensor.impl()).second && remove_duplicate) continue;
            result.emplace_back(in(prefix, entry.name), &entry);
        }
    return result;
}

Module::NamedEntries Module::named_parameters(bool recurse, bool remove_duplicate) {
    return named_entries(&Module::parameters_, recurse, remove_duplicate);
}

Module::NamedEntries Module::named_buffers(bool recurse, bool remove_duplicate) {
    return named_entries(&Module::buffers_, recurse, remove_duplicate);
}

Module::NamedEntries Module::state() {
    NamedEntries result;
    for (auto& [prefix, module] : named_modules(false)) {
        for (Entry& entry : module->parameters_)
            if (entry.tensor.defined()) result.emplace_back(in(prefix, entry.name), &entry);
        for (Entry& entry : module->buffers_)
            if (entry.tensor.defined() && entry.persistent) result.emplace_back(in(prefix, entry.name), &entry);
    }
    return result;
}

Tensors Module::parameters() {
    Tensors result;
    for (auto& named : named_parameters()) result.push_back(named.second->tensor);
    return result;
}

void Module::train(bool training) {
    for (auto& named : named_modules()) named.second->set_training(training);
}

void Module::visit(Visitor& visitor) const {
    for (const auto* table : {&parameters_, &buffers_})
        for (const Entry& entry : *table)
            if (entry.tensor.defined()) visitor.visit(entry.tensor, entry.keep.get());
    for (const Child& child : children_)
        if (child.module) visitor.visit(*child.module);
}

LayerError::LayerError(const Error& error, const Module& layer, const std::string& path)
    : Error(error.kind(), located(path, layer.kind(), error.what())),
      path_(path), kind_(layer.kind()), text_(error.what()) {}

LayerError::LayerError(const LayerError& error, const std::string& parent)
    : Error(error.kind(), located(in(parent, error.path_), error.kind_, error.text_)),
      path_(in(parent, error.path_)), kind_(error.kind_), text_(error.text_) {}

Tensor call(const Module::Child& child, const Tensor& input) {
    check(bool(child.module), "layer '", child.name, "' is None");
    Layer* layer = child.module->as_layer();
    try {
        check(layer && layer->native(), "has no C++ forward for a single tensor");
        return layer->forward(input);
    } catch (const LayerError& error) {
        throw LayerError(error, child.name);
    } catch (const Error& error) {
        throw LayerError(error, *child.module, child.name);
    }
}

}  // namespace cc
