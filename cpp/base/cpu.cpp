#include "base/cpu.h"

#include <atomic>
#include <cstdint>
#include <fstream>

#include "base/env.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/waiter.h"

#ifdef CONVCORE_X86
#include <cpuid.h>
#include <xmmintrin.h>
#endif

namespace cc {

namespace {

constexpr const char* kNames[] = {"generic", "avx2", "avx512"};

#ifdef CONVCORE_X86
// A set counts only when the operating system saves its registers: XCR0 bits 1-2 (ymm) and 5-7 (masks, zmm).
Isa detect() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return Isa::Generic;
    constexpr unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
    constexpr unsigned first = fma | osxsave | avx | f16c;
    if ((c & first) != first) return Isa::Generic;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return Isa::Generic;
    constexpr unsigned avx2 = 1u << 3 | 1u << 5 | 1u << 8;                      // bmi, avx2, bmi2
    constexpr unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;      // f, dq, bw, vl
    if ((b & avx2) != avx2) return Isa::Generic;
    return (low & 0xe6) == 0xe6 && (b & avx512) == avx512 ? Isa::Avx512 : Isa::Avx2;
}
#else
Isa detect() { return Isa::Generic; }
#endif

#ifdef CONVCORE_X86
constexpr uint32_t kFlushToZero = 1u << 15, kDenormalsAreZero = 1u << 6;
#endif

Isa allowed_isa() {
    Isa machine = machine_isa();
    auto wanted = static_cast<Isa>(
        env_choice("CONVCORE_ISA", {kNames[0], kNames[1], kNames[2]}, static_cast<int>(machine)));
    check(wanted <= machine, "environment variable CONVCORE_ISA: expected at most ", name(machine),
          ", the best this machine has, got '", name(wanted), "'");
    return wanted;
}

std::atomic<int> chosen{-1};

}  // namespace

const char* name(Isa isa) { return kNames[static_cast<int>(isa)]; }

Isa machine_isa() {
    static const Isa machine = detect();
    return machine;
}

Isa isa() {
    int now = chosen.load(std::memory_order_relaxed);
    if (now < 0) {
        int first = static_cast<int>(allowed_isa());
        if (chosen.compare_exchange_strong(now, first)) now = first;
    }
    return static_cast<Isa>(now);
}

void set_isa(Isa wanted) {
    check(wanted <= machine_isa(), "set_isa: isa: expected at most ", name(machine_isa()),
          ", the best this machine has, got '", name(wanted), "'");
    chosen.store(static_cast<int>(wanted));
}

Isa parse_isa(const std::string& text) {
    for (int i = 0; i < 3; ++i)
        if (text == kNames[i]) return static_cast<Isa>(i);
    fail(ErrorKind::Value, "isa: expected 'generic', 'avx2' or 'avx512', got '", text, "'");
}

#ifdef CONVCORE_X86
uint32_t float_mode() { return _mm_getcsr() & ~0x3fu; }  // without the sticky exception flags
void set_float_mode(uint32_t mode) { _mm_setcsr(mode); }
uint32_t flushing(uint32_t mode) { return mode | kFlushToZero | kDenormalsAreZero; }
void relax() { _mm_pause(); }
#else
uint32_t float_mode() { return 0; }
void set_float_mode(uint32_t) {}
uint32_t flushing(uint32_t mode) { return mode; }
void relax() {}
#endif

std::string cpu_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
            return line.substr(line.find(": ") + 2);
    return "unknown";
}

}  // namespace cc
