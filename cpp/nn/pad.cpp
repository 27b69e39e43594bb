#include "nn/pad.h"

namespace cc {

Pad::Pad(int rank, std::string mode, Sizes padding, double value)
    : rank(rank), mode(std::move(mode)), padding(std::move(padding)), value(value) {
    if (this->padding.size() == 1) this->padding.assign(2 * rank, this->padding[0]);
    check(this->padding.size() == 2 * size_t(rank), kind(), ": padding must be one number or ", 2 * rank, " numbers, got ",
          this->padding.size());
}

const char* Pad::kind() const {
    constexpr const char* kinds[][3] = {{"ConstantPad1d", "ConstantPad2d", "ConstantPad3d"},
                                        {"ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d"},
                                        {"ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d"},
                                        {"CircularPad1d", "CircularPad2d", "CircularPad3d"}};
    return kinds[mode == "constant" ? 0 : mode == "reflect" ? 1 : mode == "replicate" ? 2 : 3][rank - 1];
}

Tensor Pad::forward(const Tensor& input) {
    check(mode == "constant" || input.rank() == rank + 1 || input.rank() == rank + 2, "pad: input must have ", rank + 2,
          " dimensions (or ", rank + 1, " without a batch), got shape ", input.shape());
    return pad(input, padding, mode, value);
}

}  // namespace cc
