// What the elementwise units of each instruction set export.
#pragma once

#include "kernels/elementwise/formulas.h"

namespace cc {

// Indexed by Dtype. Those of an instruction set that has none for a dtype are null.
namespace generic {
struct FormulaInfo {
    const char* name;
    bool gives_bool;
};
extern const FormulaInfo unary_info[], binary_info[], ternary_info[];
extern const ElementwiseLoops elementwise_loops[6];
}  // namespace generic

}  // namespace cc
