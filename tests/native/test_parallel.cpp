#include "base/parallel.h"

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/float_mode.h"
#include "base/resources.h"
#include "child.h"
#include "testing.h"

using namespace cc;

namespace {

std::vector<const char*> backends() {
#ifdef _OPENMP
    return {"openmp", "pool"};
#else
    return {"pool"};
#endif
}

template <class F>
void every_backend(F f) {
    for (const char* backend : backends()) {
        set_threading_backend(backend);
        EXPECT(std::string(threading_backend()) == backend);
        for (int threads : {1, 2, 3, 8}) {
            ThreadsScope scope(threads);
            f();
        }
    }
    set_threading_backend(backends()[0]);
}

bool covers_once(int64_t tasks, int64_t grain) {
    std::vector<std::atomic<int>> seen(static_cast<size_t>(tasks));
    std::atomic<bool> ok{true};
    parallel_for(tasks, grain, [&](int64_t begin, int64_t end) {
        if (begin >= end || (end - begin < grain && end - begin < tasks)) ok = false;
        for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
    });
    for (auto& count : seen)
        if (count != 1) ok = false;
    return ok;
}

}  // namespace

TEST(ranges_cover_once_and_have_a_grain) {
    every_backend([] {
        for (int64_t tasks : {0, 1, 2, 7, 64, 1000, 1001})
            for (int64_t grain : {1, 3, 16, 5000}) EXPECT(covers_once(tasks, grain));
    });
}

TEST(many_small_loops) {
    every_backend([] {
        std::atomic<int64_t> sum{0};
        for (int i = 0; i < 2000; ++i)
            parallel_for(8, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
        EXPECT(sum == 16000);
    });
}

TEST(exceptions_come_out_and_the_earliest_wins) {
    every_backend([] {
        for (int repeat = 0; repeat < 20; ++repeat) {
            std::string text;
            try {
                parallel_for(100, 1, [](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        if (i >= 30) fail(ErrorKind::Value, "task ", i);
                });
            } catch (const Error& error) {
                text = error.what();
            }
            EXPECT(text == "task 30");
            EXPECT_ERROR(parallel_stages({{10, [](int64_t) {}},
                                          {10, [](int64_t i) { if (i == 4) fail(ErrorKind::Index, "stage"); }},
                                          {10, [](int64_t) { std::abort(); }}}),
                         Index, "stage");
        }
        EXPECT(covers_once(100, 1));
    });
}

TEST(nested_loops_are_serial) {
    every_backend([] {
        std::atomic<int64_t> sum{0};
        const int outside = num_threads();
        parallel_for(16, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                std::thread::id me = std::this_thread::get_id();
                parallel_for(100, 1, [&](int64_t b, int64_t e) {
                    if (std::this_thread::get_id() == me) sum += e - b;
                });
                if (outside > 1 && num_threads() != 1) sum = -1000000;
            }
        });
        EXPECT(sum == 1600);
        EXPECT(num_threads() == outside);
    });
}

TEST(stages_wait_for_each_other) {
    every_backend([] {
        for (int repeat = 0; repeat < 50; ++repeat) {
            std::vector<int64_t> a(300), b(300);
            std::atomic<int64_t> total{0};
            parallel_stages({{300, [&](int64_t i) { a[static_cast<size_t>(i)] = i; }},
                             {0, [&](int64_t) { total = -1; }},
                             {300, [&](int64_t i) { b[static_cast<size_t>(i)] = a[static_cast<size_t>(299 - i)]; }},
                             {1, [&](int64_t) { for (int64_t x : b) total += x; }}});
            EXPECT(total == 299 * 150);
        }
    });
}

TEST(several_callers_at_once) {
    every_backend([] {
        const int threads = num_threads();
        std::atomic<int64_t> sum{0};
        std::vector<std::thread> callers;
        for (int t = 0; t < 4; ++t)
            callers.emplace_back([&, threads] {
                ThreadsScope scope(threads);
                for (int i = 0; i < 300; ++i)
                    parallel_for(20, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
            });
        for (auto& caller : callers) caller.join();
        EXPECT(sum == 4 * 300 * 20);
    });
}

TEST(a_forked_child_has_threads_of_its_own) {
    if (!testing::kThreadsAfterFork) return;
    for (const char* backend : backends()) {
        set_threading_backend(backend);
        ThreadsScope scope(3);
        EXPECT(covers_once(1000, 1));
        for (int repeat = 0; repeat < 4; ++repeat)
            EXPECT(testing::in_child([] {
                       if (std::string(threading_backend()) != "pool") return 1;
                       for (int i = 0; i < 50; ++i)
                           if (!covers_once(1000, 1)) return 2;
                       return testing::in_child([] { return covers_once(1000, 1) ? 0 : 3; });
                   }) == 0);
        EXPECT(covers_once(1000, 1));
    }
    set_threading_backend(backends()[0]);
}

TEST(a_fork_while_others_work) {
    if (!testing::kThreadsAfterFork || !testing::kForkWhileAllocating) return;
    std::atomic<bool> stop{false};
    std::thread worker([&] {
        ThreadsScope scope(2);
        while (!stop) EXPECT(covers_once(100, 1));
    });
    for (int repeat = 0; repeat < 10; ++repeat)
        EXPECT(testing::in_child([] {
                   ThreadsScope scope(2);
                   return covers_once(500, 1) ? 0 : 1;
               }) == 0);
    stop = true;
    worker.join();
}

TEST(thread_counts) {
    EXPECT(default_num_threads() >= 1);
    set_num_threads(5);
    EXPECT(num_threads() == 5);
    {
        ThreadsScope outer(3);
        EXPECT(num_threads() == 3);
        ThreadsScope inner(1);
        EXPECT(num_threads() == 1);
        int elsewhere = 0;
        std::thread([&] { elsewhere = num_threads(); }).join();
        EXPECT(elsewhere == 5);
    }
    EXPECT(num_threads() == 5);
    set_num_threads(default_num_threads());
    EXPECT_ERROR(set_num_threads(0), Value, "set_num_threads: n: expected an integer from 1 to 1024, got 0");
    EXPECT_ERROR(ThreadsScope(-1), Value, "threads: n: expected");
    EXPECT_ERROR(set_threading_backend("tbb"), Value, "got 'tbb'");
}

TEST(workers_take_the_callers_float_mode) {
    every_backend([] {
        FlushDenormals flush;
        const uint32_t mode = float_mode();
        std::atomic<int> wrong{0};
        parallel_for(64, 1, [&](int64_t, int64_t) { wrong += float_mode() != mode; });
        EXPECT(wrong == 0);
    });
    const uint32_t mode = float_mode();
    EXPECT(mode == 0 || mode != flushing(mode));
    std::atomic<int> wrong{0};
    ThreadsScope scope(4);
    parallel_for(64, 1, [&](int64_t, int64_t) { wrong += float_mode() != mode; });
    EXPECT(wrong == 0);
}

namespace {

struct FakeRoot {
    FakeRoot() {
        char name[] = "/tmp/cgroup-test-XXXXXX";
        path = mkdtemp(name);
    }
    ~FakeRoot() { std::filesystem::remove_all(path); }
    void write(const std::string& file, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(path + file).parent_path());
        std::ofstream(path + file) << text;
    }
    std::string path;
};

}  // namespace

TEST(quota_of_control_groups) {
    FakeRoot v2;
    EXPECT(cpu_quota(v2.path) == 0);
    v2.write("/proc/self/cgroup", "0::/user/job\n");
    v2.write("/sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
    EXPECT(cpu_quota(v2.path) == 0);
    v2.write("/sys/fs/cgroup/user/cpu.max", "250000 100000\n");
    v2.write("/sys/fs/cgroup/user/job/memory.max", "1048576\n");
    EXPECT(cpu_quota(v2.path) == 3);
    EXPECT(memory_limit(v2.path) == 1048576);
    EXPECT(usable_memory(v2.path) == 1048576);
    v2.write("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    EXPECT(cpu_quota(v2.path) == 1);
    EXPECT(usable_cpus(v2.path) == 1);

    FakeRoot v1;
    v1.write("/proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n3:memory:/\n");
    v1.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
    v1.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    v1.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "4096\n");
    EXPECT(cpu_quota(v1.path) == 4);
    EXPECT(memory_limit(v1.path) == 4096);
    v1.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    EXPECT(cpu_quota(v1.path) == 0);
}

TEST(siblings_count_once) {
    FakeRoot root;
    const int all = static_cast<int>(2 * std::thread::hardware_concurrency());
    for (int cpu = 0; cpu < all; ++cpu)
        root.write("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list", "0-1\n");
    EXPECT(usable_cpus(root.path) == 1);
}
