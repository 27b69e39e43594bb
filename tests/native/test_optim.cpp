// Update rules: every instruction set against the plain one, lists of arrays of all sizes, states there and left out. The
// formulas are checked in Python, against numpy.
#include <algorithm>

#include "kernel_check.h"
#include "kernels/optim/optim.h"

using namespace cc;

namespace {

const std::vector<int64_t> kSizes = {1, 7, 16, 33, 0, 20000, 5};

template <class T>
using Arrays = std::vector<std::vector<T>>;

template <class T>
Arrays<T> values_of(uint32_t seed, bool positive) {
    Arrays<T> all;
    for (int64_t size : kSizes) {
        all.push_back(some_values<T>(size, seed++));
        if (positive)
            for (auto& value : all.back()) value = std::fabs(value) + T(0.01);
    }
    return all;
}

// What a rule is tried with: its terms and which of its states are there; those of squares are positive.
struct Trial {
    const char* name;
    OptimRule rule;
    OptimStep terms;
    std::vector<bool> states, squares;
};

template <class T>
Arrays<T> run(const Trial& trial) {
    auto params = values_of<T>(1, false);
    std::vector<Arrays<T>> states;
    for (size_t k = 0; k < trial.states.size(); ++k)
        states.push_back(values_of<T>(20 * static_cast<uint32_t>(k + 2), trial.squares[k]));
    for (uint32_t step = 0; step < 3; ++step) {
        auto grads = values_of<T>(100 * (step + 1), false);
        std::vector<OptimStep> list;
        for (size_t i = 0; i < kSizes.size(); ++i) {
            OptimStep one = trial.terms;
            one.param = params[i].data();
            one.grad = grads[i].data();
            one.numel = kSizes[i];
            for (size_t k = 0; k < states.size(); ++k)
                one.state[k] = trial.states[k] ? states[k][i].data() : nullptr;
            list.push_back(one);
        }
        optim_step(dtype_of<T>, trial.rule, list.data(), static_cast<int64_t>(list.size()));
    }
    for (const auto& state : states) params.insert(params.end(), state.begin(), state.end());
    return params;
}

template <class T>
void test(const Trial& trial) {
    set_isa(Isa::Generic);
    const auto expected = run<T>(trial);
    set_isa(machine_isa());
    each_isa(
        trial.name, [&] { return run<T>(trial); },
        [&](const auto& got, const std::string& label) {
            for (size_t i = 0; i < got.size(); ++i)
                EXPECT(close(got[i], expected[i], tolerance<T>), label, " array ", i);
        });
}

template <class Terms>
Trial trial(const char* name, OptimRule rule, Terms OptimStep::*member, Terms terms, std::vector<bool> states,
            std::vector<bool> squares, double decay = 0) {
    OptimStep step{};
    step.sign = decay == 0 ? 1 : -1;
    step.decay = decay;
    step.keep = decay == 0 ? 0.999 : 1;
    step.*member = terms;
    return {name, rule, step, std::move(states), std::move(squares)};
}

}  // namespace

int main() {
    using R = OptimRule;
    using S = OptimStep;
    const Trial trials[] = {
        trial("sgd", R::Sgd, &S::sgd, {0.1, 0, 0, 1, false, false}, {false}, {false}),
        trial("sgd, first step", R::Sgd, &S::sgd, {0.1, 0.9, 0, 1, false, false}, {true}, {false}),
        trial("sgd, momentum", R::Sgd, &S::sgd, {0.1, 0.9, 0.9, 0.7, false, false}, {true}, {false}, 0.01),
        trial("sgd, nesterov", R::Sgd, &S::sgd, {0.1, 0.9, 0.9, 1, true, false}, {true}, {false}, 0.01),
        trial("sgd, rate in velocity", R::Sgd, &S::sgd, {0.1, 0.9, 0.9, 1, false, true}, {true}, {false}, 0.01),
        trial("asgd", R::Asgd, &S::asgd, {0.1, 1}, {true}, {false}),
        trial("asgd, averaging", R::Asgd, &S::asgd, {0.1, 0.25}, {true}, {false}, 0.01),
        trial("adam", R::Adam, &S::adam, {0.1, 0.999, 0.001, 1e-8, 0.01, 0.03}, {true, true, false}, {false, true, true}),
        trial("amsgrad", R::Adam, &S::adam, {0.1, 0.99, 0.01, 1e-6, 0.01, 0.3}, {true, true, true}, {false, true, true}, 0.1),
        trial("nadam", R::NAdam, &S::nadam, {0.1, 0.99, 0.01, 1e-6, 0.01, 0.02, 0.3}, {true, true}, {false, true}, 0.1),
        trial("radam", R::RAdam, &S::radam, {0.1, 0.99, 0.01, 1e-6, 0.01, false}, {true, true}, {false, true}),
        trial("radam, adaptive", R::RAdam, &S::radam, {0.1, 0.99, 0.01, 1e-6, 0.01, true}, {true, true}, {false, true}, 0.1),
        trial("adamax", R::Adamax, &S::adamax, {0.1, 0.99, 1e-6, 0.01}, {true, true}, {false, true}, 0.1),
        trial("rmsprop", R::RmsProp, &S::rmsprop, {0.9, 0.1, 1e-6, 0.01, 0}, {true, false, false}, {true, false, false}),
        trial("rmsprop, momentum", R::RmsProp, &S::rmsprop, {0.9, 0.1, 1e-6, 0.01, 0.8}, {true, true, false},
              {true, false, false}, 0.1),
        trial("adagrad", R::Adagrad, &S::adagrad, {1e-10, 0.1}, {true}, {true}, 0.1),
        trial("adadelta", R::Adadelta, &S::adadelta, {0.9, 0.1, 1e-6, 1}, {true, true}, {true, true}, 0.1),
        trial("rprop", R::Rprop, &S::rprop, {0.5, 1.2, 0.01, 0.5}, {true, true}, {false, true}),
        trial("average", R::Average, &S::average, {0.25}, {}, {}),
    };
    for (const Trial& one : trials) {
        test<float>(one);
        test<double>(one);
    }
    // Centred: where the mean's square cancels the square's mean, float has few digits left.
    Trial centred = trial("rmsprop, centred", R::RmsProp, &S::rmsprop, {0.9, 0.1, 1e-2, 0.01, 0.8}, {true, true, true},
                          {true, false, true});
    test<double>(centred);
    optim_step(Dtype::Float32, R::Sgd, nullptr, 0);
    return finish("optim");
}
