// Three caches above the system. A magazine per thread keeps small blocks and needs no lock; what overflows it, blocks of middle
// size and whatever a thread leaves at its end go to one shared list per size class; large blocks are cut from regions. Past the
// limit regions that are free go back first, then the class that was used longest ago, so that sizes that no longer occur do not
// crowd out those that do.
#include "base/allocator.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/regions.h"
#include "base/resources.h"
#include "base/size_class.h"
#include "base/system_memory.h"

namespace cc {

#ifdef NDEBUG
std::atomic<bool> poisoned{false};
#else
std::atomic<bool> poisoned{true};
#endif

namespace {

// A sanitizer sees use after free only where every block comes from the system and goes back to it.
constexpr bool kCaching = !kSanitized;

constexpr int kUses = 3;
constexpr const char* kUseNames[kUses] = {"a tensor", "packed weights", "workspace"};

struct alignas(64) Counter {
    std::atomic<int64_t> bytes{0};
};
Counter in_use[kUses];
std::atomic<int64_t> peak{0}, peak_of_workspace{0};
thread_local const char* current_op = nullptr;

int64_t total_in_use() {
    int64_t sum = 0;
    for (const Counter& counter : in_use) sum += counter.bytes.load(std::memory_order_relaxed);
    return sum;
}

void raise(std::atomic<int64_t>& most, int64_t now) {
    int64_t before = most.load(std::memory_order_relaxed);
    while (now > before && !most.compare_exchange_weak(before, now, std::memory_order_relaxed)) {}
}

void count(int64_t bytes, MemoryUse use) {
    const int64_t now = in_use[static_cast<int>(use)].bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (bytes <= 0) return;
    raise(peak, total_in_use());
    if (use == MemoryUse::Workspace) raise(peak_of_workspace, now);
}

size_t memory_of_machine() {
    static const size_t bytes = std::min<size_t>(kLargestBlock, static_cast<size_t>(usable_memory()));
    return bytes;
}

[[noreturn, gnu::cold]] void refuse(size_t bytes, MemoryUse use) {
    fail(ErrorKind::Memory, current_op ? current_op : "allocate", ": could not get ", bytes, " bytes for ",
         kUseNames[static_cast<int>(use)], " (", total_in_use(), " bytes in use, ", memory_of_machine(), " in the machine)");
}

// A free block: the list goes through the blocks themselves.
struct Block {
    Block* next;
    int size_class;
};

struct List {
    Block* first = nullptr;
    int64_t blocks = 0;

    void push(Block* block) {
        block->next = first;
        first = block;
        ++blocks;
    }
    Block* pop() {
        Block* block = first;
        if (block) {
            first = block->next;
            --blocks;
        }
        return block;
    }
};

void release(List list) noexcept {
    while (Block* block = list.pop()) system_release(block, class_bytes(block->size_class));
}

constexpr int kSmallClasses = 64;  // up to 64 KB
constexpr int64_t kMagazineBytes = 1 << 20;

int64_t most_blocks(int size_class) {
    return std::clamp<int64_t>((128 << 10) / static_cast<int64_t>(class_bytes(size_class)), 2, 64);
}

struct Magazine {
    List lists[kSmallClasses];
    std::atomic<int64_t> bytes{0};  // written by its thread alone
    uint64_t flushes_seen = 0;

    void add(int64_t change) { bytes.store(bytes.load(std::memory_order_relaxed) + change, std::memory_order_relaxed); }
};

struct SharedCache {
    std::mutex mutex;
    List lists[kSizeClasses];
    uint64_t last_use[kSizeClasses] = {};
    uint64_t uses = 0;
    int64_t bytes = 0;  // in lists
    Regions regions;
    int64_t limit = kCaching ? std::min<int64_t>(int64_t{2} << 30, static_cast<int64_t>(memory_of_machine()) / 4) : 0;
    std::vector<Magazine*> magazines;
    std::atomic<uint64_t> flushes{0};

    void put(Block* block) {
        int size_class = block->size_class;
        lists[size_class].push(block);
        last_use[size_class] = ++uses;
        bytes += static_cast<int64_t>(class_bytes(size_class));
    }
    Block* take(int size_class) {
        Block* block = lists[size_class].pop();
        if (block) bytes -= static_cast<int64_t>(class_bytes(size_class));
        last_use[size_class] = ++uses;
        return block;
    }
    // What must go, for the caller to give back once it has left the lock.
    List excess(int64_t allowed) {
        List list;
        while (bytes + regions.kept() > allowed) {
            const Regions::Piece piece = regions.give_back();
            if (!piece.data) break;
            if (piece.whole)
                system_release(piece.data, piece.bytes);
            else
                system_forget(piece.data, piece.bytes);
        }
        allowed = std::max<int64_t>(0, allowed - regions.kept());
        while (bytes > allowed) {
            int oldest = -1;
            for (int c = 0; c < kSizeClasses; ++c)
                if (lists[c].first && (oldest < 0 || last_use[c] < last_use[oldest])) oldest = c;
            while (bytes > allowed) {
                Block* block = lists[oldest].pop();
                if (!block) break;
                bytes -= static_cast<int64_t>(class_bytes(oldest));
                list.push(block);
            }
        }
        return list;
    }
};

// Never destroyed: threads and static objects may still give memory back while the process ends.
SharedCache& shared() {
    static SharedCache& cache = *new SharedCache;
    return cache;
}

enum class MagazineState : char { None, Open, Closed };
thread_local MagazineState state = MagazineState::None;
thread_local Magazine* magazine = nullptr;

void flush(Magazine& from) {
    SharedCache& cache = shared();
    List excess;
    {
        std::lock_guard lock(cache.mutex);
        for (List& list : from.lists)
            while (Block* block = list.pop()) cache.put(block);
        from.bytes.store(0, std::memory_order_relaxed);
        excess = cache.excess(cache.limit);
    }
    release(excess);
}

struct MagazineOwner {
    std::unique_ptr<Magazine> mine;

    ~MagazineOwner() {
        state = MagazineState::Closed;
        magazine = nullptr;
        if (!mine) return;
        flush(*mine);
        SharedCache& cache = shared();
        std::lock_guard lock(cache.mutex);
        auto& all = cache.magazines;
        all.erase(std::remove(all.begin(), all.end(), mine.get()), all.end());
    }
};
thread_local MagazineOwner owner;

// Null where a thread is ending, or has no memory for one.
[[gnu::noinline]] Magazine* open_magazine() noexcept {
    if (state == MagazineState::Closed) return nullptr;
    try {
        SharedCache& cache = shared();
        auto fresh = std::make_unique<Magazine>();
        std::lock_guard lock(cache.mutex);
        cache.magazines.push_back(fresh.get());
        fresh->flushes_seen = cache.flushes.load(std::memory_order_relaxed);
        owner.mine = std::move(fresh);
        state = MagazineState::Open;
        return magazine = owner.mine.get();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

Magazine* my_magazine() {
    Magazine* mine = magazine ? magazine : open_magazine();
    if (mine) {
        uint64_t flushes = shared().flushes.load(std::memory_order_relaxed);
        if (mine->flushes_seen != flushes) {
            mine->flushes_seen = flushes;
            flush(*mine);
        }
    }
    return mine;
}

void* take_cached(int size_class) {
    const auto bytes = static_cast<int64_t>(class_bytes(size_class));
    Magazine* mine = size_class < kSmallClasses ? my_magazine() : nullptr;
    if (mine) {
        if (Block* block = mine->lists[size_class].pop()) {
            mine->add(-bytes);
            return block;
        }
    }
    SharedCache& cache = shared();
    std::lock_guard lock(cache.mutex);
    Block* block = cache.take(size_class);
    if (block && mine)
        for (int64_t more = most_blocks(size_class) / 2; more > 0 && cache.lists[size_class].first; --more) {
            mine->lists[size_class].push(cache.take(size_class));
            mine->add(bytes);
        }
    return block;
}

void put_cached(void* data, int size_class) noexcept {
    const auto bytes = static_cast<int64_t>(class_bytes(size_class));
    Block* block = static_cast<Block*>(data);
    block->size_class = size_class;
    Magazine* mine = size_class < kSmallClasses ? my_magazine() : nullptr;
    List overflow;
    if (mine) {
        List& list = mine->lists[size_class];
        list.push(block);
        mine->add(bytes);
        if (list.blocks <= most_blocks(size_class) && mine->bytes.load(std::memory_order_relaxed) <= kMagazineBytes)
            return;
        for (int64_t half = (list.blocks + 1) / 2; half > 0; --half) {
            overflow.push(list.pop());
            mine->add(-bytes);
        }
    } else {
        overflow.push(block);
    }
    SharedCache& cache = shared();
    List excess;
    {
        std::lock_guard lock(cache.mutex);
        while (Block* one = overflow.pop()) cache.put(one);
        excess = cache.excess(cache.limit);
    }
    release(excess);
}

void* take_large(size_t bytes) {
    SharedCache& cache = shared();
    {
        std::lock_guard lock(cache.mutex);
        if (void* data = cache.regions.take(bytes)) return data;
    }
    const size_t whole = class_bytes(size_class(std::max(bytes, kRegion)));
    void* region = system_allocate(whole);
    if (!region) return nullptr;
    std::lock_guard lock(cache.mutex);
    cache.regions.add(region, whole);
    return cache.regions.take(bytes);
}

void put_large(void* data) noexcept {
    SharedCache& cache = shared();
    List excess;
    {
        std::lock_guard lock(cache.mutex);
        cache.regions.put(data);
        excess = cache.excess(cache.limit);
    }
    release(excess);
}

void* take(size_t bytes) {
    if constexpr (!kCaching) return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (bytes >= kLargeBlock) return take_large(bytes);
    const int wanted = size_class(bytes);
    void* data = take_cached(wanted);
    return data ? data : system_allocate(class_bytes(wanted));
}

// The lock is held across a fork, so the child finds the lists whole; magazines of threads it does not have are lost to it.
[[maybe_unused]] const int registered = pthread_atfork(
    [] { shared().mutex.lock(); }, [] { shared().mutex.unlock(); },
    [] {
        SharedCache& cache = shared();
        cache.magazines.clear();
        if (magazine) cache.magazines.push_back(magazine);
        cache.mutex.unlock();
    });

}  // namespace

void* allocate(size_t bytes, MemoryUse use) {
    if (bytes > memory_of_machine() || total_in_use() > static_cast<int64_t>(memory_of_machine() - bytes)) refuse(bytes, use);
    void* data = take(bytes);
    if (!data) {
        empty_cache();
        data = take(bytes);
        if (!data) refuse(bytes, use);
    }
    count(static_cast<int64_t>(bytes), use);
    if (poisoned.load(std::memory_order_relaxed)) std::memset(data, 0xff, bytes);
    return data;
}

void deallocate(void* data, size_t bytes, MemoryUse use) noexcept {
    if (!data) return;
    count(-static_cast<int64_t>(bytes), use);
    if constexpr (kCaching)
        bytes >= kLargeBlock ? put_large(data) : put_cached(data, size_class(bytes));
    else
        std::free(data);
}

MemoryStats memory_stats() {
    SharedCache& cache = shared();
    std::lock_guard lock(cache.mutex);
    int64_t cached = cache.bytes + cache.regions.kept();
    for (const Magazine* one : cache.magazines) cached += one->bytes.load(std::memory_order_relaxed);
    return {in_use[0].bytes.load(), in_use[1].bytes.load(), in_use[2].bytes.load(), cached, peak.load()};
}

void reset_peak_memory() { peak = total_in_use(); }

int64_t workspace_peak() { return peak_of_workspace.load(std::memory_order_relaxed); }

int64_t restart_workspace_peak() {
    const int64_t now = in_use[static_cast<int>(MemoryUse::Workspace)].bytes.load(std::memory_order_relaxed);
    peak_of_workspace = now;
    return now;
}

// Magazines of other threads follow when those threads next allocate.
void empty_cache() {
    SharedCache& cache = shared();
    cache.flushes.fetch_add(1);
    my_magazine();
    List all;
    {
        std::lock_guard lock(cache.mutex);
        all = cache.excess(0);
    }
    release(all);
}

int64_t cache_limit() {
    SharedCache& cache = shared();
    std::lock_guard lock(cache.mutex);
    return cache.limit;
}

void set_cache_limit(int64_t bytes) {
    check(bytes >= 0, "set_cache_limit: bytes: expected 0 or more, got ", bytes);
    SharedCache& cache = shared();
    List excess;
    {
        std::lock_guard lock(cache.mutex);
        cache.limit = bytes;
        excess = cache.excess(bytes);
    }
    release(excess);
}

void set_poison(bool on) { poisoned = on; }

OpName::OpName(const char* op) : previous_(current_op) { current_op = op; }
OpName::~OpName() { current_op = previous_; }

}  // namespace cc
