#include "kernels/reduce/loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/reduce/loops.inl"
}  // namespace

const ReductionTable reductions = table;

}  // namespace cc::generic
