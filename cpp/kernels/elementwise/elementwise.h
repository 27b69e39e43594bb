// Elementwise functions of one to three operands over broadcast, strided arrays.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/shape.h"

namespace cc {

// One row per function in formulas.h; these enums are made from that table.
enum class Unary : uint8_t;
enum class Binary : uint8_t;
enum class Ternary : uint8_t;

// All operands have been broadcast to shape (stride 0) and have dtype `dtype`; the output has `out_dtype` (bool for comparisons, else dtype).
// Strides in elements. Outputs do not overlap; an input may be the output itself.
struct ElementwiseProblem {
    Shape shape;
    Dtype dtype, out_dtype;
    Shape strides[3];
    Shape out_strides;
};

void elementwise(Unary op, const ElementwiseProblem& problem, const void* x, void* out, double parameter = 0, double parameter2 = 0);
void elementwise(Binary op, const ElementwiseProblem& problem, const void* a, const void* b, void* out, double parameter = 0);
void elementwise(Ternary op, const ElementwiseProblem& problem, const void* a, const void* b, const void* c, void* out);

}  // namespace cc
