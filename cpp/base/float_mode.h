// How the calling thread treats denormals. Parallel loops carry the caller's mode to every thread that works for it, so a
// result depends neither on the thread that computed it nor on what other libraries did to a worker.
#pragma once

#include <cstdint>

namespace cc {

uint32_t float_mode();
void set_float_mode(uint32_t mode);
uint32_t flushing(uint32_t mode);  // the same mode with denormals read and written as zero

class FloatModeScope {
public:
    explicit FloatModeScope(uint32_t mode) : previous_(float_mode()), changed_(mode != previous_) {
        if (changed_) set_float_mode(mode);
    }
    ~FloatModeScope() {
        if (changed_) set_float_mode(previous_);
    }
    FloatModeScope(const FloatModeScope&) = delete;
    FloatModeScope& operator=(const FloatModeScope&) = delete;

private:
    uint32_t previous_;
    bool changed_;
};

// While it lives, this thread and the loops it starts flush denormals: they cost a hundred times a normal multiplication.
class FlushDenormals {
public:
    FlushDenormals() : scope_(flushing(float_mode())) {}

private:
    FloatModeScope scope_;
};

}  // namespace cc
