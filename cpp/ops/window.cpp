#include "ops/window.h"

#include <cstdint>

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

bool lacks_batch(const char* op, int rank, const Tensor& x) {
    check(x.rank() == rank + 1 || x.rank() == rank + 2, op, ": input must have ", rank + 2, " dimensions (or ", rank + 1,
          " without a batch), got shape ", x.shape());
    return x.rank() == rank + 1;
}

bool add_batch(const char* op, int rank, Tensor& x) {
    const bool lacking = lacks_batch(op, rank, x);
    if (lacking) x = unsqueeze(x, 0);
    return lacking;
}

}  // namespace cc
