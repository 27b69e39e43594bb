// Loops of the recurrent cells in plain C++.
#include "kernels/recurrent/recurrent_loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/recurrent/recurrent.inl"
}  // namespace

const RecurrentLoops recurrent_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::generic
