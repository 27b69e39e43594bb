#include "ops/window.h"

#include <cstdint>
#include <cstring>

namespace cc {

Triple triple(const char* op, const char* argument, const Sizes& values, int rank, int64_t unused, int64_t least) {
    check(values.size() == 1 || static_cast<int>(values.size()) == rank, op, ": ", argument, " must be one integer or ",
          rank, " of them, got ", values.size());
    Triple out{{unused, unused, unused}};
    for (int i = 0; i < rank; ++i) {
        int64_t value = values.size() == 1 ? values[0] : values[i];
        check(value >= least, op, ": ", argument, " must be at least ", least, ", got ", value);
        check(value <= INT32_MAX, op, ": ", argument, " must be at most ", INT32_MAX, ", got ", value);
        out.v[3 - rank + i] = value;
    }
    return out;
}

Triple spatial(const Shape& shape, int rank) {
    Triple out{{1, 1, 1}};
    for (int i = 0; i < rank; ++i) out.v[3 - rank + i] = shape[shape.rank() - rank + i];
    return out;
}

const char* op_name(const char* stem, int rank) {
    static constexpr const char* names[][3] = {{"conv1d", "conv2d", "conv3d"},
                                               {"conv_grad_input1d", "conv_grad_input2d", "conv_grad_input3d"},
                                               {"conv_grad_weight1d", "conv_grad_weight2d", "conv_grad_weight3d"},
                                               {"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"},
                                               {"max_pool1d", "max_pool2d", "max_pool3d"},
                                               {"avg_pool1d", "avg_pool2d", "avg_pool3d"},
                                               {"adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"},
                                               {"adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"},
                                               {"lp_pool1d", "lp_pool2d", "lp_pool3d"},
                                               {"gaussian_pool1d", "gaussian_pool2d", "gaussian_pool3d"},
                                               {"max_unpool1d", "max_unpool2d", "max_unpool3d"},
                                               {"fractional_max_pool1d", "fractional_max_pool2d", "fractional_max_pool3d"}};
    for (const auto& row : names) {
        const char *name = row[0], *rest = stem;
        while (*rest && *name == *rest) ++name, ++rest;
        if (!*rest && !std::strcmp(name, "1d")) return row[rank - 1];
    }
    return stem;
}

bool add_batch(const char* op, int rank, Tensor& x) {
    check(x.rank() == rank + 1 || x.rank() == rank + 2, op, ": input must have ", rank + 2, " dimensions (or ", rank + 1,
          " without a batch), got shape ", x.shape());
    if (x.rank() == rank + 2) return false;
    x = unsqueeze(x, 0);
    return true;
}

}  // namespace cc
