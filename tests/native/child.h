// Runs a function in a forked child that must end in time.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace testing {

// ThreadSanitizer refuses threads in a forked child. Under either sanitizer memory comes from its allocator, whose locks a fork
// may copy while another thread holds them: a child that allocates then hangs, whatever ours does.
#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadsAfterFork = false, kForkWhileAllocating = false;
#elif defined(__SANITIZE_ADDRESS__)
constexpr bool kThreadsAfterFork = true, kForkWhileAllocating = false;
#else
constexpr bool kThreadsAfterFork = true, kForkWhileAllocating = true;
#endif

// The child's answer, or -1 where it hung or died.
template <class F>
int in_child(F f) {
    std::fflush(nullptr);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        int answer = 99;
        try {
            answer = f();
        } catch (...) {
        }
        _exit(answer);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace testing
