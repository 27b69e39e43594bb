// Update rules. Stretches of all parameters form one task list; the formulas and their loop
// (optim.inl) exist for each instruction set.
#include "kernels/optim/optim.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/optim/optim_loops.h"

namespace cc {

namespace {

constexpr int64_t kElementsPerTask = 8192;

#define X(Rule, name) #name,
constexpr const char* kNames[] = {CC_OPTIM_RULES(X)};
#undef X

// A whole list of parameters is one problem.
struct OptimProblem {
    Dtype dtype;
    OptimRule rule;
    int64_t parameters, elements, arrays;  // arrays read or written per parameter

    std::string describe() const {
        return str(kNames[static_cast<int>(rule)], ' ', dtype, ' ', parameters, " parameters of ", elements);
    }
    double flops() const { return 5.0 * elements * arrays; }
    double bytes() const { return static_cast<double>(itemsize(dtype)) * elements * arrays; }
};

struct OptimArgs {
    const OptimStep* parameters;
};

// Calls f(parameter, begin, end) on stretches of all parameters.
template <class F>
void each_stretch(const OptimStep* parameters, int64_t count, F&& f) {
    Scratch<int64_t> first_task(count + 1);
    int64_t* firsts = first_task.data();
    firsts[0] = 0;
    for (int64_t i = 0; i < count; ++i)
        firsts[i + 1] = firsts[i] + (parameters[i].numel + kElementsPerTask - 1) / kElementsPerTask;
    parallel_for(firsts[count], 1, [&](int64_t begin, int64_t end) {
        int64_t i = std::upper_bound(firsts, firsts + count + 1, begin) - firsts - 1;
        for (int64_t task = begin; task < end; ++task) {
            while (task >= firsts[i + 1]) ++i;
            int64_t at = (task - firsts[i]) * kElementsPerTask;
            f(parameters[i], at, std::min(parameters[i].numel, at + kElementsPerTask));
        }
    });
}

template <const OptimLoops (&Loops)[2]>
void run(const OptimProblem& problem, const OptimArgs& args) {
    each_stretch(args.parameters, problem.parameters,
                 Loops[problem.dtype == Dtype::Float64].run[static_cast<int>(problem.rule)]);
}

constexpr Impl<OptimProblem, OptimArgs> kImpls[] = {
#ifdef CONVCORE_X86
    {"loops_avx512", Isa::Avx512, nullptr, run<avx512::optim_loops>},
    {"loops_avx2", Isa::Avx2, nullptr, run<avx2::optim_loops>},
#endif
    {"loops_generic", Isa::Generic, nullptr, run<generic::optim_loops>},
};

}  // namespace

void optim_step(Dtype dtype, OptimRule rule, const OptimStep* parameters, int64_t count) {
    check_type(is_floating(dtype), kNames[static_cast<int>(rule)], ": expected a floating-point dtype, got ", dtype);
    OptimProblem problem{dtype, rule, count, 0, 3};
    for (int64_t i = 0; i < count; ++i) problem.elements += parameters[i].numel;
    if (count > 0)
        for (const void* state : parameters[0].state) problem.arrays += state ? 2 : 0;
    run_best("optim", kImpls, problem, {parameters});
}

}  // namespace cc
