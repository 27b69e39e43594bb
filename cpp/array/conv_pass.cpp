#include "array/conv_pass.h"

#include <exception>
#include <utility>

#include "array/affine_pass.h"
#include "base/allocator.h"
#include "kernels/conv/conv_through.h"
#include "kernels/impl.h"

namespace cc {

namespace {

// Do the convolution that x waits for and this one run as one?
bool goes_through(const ConvProblem& problem, const Array& x) {
    const std::optional<ConvProblem> before = problem.groups > 1 ? waiting_conv(x) : std::nullopt;
    return before && conv_through_pays({*before, problem});
}

}  // namespace

void ConvPass::run(void* out, const Epilogue* epilogue) const {
    const ForcedImpl none("conv", "");  // the call's choice, not the reader's
    ConvArgs here = args(out, epilogue);
    auto through = [&](const ConvPass& before, const Epilogue& end) {
        ConvArgs there = before.args(nullptr, &end);
        there.x = before.x_.raw();
        conv_through({before.problem_, problem_}, {there, here});
    };
    if (instead_of_conv(x_, through)) return;
    here.x = x_.raw();
    conv(problem_, here);
}

ConvArgs ConvPass::args(void* out, const Epilogue* epilogue) const {
    return {nullptr, weight_.raw(), out, bias_.defined() ? bias_.raw() : nullptr, packs_.get(), epilogue};
}

// Runs although nobody will know the result: who calls a convolution to see how long it takes is told the truth.
void ConvPass::unread() {
    try {
        run(Scratch<char>(static_cast<int64_t>(bytes())).data(), nullptr);
    } catch (const std::exception&) {  // as nobody asked, nobody is told
    }
}

void ConvPass::release() {
    for (Array* operand : {&x_, &weight_, &bias_}) *operand = Array();
    packs_ = nullptr;
}

Array convolved(const ConvProblem& problem, const Shape& shape, const Array& x, const Array& weight, const Array& bias,
                const Ref<Packs>& packs) {
    const Array* operands[] = {&x, &weight, &bias};
    const size_t bytes = static_cast<size_t>(shape.numel()) * itemsize(problem.dtype);
    bool waits = bytes >= kWorthWaiting && !forced_impl("conv") && !decisions_wanted() && conv_precision() == ConvPrecision::Fast;
    for (const Array* operand : operands) waits = waits && (!operand->defined() || operand->storage().cacheable());
    if (!waits) {
        Array y = Array::empty(shape, problem.dtype, Format::ChannelsLast);
        conv(problem, {x.raw(), weight.raw(), y.raw(), bias.defined() ? bias.raw() : nullptr, packs.get()});
        return y;
    }
    for (const Array* operand : operands)
        if (operand->defined() && !(operand == &x && goes_through(problem, x))) operand->raw();  // not a whole net waits
    const Ref<Deferred> pass = make_ref<ConvPass>(bytes, problem, x, weight, bias, packs);
    for (const Array* operand : operands)
        if (operand->defined()) operand->storage().add_reader(pass);
    return Array::deferred(shape, problem.dtype, Format::ChannelsLast, pass);
}

}  // namespace cc
