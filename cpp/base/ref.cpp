#include "base/ref.h"

namespace cc {

namespace {
PythonCounting python{};
}

void install_python_counting(PythonCounting functions) { python = functions; }

void Counted::inc_python(uintptr_t state) { python.inc(reinterpret_cast<void*>(state)); }

void Counted::dec_python(uintptr_t state) { python.dec(reinterpret_cast<void*>(state)); }

int64_t Counted::use_count() const {
    uintptr_t state = state_.load(std::memory_order_relaxed);
    return state & 1 ? static_cast<int64_t>(state >> 1) : python.count(reinterpret_cast<void*>(state));
}

void* Counted::self_py() const {
    uintptr_t state = state_.load(std::memory_order_relaxed);
    return state & 1 ? nullptr : reinterpret_cast<void*>(state);
}

void Counted::set_self_py(void* object) {
    uintptr_t count = state_.load(std::memory_order_relaxed) >> 1;
    state_.store(reinterpret_cast<uintptr_t>(object), std::memory_order_relaxed);
    for (uintptr_t i = 0; i < count; ++i) python.inc(object);
}

}  // namespace cc
