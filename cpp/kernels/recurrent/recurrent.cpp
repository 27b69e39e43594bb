// The recurrent cells: the readable reference, which is the specification, and the list of implementations.
#include "kernels/recurrent/recurrent.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/recurrent/recurrent_loops.h"

namespace cc {

std::string RecurrentProblem::describe() const {
    constexpr const char* names[] = {"tanh", "relu", "lstm", "gru"};
    return str(names[static_cast<int>(cell)], backward ? " backward " : " forward ", dtype, ' ', rows, 'x', hidden);
}

namespace {

constexpr int64_t kGrain = 4096;  // numbers of a state in a task

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One number of one row's state: `at` is its place in states, gate(p, k) that of gate k in products and kept values.
template <class T>
void step(const RecurrentProblem& p, const RecurrentArgs& a, int64_t row, int64_t i) {
    const int gates = gates_of(p.cell), kept = kept_of(p.cell);
    auto read = [](const void* from, int64_t at) { return static_cast<double>(static_cast<const T*>(from)[at]); };
    auto write = [](void* to, int64_t at, double value) { static_cast<T*>(to)[at] = static_cast<T>(value); };
    auto place = [&](int blocks, int block) { return (row * blocks + block) * p.hidden + i; };
    auto input = [&](int gate) { return read(a.input, place(gates, gate)); };
    auto state = [&](int gate) { return read(a.state, place(gates, gate)); };
    auto known = [&](int gate) { return read(a.kept, place(kept, gate)); };
    const int64_t at = row * p.hidden + i;
    if (p.cell == Cell::Lstm && !p.backward) {
        double in = sigmoid(input(0) + state(0)), forget = sigmoid(input(1) + state(1));
        double g = std::tanh(input(2) + state(2)), out = sigmoid(input(3) + state(3));
        double c = forget * read(a.previous, at) + in * g;
        for (auto [gate, value] : {std::pair{0, in}, {1, forget}, {2, g}, {3, out}}) write(a.kept, place(4, gate), value);
        write(a.c, at, c);
        write(a.h, at, out * std::tanh(c));
    } else if (p.cell == Cell::Lstm) {
        double in = known(0), forget = known(1), g = known(2), out = known(3), t = std::tanh(read(a.c, at));
        double dh = read(a.grad_h, at), dc = read(a.grad_c, at) + dh * out * (1 - t * t);
        write(a.grad_input, place(4, 0), dc * g * in * (1 - in));
        write(a.grad_input, place(4, 1), dc * read(a.previous, at) * forget * (1 - forget));
        write(a.grad_input, place(4, 2), dc * in * (1 - g * g));
        write(a.grad_input, place(4, 3), dh * t * out * (1 - out));
        write(a.grad_previous, at, dc * forget);
    } else if (p.cell == Cell::Gru && !p.backward) {
        double r = sigmoid(input(0) + state(0)), z = sigmoid(input(1) + state(1));
        double n = std::tanh(input(2) + r * state(2));
        for (auto [gate, value] : {std::pair{0, r}, {1, z}, {2, n}, {3, state(2)}}) write(a.kept, place(4, gate), value);
        write(a.h, at, n + z * (read(a.previous, at) - n));
    } else if (p.cell == Cell::Gru) {
        double r = known(0), z = known(1), n = known(2), dh = read(a.grad_h, at);
        double dn = dh * (1 - z) * (1 - n * n), dr = dn * known(3) * r * (1 - r);
        double dz = dh * (read(a.previous, at) - n) * z * (1 - z);
        for (auto [gate, value] : {std::pair{0, dr}, {1, dz}, {2, dn}}) {
            write(a.grad_input, place(3, gate), value);
            write(a.grad_state, place(3, gate), gate == 2 ? value * r : value);
        }
        write(a.grad_previous, at, dh * z);
    } else if (!p.backward) {
        double x = input(0) + state(0);
        write(a.h, at, p.cell == Cell::Relu ? std::max(x, 0.0) : std::tanh(x));
    } else {
        double h = read(a.h, at), dh = read(a.grad_h, at);
        write(a.grad_input, at, p.cell == Cell::Relu ? (h > 0 ? dh : 0) : dh * (1 - h * h));
    }
}

void reference(const RecurrentProblem& p, const RecurrentArgs& args) {
    visit_floating("recurrent", p.dtype, [&](auto zero) {
        parallel_for(p.rows, std::max<int64_t>(1, kGrain / p.hidden), [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row)
                for (int64_t i = 0; i < p.hidden; ++i) step<decltype(zero)>(p, args, row, i);
        });
    });
}

template <const RecurrentLoops (&LoopsOfDtypes)[2]>
void loops(const RecurrentProblem& p, const RecurrentArgs& args) {
    const RecurrentLoops& loops = LoopsOfDtypes[p.dtype == Dtype::Float64];
    RecurrentLoop loop = (p.backward ? loops.backward : loops.forward)[static_cast<int>(p.cell)];
    parallel_for(p.rows, std::max<int64_t>(1, kGrain / p.hidden),
                 [&](int64_t begin, int64_t end) { loop(args, begin, end, p.hidden); });
}

constexpr Impl<RecurrentProblem, RecurrentArgs> kRecurrent[] = {
#ifdef CONVCORE_X86
    {"loops_avx512", Isa::Avx512, nullptr, loops<avx512::recurrent_loops>},
    {"loops_avx2", Isa::Avx2, nullptr, loops<avx2::recurrent_loops>},
#endif
    {"loops_generic", Isa::Generic, nullptr, loops<generic::recurrent_loops>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void recurrent(const RecurrentProblem& problem, const RecurrentArgs& args) {
    if (problem.rows * problem.hidden > 0) run_best("recurrent", kRecurrent, problem, args);
}

}  // namespace cc
