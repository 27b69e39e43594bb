#include "kernels/conv/conv.h"

#include "base/error.h"
#include "kernels/conv/conv_reference.h"
#include "kernels/impl.h"

namespace cc {

std::string ConvProblem::describe() const {
    auto triple = [](const int64_t* v) { return str(v[0], "x", v[1], "x", v[2]); };
    const char* names[] = {"forward", "grad_input", "grad_weight"};
    return str(names[static_cast<int>(map)], " ", dtype, " n ", n, " c ", c, " k ", k, " groups ", groups, " in ", triple(in), " out ",
               triple(out), " kernel ", triple(kernel), " pad ", triple(pad_lo), "/", triple(pad_hi), " stride ", triple(stride),
               " dilation ", triple(dilation), flip ? " flip" : "");
}

namespace {

constexpr Impl<ConvProblem, ConvArgs> kImplementations[] = {
    {"reference", Isa::Generic, nullptr, conv_reference},
};

}  // namespace

void conv(const ConvProblem& problem, const ConvArgs& args) { run_best("conv", kImplementations, problem, args); }

}  // namespace cc
