// The environment variables the library reads. An unknown value is an error, raised by whoever asks first.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace cc {

struct EnvVariable {
    const char* name;
    const char* values;
    const char* meaning;
};
const std::vector<EnvVariable>& env_variables();  // the table, for the documentation and `convcore info`

// Unset and empty are the same: null, or what `otherwise` says.
const char* env_text(const char* variable);
int64_t env_integer(const char* variable, int64_t least, int64_t most, int64_t otherwise);
int env_choice(const char* variable, std::initializer_list<const char*> names, int otherwise);  // index in names
std::vector<std::pair<std::string, std::string>> env_pairs(const char* variable);  // "conv:fft,gemm:ref"

// Reads every variable of the table once, so that a bad value is told at import and not in the middle of a run.
void check_environment();

}  // namespace cc
