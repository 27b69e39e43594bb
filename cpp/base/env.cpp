#include "base/env.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/cpu.h"
#include "base/error.h"
#include "base/parallel.h"

namespace cc {

const std::vector<EnvVariable>& env_variables() {
    static const auto& table = *new std::vector<EnvVariable>{
        {"CONVCORE_NUM_THREADS", "an integer from 1 to 1024", "threads a parallel loop may use, at most"},
        {"CONVCORE_ISA", "generic, avx2 or avx512", "the highest instruction set kernels may use"},
        {"CONVCORE_IMPL", "op:prefix, comma-separated (conv:fft)", "implementations to force, by the start of their name"},
        {"CONVCORE_VERBOSE", "0 or 1", "log which implementation ran, why, and how fast"},
        {"CONVCORE_THREADING", "openmp or pool", "what runs parallel loops"},
    };
    return table;
}

namespace {

const char* allowed(const char* variable) {
    for (const auto& row : env_variables())
        if (!std::strcmp(row.name, variable)) return row.values;
    return "";
}

[[noreturn]] void refuse(const char* variable, const char* text) {
    fail(ErrorKind::Value, "environment variable ", variable, ": expected ", allowed(variable), ", got '", text, "'");
}

}  // namespace

const char* env_text(const char* variable) {
    const char* text = std::getenv(variable);
    return text && *text ? text : nullptr;
}

int64_t env_integer(const char* variable, int64_t least, int64_t most, int64_t otherwise) {
    const char* text = env_text(variable);
    if (!text) return otherwise;
    char* end;
    errno = 0;
    long long value = std::strtoll(text, &end, 10);
    if (errno || *end || end == text || value < least || value > most) refuse(variable, text);
    return value;
}

int env_choice(const char* variable, std::initializer_list<const char*> names, int otherwise) {
    const char* text = env_text(variable);
    if (!text) return otherwise;
    int index = 0;
    for (const char* name : names) {
        if (!std::strcmp(text, name)) return index;
        ++index;
    }
    refuse(variable, text);
}

std::vector<std::pair<std::string, std::string>> env_pairs(const char* variable) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const char* text = env_text(variable);
    if (!text) return pairs;
    std::string rest = text;
    for (size_t begin = 0; begin <= rest.size();) {
        size_t end = std::min(rest.find(',', begin), rest.size());
        size_t colon = rest.find(':', begin);
        if (colon == std::string::npos || colon == begin || colon + 1 >= end) refuse(variable, text);
        pairs.emplace_back(rest.substr(begin, colon - begin), rest.substr(colon + 1, end - colon - 1));
        begin = end + 1;
    }
    return pairs;
}

void check_environment() {
    env_integer("CONVCORE_NUM_THREADS", 1, 1024, 0);
    env_choice("CONVCORE_ISA", {"generic", "avx2", "avx512"}, 0);
    isa();
    env_pairs("CONVCORE_IMPL");
    env_choice("CONVCORE_VERBOSE", {"0", "1"}, 0);
    env_choice("CONVCORE_THREADING", {"openmp", "pool"}, 0);
    threading_backend();
}

}  // namespace cc
