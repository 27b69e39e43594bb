// Waiting for a condition on atomics: spin for at most 50 µs, then sleep.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace cc {

void relax();  // tells the CPU that this is a spin loop

class Waiter {
public:
    // `ready` reads atomics sequentially consistently; whoever makes it true calls notify afterwards.
    template <class Ready>
    void wait(Ready ready, bool spin) {
        if (ready()) return;
        if (spin) {
            auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
            do {
                for (int i = 0; i < 16; ++i) {
                    if (ready()) return;
                    relax();
                }
            } while (std::chrono::steady_clock::now() < end);
        }
        std::unique_lock lock(mutex_);
        sleepers_.fetch_add(1);
        changed_.wait(lock, ready);
        sleepers_.fetch_sub(1);
    }

    void notify() { notify(kAll); }
    void notify(int threads) {
        int sleepers = sleepers_.load();
        if (sleepers == 0) return;
        { std::lock_guard lock(mutex_); }
        if (threads >= sleepers) return changed_.notify_all();
        for (; threads > 0; --threads) changed_.notify_one();
    }

private:
    static constexpr int kAll = 1 << 30;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<int> sleepers_{0};
};

}  // namespace cc
