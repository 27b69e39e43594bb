// Intrusive reference counting. An object that Python has seen hands its count to its Python object, so both languages
// share one lifetime (`self_py`); the three functions that touch Python are installed by bind/, the core stays free of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace cc {

// What an object owns of other languages or of other counted objects, shown one by one to a cycle collector.
class Visitor;

class Counted {
public:
    Counted() = default;
    Counted(const Counted&) {}
    Counted& operator=(const Counted&) { return *this; }
    virtual ~Counted() = default;

    void inc_ref() const {
        uintptr_t state = state_.load(std::memory_order_relaxed);
        while (state & 1)
            if (state_.compare_exchange_weak(state, state + 2, std::memory_order_relaxed)) return;
        inc_python(state);
    }
    // Of an object that no other thread has seen.
    void first_ref() const {
        uintptr_t state = state_.load(std::memory_order_relaxed);
        if (state & 1) return state_.store(state + 2, std::memory_order_relaxed);
        inc_python(state);
    }
    void dec_ref() const {
        uintptr_t state = state_.load(std::memory_order_acquire);
        if (state == 3) return destroy();  // nobody else has it, so nobody can come to have it
        while (state & 1)
            if (state_.compare_exchange_weak(state, state - 2, std::memory_order_acq_rel)) {
                if (state == 3) destroy();
                return;
            }
        dec_python(state);
    }
    int64_t use_count() const;

    void* self_py() const;
    void set_self_py(void* object);

protected:
    // Called when the count reaches zero; overridden by types whose chains are freed iteratively.
    virtual void destroy() const { delete this; }

private:
    static void inc_python(uintptr_t state);
    static void dec_python(uintptr_t state);

    // Low bit 1: count·2 + 1. Low bit 0: address of the Python object.
    mutable std::atomic<uintptr_t> state_{1};
};

struct PythonCounting {
    void (*inc)(void* object);
    void (*dec)(void* object);
    int64_t (*count)(void* object);
};
void install_python_counting(PythonCounting functions);

template <class T>
class Ref {
public:
    Ref() = default;
    Ref(std::nullptr_t) {}
    Ref(T* object) : object_(object) { if (object_) object_->inc_ref(); }
    Ref(const Ref& other) : Ref(other.object_) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    template <class U, class = std::enable_if_t<std::is_convertible_v<U*, T*>>>
    Ref(const Ref<U>& other) : Ref(other.get()) {}
    ~Ref() { if (object_) object_->dec_ref(); }
    static Ref first(T* fresh) {
        Ref ref;
        ref.object_ = fresh;
        fresh->first_ref();
        return ref;
    }
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }

    T* get() const { return object_; }
    T* operator->() const { return object_; }
    T& operator*() const { return *object_; }
    explicit operator bool() const { return object_ != nullptr; }
    bool operator==(const Ref& other) const { return object_ == other.object_; }
    bool operator!=(const Ref& other) const { return object_ != other.object_; }

private:
    T* object_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
    return Ref<T>::first(new T(std::forward<Args>(args)...));
}

}  // namespace cc
