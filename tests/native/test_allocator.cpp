#include "base/allocator.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "base/parallel.h"
#include "base/regions.h"
#include "base/size_class.h"
#include "child.h"
#include "testing.h"

using namespace cc;

namespace {

constexpr MemoryUse kUse = MemoryUse::Tensor;

bool caching() { return cache_limit() > 0; }

bool aligned(const void* data) { return reinterpret_cast<uintptr_t>(data) % 64 == 0; }

}  // namespace

TEST(classes_are_tight_and_ordered) {
    for (int c = 0; c < kSizeClasses; ++c) {
        size_t bytes = class_bytes(c);
        EXPECT(size_class(bytes) == c);
        EXPECT(bytes % 64 == 0);
        if (c + 1 < kSizeClasses) {
            EXPECT(size_class(bytes + 1) == c + 1);
            EXPECT(bytes < 512 || static_cast<double>(class_bytes(c + 1)) <= 1.126 * static_cast<double>(bytes));
        }
    }
    EXPECT(size_class(0) == 0);
    EXPECT(class_bytes(kSizeClasses - 1) == kLargestBlock);
}

TEST(every_size_is_aligned_writable_and_counted) {
    MemoryStats before = memory_stats();
    std::vector<std::pair<void*, size_t>> blocks;
    int64_t sum = 0;
    for (size_t bytes : {0, 1, 63, 64, 65, 511, 513, 4096, 70000, 4 << 20, (9 << 20) + 1}) {
        void* data = allocate(bytes, MemoryUse::Pack);
        EXPECT(data && aligned(data));
        std::memset(data, 1, bytes);
        blocks.emplace_back(data, bytes);
        sum += static_cast<int64_t>(bytes);
    }
    EXPECT(memory_stats().packs == before.packs + sum);
    EXPECT(memory_stats().tensors == before.tensors);
    for (auto [data, bytes] : blocks) deallocate(data, bytes, MemoryUse::Pack);
    EXPECT(memory_stats().packs == before.packs);
    EXPECT(memory_stats().peak >= before.packs + sum);
    reset_peak_memory();
    EXPECT(memory_stats().peak < before.packs + sum);
    deallocate(nullptr, 8, kUse);
}

TEST(freed_memory_is_used_again) {
    if (!caching()) return;
    for (size_t bytes : {100, 100000, 8 << 20}) {
        void* data = allocate(bytes, kUse);
        deallocate(data, bytes, kUse);
        EXPECT(memory_stats().cached >= static_cast<int64_t>(bytes));
        EXPECT(allocate(bytes, kUse) == data);
        deallocate(data, bytes, kUse);
    }
    empty_cache();
    EXPECT(memory_stats().cached == 0);
}

TEST(large_blocks_of_many_sizes_share_memory) {
    if (!caching()) return;
    empty_cache();
    for (size_t bytes = 1 << 20; bytes < 40 << 20; bytes += 1234567) deallocate(allocate(bytes, kUse), bytes, kUse);
    EXPECT(memory_stats().cached < 2 * (40 << 20));
    // Blocks come and go in any order: none overlaps another, and in the end all of them can be given back.
    struct Held {
        unsigned char* data;
        size_t bytes;
        unsigned char mark;
    };
    std::vector<Held> held;
    unsigned state = 1;
    auto random = [&](size_t below) { return (state = state * 1664525u + 1013904223u) / 256 % below; };
    int64_t live = 0, most = 0;
    for (int i = 0; i < 3000; ++i) {
        if (held.size() > 12 || (i % 3 == 2 && !held.empty())) {
            const size_t at = random(held.size());
            const Held one = held[at];
            EXPECT(one.data[0] == one.mark && one.data[one.bytes / 2] == one.mark && one.data[one.bytes - 1] == one.mark);
            deallocate(one.data, one.bytes, kUse);
            live -= static_cast<int64_t>(one.bytes);
            held[at] = held.back();
            held.pop_back();
        } else {
            const size_t bytes = (size_t{1} << 20) + random(9 << 20);
            auto* data = static_cast<unsigned char*>(allocate(bytes, kUse));
            const auto mark = static_cast<unsigned char>(i);
            data[0] = data[bytes / 2] = data[bytes - 1] = mark;
            held.push_back({data, bytes, mark});
            live += static_cast<int64_t>(bytes);
            most = std::max(most, live);
        }
    }
    EXPECT(memory_stats().cached + live < 2 * most);
    for (const Held& one : held) deallocate(one.data, one.bytes, kUse);
    empty_cache();
    EXPECT(memory_stats().cached == 0);
}

TEST(the_cache_is_bounded) {
    if (!caching()) return;
    int64_t limit = cache_limit();
    set_cache_limit(10 << 20);
    for (size_t bytes = 1 << 20; bytes < 6 << 20; bytes += 300000) deallocate(allocate(bytes, kUse), bytes, kUse);
    EXPECT(memory_stats().cached <= 10 << 20);
    EXPECT(memory_stats().cached > 4 << 20);
    void* recent = allocate(3 << 20, kUse);
    deallocate(recent, 3 << 20, kUse);
    EXPECT(allocate(3 << 20, kUse) == recent);
    deallocate(recent, 3 << 20, kUse);
    set_cache_limit(limit);
    EXPECT_ERROR(set_cache_limit(-1), Value, "set_cache_limit: bytes");
    empty_cache();
}

TEST(blocks_may_be_freed_by_another_thread) {
    for (int repeat = 0; repeat < 5; ++repeat) {
        std::vector<std::pair<void*, size_t>> blocks;
        for (int i = 0; i < 2000; ++i) {
            size_t bytes = static_cast<size_t>(i * 37 % 9000);
            blocks.emplace_back(allocate(bytes, kUse), bytes);
        }
        std::thread([&] {
            for (auto [data, bytes] : blocks) deallocate(data, bytes, kUse);
        }).join();
        if (caching() && repeat) EXPECT(memory_stats().cached < 20 << 20);
    }
    EXPECT(memory_stats().tensors == 0);
    empty_cache();
    EXPECT(memory_stats().cached == 0);
}

TEST(threads_do_not_get_in_each_others_way) {
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            std::vector<std::pair<unsigned char*, size_t>> mine;
            for (int i = 0; i < 3000; ++i) {
                size_t bytes = static_cast<size_t>((i * 7919 + t) % 20000 + 1);
                auto* data = static_cast<unsigned char*>(allocate(bytes, MemoryUse::Workspace));
                data[0] = data[bytes - 1] = static_cast<unsigned char>(t);
                mine.emplace_back(data, bytes);
                if (mine.size() > 20) {
                    auto [old, size] = mine[static_cast<size_t>(i) % 20];
                    if (old[0] != t || old[size - 1] != t) ++wrong;
                    deallocate(old, size, MemoryUse::Workspace);
                    mine[static_cast<size_t>(i) % 20] = mine.back();
                    mine.pop_back();
                }
                if (i % 1000 == 0) empty_cache();
            }
            for (auto [data, bytes] : mine) deallocate(data, bytes, MemoryUse::Workspace);
        });
    for (auto& thread : threads) thread.join();
    EXPECT(wrong == 0);
    EXPECT(memory_stats().workspace == 0);
}

TEST(too_much_is_an_error_with_numbers) {
    EXPECT_ERROR(allocate(size_t{1} << 60, kUse), Memory, "could not get 1152921504606846976 bytes for a tensor");
    EXPECT_ERROR(allocate(~size_t{0}, kUse), Memory, "could not get");
    OpName name("conv2d");
    EXPECT_ERROR(allocate(size_t{1} << 46, MemoryUse::Workspace), Memory, "conv2d: could not get 70368744177664 bytes for workspace");
    EXPECT_ERROR(Scratch<double>(int64_t{1} << 62), Memory, "conv2d: could not get");
    EXPECT_ERROR(Scratch<double>(-1), Memory, "conv2d: could not get");
    EXPECT(memory_stats().tensors == 0 && memory_stats().workspace == 0);
}

TEST(a_full_cache_is_emptied_before_giving_up) {
    if (!caching()) return;
    EXPECT(testing::in_child([] {
               constexpr size_t mb = size_t{1} << 20;
               empty_cache();
               void* parts[] = {allocate(60 * mb, kUse), allocate(70 * mb, kUse), allocate(80 * mb, kUse)};
               rlimit limit;
               size_t pages = 0;
               std::ifstream("/proc/self/statm") >> pages;
               limit.rlim_cur = limit.rlim_max = pages * static_cast<size_t>(sysconf(_SC_PAGESIZE)) + 20 * mb;
               if (setrlimit(RLIMIT_AS, &limit)) return 1;
               deallocate(parts[0], 60 * mb, kUse);
               deallocate(parts[1], 70 * mb, kUse);
               deallocate(parts[2], 80 * mb, kUse);
               void* whole = allocate(200 * mb, kUse);
               deallocate(whole, 200 * mb, kUse);
               try {
                   allocate(400 * mb, kUse);
               } catch (const Error& error) {
                   return error.kind() == ErrorKind::Memory && memory_stats().tensors == 0 ? 0 : 2;
               }
               return 3;
           }) == 0);
}

TEST(poison_is_nan) {
    set_poison(true);
    Scratch<float> numbers(1000), few(3);
    EXPECT(std::isnan(numbers[0]) && std::isnan(numbers[999]));
    EXPECT(std::isnan(few[0]) && std::isnan(few[2]));
    set_poison(false);
}

TEST(a_little_scratch_lies_in_the_frame) {
    if (!caching()) return;
    Scratch<float> few(64);
    EXPECT(aligned(few.data()));
    EXPECT(memory_stats().workspace == 0);
    Scratch<float> more(65);
    EXPECT(aligned(more.data()));
    EXPECT(memory_stats().workspace == 65 * 4);
}

TEST(scratch_in_parallel_tasks) {
    ThreadsScope scope(4);
    std::atomic<int> wrong{0};
    parallel_for(200, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            Scratch<float> numbers(100 + i * 10);
            numbers[0] = 1;
            if (!aligned(numbers.data())) ++wrong;
        }
    });
    EXPECT(wrong == 0);
    EXPECT(memory_stats().workspace == 0);
}

// Of a net whose largest layer is the first of a backward pass, a second one must not find its place cut up.
TEST(large_blocks_leave_much_larger_spans_whole) {
    constexpr size_t mb = size_t{1} << 20;
    std::unique_ptr<char[]> memory(new char[400 * mb]);  // never touched
    Regions regions;
    regions.add(memory.get(), 400 * mb);
    EXPECT(!regions.take(64 * mb));
    void* large = regions.take(390 * mb);
    EXPECT(large);
    regions.put(large);
    void* small = regions.take(20 * mb);  // has no region of its own to go to
    EXPECT(small);
    void* half = regions.take(200 * mb);
    EXPECT(half);
    regions.put(small);
    regions.put(half);
}

TEST(a_fork_leaves_both_sides_working) {
    if (!testing::kForkWhileAllocating) return;
    std::atomic<bool> stop{false};
    std::thread busy([&] {
        while (!stop)
            for (size_t bytes = 64; bytes < 200000; bytes *= 2) deallocate(allocate(bytes, kUse), bytes, kUse);
    });
    for (int repeat = 0; repeat < 20; ++repeat)
        EXPECT(testing::in_child([] {
                   for (size_t bytes = 64; bytes < 10 << 20; bytes *= 2) {
                       void* data = allocate(bytes, kUse);
                       std::memset(data, 1, bytes);
                       deallocate(data, bytes, kUse);
                   }
                   empty_cache();
                   return memory_stats().cached == 0 ? 0 : 1;
               }) == 0);
    stop = true;
    busy.join();
}
