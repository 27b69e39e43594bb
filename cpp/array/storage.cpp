#include "array/storage.h"

#include "base/allocator.h"

namespace cc {

Storage::Storage(size_t bytes) : data_(allocate(bytes, MemoryUse::Tensor)), bytes_(bytes) {}

Storage::Storage(void* data, size_t bytes, std::function<void()> release)
    : data_(data), bytes_(bytes), release_(std::move(release)) {}

Storage::~Storage() {
    if (release_)
        release_();
    else
        deallocate(data_, bytes_, MemoryUse::Tensor);
}

}  // namespace cc
