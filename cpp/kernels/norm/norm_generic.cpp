// Loops of normalisation in plain C++.
#include "kernels/norm/norm_loops.h"
#include "kernels/norm/response_loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/norm/norm.inl"
#include "kernels/norm/response.inl"
}  // namespace

const NormLoops norm_loops[] = {loops_of<F32>, loops_of<F64>};
const ResponseLoops response_loops[] = {response_loops_of<F32>, response_loops_of<F64>};

}  // namespace cc::generic
