// The implementation list: one mechanism for algorithm and instruction set. A kernel's entries stand best first, the plain
// reference last; the first one that the machine and the problem accept runs, each other says why it declined.
#pragma once

#include <string>
#include <vector>

#include "base/allocator.h"
#include "base/cpu.h"
#include "base/dtype.h"
#include "base/error.h"

namespace cc {

template <class Problem, class Args>
struct Impl {
    const char* name;                            // "direct_avx512"
    Isa isa;                                     // the instruction set it is compiled for
    const char* (*decline)(const Problem&);      // null: any problem; else returns null to accept or a static reason
    void (*run)(const Problem&, const Args&);
    const char* (*lose)(const Problem&) = nullptr;   // the same where it could, but a later entry is faster; a forced one runs
};

// What ran and why, for explain() and CONVCORE_VERBOSE=1.
struct Decision {
    std::string op, problem, chosen;
    std::vector<std::string> declined;           // "winograd_avx512: stride is not 1"
    double flops, bytes, seconds;
    int64_t workspace;                           // bytes of scratch at most
};

bool decisions_wanted();                          // does anyone listen? (checked before any text is built)
void report(Decision decision);
double now_seconds();

// While it lives, decisions of this thread are collected.
class DecisionLog {
public:
    DecisionLog();
    ~DecisionLog();
    std::vector<Decision> decisions;

private:
    DecisionLog* previous_;
    friend void report(Decision);
};

// The operators whose lists may be forced.
constexpr const char* kListedOps[] = {"affine",    "conv",          "cross_entropy", "fold", "gemm", "grid_sample", "interpolate",
                                      "norm",      "optim",         "pool", "recurrent", "response_norm", "softmax"};
const char* listed(const char* what, const std::string& op);   // the name as it stands there; ValueError for another

// What CONVCORE_IMPL=op:prefix or force_impl asks for; null where nothing is forced.
const char* forced_impl(const char* op);
void force_impl(const std::string& op, const std::string& prefix);  // an empty prefix lifts it

// While it lives, this thread's calls of `op` run only implementations of that name, whatever is forced for all; an empty one
// leaves the choice free.
class ForcedImpl {
public:
    ForcedImpl(const std::string& op, const std::string& prefix) : ForcedImpl(listed("algorithms", op), prefix.c_str()) {}
    ForcedImpl(const char* op, const char* prefix);  // of an operator that is listed
    ~ForcedImpl();
    ForcedImpl(const ForcedImpl&) = delete;
    ForcedImpl& operator=(const ForcedImpl&) = delete;

private:
    friend const char* forced_impl(const char* op);
    const char* op_;
    std::string prefix_;
    ForcedImpl* previous_;
};

// "direct" and "direct_avx2" call "direct_avx2"; "dir" does not.
bool is_called(const char* name, const char* wanted);

template <class Problem, class Args>
const char* why_not(const Impl<Problem, Args>& impl, const Problem& problem, const char* forced) {
    if (forced && !is_called(impl.name, forced)) return "another implementation is forced";
    if (impl.isa > isa()) return "the instruction set is not available";
    if (const char* reason = impl.decline ? impl.decline(problem) : nullptr) return reason;
    return impl.lose && !forced ? impl.lose(problem) : nullptr;
}

// The first of the list that may run and pays; null where there is none.
template <class Problem, class Args, size_t N>
const Impl<Problem, Args>* choose(const Impl<Problem, Args> (&list)[N], const Problem& problem, const char* forced) {
    for (const auto& impl : list)
        if (!why_not(impl, problem, forced)) return &impl;
    return nullptr;
}

// Problem offers Dtype dtype, std::string describe() const, double flops() const and double bytes() const.
template <class Problem, class Args, size_t N>
void run_best(const char* op, const Impl<Problem, Args> (&list)[N], const Problem& problem, const Args& args) {
    if (problem.dtype == Dtype::BFloat16) fail(ErrorKind::NotImplemented, op, ": bfloat16 must be widened before");
    const char* forced = forced_impl(op);
    OpName name(op);
    const auto* impl = choose(list, problem, forced);
    if (!impl) fail(ErrorKind::NotImplemented, op, ": no implementation ", forced ? forced : "", " accepts ", problem.describe());
    if (!decisions_wanted()) return impl->run(problem, args);
    Decision decision{op, problem.describe(), impl->name, {}, problem.flops(), problem.bytes(), 0, 0};
    for (const auto* other = list; other != impl; ++other)
        decision.declined.push_back(str(other->name, ": ", why_not(*other, problem, forced)));
    const int64_t before = restart_workspace_peak();
    double start = now_seconds();
    impl->run(problem, args);
    decision.seconds = now_seconds() - start;
    decision.workspace = workspace_peak() - before;
    report(std::move(decision));
}

}  // namespace cc
