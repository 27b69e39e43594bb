// Module: ordered names → parameters, buffers and children, and the training flag. It has no forward of its own; Layer
// adds one for modules of a single input. Everything here works without Python; hooks and Python subclasses live in bind/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.h"

namespace cc {

class Layer;
class Module;

constexpr int kMaxDepth = 500;  // modules inside each other: a module that contains itself must not overflow the stack

// What a cycle collector is shown of the things a module owns.
class Visitor {
public:
    virtual ~Visitor() = default;
    virtual void visit(const Tensor& owned, const Foreign* keep) = 0;
    virtual void visit(const Module& owned) = 0;
};

class Module : public Counted {
public:
    struct Entry {
        std::string name;
        Tensor tensor;           // undefined: a parameter or buffer that is None
        bool persistent = true;  // buffers: part of the state dict
        Ref<Foreign> keep;       // what another language wants to live as long as the entry
    };
    struct Child {
        std::string name;
        Ref<Module> module;  // null: a child that is None
    };

    virtual const char* kind() const { return "Module"; }
    virtual Layer* as_layer() { return nullptr; }
    virtual bool native() const { return false; }   // a Layer whose forward, and its children's, is the C++ one

    void register_parameter(const std::string& name, Tensor tensor, Ref<Foreign> keep = {});
    void register_buffer(const std::string& name, Tensor tensor, bool persistent = true, Ref<Foreign> keep = {});
    void register_module(const std::string& name, Ref<Module> module);
    bool erase(const std::string& name);  // whichever table holds it
    virtual void clear();                 // drops all tables

    std::vector<Entry>& own_parameters() { return parameters_; }
    std::vector<Entry>& own_buffers() { return buffers_; }
    std::vector<Child>& own_children() { return children_; }
    const std::vector<Child>& own_children() const { return children_; }
    Entry* find_parameter(const std::string& name);
    Entry* find_buffer(const std::string& name);
    Child* find_child(const std::string& name);

    // Over the whole tree, parents first; what is shared is listed once, under its first name, unless duplicates are asked for.
    using Named = std::vector<std::pair<std::string, Module*>>;
    using NamedEntries = std::vector<std::pair<std::string, Entry*>>;
    Named named_modules(bool remove_duplicate = true);
    NamedEntries named_parameters(bool recurse = true, bool remove_duplicate = true);
    NamedEntries named_buffers(bool recurse = true, bool remove_duplicate = true);
    NamedEntries state();  // parameters and persistent buffers, PyTorch's keys in PyTorch's order
    Tensors parameters();

    bool training() const { return training_; }
    void set_training(bool training) { training_ = training; }  // of this module alone
    void train(bool training = true);                            // of the tree

    // Both make calls go through another language: hooks, or a forward written there.
    bool hooked() const { return hooked_; }
    void set_hooked(bool hooked) { hooked_ = hooked; }
    bool foreign_forward() const { return foreign_forward_; }
    void set_foreign_forward(bool foreign) { foreign_forward_ = foreign; }

    virtual void visit(Visitor& visitor) const;

protected:
    // Undefined when None. What no table holds is asked of the other language (a weight computed anew for each call); an
    // error when it has none either.
    Tensor parameter(const char* name) const { return held_or_foreign(parameters_, "parameter", name); }
    Tensor buffer(const char* name) const { return held_or_foreign(buffers_, "buffer", name); }

private:
    NamedEntries named_entries(std::vector<Entry> Module::*table, bool recurse, bool remove_duplicate);
    Tensor held_or_foreign(const std::vector<Entry>& table, const char* what, const char* name) const;

    std::vector<Entry> parameters_, buffers_;
    std::vector<Child> children_;
    bool training_ = true;
    bool hooked_ = false, foreign_forward_ = false;
};

// Another language's attribute of a module; false where it has none. Installed once, by bind/.
using ForeignAttribute = bool (*)(const Module& module, const char* name, Tensor& value);
void install_foreign_attribute(ForeignAttribute lookup);

class Layer : public Module {
public:
    virtual Tensor forward(const Tensor& input) = 0;
    Layer* as_layer() override { return this; }
    bool native() const override { return !hooked() && !foreign_forward(); }
};

// An error inside a layer and where that layer is, seen from the module that was called:
// "layer 'features.0' (Conv2d): conv2d: input must have 4 dimensions, got shape (3, 3)".
class LayerError : public Error {
public:
    LayerError(const Error& error, const Module& layer, const std::string& path);
    LayerError(const LayerError& error, const std::string& parent);  // the same, one level further out

    const std::string& path() const { return path_; }
    const std::string& layer_kind() const { return kind_; }
    const std::string& text() const { return text_; }

private:
    std::string path_, kind_, text_;
};

// The child's forward; errors say which child.
Tensor call(const Module::Child& child, const Tensor& input);

}  // namespace cc
