// Elementwise functions of one to three operands over broadcast, strided arrays.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/shape.h"
#include "kernels/elementwise/formulas.h"

namespace cc {

// All operands have been broadcast to shape (stride 0) and have dtype `dtype`; the output has
// `out_dtype` = result_dtype(op, dtype). Only Where differs: its first operand is bool. Strides in
// elements. Outputs do not overlap; an input may be the output itself.
struct ElementwiseProblem {
    Shape shape;
    Dtype dtype, out_dtype;
    Shape strides[3];
    Shape out_strides;
    bool widened[3] = {};  // of bfloat16: this operand is float32 already
};

// TypeError for a dtype the function does not accept (accepts() tells), ValueError for an integer
// division by zero. A scalar operand needs no array: pass its address with all strides 0.
void elementwise(Unary op, const ElementwiseProblem& problem, const void* x, void* out,
                 double parameter = 0, double parameter2 = 0);
void elementwise(Binary op, const ElementwiseProblem& problem, const void* a, const void* b,
                 void* out, double parameter = 0, double parameter2 = 0);
void elementwise(Ternary op, const ElementwiseProblem& problem, const void* a, const void* b,
                 const void* c, void* out, double parameter = 0, double parameter2 = 0);

// The loop over contiguous operands, on this thread.
BinaryLoop loop_of(Binary op, Dtype dtype);

// PyTorch's name.
const char* name(Unary op);
const char* name(Binary op);
const char* name(Ternary op);

// Bool for comparisons and tests, else dtype.
Dtype result_dtype(Unary op, Dtype dtype);
Dtype result_dtype(Binary op, Dtype dtype);
Dtype result_dtype(Ternary op, Dtype dtype);

bool accepts(Unary op, Dtype dtype);
bool accepts(Binary op, Dtype dtype);
bool accepts(Ternary op, Dtype dtype);

}  // namespace cc
