// Layers that only change the shape, or nothing.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class Identity : public Layer {
public:
    const char* kind() const override { return "Identity"; }
    Tensor forward(const Tensor& input) override { return input; }
};

class Flatten : public Layer {
public:
    Flatten(int64_t start_dim, int64_t end_dim) : start_dim(start_dim), end_dim(end_dim) {}
    const char* kind() const override { return "Flatten"; }
    Tensor forward(const Tensor& input) override { return flatten(input, start_dim, end_dim); }
    int64_t start_dim, end_dim;
};

class Unflatten : public Layer {
public:
    Unflatten(int64_t dim, Sizes unflattened_size) : dim(dim), unflattened_size(std::move(unflattened_size)) {}
    const char* kind() const override { return "Unflatten"; }
    Tensor forward(const Tensor& input) override;
    int64_t dim;
    Sizes unflattened_size;
};

}  // namespace cc
