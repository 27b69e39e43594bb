// The interpreter's lock, given up and taken back. A daemon thread that wants it while the interpreter ends is made to leave by
// pthread_exit, whose unwinding meets noexcept functions and so would abort the process: it sleeps until the process is gone.
#pragma once

#include <Python.h>

#include <cxxabi.h>
#include <unistd.h>

namespace cc::bind {

template <class F>
void take_gil(F take) noexcept {
#ifdef __GLIBCXX__
    try {
        take();
    } catch (abi::__forced_unwind&) {
        for (;;) pause();
    }
#else
    take();
#endif
}

class GilRelease {
public:
    GilRelease() : state_(PyEval_SaveThread()) {}
    ~GilRelease() {
        take_gil([this] { PyEval_RestoreThread(state_); });
    }
    GilRelease(const GilRelease&) = delete;
    GilRelease& operator=(const GilRelease&) = delete;

private:
    PyThreadState* state_;
};

class GilAcquire {
public:
    GilAcquire() {
        take_gil([this] { state_ = PyGILState_Ensure(); });
    }
    ~GilAcquire() { PyGILState_Release(state_); }
    GilAcquire(const GilAcquire&) = delete;
    GilAcquire& operator=(const GilAcquire&) = delete;

private:
    PyGILState_STATE state_;
};

}  // namespace cc::bind
