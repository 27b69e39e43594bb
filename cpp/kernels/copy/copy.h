// Strided copies with conversion: the one way data changes layout or dtype. Also fill, gather and
// scatter of whole rows.
#pragma once

#include <cstdint>
#include <vector>

#include "base/dtype.h"
#include "base/shape.h"

namespace cc {

// dst[i…] = (dst_dtype) src[i…] for every index of shape; strides in elements, any sign, 0
// broadcasts src. Float to integer truncates, anything to bool tests ≠ 0 (PyTorch's `to`). dst
// elements do not overlap.
struct CopyProblem {
    Shape shape;
    Dtype src_dtype, dst_dtype;
    Shape src_strides, dst_strides;
};
void copy(const CopyProblem& problem, const void* src, void* dst);

// Rows of dst are those of the parts side by side. dst and the parts are dense, and do not overlap.
struct JoinPart {
    const void* rows;
    int64_t bytes;  // of a row
};
void join(int64_t rows, const std::vector<JoinPart>& parts, void* dst);

// bfloat16 by its bits, of dense memory, on this thread.
void widen_bfloat16(const uint16_t* src, float* dst, int64_t n);
void narrow_bfloat16(const float* src, uint16_t* dst, int64_t n);

// dst[i…] = value (one element of dtype) for every index of shape.
void fill(const Shape& shape, const Shape& strides, Dtype dtype, void* dst, const void* value);

// Row-major matrices with the elements kept for which column − row ≤ diagonal (lower) or ≥ diagonal,
// zeros elsewhere.
struct TriangleProblem {
    Dtype dtype;
    int64_t matrices, rows, columns, diagonal;
    bool lower;
};
void triangle(const TriangleProblem& problem, const void* src, void* dst);

}  // namespace cc
