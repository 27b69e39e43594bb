// A convolution that waits: a normalisation by given statistics, a clamp and a sum that follow it become its epilogue. Where that
// goes on into a depthwise convolution, the two run as one if that pays (kernels/conv/conv_through.h): the second waits for the
// first to be dropped by everybody else.
#pragma once

#include "array/array.h"
#include "kernels/conv/conv.h"

namespace cc {

class ConvPass : public Deferred {
public:
    ConvPass(size_t bytes, const ConvProblem& problem, const Array& x, const Array& weight, const Array& bias,
             const Ref<Packs>& packs)
        : Deferred(bytes), problem_(problem), x_(x), weight_(weight), bias_(bias), packs_(packs) {}

    // Writes what follows it to `out`, while it waits: then nobody may ask for its own contents any more. Else false.
    bool compute_with(const Epilogue& epilogue, void* out) {
        return instead([&] { run(out, &epilogue); });
    }
    // f() instead, likewise.
    template <class F>
    bool give_way(F f) {
        return instead(f);
    }
    const ConvProblem& problem() const { return problem_; }

protected:
    void compute(void* out) override { run(out, nullptr); }
    void unread() override;
    void release() override;

private:
    void run(void* out, const Epilogue* epilogue) const;
    ConvArgs args(void* out, const Epilogue* epilogue) const;  // without x

    const ConvProblem problem_;
    Array x_, weight_, bias_;
    Ref<Packs> packs_;
};

// y of the forward map, channels-last; x, weight and bias (which may be undefined) lie as the kernels want them. Computed at
// once where somebody wants to see which algorithm runs, or where an operand might change unseen.
Array convolved(const ConvProblem& problem, const Shape& shape, const Array& x, const Array& weight, const Array& bias,
                const Ref<Packs>& packs);

}  // namespace cc
