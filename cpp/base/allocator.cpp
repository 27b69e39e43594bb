#include "base/allocator.h"

#include <atomic>
#include <cstdlib>

#include "base/error.h"

namespace cc {

namespace {
std::atomic<int64_t> in_use[3];
std::atomic<int64_t> peak;
}  // namespace

void* allocate(size_t bytes, MemoryUse use) {
    size_t rounded = (bytes + 127) & ~size_t{63};
    void* data = bytes > size_t{1} << 46 ? nullptr : std::aligned_alloc(64, rounded);
    if (!data) fail(ErrorKind::Memory, "could not allocate ", bytes, " bytes");
    in_use[static_cast<int>(use)] += static_cast<int64_t>(bytes);
    int64_t sum = in_use[0] + in_use[1] + in_use[2];
    if (sum > peak) peak = sum;
    return data;
}

void deallocate(void* data, size_t bytes, MemoryUse use) noexcept {
    if (!data) return;
    in_use[static_cast<int>(use)] -= static_cast<int64_t>(bytes);
    std::free(data);
}

MemoryStats memory_stats() { return {in_use[0], in_use[1], in_use[2], 0, peak}; }
void reset_peak_memory() { peak = in_use[0] + in_use[1] + in_use[2]; }
void empty_cache() {}

}  // namespace cc
