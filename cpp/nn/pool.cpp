#include "nn/pool.h"

namespace cc {

const char* MaxPool::kind() const {
    constexpr const char* kinds[] = {"MaxPool1d", "MaxPool2d", "MaxPool3d"};
    return kinds[rank_ - 1];
}

const char* AvgPool::kind() const {
    constexpr const char* kinds[] = {"AvgPool1d", "AvgPool2d", "AvgPool3d"};
    return kinds[rank_ - 1];
}

const char* AdaptiveAvgPool::kind() const {
    constexpr const char* kinds[] = {"AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"};
    return kinds[rank_ - 1];
}

AdaptiveAvgPool::AdaptiveAvgPool(int rank, Sizes output_size) : output_size(std::move(output_size)), rank_(rank) {
    check(static_cast<int>(this->output_size.size()) == rank, kind(), ": output_size must be one number or ", rank,
          " numbers, got ", this->output_size.size());
    for (int64_t size : this->output_size)
        check(size > 0 || size == -1, kind(), ": output_size must be positive, got ", size);
}

Tensor AdaptiveAvgPool::forward(const Tensor& input) {
    check(input.rank() == rank_ + 1 || input.rank() == rank_ + 2, kind(), ": input must have ", rank_ + 1, " or ",
          rank_ + 2, " dimensions, got shape ", input.shape());
    int first = input.rank() - rank_;
    PoolOptions options;
    bool whole = true;
    for (int i = 0; i < rank_; ++i) {
        int64_t size = input.size(first + i), target = output_size[i] == -1 ? size : output_size[i];
        if (size % target != 0)
            fail(ErrorKind::NotImplemented, kind(), ": output_size ", target, " does not divide the input's size ", size,
                 " along axis ", first + i, "; only equal windows have a kernel");
        options.kernel_size.push_back(size / target);
        whole = whole && target == 1;
    }
    if (!whole) return avg_pool(rank_, input, options);
    Axes axes;
    for (int i = 0; i < rank_; ++i) axes.push_back(first + i);
    return mean(input, axes, true);
}

}  // namespace cc
