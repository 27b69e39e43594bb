// Normalisation of channels-last images [pixels][channels]: y = x·scale + shift, both constant along
// a column.
//
// Few channels would leave lanes empty, so `fold` neighbouring rows are seen as one wide row of
// fold × channels columns; statistics of the wide columns join per group at the end, and scale
// and shift are repeated. Statistics: blocks of rows small enough to stay in the cache give mean
// and squared distances (two passes over the block, one over memory), joined in double in the order
// of the blocks (Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing
// sample variances", 1979). Blocks depend on the problem alone.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/allocator.h"
#include "kernels/norm/norm.h"
#include "kernels/norm/norm_loops.h"
#include "kernels/norm/norm_tasks.h"

namespace cc {

namespace {

constexpr int64_t kLanes = 16;  // of the widest vector
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An image as blocks of wide rows; what does not fill a wide row is a narrow block at the end.
struct Blocks {
    int64_t channels, groups, share, fold, columns, wide_rows, rows_per_block, wide, rest;

    explicit Blocks(const NormProblem& p) : Blocks(p.pixels, p.channels, p.groups) {}
    Blocks(int64_t pixels, int64_t channels, int64_t groups)
        : channels(channels), groups(groups), share(groups ? channels / groups : 0), fold(1) {
        if (channels < 256)
            while (fold * channels % kLanes || fold * channels < 4 * kLanes) fold *= 2;
        if (pixels < fold) fold = 1;  // they do not fill a wide row
        columns = fold * channels;
        wide_rows = pixels / fold;
        rows_per_block = std::max<int64_t>(32, kNormElementsPerTask / columns);
        wide = (wide_rows + rows_per_block - 1) / rows_per_block;
        rest = pixels - wide_rows * fold;
    }

    int64_t count() const { return wide + (rest > 0); }

    // Calls f(block, first element, rows, columns).
    template <class F>
    void each(F&& f) const {
        parallel_for(count(), 1, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) {
                int64_t row = block * rows_per_block;
                if (block < wide)
                    f(block, row * columns, std::min(rows_per_block, wide_rows - row), columns);
                else f(block, wide_rows * columns, rest, channels);
            }
        });
    }

    // Calls f(first element, rows, columns) where no sums are kept: for as even shares as may be.
    template <class F>
    void each_share(F&& f) const {
        parallel_for(wide_rows, kNormElementsPerTask / columns, [&](int64_t begin, int64_t end) {
            f(begin * columns, end - begin, columns);
        });
        if (rest) f(wide_rows * columns, rest, channels);
    }

    int64_t rows(int64_t block) const {
        return block < wide ? std::min(rows_per_block, wide_rows - block * rows_per_block) : rest;
    }

    // Calls f(place of the partial result, rows) for each partial result of channel c.
    template <class F>
    void each_part(int64_t c, F&& f) const {
        for (int64_t block = 0; block < count(); ++block)
            for (int64_t j = c; j < (block < wide ? columns : channels); j += channels)
                f(block * columns + j, static_cast<double>(rows(block)));
    }

    // Calls f(group, its first channel, the one after its last).
    template <class F>
    void each_group(F&& f) const {
        each_item(groups, count() * fold * share,
                  [&](int64_t group) { f(group, group * share, (group + 1) * share); });
    }
};

// A value per channel, repeated over the wide row.
template <class T>
struct Wide {
    Wide(const Blocks& b) : blocks(b), values(b.columns) {}
    void set(int64_t c, double value) const {
        for (int64_t j = c; j < blocks.columns; j += blocks.channels)
            values[j] = static_cast<T>(value);
    }
    const Blocks& blocks;
    Scratch<T> values;
};

template <class T>
class Columns {
public:
    Columns(const NormProblem& p, const NormArgs& args, const NormLoops& loops)
        : p_(p), args_(args), loops_(loops), blocks_(p), weight_(static_cast<const T*>(args.weight)) {}

    void forward() const {
        each_item(p_.n, p_.pixels * p_.channels, [&](int64_t image) { forward(image); });
    }

    void backward() const {
        T *grad_weight = static_cast<T*>(args_.grad_weight),
          *grad_bias = static_cast<T*>(args_.grad_bias);
        if (p_.n == 1) return backward(0, grad_weight, grad_bias);
        Scratch<T> weights(grad_weight ? p_.n * p_.channels : 0),
            biases(grad_bias ? p_.n * p_.channels : 0);
        each_item(p_.n, p_.pixels * p_.channels, [&](int64_t image) {
            int64_t at = image * p_.channels;
            backward(image, grad_weight ? weights.data() + at : nullptr,
                     grad_bias ? biases.data() + at : nullptr);
        });
        if (grad_weight) add_parts(weights.data(), p_.n, p_.channels, grad_weight);
        if (grad_bias) add_parts(biases.data(), p_.n, p_.channels, grad_bias);
    }

private:
    double weight(int64_t c) const { return weight_ ? weight_[c] : 1.0; }

    void forward(int64_t image) const {
        const T* x = static_cast<const T*>(args_.x) + image * p_.pixels * p_.channels;
        const T* bias = static_cast<const T*>(args_.bias);
        T *mean = static_cast<T*>(args_.mean) + image * p_.groups,
          *rstd = p_.given ? nullptr : static_cast<T*>(args_.rstd) + image * p_.groups,
          *var = args_.var ? static_cast<T*>(args_.var) + image * p_.groups : nullptr;
        T *scale_wanted = static_cast<T*>(args_.scale), *shift_wanted = static_cast<T*>(args_.shift);
        std::optional<Wide<T>> scale, shift;
        if (!scale_wanted) scale.emplace(blocks_), shift.emplace(blocks_);
        int64_t parts = p_.given ? 0 : blocks_.count() * blocks_.columns;
        Scratch<T> moments(2 * parts);
        T *means = moments.data(), *squares = means + parts;
        if (!p_.given)
            blocks_.each([&](int64_t block, int64_t at, int64_t rows, int64_t columns) {
                int64_t part = block * blocks_.columns;
                loops_.moments(x + at, rows, columns, means + part, squares + part);
            });
        const double count = static_cast<double>(p_.pixels * p_.share());
        blocks_.each_group([&](int64_t group, int64_t begin, int64_t end) {
            double centre = 0, spread = 0;
            if (p_.given) {
                centre = mean[group], spread = var[group];
            } else {
                each_part(begin, end, [&](int64_t part, double rows) { centre += rows * means[part]; });
                centre /= count;
                each_part(begin, end, [&](int64_t part, double rows) {
                    double away = means[part] - centre;
                    spread += squares[part] + rows * away * away;
                });
                spread /= count;
                mean[group] = static_cast<T>(centre);
                if (var) var[group] = static_cast<T>(spread);
            }
            const double deviation = std::sqrt(spread + p_.eps);
            if (rstd) rstd[group] = static_cast<T>(1 / deviation);
            for (int64_t c = begin; c < end; ++c) {
                double factor = weight(c) / deviation;
                double moved = (bias ? bias[c] : T{0}) - centre * factor;
                if (scale_wanted) {
                    scale_wanted[c] = static_cast<T>(factor), shift_wanted[c] = static_cast<T>(moved);
                } else {
                    scale->set(c, factor), shift->set(c, moved);
                }
            }
        });
        if (scale_wanted) return;
        apply(x, *scale, *shift, static_cast<T*>(args_.y) + image * p_.pixels * p_.channels);
    }

    void apply(const T* x, const Wide<T>& scale, const Wide<T>& shift, T* y) const {
        blocks_.each_share([&](int64_t at, int64_t rows, int64_t columns) {
            loops_.affine(x + at, nullptr, rows, columns, scale.values.data(), shift.values.data(), -kInfinity, kInfinity,
                          y + at);
        });
    }

    void backward(int64_t image, T* grad_weight, T* grad_bias) const {
        const int64_t first = image * p_.pixels * p_.channels;
        const T *x = static_cast<const T*>(args_.x) + first,
                *grad_y = static_cast<const T*>(args_.grad_y) + first,
                *mean = static_cast<const T*>(args_.mean) + image * p_.groups;
        T* grad_x = args_.grad_x ? static_cast<T*>(args_.grad_x) + first : nullptr;
        Wide<T> centre(blocks_), by_g(blocks_), by_x(blocks_), shift(blocks_);
        for (int64_t c = 0; c < p_.channels; ++c) centre.set(c, mean[c / p_.share()]);

        Wide<T> clamp_scale(blocks_), clamp_shift(blocks_);
        const NormClamp clamp{clamp_scale.values.data(), clamp_shift.values.data(), args_.low, args_.high};
        const NormClamp* of = args_.clamp_scale ? &clamp : nullptr;
        for (int64_t c = 0; of && c < p_.channels; ++c) {
            clamp_scale.set(c, static_cast<const T*>(args_.clamp_scale)[c]);
            clamp_shift.set(c, static_cast<const T*>(args_.clamp_shift)[c]);
        }

        const bool sums_wanted = (!p_.given && grad_x) || grad_weight || grad_bias;
        int64_t parts = sums_wanted ? blocks_.count() * blocks_.columns : 0;
        Scratch<T> sums(parts), dots(parts);
        if (sums_wanted)
            blocks_.each([&](int64_t block, int64_t at, int64_t rows, int64_t columns) {
                int64_t part = block * blocks_.columns;
                loops_.dots(x + at, grad_y + at, rows, columns, centre.values.data(), of,
                            sums.data() + part, dots.data() + part);
            });
        blocks_.each_group([&](int64_t group, int64_t begin, int64_t end) {
            double r = rstd(image, group), all_sums = 0, all_dots = 0;
            for (int64_t c = begin; c < end; ++c) {
                double sum = 0, dot = 0;
                if (sums_wanted)
                    each_part(c, c + 1, [&](int64_t part, double) {
                        sum += sums[part];
                        dot += dots[part];
                    });
                if (grad_bias) grad_bias[c] = static_cast<T>(sum);
                if (grad_weight) grad_weight[c] = static_cast<T>(dot * r);
                all_sums += weight(c) * sum;
                all_dots += weight(c) * dot;
            }
            double share = p_.given ? 0 : r / static_cast<double>(p_.pixels * p_.share());
            for (int64_t c = begin; c < end; ++c) {
                by_g.set(c, r * weight(c));
                by_x.set(c, -share * r * r * all_dots);
                shift.set(c, -share * all_sums);
            }
        });
        if (!grad_x) return;
        if (p_.given) return apply(grad_y, by_g, shift, grad_x);
        blocks_.each_share([&](int64_t at, int64_t rows, int64_t columns) {
            loops_.gradient(x + at, grad_y + at, rows, columns, centre.values.data(), of,
                            by_g.values.data(), by_x.values.data(), shift.values.data(),
                            grad_x + at);
        });
    }

    double rstd(int64_t image, int64_t group) const {
        if (!p_.given) return static_cast<const T*>(args_.rstd)[image * p_.groups + group];
        return 1 / std::sqrt(static_cast<double>(static_cast<const T*>(args_.var)[group]) + p_.eps);
    }

    template <class F>
    void each_part(int64_t begin, int64_t end, F&& f) const {
        for (int64_t c = begin; c < end; ++c) blocks_.each_part(c, f);
    }

    const NormProblem& p_;
    const NormArgs& args_;
    const NormLoops& loops_;
    const Blocks blocks_;
    const T* weight_;
};

}  // namespace

const char* columns_decline(const NormProblem& p) {
    if (p.channels_first) return "channels come first";
    if (!p.centred) return "the mean is not taken out";
    return nullptr;
}

void norm_by_columns(const NormProblem& p, const NormArgs& args, const NormLoops* of_dtypes) {
    if (p.channels == 0) return;
    visit_floating("norm", p.dtype, [&](auto zero) {
        Columns<decltype(zero)> columns(p, args, of_dtypes[p.dtype == Dtype::Float64]);
        p.backward ? columns.backward() : columns.forward();
    });
}

void affine_by_columns(const AffineProblem& p, const AffineArgs& args, const NormLoops* of_dtypes) {
    visit_floating("affine", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const Blocks blocks(p.pixels, p.channels, p.channels);
        const T *x = static_cast<const T*>(args.x), *added = static_cast<const T*>(args.added);
        Wide<T> scale(blocks), shift(blocks);
        for (int64_t c = 0; c < p.channels; ++c) {
            scale.set(c, args.scale ? static_cast<const T*>(args.scale)[c] : T{1});
            shift.set(c, args.shift ? static_cast<const T*>(args.shift)[c] : -T{});  // leaves even a −0 as it is
        }
        const NormLoops& loops = of_dtypes[p.dtype == Dtype::Float64];
        blocks.each_share([&](int64_t at, int64_t rows, int64_t columns) {
            loops.affine(x + at, added ? added + at : nullptr, rows, columns, scale.values.data(), shift.values.data(), p.low,
                         p.high, static_cast<T*>(args.y) + at);
        });
    });
}

}  // namespace cc
