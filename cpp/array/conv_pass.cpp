#include "array/conv_pass.h"

#include <exception>
#include <utility>

#include "base/allocator.h"
#include "kernels/impl.h"

namespace cc {

void ConvPass::run(void* out, const Epilogue* epilogue) const {
    const ForcedImpl none("conv", "");  // the call's choice, not the reader's
    conv(problem_, {x_.raw(), weight_.raw(), out, bias_.defined() ? bias_.raw() : nullptr, packs_.get(), epilogue});
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

Array convolved(const ConvProblem& problem, const Shape& shape, Array x, Array weight, Array bias, Ref<Packs> packs) {
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
        if (operand->defined()) operand->raw();  // one pass waits at a time, not a whole net
    const Ref<Storage> read[] = {x.storage_ref(), weight.storage_ref(), bias.storage_ref()};
    Ref<Deferred> pass(new ConvPass(bytes, problem, std::move(x), std::move(weight), std::move(bias), std::move(packs)));
    for (const Ref<Storage>& storage : read)
        if (storage) storage->add_reader(pass);
    return Array::deferred(shape, problem.dtype, Format::ChannelsLast, std::move(pass));
}

}  // namespace cc
