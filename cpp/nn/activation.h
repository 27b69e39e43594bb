// Activations and dropout: one op call each.
#pragma once

#include <optional>

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class ReLU : public Layer {
public:
    explicit ReLU(bool inplace) : inplace(inplace) {}
    const char* kind() const override { return "ReLU"; }
    Tensor forward(const Tensor& input) override;
    bool inplace;
};

class LeakyReLU : public Layer {
public:
    LeakyReLU(double negative_slope, bool inplace) : negative_slope(negative_slope), inplace(inplace) {}
    const char* kind() const override { return "LeakyReLU"; }
    Tensor forward(const Tensor& input) override;
    double negative_slope;
    bool inplace;
};

class ELU : public Layer {
public:
    ELU(double alpha, bool inplace) : alpha(alpha), inplace(inplace) {}
    const char* kind() const override { return "ELU"; }
    Tensor forward(const Tensor& input) override;
    double alpha;
    bool inplace;
};

class Softplus : public Layer {
public:
    Softplus(double beta, double threshold) : beta(beta), threshold(threshold) {}
    const char* kind() const override { return "Softplus"; }
    Tensor forward(const Tensor& input) override { return softplus(input, beta, threshold); }
    double beta, threshold;
};

class GELU : public Layer {
public:
    explicit GELU(bool tanh) : tanh(tanh) {}
    const char* kind() const override { return "GELU"; }
    Tensor forward(const Tensor& input) override { return unary(tanh ? Unary::GeluTanh : Unary::Gelu, input); }
    bool tanh;  // the formula with tanh instead of erf
};

class SiLU : public Layer {
public:
    explicit SiLU(bool inplace) : inplace(inplace) {}
    const char* kind() const override { return "SiLU"; }
    Tensor forward(const Tensor& input) override;
    bool inplace;
};

class Sigmoid : public Layer {
public:
    const char* kind() const override { return "Sigmoid"; }
    Tensor forward(const Tensor& input) override { return unary(Unary::Sigmoid, input); }
};

class Tanh : public Layer {
public:
    const char* kind() const override { return "Tanh"; }
    Tensor forward(const Tensor& input) override { return unary(Unary::Tanh, input); }
};

class Softmax : public Layer {
public:
    explicit Softmax(std::optional<int64_t> dim) : dim(dim) {}
    const char* kind() const override { return "Softmax"; }
    Tensor forward(const Tensor& input) override;
    std::optional<int64_t> dim;  // none: PyTorch's choice by rank
};

class LogSoftmax : public Layer {
public:
    explicit LogSoftmax(std::optional<int64_t> dim) : dim(dim) {}
    const char* kind() const override { return "LogSoftmax"; }
    Tensor forward(const Tensor& input) override;
    std::optional<int64_t> dim;
};

class Dropout : public Layer {
public:
    // rank 0 drops elements; 1, 2, 3 drop whole channels of maps with that many spatial axes.
    Dropout(int rank, double p, bool inplace);
    int rank() const { return rank_; }
    const char* kind() const override;
    Tensor forward(const Tensor& input) override;
    double p;
    bool inplace;

private:
    int rank_;
};

}  // namespace cc
