// Containers: children with numbers for names.
#pragma once

#include "nn/module.h"

namespace cc {

// Children in order, each fed the previous one's result.
class Sequential : public Layer {
public:
    const char* kind() const override { return "Sequential"; }
    bool native() const override;
    Tensor forward(const Tensor& input) override;
};

// A list of children with no forward.
class ModuleList : public Module {
public:
    const char* kind() const override { return "ModuleList"; }
};

}  // namespace cc
