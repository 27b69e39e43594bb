#include "base/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>

#include "base/env.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/parallel_backend.h"
#include "base/resources.h"
#include "base/waiter.h"

namespace cc {

namespace {

enum Backend { kOpenmp, kPool };
constexpr int kMostThreads = 1024;
constexpr int64_t kChunksPerThread = 4;  // enough to even out cores of unequal speed

struct ThreadState {
    bool in_team = false;
    int limit = 0;  // of ThreadsScope
};
thread_local ThreadState self;

std::atomic<int> default_threads{0}, chosen_threads{0}, chosen_backend{-1};
std::atomic<bool> team_taken{false}, forked{false};

// A forked child has none of its parent's threads, and libgomp waits for them: it gets a new pool.
void after_fork() {
    forget_pool();
    forked = true;
    team_taken = false;
    default_threads = 0;
    self.in_team = false;
}
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, after_fork);

// The pool comes first even where OpenMP is built in: libgomp waits for every thread of a team, spins for milliseconds when
// idle, and with more threads than free cores was measured eight times slower.
int first_backend() {
    int wanted = env_choice("CONVCORE_THREADING", {"openmp", "pool"}, kPool);
#ifndef CONVCORE_OPENMP
    check(wanted == kPool,
          "environment variable CONVCORE_THREADING: expected 'pool', as this build has no OpenMP, got 'openmp'");
#endif
    return wanted;
}

int backend() {
    if (forked.load(std::memory_order_relaxed)) return kPool;
    int now = chosen_backend.load(std::memory_order_relaxed);
    if (now < 0) {
        int first = first_backend();
        if (chosen_backend.compare_exchange_strong(now, first)) now = first;
    }
    return now;
}

void run_team(int threads, Member member) {
#ifdef CONVCORE_OPENMP
    if (backend() == kOpenmp) return run_openmp(threads, member);
#endif
    run_pool(threads, member);
}

// One team at a time: a thread that finds it taken does its work alone, which cannot deadlock and costs the machine nothing.
class TeamHold {
public:
    TeamHold() : held_(!team_taken.exchange(true, std::memory_order_acquire)) {}
    ~TeamHold() {
        if (held_) team_taken.store(false, std::memory_order_release);
    }
    TeamHold(const TeamHold&) = delete;
    TeamHold& operator=(const TeamHold&) = delete;
    explicit operator bool() const { return held_; }

private:
    bool held_;
};

class MemberScope {
public:
    explicit MemberScope(uint32_t mode) : mode_(mode) { self.in_team = true; }
    ~MemberScope() { self.in_team = false; }

private:
    FloatModeScope mode_;
};

// The exception of the earliest task wins: the one a serial run would have thrown. Tasks before it still run, later ones do not.
class Failure {
public:
    void keep(int64_t task) {
        std::lock_guard lock(mutex_);
        if (task >= first_.load()) return;
        error_ = std::current_exception();
        first_.store(task);
    }
    bool before(int64_t task) const { return first_.load() <= task; }
    bool failed() const { return before(kNever - 1); }
    void rethrow() {
        if (failed()) std::rethrow_exception(std::exchange(error_, nullptr));
    }

private:
    static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
    std::atomic<int64_t> first_{kNever};
    std::mutex mutex_;
    std::exception_ptr error_;
};

// The tasks of a loop, cut into a part for each seat and these into chunks. A member takes the chunks of its own part first, then
// helps with others. Loops over equal arrays are cut equally, so a thread finds in its cache what it wrote in the loop before.
class Shares {
public:
    void cut(int64_t tasks, int64_t parts, int64_t chunks) {
        tasks_ = tasks;
        chunks_ = chunks;
        parts_ = std::min<int64_t>(parts, kMostParts);
        for (int64_t part = 0; part < parts_; ++part) next_[part].chunk.store(first(part), std::memory_order_relaxed);
    }

    // The range of tasks a member at that seat works on next.
    bool take(int seat, int64_t& begin, int64_t& end) {
        for (int64_t k = 0; k < parts_; ++k) {
            const int64_t part = (seat + k) % parts_, last = first(part + 1);
            if (next_[part].chunk.load(std::memory_order_relaxed) >= last) continue;
            const int64_t chunk = next_[part].chunk.fetch_add(1, std::memory_order_relaxed);
            if (chunk >= last) continue;
            begin = start(chunk);
            end = start(chunk + 1);
            return true;
        }
        return false;
    }

private:
    static constexpr int64_t kMostParts = 16;  // more threads than that share parts
    struct alignas(64) Next {
        std::atomic<int64_t> chunk;
    };
    int64_t first(int64_t part) const { return chunks_ * part / parts_; }
    int64_t start(int64_t chunk) const { return tasks_ * chunk / chunks_; }

    int64_t tasks_, chunks_, parts_;
    Next next_[kMostParts];
};

}  // namespace

void parallel_for(int64_t tasks, int64_t grain, FunctionRef<void(int64_t begin, int64_t end)> f) {
    if (tasks <= 0) return;
    const int64_t most = tasks / std::max<int64_t>(1, grain);
    if (most <= 1) return f(0, tasks);
    const int64_t threads = std::min<int64_t>(num_threads(), most);
    if (threads == 1) return f(0, tasks);
    TeamHold team;
    if (!team) return f(0, tasks);

    Shares shares;
    shares.cut(tasks, threads, std::min(most / threads, kChunksPerThread) * threads);
    const uint32_t mode = float_mode();
    Failure failure;
    auto member = [&](int seat) {
        MemberScope scope(mode);
        for (int64_t begin, end; shares.take(seat, begin, end);) {
            if (failure.before(begin)) continue;
            try {
                f(begin, end);
            } catch (...) {
                failure.keep(begin);
            }
        }
    };
    run_team(static_cast<int>(threads), member);
    failure.rethrow();
}

void parallel_stages(std::initializer_list<Stage> stages) {
    constexpr size_t kMostStages = 16;
    check(stages.size() <= kMostStages, "parallel_stages: expected at most ", kMostStages, " stages, got ", stages.size());
    auto serial = [&] {
        for (const Stage& stage : stages)
            for (int64_t task = 0; task < stage.tasks; ++task) stage.f(task);
    };
    int64_t widest = 0;
    for (const Stage& stage : stages) widest = std::max(widest, stage.tasks);
    int64_t threads = std::min<int64_t>(num_threads(), widest);
    if (threads <= 1) return serial();
    TeamHold team;
    if (!team) return serial();

    struct Progress {
        Shares shares;
        alignas(64) std::atomic<int64_t> done{0};
    };
    Progress progress[kMostStages];
    Progress* next = progress;
    for (const Stage& stage : stages)
        (next++)->shares.cut(stage.tasks, threads, std::clamp<int64_t>(stage.tasks, 1, threads * 4 * kChunksPerThread));
    const uint32_t mode = float_mode();
    const bool spin = threads <= default_num_threads();
    Failure failure;
    Waiter barrier;
    auto member = [&](int seat) {
        MemberScope scope(mode);
        Progress* now = progress;
        int64_t before = 0;
        for (const Stage& stage : stages) {
            int64_t done = 0;
            for (int64_t begin, end; now->shares.take(seat, begin, end); done += end - begin) {
                int64_t task = begin;
                try {
                    for (; task < end && !failure.before(before + task); ++task) stage.f(task);
                } catch (...) {
                    failure.keep(before + task);
                    barrier.notify();
                }
            }
            if (done && now->done.fetch_add(done) + done == stage.tasks) barrier.notify();
            barrier.wait([&] { return failure.failed() || now->done.load() >= stage.tasks; }, spin);
            if (failure.failed()) return;
            before += stage.tasks;
            ++now;
        }
    };
    run_team(static_cast<int>(threads), member);
    failure.rethrow();
}

int default_num_threads() {
    int count = default_threads.load(std::memory_order_relaxed);
    if (count > 0) return count;
    count = usable_cpus();
    // OMP_NUM_THREADS is not ours to check; of a list per nesting level the first counts.
    const char* openmp = env_text("OMP_NUM_THREADS");
    if (int limit = openmp ? std::atoi(openmp) : 0; limit > 0) count = std::min(count, limit);
    count = static_cast<int>(std::min<int64_t>(env_integer("CONVCORE_NUM_THREADS", 1, kMostThreads, count), count));
    default_threads.store(count, std::memory_order_relaxed);
    return count;
}

int num_threads() {
    const ThreadState& state = self;
    if (state.in_team) return 1;
    if (state.limit) return state.limit;
    int count = chosen_threads.load(std::memory_order_relaxed);
    if (!count) count = default_num_threads();
#ifdef CONVCORE_OPENMP
    if (backend() == kOpenmp)
        if (int limit = openmp_limit()) count = std::min(count, limit);
#endif
    return count;
}

namespace {

int checked_threads(const char* function, int n) {
    check(n >= 1 && n <= kMostThreads, function, ": n: expected an integer from 1 to ", kMostThreads, ", got ", n);
    return n;
}

}  // namespace

void set_num_threads(int n) { chosen_threads = checked_threads("set_num_threads", n); }

ThreadsScope::ThreadsScope(int n) : previous_(self.limit) { self.limit = checked_threads("threads", n); }
ThreadsScope::~ThreadsScope() { self.limit = previous_; }

const char* threading_backend() { return backend() == kOpenmp ? "openmp" : "pool"; }

void set_threading_backend(const char* name) {
    if (!std::strcmp(name, "pool")) {
        chosen_backend = kPool;
        return;
    }
#ifdef CONVCORE_OPENMP
    check(!forked, "set_threading_backend: name: expected 'pool', as OpenMP hangs in a forked process, got '", name, "'");
    check(!std::strcmp(name, "openmp"), "set_threading_backend: name: expected 'openmp' or 'pool', got '", name, "'");
    chosen_backend = kOpenmp;
#else
    fail(ErrorKind::Value, "set_threading_backend: name: expected 'pool', as this build has no OpenMP, got '", name, "'");
#endif
}

}  // namespace cc
