// Elementwise functions and reductions of whole arrays: broadcasting, output format and dtype decided here, no gradient.
#pragma once

#include <utility>

#include "array/array.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/reduce/reduce.h"

namespace cc {

// Operands must already have the dtype the function computes in; bfloat16 is widened and rounded on the way, and one operand
// of two may be float32 beside it.
Array compute(Unary op, const Array& x, double parameter = 0, double parameter2 = 0);
Array compute(Binary op, const Array& a, const Array& b, double parameter = 0, double parameter2 = 0);
Array compute(Ternary op, const Array& a, const Array& b, const Array& c, double parameter = 0, double parameter2 = 0);

// The same, written into out (which may be an operand); raises its version.
void compute_into(const Array& out, Unary op, const Array& x, double parameter = 0, double parameter2 = 0);
void compute_into(const Array& out, Binary op, const Array& a, const Array& b, double parameter = 0, double parameter2 = 0);
void compute_into(const Array& out, Ternary op, const Array& a, const Array& b, const Array& c, double parameter = 0,
                  double parameter2 = 0);

// op(a), op(a, b), over a's memory where nobody else holds it.
Array compute_over(Array a, Unary op, double parameter = 0, double parameter2 = 0);
Array compute_over(Array a, Binary op, const Array& b, double parameter = 0, double parameter2 = 0);

// Reduces the axes whose bit is set; keepdim leaves sizes of one.
Array compute(Reduction op, const Array& x, uint32_t axes, bool keepdim);
// The sum of op(a, b), of floats: without an array of them where both lie alike.
Array compute_sum(Binary op, const Array& a, const Array& b, double parameter = 0);
// Of ArgMax or ArgMin: the values found, and where.
std::pair<Array, Array> compute_extremes(Reduction op, const Array& x, uint32_t axes, bool keepdim);

}  // namespace cc
