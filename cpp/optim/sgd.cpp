#include "optim/sgd.h"

#include "kernels/optim/optim.h"

namespace cc {

namespace {

void check_options(const Sgd::Options& o) {
    check(o.lr >= 0, "SGD: lr must not be negative, got ", o.lr);
    check(o.momentum >= 0, "SGD: momentum must not be negative, got ", o.momentum);
    check(o.weight_decay >= 0, "SGD: weight_decay must not be negative, got ", o.weight_decay);
    check(!o.nesterov || (o.momentum > 0 && o.dampening == 0),
          "SGD: nesterov=True needs a positive momentum and dampening 0, got momentum ", o.momentum, ", dampening ",
          o.dampening);
}

}  // namespace

const std::vector<std::string>& Sgd::state_names() const {
    static const std::vector<std::string> names{"momentum_buffer"};
    return names;
}

void Sgd::add_group(Tensors parameters, const Options& options) {
    check_options(options);
    add_parameters(std::move(parameters));
    options_.push_back(options);
}

void Sgd::set_options(size_t group, const Options& options) {
    check_options(options);
    options_.at(group) = options;
}

void Sgd::step() {
    for (size_t group = 0; group < options_.size(); ++group) {
        const Options& o = options_[group];
        SgdRule rule{o.lr, o.momentum, o.dampening, o.weight_decay, o.nesterov, o.maximize, o.rate_in_velocity};
        for (Dtype dtype : {Dtype::Float32, Dtype::Float64}) {
            std::vector<Work> all = work(group, dtype);
            std::vector<SgdParameter> parameters;
            for (Work& w : all) {
                bool first = !w.state->values[0].defined();
                void* velocity = o.momentum != 0 ? value(*w.state, 0, w.param, false).raw() : nullptr;
                parameters.push_back({w.param.raw(), w.grad.raw(), velocity, first, w.param.numel()});
                ++w.state->steps;
            }
            if (!parameters.empty())
                sgd_step(dtype, rule, parameters.data(), static_cast<int64_t>(parameters.size()));
            for (const Work& w : all) w.finish();
        }
    }
}

}  // namespace cc
