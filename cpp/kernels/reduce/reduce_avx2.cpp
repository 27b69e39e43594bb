#include "kernels/reduce/loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/reduce/loops.inl"
}  // namespace

const ReductionTable reductions = table;

}  // namespace cc::avx2
