#include "base/system_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace cc {

namespace {

constexpr size_t kMapped = size_t{4} << 20, kHugePage = size_t{2} << 20;

}  // namespace

void* system_allocate(size_t bytes) noexcept {
    if (bytes < kMapped) return std::aligned_alloc(64, bytes);
    void* mapped = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    char* base = static_cast<char*>(mapped);
    size_t before = (kHugePage - reinterpret_cast<uintptr_t>(base) % kHugePage) % kHugePage;
    if (before) munmap(base, before);
    munmap(base + before + bytes, kHugePage - before);
#ifdef MADV_HUGEPAGE
    madvise(base + before, bytes, MADV_HUGEPAGE);
#endif
    return base + before;
}

void system_forget(void* data, size_t bytes) noexcept { madvise(data, bytes, MADV_DONTNEED); }

void system_release(void* data, size_t bytes) noexcept {
    if (bytes < kMapped)
        std::free(data);
    else
        munmap(data, bytes);
}

}  // namespace cc
