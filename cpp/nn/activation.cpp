#include "nn/activation.h"

namespace cc {

namespace {

Tensor finish(const Tensor& input, Tensor result, bool inplace) {
    if (!inplace) return result;
    assign(input, std::move(result));
    return input;
}

Tensor apply(Unary op, const Tensor& input, bool inplace) {
    if (!inplace) return unary(op, input);
    unary_(op, input);
    return input;
}

int64_t default_dim(const Tensor& input) { return input.rank() == 0 || input.rank() == 1 || input.rank() == 3 ? 0 : 1; }

}  // namespace

Tensor ReLU::forward(const Tensor& input) { return apply(Unary::Relu, input, inplace); }

Tensor SiLU::forward(const Tensor& input) { return apply(Unary::Silu, input, inplace); }

Tensor LeakyReLU::forward(const Tensor& input) { return finish(input, leaky_relu(input, negative_slope), inplace); }

Tensor ELU::forward(const Tensor& input) { return finish(input, elu(input, alpha), inplace); }

Tensor Softmax::forward(const Tensor& input) { return softmax(input, dim.value_or(default_dim(input))); }

Tensor LogSoftmax::forward(const Tensor& input) { return log_softmax(input, dim.value_or(default_dim(input))); }

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

}  // namespace cc
