// The instruction sets kernels are written for, which of them this machine has, and which one runs.
#pragma once

#include <string>

namespace cc {

enum class Isa { Generic, Avx2, Avx512 };

const char* name(Isa isa);
Isa machine_isa();       // the best the CPU and the operating system support
Isa isa();               // the one kernels may use: machine_isa(), lowered by CONVCORE_ISA or set_isa
void set_isa(Isa isa);   // ValueError when this machine lacks it
Isa parse_isa(const std::string& text);  // "generic", "avx2", "avx512"; ValueError otherwise
std::string cpu_name();

}  // namespace cc
