#include "kernels/reduce/loops.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/reduce/loops.inl"
}  // namespace

const ReductionTable reductions = table;

}  // namespace cc::avx512
