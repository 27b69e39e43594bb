// A pool for one team at a time. The caller never waits for a sleeping thread: it publishes the work, wakes the workers,
// works itself, closes the team to latecomers and waits for those who are in. One word holds the whole state, so joining
// is a compare-and-swap: epoch (32 bits), places still open (16), workers inside (16).
// The pool is never destroyed: its detached threads sleep, and end with the process.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "base/parallel_backend.h"
#include "base/waiter.h"

namespace cc {

namespace {

constexpr uint64_t kInside = 1, kPlace = 1 << 16, kEpoch = uint64_t{1} << 32;

uint64_t inside(uint64_t state) { return state & 0xffff; }
uint64_t places(uint64_t state) { return state >> 16 & 0xffff; }
uint64_t epoch(uint64_t state) { return state >> 32; }

class Pool {
public:
    void run(int threads, Member member) {
        grow(threads - 1);
        member_ = &member;
        uint64_t open = std::min(threads - 1, workers_.load());
        state_.store((epoch(state_.load()) + 1) * kEpoch + open * kPlace);
        idle_.notify(static_cast<int>(open));
        member(0);
        state_.fetch_and(~(0xffff * kPlace));
        left_.wait([&] { return inside(state_.load()) == 0; }, spin());
    }

private:
    // More threads than cores: one that spins would keep another from working.
    bool spin() const { return workers_.load(std::memory_order_relaxed) < default_num_threads(); }

    void grow(int workers) {
        while (workers_ < workers) {
            // Signals are the business of the threads the program started itself.
            sigset_t all, before;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, &before);
            try {
                std::thread([this, seat = workers_ + 1] { work(seat); }).detach();
                ++workers_;
            } catch (const std::exception&) {
                workers = 0;  // the system gives no more: a smaller team does the same work
            }
            pthread_sigmask(SIG_SETMASK, &before, nullptr);
        }
    }

    void work(int seat) {
        for (uint64_t last = 0;;) {
            uint64_t state = 0;
            idle_.wait(
                [&] {
                    state = state_.load();
                    return epoch(state) != last;
                },
                spin());
            // Too late for this team, but spin again: the next often follows at once.
            while (places(state) && !state_.compare_exchange_weak(state, state - kPlace + kInside)) {}
            last = epoch(state);
            if (!places(state)) continue;
            (*member_)(seat);
            if (inside(state_.fetch_sub(kInside)) == 1) left_.notify();
        }
    }

    std::atomic<uint64_t> state_{0};
    Member* member_ = nullptr;
    std::atomic<int> workers_{0};
    Waiter idle_, left_;
};

Pool* pool = nullptr;  // used by the thread that holds the team alone

}  // namespace

void run_pool(int threads, Member member) {
    if (!pool) pool = new Pool;
    pool->run(threads, member);
}

void forget_pool() { pool = nullptr; }

}  // namespace cc
