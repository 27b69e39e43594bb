#include "nn/activation.h"

#include "nn/init.h"

namespace cc {

namespace {

Tensor finish(const Tensor& input, Tensor result, bool inplace) {
    if (!inplace) return result;
    assign(input, std::move(result));
    return input;
}

int64_t default_dim(const Tensor& input) { return input.rank() == 0 || input.rank() == 1 || input.rank() == 3 ? 0 : 1; }

}  // namespace

const char* Activation::kind() const {
    switch (op_) {
        case Unary::Abs: return "Abs";
        case Unary::Celu: return "CELU";
        case Unary::Elu: return "ELU";
        case Unary::Hardshrink: return "Hardshrink";
        case Unary::Hardsigmoid: return "Hardsigmoid";
        case Unary::Hardswish: return "Hardswish";
        case Unary::Hardtanh: return "Hardtanh";
        case Unary::LeakyRelu: return "LeakyReLU";
        case Unary::LogSigmoid: return "LogSigmoid";
        case Unary::Mish: return "Mish";
        case Unary::Relu: return "ReLU";
        case Unary::Selu: return "SELU";
        case Unary::Sigmoid: return "Sigmoid";
        case Unary::Silu: return "SiLU";
        case Unary::Softplus: return "Softplus";
        case Unary::Softshrink: return "Softshrink";
        case Unary::Softsign: return "Softsign";
        case Unary::Tanh: return "Tanh";
        case Unary::Tanhshrink: return "Tanhshrink";
        case Unary::Threshold: return "Threshold";
        default: return name(op_);
    }
}

Tensor Activation::forward(const Tensor& input) {
    if (!inplace) return unary(op_, input, p, q);
    unary_(op_, input, p, q);
    return input;
}

PReLU::PReLU(int64_t num_parameters, double init, Dtype dtype) : num_parameters(num_parameters), init(init) {
    check(num_parameters > 0, "PReLU: num_parameters must be positive, got ", num_parameters);
    register_parameter("weight", new_parameter({num_parameters}, dtype));
}

void PReLU::reset_parameters() { parameter("weight").array().fill(init); }

Tensor RReLU::forward(const Tensor& input) {
    bool overwritten = inplace && grad_enabled() && input.requires_grad();
    return finish(input, rrelu(overwritten ? clone(input) : input, lower, upper, training()), inplace);
}

Tensor Softmax::forward(const Tensor& input) { return softmax(input, dim.value_or(default_dim(input))); }

Tensor LogSoftmax::forward(const Tensor& input) { return log_softmax(input, dim.value_or(default_dim(input))); }

Tensor Softmin::forward(const Tensor& input) { return softmin(input, dim.value_or(default_dim(input))); }

Tensor Softmax2d::forward(const Tensor& input) {
    check(input.rank() == 3 || input.rank() == 4, "softmax2d: input must have 4 dimensions (or 3 without a batch), got shape ",
          input.shape());
    return softmax(input, -3);
}

Dropout::Dropout(int rank, double p, bool inplace) : p(p), inplace(inplace), rank_(rank) {
    check(p >= 0 && p <= 1, kind(), ": p must be between 0 and 1, got ", p);
}

const char* Dropout::kind() const {
    constexpr const char* kinds[] = {"Dropout", "Dropout1d", "Dropout2d", "Dropout3d"};
    return kinds[rank_];
}

Tensor Dropout::forward(const Tensor& input) {
    if (!training() || p == 0) return input;
    return finish(input, rank_ == 0 ? dropout(input, p, true) : dropout_channels(rank_, input, p, true), inplace);
}

AlphaDropout::AlphaDropout(bool channels, double p, bool inplace) : p(p), inplace(inplace), channels_(channels) {
    check(p >= 0 && p <= 1, kind(), ": p must be between 0 and 1, got ", p);
}

Tensor AlphaDropout::forward(const Tensor& input) {
    if (!training() || p == 0) return input;
    return finish(input, channels_ ? feature_alpha_dropout(input, p, true) : alpha_dropout(input, p, true), inplace);
}

}  // namespace cc
