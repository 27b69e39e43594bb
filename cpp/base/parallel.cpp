#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "base/env.h"
#include "base/error.h"

namespace cc {

namespace {
std::atomic<int> wanted{0};
thread_local int scope = 0;
}  // namespace

void parallel_for(int64_t tasks, int64_t grain, FunctionRef<void(int64_t begin, int64_t end)> f) {
    if (tasks > 0) f(0, tasks);
}

void parallel_stages(std::initializer_list<Stage> stages) {
    for (const Stage& stage : stages)
        for (int64_t task = 0; task < stage.tasks; ++task) stage.f(task);
}

int default_num_threads() {
    return static_cast<int>(env_integer("CONVCORE_NUM_THREADS", 1, 1024, std::thread::hardware_concurrency()));
}
int num_threads() { return scope ? scope : wanted ? wanted.load() : default_num_threads(); }
void set_num_threads(int n) { wanted = n; }
ThreadsScope::ThreadsScope(int n) : previous_(scope) { scope = n; }
ThreadsScope::~ThreadsScope() { scope = previous_; }
const char* threading_backend() { return "pool"; }
void set_threading_backend(const char* name) {
    check(!std::strcmp(name, "pool"), "set_threading_backend: name: expected 'pool', got '", name, "'");
}

}  // namespace cc
