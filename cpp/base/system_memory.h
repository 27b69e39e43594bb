// Memory from the system, 64-byte aligned; from 4 MB on 2 MB-aligned and on huge pages where the system has them.
#pragma once

#include <cstddef>

namespace cc {

void* system_allocate(size_t bytes) noexcept;  // bytes: a size class; null when the system refuses
void system_release(void* data, size_t bytes) noexcept;
void system_forget(void* data, size_t bytes) noexcept;  // keeps the addresses, gives back what is there

}  // namespace cc
