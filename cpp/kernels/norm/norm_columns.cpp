// Batch normalisation of x [rows][channels]: y = x·scale + shift, statistics of each channel.
//
// Few channels would leave lanes empty, so `fold` neighbouring rows are seen as one wide row of
// fold × channels columns; statistics of the wide columns join per channel at the end, and scale
// and shift are repeated. Statistics: blocks of rows small enough to stay in the cache give mean
// and squared distances (two passes over the block, one over memory), joined in double in the order
// of the blocks (Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing
// sample variances", 1979). Blocks depend on the problem alone.
#include "kernels/norm/norm_columns.h"

#include <algorithm>
#include <cmath>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/norm/batch_norm.h"

namespace cc {

namespace {

constexpr int64_t kLanes = 16;  // of the widest vector
constexpr int64_t kElementsPerBlock = 16384;

// The matrix as blocks of wide rows; what does not fill a wide row is a narrow block at the end.
struct Blocks {
    int64_t channels, fold, columns, wide_rows, rows_per_block, wide, rest;

    explicit Blocks(const BatchNormProblem& p) : channels(p.channels), fold(1) {
        if (channels < 256)
            while (fold * channels % kLanes || fold * channels < 4 * kLanes) fold *= 2;
        columns = fold * channels;
        wide_rows = p.rows / fold;
        rows_per_block = std::max<int64_t>(32, kElementsPerBlock / columns);
        wide = (wide_rows + rows_per_block - 1) / rows_per_block;
        rest = p.rows - wide_rows * fold;
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

    int64_t rows(int64_t block) const {
        return block < wide ? std::min(rows_per_block, wide_rows - block * rows_per_block) : rest;
    }

    // Calls f(block, column, rows) for each partial result of channel c.
    template <class F>
    void each_part(int64_t c, F&& f) const {
        for (int64_t block = 0; block < count(); ++block)
            for (int64_t j = c; j < (block < wide ? columns : channels); j += channels)
                f(block, j, static_cast<double>(rows(block)));
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

template <class F>
void each_channel(const Blocks& blocks, F&& f) {
    int64_t work = std::max<int64_t>(1, blocks.count() * blocks.fold);
    parallel_for(blocks.channels, std::max<int64_t>(1, kElementsPerBlock / work),
                 [&](int64_t begin, int64_t end) {
                     for (int64_t c = begin; c < end; ++c) f(c);
                 });
}

template <class T>
void forward(const BatchNormProblem& p, const BatchNormArgs& args, const NormColumns& loops) {
    const Blocks blocks(p);
    const T *x = static_cast<const T*>(args.x), *weight = static_cast<const T*>(args.weight),
            *bias = static_cast<const T*>(args.bias);
    T *y = static_cast<T*>(args.y), *mean = static_cast<T*>(args.mean),
      *rstd = static_cast<T*>(args.rstd), *var = static_cast<T*>(args.var);
    Wide<T> scale(blocks), shift(blocks);
    int64_t parts = p.training ? blocks.count() * blocks.columns : 0;
    Scratch<T> means(parts), squares(parts);
    if (p.training)
        blocks.each([&](int64_t block, int64_t at, int64_t rows, int64_t columns) {
            int64_t part = block * blocks.columns;
            loops.moments(x + at, rows, columns, means.data() + part, squares.data() + part);
        });
    each_channel(blocks, [&](int64_t c) {
        double centre = 0, spread = 0;
        if (p.training) {
            blocks.each_part(c, [&](int64_t block, int64_t j, double rows) {
                centre += rows * means[block * blocks.columns + j];
            });
            centre /= static_cast<double>(p.rows);
            blocks.each_part(c, [&](int64_t block, int64_t j, double rows) {
                double away = means[block * blocks.columns + j] - centre;
                spread += squares[block * blocks.columns + j] + rows * away * away;
            });
            spread /= static_cast<double>(p.rows);
            mean[c] = static_cast<T>(centre);
            var[c] = static_cast<T>(spread);
            rstd[c] = static_cast<T>(1 / std::sqrt(spread + p.eps));
        } else {
            centre = mean[c];
            spread = var[c];
        }
        double factor = (weight ? weight[c] : T{1}) / std::sqrt(spread + p.eps);
        scale.set(c, factor);
        shift.set(c, (bias ? bias[c] : T{0}) - centre * factor);
    });
    blocks.each([&](int64_t, int64_t at, int64_t rows, int64_t columns) {
        loops.affine(x + at, rows, columns, scale.values.data(), shift.values.data(), y + at);
    });
}

template <class T>
void backward(const BatchNormProblem& p, const BatchNormArgs& args, const NormColumns& loops) {
    const Blocks blocks(p);
    const T *x = static_cast<const T*>(args.x), *weight = static_cast<const T*>(args.weight),
            *grad_y = static_cast<const T*>(args.grad_y), *mean = static_cast<const T*>(args.mean),
            *var = static_cast<const T*>(args.var), *rstd = static_cast<const T*>(args.rstd);
    T *grad_x = static_cast<T*>(args.grad_x), *grad_weight = static_cast<T*>(args.grad_weight),
      *grad_bias = static_cast<T*>(args.grad_bias);
    Wide<T> centre(blocks), by_g(blocks), by_x(blocks), shift(blocks);
    for (int64_t c = 0; c < p.channels; ++c) centre.set(c, mean[c]);

    const bool sums_wanted = (p.training && grad_x) || grad_weight || grad_bias;
    int64_t parts = sums_wanted ? blocks.count() * blocks.columns : 0;
    Scratch<T> sums(parts), dots(parts);
    if (sums_wanted)
        blocks.each([&](int64_t block, int64_t at, int64_t rows, int64_t columns) {
            int64_t part = block * blocks.columns;
            loops.dots(x + at, grad_y + at, rows, columns, centre.values.data(), sums.data() + part,
                       dots.data() + part);
        });
    each_channel(blocks, [&](int64_t c) {
        double sum = 0, dot = 0;
        if (sums_wanted)
            blocks.each_part(c, [&](int64_t block, int64_t j, double) {
                sum += sums[block * blocks.columns + j];
                dot += dots[block * blocks.columns + j];
            });
        double r = p.training ? rstd[c] : 1 / std::sqrt(static_cast<double>(var[c]) + p.eps);
        if (grad_bias) grad_bias[c] = static_cast<T>(sum);
        if (grad_weight) grad_weight[c] = static_cast<T>(dot * r);
        double scale = r * (weight ? weight[c] : T{1});
        double share = p.training ? scale / static_cast<double>(p.rows) : 0;
        by_g.set(c, scale);
        by_x.set(c, -share * r * r * dot);
        shift.set(c, -share * sum);
    });
    if (!grad_x) return;
    blocks.each([&](int64_t, int64_t at, int64_t rows, int64_t columns) {
        if (p.training)
            loops.gradient(x + at, grad_y + at, rows, columns, centre.values.data(),
                           by_g.values.data(), by_x.values.data(), shift.values.data(),
                           grad_x + at);
        else
            loops.affine(grad_y + at, rows, columns, by_g.values.data(), shift.values.data(),
                         grad_x + at);
    });
}

}  // namespace

void batch_norm_by_columns(const BatchNormProblem& problem, const BatchNormArgs& args,
                           const NormColumns* loops_of_dtypes) {
    if (problem.channels == 0) return;
    visit_floating("batch_norm", problem.dtype, [&](auto zero) {
        using T = decltype(zero);
        const NormColumns& loops = loops_of_dtypes[problem.dtype == Dtype::Float64];
        problem.backward ? backward<T>(problem, args, loops) : forward<T>(problem, args, loops);
    });
}

}  // namespace cc
