// The instruction sets to test with: all that the machine has. Under ThreadSanitizer, which looks for
// races between tasks, the widest alone: tasks are cut alike for each of them.
#pragma once

#include <vector>

#include "base/cpu.h"

inline std::vector<cc::Isa> tested_isas() {
#if defined(__SANITIZE_THREAD__)
    return {cc::machine_isa()};
#else
    std::vector<cc::Isa> all;
    for (cc::Isa isa : {cc::Isa::Generic, cc::Isa::Avx2, cc::Isa::Avx512})
        if (isa <= cc::machine_isa()) all.push_back(isa);
    return all;
#endif
}
