// Parallel loops. Code never sees a thread index or team size, so results cannot depend on either.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <type_traits>

namespace cc {

// A non-owning reference to a callable: parallel loops call it, never keep it.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
public:
    template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, FunctionRef>>>
    FunctionRef(F&& f)
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
          call_([](void* object, Args... args) -> R {
              return (*static_cast<std::remove_reference_t<F>*>(object))(static_cast<Args>(args)...);
          }) {}
    R operator()(Args... args) const { return call_(object_, static_cast<Args>(args)...); }

private:
    void* object_;
    R (*call_)(void*, Args...);
};

// Calls f(begin, end) on ranges that cover [0, tasks) once, each of at least `grain` tasks and as even as may be. Serial
// when tasks < 2·grain, when nested, or with one thread. An exception in f is rethrown here after all threads have stopped.
void parallel_for(int64_t tasks, int64_t grain, FunctionRef<void(int64_t begin, int64_t end)> f);

struct Stage {
    int64_t tasks;
    FunctionRef<void(int64_t task)> f;
};
// Runs the stages in order with a barrier between them, waking the threads once.
void parallel_stages(std::initializer_list<Stage> stages);

int num_threads();               // what a loop started by this thread may use
void set_num_threads(int n);     // process-wide default
int default_num_threads();       // what affinity, container quota, OMP_NUM_THREADS and CONVCORE_NUM_THREADS allow

// While it lives, loops started by this thread use at most n threads.
class ThreadsScope {
public:
    explicit ThreadsScope(int n);
    ~ThreadsScope();
    ThreadsScope(const ThreadsScope&) = delete;
    ThreadsScope& operator=(const ThreadsScope&) = delete;

private:
    int previous_;
};

const char* threading_backend();            // "openmp" or "pool"
void set_threading_backend(const char* name);  // for tests; ValueError when this build lacks it

}  // namespace cc
