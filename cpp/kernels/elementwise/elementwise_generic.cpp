// Loops for every dtype in plain C++, and what the table says of each function: its name and kind
// of result.
#include <type_traits>

#include "kernels/elementwise/loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {

#include "kernels/elementwise/loops.inl"

template <class F, class... V>
constexpr bool gives_bool = std::is_same_v<decltype(F::apply(V{}...)), LaneMask>;

}  // namespace

#define CC_ROW(Name, text, domain, formula_) {text, gives_bool<formula::Name, F32, F32, F32>},
const FormulaInfo unary_info[] = {CC_UNARY_FORMULAS(CC_ROW)};
#undef CC_ROW
#define CC_ROW(Name, text, domain, formula_) {text, gives_bool<formula::Name, F32, F32, F32, F32>},
const FormulaInfo binary_info[] = {CC_BINARY_FORMULAS(CC_ROW)};
#undef CC_ROW
#define CC_ROW(Name, text, domain, formula_) {text, false},
const FormulaInfo ternary_info[] = {CC_TERNARY_FORMULAS(CC_ROW){"where", false}};
#undef CC_ROW

const ElementwiseLoops elementwise_loops[] = {loops_of<Lane<bool>>,    loops_of<Lane<uint8_t>>,
                                              loops_of<Lane<int32_t>>, loops_of<Lane<int64_t>>,
                                              loops_of<F32>,  // of bfloat16, in blocks
                                              loops_of<F32>,           loops_of<F64>};

}  // namespace cc::generic
