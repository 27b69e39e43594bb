#include "optim/adam.h"

#include "kernels/optim/optim.h"

namespace cc {

const std::vector<std::string>& Adam::state_names() const {
    static const std::vector<std::string> names{"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
    return names;
}

void Adam::check_options(const Options& o) const {
    check(o.lr >= 0, kind(), ": lr must not be negative, got ", o.lr);
    check(o.eps >= 0, kind(), ": eps must not be negative, got ", o.eps);
    check(o.weight_decay >= 0, kind(), ": weight_decay must not be negative, got ", o.weight_decay);
    for (double beta : {o.beta1, o.beta2})
        check(beta >= 0 && beta < 1, kind(), ": betas must be at least 0 and below 1, got (", o.beta1, ", ", o.beta2, ")");
}

void Adam::add_group(Tensors parameters, const Options& options) {
    check_options(options);
    add_parameters(std::move(parameters));
    options_.push_back(options);
}

void Adam::set_options(size_t group, const Options& options) {
    check_options(options);
    options_.at(group) = options;
}

void Adam::step() {
    for (size_t group = 0; group < options_.size(); ++group) {
        const Options& o = options_[group];
        AdamRule rule{o.lr, o.beta1, o.beta2, o.eps, o.weight_decay, decoupled_, o.maximize};
        for (Dtype dtype : {Dtype::Float32, Dtype::Float64}) {
            std::vector<Work> all = work(group, dtype);
            std::vector<AdamParameter> parameters;
            for (Work& w : all) {
                void* average = value(*w.state, 0, w.param, true).raw();
                void* square = value(*w.state, 1, w.param, true).raw();
                void* greatest = o.amsgrad ? value(*w.state, 2, w.param, true).raw() : nullptr;
                parameters.push_back({w.param.raw(), w.grad.raw(), average, square, greatest, ++w.state->steps,
                                      w.param.numel()});
            }
            if (!parameters.empty())
                adam_step(dtype, rule, parameters.data(), static_cast<int64_t>(parameters.size()));
            for (const Work& w : all) w.finish();
        }
    }
}

}  // namespace cc
