// Activations and dropout: one op call each.
#pragma once

#include <optional>

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

// A layer of one elementwise function and its parameters.
class Activation : public Layer {
public:
    Activation(Unary op, double p, double q, bool inplace) : p(p), q(q), inplace(inplace), op_(op) {}
    const char* kind() const override;
    Tensor forward(const Tensor& input) override;
    double p, q;
    bool inplace;

private:
    Unary op_;
};

template <Unary op>
class ActivationOf : public Activation {
public:
    explicit ActivationOf(bool inplace = false) : Activation(op, 0, 0, inplace) {}
    explicit ActivationOf(double p, bool inplace = false) : Activation(op, p, 0, inplace) {}
    ActivationOf(double p, double q, bool inplace = false) : Activation(op, p, q, inplace) {}
};

using Abs = ActivationOf<Unary::Abs>;
using CELU = ActivationOf<Unary::Celu>;
using ELU = ActivationOf<Unary::Elu>;
using Hardshrink = ActivationOf<Unary::Hardshrink>;
using Hardsigmoid = ActivationOf<Unary::Hardsigmoid>;
using Hardswish = ActivationOf<Unary::Hardswish>;
using Hardtanh = ActivationOf<Unary::Hardtanh>;
using LeakyReLU = ActivationOf<Unary::LeakyRelu>;
using LogSigmoid = ActivationOf<Unary::LogSigmoid>;
using Mish = ActivationOf<Unary::Mish>;
using ReLU = ActivationOf<Unary::Relu>;
using SELU = ActivationOf<Unary::Selu>;
using Sigmoid = ActivationOf<Unary::Sigmoid>;
using SiLU = ActivationOf<Unary::Silu>;
using Softplus = ActivationOf<Unary::Softplus>;
using Softshrink = ActivationOf<Unary::Softshrink>;
using Softsign = ActivationOf<Unary::Softsign>;
using Tanh = ActivationOf<Unary::Tanh>;
using Tanhshrink = ActivationOf<Unary::Tanhshrink>;
using Threshold = ActivationOf<Unary::Threshold>;

class GELU : public Layer {
public:
    explicit GELU(bool tanh) : tanh(tanh) {}
    const char* kind() const override { return "GELU"; }
    Tensor forward(const Tensor& input) override { return unary(tanh ? Unary::GeluTanh : Unary::Gelu, input); }
    bool tanh;  // the formula with tanh instead of erf
};

class GLU : public Layer {
public:
    explicit GLU(int64_t dim) : dim(dim) {}
    const char* kind() const override { return "GLU"; }
    Tensor forward(const Tensor& input) override { return glu(input, dim); }
    int64_t dim;
};

class PReLU : public Layer {
public:
    PReLU(int64_t num_parameters, double init, Dtype dtype);
    const char* kind() const override { return "PReLU"; }
    Tensor forward(const Tensor& input) override { return prelu(input, parameter("weight")); }
    void reset_parameters();
    int64_t num_parameters;
    double init;
};

class RReLU : public Layer {
public:
    RReLU(double lower, double upper, bool inplace) : lower(lower), upper(upper), inplace(inplace) {}
    const char* kind() const override { return "RReLU"; }
    Tensor forward(const Tensor& input) override;
    double lower, upper;
    bool inplace;
};

class Maxout : public Layer {
public:
    explicit Maxout(int64_t k) : k(k) { check(k > 0, "Maxout: k must be positive, got ", k); }
    const char* kind() const override { return "Maxout"; }
    Tensor forward(const Tensor& input) override { return maxout(input, k); }
    int64_t k;
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

class Softmin : public Layer {
public:
    explicit Softmin(std::optional<int64_t> dim) : dim(dim) {}
    const char* kind() const override { return "Softmin"; }
    Tensor forward(const Tensor& input) override;
    std::optional<int64_t> dim;
};

// Over the channels of maps, with or without a batch axis.
class Softmax2d : public Layer {
public:
    const char* kind() const override { return "Softmax2d"; }
    Tensor forward(const Tensor& input) override;
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

// Of elements, or of whole channels.
class AlphaDropout : public Layer {
public:
    AlphaDropout(bool channels, double p, bool inplace);
    bool channels() const { return channels_; }
    const char* kind() const override { return channels_ ? "FeatureAlphaDropout" : "AlphaDropout"; }
    Tensor forward(const Tensor& input) override;
    double p;
    bool inplace;

private:
    bool channels_;
};

}  // namespace cc
