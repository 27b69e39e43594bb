// Contents that are computed when they are first asked for: the end of a chain of passes over memory that may still grow.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

#include "base/ref.h"

namespace cc {

constexpr size_t kWorthWaiting = 4096;  // bytes of contents: to pass over fewer takes no longer than to keep what waits

// One storage has it as its contents, the storages it reads know it as their reader: they have it computed before they are
// written to. Any thread may ask.
class Deferred : public Counted {
public:
    void* data();  // computes what is not there yet
    bool pending() const { return !data_.load(std::memory_order_acquire); }
    bool over() const { return over_.load(std::memory_order_acquire); }
    void* abandon();  // by its storage: nobody will ask again; the memory, if there is any

protected:
    size_t bytes() const { return bytes_; }
    explicit Deferred(size_t bytes) : bytes_(bytes) {}
    virtual void* borrow() { return nullptr; }  // memory of a source that nobody else holds, to compute in place
    virtual void compute(void* out) = 0;
    virtual void unread() {}     // abandoned before anybody asked
    virtual void release() = 0;  // what compute() needed; memory that was borrowed, and now holds the result, is given up

    // f() while nothing is computed or released; false where that has happened.
    template <class F>
    bool while_pending(F f) {
        std::lock_guard lock(mutex_);
        if (over_) return false;
        f();
        return true;
    }

    // f() in the place of compute(), while nothing is computed or released; then all is over. False where it was before.
    template <class F>
    bool instead(F f) {
        std::lock_guard lock(mutex_);
        if (over_) return false;
        f();
        over_ = true;
        release();
        return true;
    }

private:
    std::mutex mutex_;
    std::atomic<void*> data_{nullptr};
    std::atomic<bool> over_{false};  // computed or abandoned
    const size_t bytes_;
};

}  // namespace cc
