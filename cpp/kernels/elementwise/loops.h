// What the elementwise units of each instruction set export.
#pragma once

#include "kernels/elementwise/formulas.h"

namespace cc {

namespace generic {
struct FormulaInfo {
    const char* name;
    bool gives_bool;
};
extern const FormulaInfo unary_info[], binary_info[], ternary_info[];
extern const ElementwiseLoops elementwise_loops[7];  // by Dtype
}  // namespace generic

namespace avx2 {
extern const ElementwiseLoops elementwise_float32, elementwise_float64;
}

namespace avx512 {
extern const ElementwiseLoops elementwise_float32, elementwise_float64;
}

}  // namespace cc
