// Normalisation of images [channels][pixels], where a group is a run of neighbours: whole images of
// one pixel (layer and root-mean-square normalisation), and row-major maps.
//
// A run goes through in chunks that stay in the nearest cache: mean and squared distances of each
// chunk, joined in double (see norm_columns.cpp), then scale and shift. With one pixel weight and
// bias change from element to element and are read beside x; their gradients are added over blocks
// of images. Else they are constant along the pixels of a channel, and a piece of a run is (part of)
// a channel. Chunks, pieces and blocks depend on the problem alone.
#include <cmath>

#include "base/allocator.h"
#include "kernels/norm/norm.h"
#include "kernels/norm/norm_loops.h"
#include "kernels/norm/norm_tasks.h"

namespace cc {

namespace {

constexpr int64_t kChunk = 4096;

template <class T>
class Runs {
public:
    Runs(const NormProblem& p, const NormArgs& args, const NormLoops& loops)
        : p_(p), args_(args), loops_(loops), size_(p.share() * p.pixels),
          weight_(static_cast<const T*>(args.weight)), bias_(static_cast<const T*>(args.bias)) {
        const bool per_channel = p.pixels > 1 && (weight_ || bias_ || args.grad_weight || args.grad_bias);
        whole_ = per_channel ? p.pixels : size_;
        piece_ = std::min(whole_, kChunk);
        pieces_of_whole_ = (whole_ + piece_ - 1) / piece_;
        pieces_ = size_ / whole_ * pieces_of_whole_;
    }

    void forward() const {
        each_item(p_.n * p_.groups, size_, [&](int64_t run) { forward(run); });
    }

    void backward() const {
        T *grad_weight = static_cast<T*>(args_.grad_weight),
          *grad_bias = static_cast<T*>(args_.grad_bias);
        const bool add = grad_weight || grad_bias;
        // Images of several pixels have sums of their own, those of one pixel share them.
        int64_t images = p_.pixels == 1 ? std::min<int64_t>(64, (p_.n + 15) / 16) : 1;
        int64_t blocks = images ? (p_.n + images - 1) / images : 0;
        Scratch<T> weights(add ? blocks * p_.channels : 0), biases(add ? blocks * p_.channels : 0);
        each_item(blocks, images * p_.channels * p_.pixels, [&](int64_t block) {
            T *to_weight = add ? weights.data() + block * p_.channels : nullptr,
              *to_bias = add ? biases.data() + block * p_.channels : nullptr;
            if (add) {
                std::fill(to_weight, to_weight + p_.channels, T{0});
                std::fill(to_bias, to_bias + p_.channels, T{0});
            }
            int64_t last = std::min(p_.n, (block + 1) * images) * p_.groups;
            for (int64_t run = block * images * p_.groups; run < last; ++run) {
                int64_t c = run % p_.groups * p_.share();
                backward(run, add ? to_weight + c : nullptr, add ? to_bias + c : nullptr);
            }
        });
        if (grad_weight) add_parts(weights.data(), blocks, p_.channels, grad_weight);
        if (grad_bias) add_parts(biases.data(), blocks, p_.channels, grad_bias);
    }

private:
    // Part of a run: where it begins and what weight and bias apply.
    struct Piece {
        int64_t at, length, channel;  // the channel counted from the group's first
    };

    Piece piece(int64_t i) const {
        int64_t within = i % pieces_of_whole_ * piece_, at = i / pieces_of_whole_ * whole_ + within;
        return {at, std::min(piece_, whole_ - within), p_.pixels == 1 ? at : at / p_.pixels};
    }

    template <class F>
    void each_piece(F&& f) const {
        if (pieces_ == 1) return f(int64_t{0});
        each_item(pieces_, piece_, f);
    }

    const T* at_channel(const T* values, int64_t channel) const { return values ? values + channel : nullptr; }

    // Mean and variance of a run.
    void moments(const T* x, double& mean, double& var) const {
        if (size_ <= kChunk) {
            loops_.run_moments(x, size_, p_.centred, &mean, &var);
            var /= static_cast<double>(size_);
            return;
        }
        int64_t chunks = (size_ + kChunk - 1) / kChunk;
        auto length = [&](int64_t i) { return std::min(kChunk, size_ - i * kChunk); };
        Scratch<double> means(chunks), squares(chunks);
        each_item(chunks, kChunk, [&](int64_t i) {
            loops_.run_moments(x + i * kChunk, length(i), p_.centred, means.data() + i, squares.data() + i);
        });
        mean = var = 0;
        for (int64_t i = 0; i < chunks; ++i) mean += static_cast<double>(length(i)) * means[i];
        mean /= static_cast<double>(size_);
        for (int64_t i = 0; i < chunks; ++i)
            var += squares[i] + static_cast<double>(length(i)) * (means[i] - mean) * (means[i] - mean);
        var /= static_cast<double>(size_);
    }

    void forward(int64_t run) const {
        const T* x = static_cast<const T*>(args_.x) + run * size_;
        T* y = static_cast<T*>(args_.y) + run * size_;
        double mean, var;
        moments(x, mean, var);
        const double rstd = 1 / std::sqrt(var + p_.eps);
        if (p_.centred) static_cast<T*>(args_.mean)[run] = static_cast<T>(mean);
        static_cast<T*>(args_.rstd)[run] = static_cast<T>(rstd);
        if (args_.var) static_cast<T*>(args_.var)[run] = static_cast<T>(var);
        const int64_t first = run % p_.groups * p_.share();
        each_piece([&](int64_t i) {
            const Piece part = piece(i);
            const int64_t c = first + part.channel;
            if (p_.pixels == 1) {
                loops_.run_affine(x + part.at, at_channel(weight_, c), at_channel(bias_, c), part.length,
                                  mean, rstd, 0, y + part.at);
                return;
            }
            double weight = weight_ ? weight_[c] : 1.0, bias = bias_ ? bias_[c] : 0.0;
            loops_.run_affine(x + part.at, nullptr, nullptr, part.length, mean, rstd * weight, bias,
                              y + part.at);
        });
    }

    void backward(int64_t run, T* grad_weight, T* grad_bias) const {
        const T *x = static_cast<const T*>(args_.x) + run * size_,
                *g = static_cast<const T*>(args_.grad_y) + run * size_;
        const double mean = p_.centred ? static_cast<const T*>(args_.mean)[run] : 0.0;
        const double r = static_cast<const T*>(args_.rstd)[run];
        const int64_t first = run % p_.groups * p_.share();
        double sum = 0, dot = 0;
        if (p_.pixels > 1) sums_of_channels(x, g, first, mean, r, grad_weight, grad_bias, sum, dot);
        else if (args_.grad_x) sums_of_pixel(x, g, first, mean, sum, dot);

        const double share = r / static_cast<double>(size_);
        const double by_x = -share * r * r * dot, shift = p_.centred ? -share * sum : 0;
        T* grad_x = args_.grad_x ? static_cast<T*>(args_.grad_x) + run * size_ : nullptr;
        each_piece([&](int64_t i) {
            const Piece part = piece(i);
            const int64_t c = first + part.channel;
            const bool beside = p_.pixels == 1;
            const double weight = weight_ && !beside ? weight_[c] : 1.0;
            if (grad_x)
                loops_.run_gradient(x + part.at, g + part.at, beside ? at_channel(weight_, c) : nullptr,
                                    part.length, mean, r * weight, by_x, shift, grad_x + part.at);
            if (beside && grad_weight)
                loops_.run_add(x + part.at, g + part.at, part.length, mean, r, grad_bias + part.channel,
                               grad_weight + part.channel);
        });
    }

    // Σ h and Σ h·(x − mean) of the run, h = g·weight.
    void sums_of_pixel(const T* x, const T* g, int64_t first, double mean, double& sum, double& dot) const {
        if (pieces_ == 1) return loops_.run_dots(x, g, at_channel(weight_, first), size_, mean, &sum, &dot);
        Scratch<double> sums(pieces_), dots(pieces_);
        each_piece([&](int64_t i) {
            const Piece part = piece(i);
            loops_.run_dots(x + part.at, g + part.at, at_channel(weight_, first + part.channel), part.length,
                            mean, sums.data() + i, dots.data() + i);
        });
        for (int64_t i = 0; i < pieces_; ++i) sum += sums[i], dot += dots[i];
    }

    // The same where a weight belongs to a whole channel; the channels' own sums are the gradients.
    void sums_of_channels(const T* x, const T* g, int64_t first, double mean, double r, T* grad_weight,
                          T* grad_bias, double& sum, double& dot) const {
        Scratch<double> sums(pieces_), dots(pieces_);
        each_piece([&](int64_t i) {
            const Piece part = piece(i);
            loops_.run_dots(x + part.at, g + part.at, nullptr, part.length, mean, sums.data() + i,
                            dots.data() + i);
        });
        for (int64_t i = 0; i < pieces_;) {
            const int64_t c = piece(i).channel, last = i + pieces_of_whole_;
            double channel_sum = 0, channel_dot = 0;
            for (; i < last; ++i) channel_sum += sums[i], channel_dot += dots[i];
            const double weight = weight_ ? weight_[first + c] : 1.0;
            sum += weight * channel_sum, dot += weight * channel_dot;
            if (grad_weight) {
                grad_bias[c] = static_cast<T>(channel_sum);
                grad_weight[c] = static_cast<T>(channel_dot * r);
            }
        }
    }

    const NormProblem& p_;
    const NormArgs& args_;
    const NormLoops& loops_;
    const int64_t size_;  // of a run
    const T *weight_, *bias_;
    int64_t whole_, piece_, pieces_of_whole_, pieces_;  // a run is wholes, a whole is pieces
};

}  // namespace

const char* runs_decline(const NormProblem& p) {
    if (!p.channels_first) return "channels come last";
    if (p.given) return "the statistics are given";
    return nullptr;
}

void norm_by_runs(const NormProblem& p, const NormArgs& args, const NormLoops* of_dtypes) {
    if (p.pixels * p.channels == 0) return;
    visit_floating("norm", p.dtype, [&](auto zero) {
        Runs<decltype(zero)> runs(p, args, of_dtypes[p.dtype == Dtype::Float64]);
        p.backward ? runs.backward() : runs.forward();
    });
}

}  // namespace cc
