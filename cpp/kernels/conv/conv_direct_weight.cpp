// dw[k][c][t] = Σ_pixels dy[pixel][k] · x[pixel·stride − pad + t·dilation][c], channels-last.
//
// For one tap and up to kPixels output pixels a list of pointer pairs (dy row, x row) is made, without the pixels whose x lies
// outside; then outer tiles of 14 (AVX-512; 6 with AVX2) k × two vectors of c run down the list with both operands in place: nothing
// is packed, whatever the stride, dilation or rank. Sums gather in scratch [k][tap][c] and are transposed into [k][c][tap] at the end.
//
// Tasks are blocks of kBlock × kBlock channels; where these are fewer than kTasks, the pixels are cut into slices whose sums are added
// in a fixed pairwise tree. The cut comes from the problem alone: same bits at any thread count.
#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/conv/conv_direct.h"
#include "kernels/gemm/pack.h"

namespace cc {
namespace {

constexpr int64_t kPixels = 256;
constexpr int64_t kBlock = 64;
constexpr int64_t kTasks = 64, kMaxSlices = 16, kSliceBytes = 16 << 20;

template <class T>
struct GradWeight {
    const ConvProblem& p;
    const Micro<T>& micro;
    const T *x, *y;
    const int64_t group_c = p.c / p.groups, group_k = p.k / p.groups, row = p.taps() * group_c;

    // Pairs of rows that tap (t0, t1, t2) multiplies, among output pixels [first, first + count). Returns their number.
    int64_t list(const int64_t* t, int64_t first, int64_t count, const T** a, const T** b) const {
        int64_t o[3], rest = first, found = 0;
        for (int axis = 2; axis >= 0; --axis) {
            o[axis] = rest % p.out[axis];
            rest /= p.out[axis];
        }
        int64_t image = rest;
        auto source = [&](int axis) { return o[axis] * p.stride[axis] - p.pad_lo[axis] + t[axis] * p.dilation[axis]; };
        auto inside = [&](int64_t i, int axis) { return static_cast<uint64_t>(i) < static_cast<uint64_t>(p.in[axis]); };
        for (int64_t pixel = first; pixel < first + count;) {
            const int64_t i0 = source(0), i1 = source(1), run = std::min(p.out[2] - o[2], first + count - pixel);
            if (inside(i0, 0) && inside(i1, 1)) {
                const T* line = x + ((image * p.in[0] + i0) * p.in[1] + i1) * p.in[2] * p.c;
                int64_t i2 = source(2);
                for (int64_t j = 0; j < run; ++j, i2 += p.stride[2])
                    if (inside(i2, 2)) {
                        a[found] = y + (pixel + j) * p.k;
                        b[found++] = line + i2 * p.c;
                    }
            }
            pixel += run;
            o[2] = 0;
            for (int axis = 1; axis >= 0 && ++o[axis] == p.out[axis]; --axis) {
                o[axis] = 0;
                if (axis == 0) ++image;
            }
        }
        return found;
    }

    // Adds pixels [first, end) to sums [k][tap][c] for a block of k and c of one group.
    void block(int64_t group, int64_t k, int64_t ks, int64_t c, int64_t cs, int64_t first, int64_t end, T* sums) const {
        const Parts tiles = Parts::at_most(ks, micro.rows);
        const T *a[kPixels], *b[kPixels];
        for (int64_t i = 0; i < ks; ++i)
            for (int64_t t = 0; t < p.taps(); ++t) std::fill_n(sums + (k + i) * row + t * group_c + c, cs, T{});
        for (; first < end; first += kPixels) {
            const int64_t count = std::min(kPixels, end - first);
            for (int64_t tap = 0; tap < p.taps(); ++tap) {
                const int64_t t[3] = {tap / p.kernel[2] / p.kernel[1], tap / p.kernel[2] % p.kernel[1], tap % p.kernel[2]};
                const int64_t found = list(t, first, count, a, b);
                if (found == 0) continue;
                const int64_t to = (p.flip ? p.taps() - 1 - tap : tap) * group_c;
                for (int64_t j = c; j < c + cs; j += 2 * micro.lanes)
                    for (int64_t i = 0; i < tiles.count; ++i)
                        micro.outer_tile({found, a, b, group * group_k + k + tiles.begin(i), group * group_c + j,
                                          sums + (k + tiles.begin(i)) * row + to + j, row, tiles.size(i),
                                          std::min(2 * micro.lanes, c + cs - j), true});
            }
        }
    }

    void run(T* weight) const {
        const Parts k_blocks = Parts::at_most(group_k, kBlock);
        const int64_t c_step = kBlock, c_blocks = (group_c + c_step - 1) / c_step;
        const int64_t blocks = p.groups * k_blocks.count * c_blocks, pixels = p.n * p.out_pixels(), size = p.k * row;
        const int64_t room = std::max<int64_t>(1, kSliceBytes / (size * static_cast<int64_t>(sizeof(T)) + 1));
        const int64_t wanted = std::min({(kTasks + blocks - 1) / blocks, kMaxSlices, room, (pixels + kPixels - 1) / kPixels});
        const Parts slices{pixels, std::max<int64_t>(1, wanted)};
        Scratch<T> sums(slices.count * size);
        auto block_task = [&](int64_t task) {
            const int64_t slice = task / blocks, at = task % blocks;
            const int64_t c_block = at % c_blocks, k_block = at / c_blocks % k_blocks.count, group = at / c_blocks / k_blocks.count;
            block(group, k_blocks.begin(k_block), k_blocks.size(k_block), c_block * c_step, std::min(c_step, group_c - c_block * c_step),
                  slices.begin(slice), slices.begin(slice + 1), sums.data() + slice * size + group * group_k * row);
        };
        const Parts finish = Parts::at_most(p.k, std::max<int64_t>(1, 16384 / row));
        auto finish_task = [&](int64_t task) {
            for (int64_t k = finish.begin(task); k < finish.begin(task + 1); ++k) {
                T* sum = sums.data() + k * row;
                for (int64_t step = 1; step < slices.count; step *= 2)
                    for (int64_t s = 0; s + step < slices.count; s += 2 * step)
                        for (int64_t i = 0; i < row; ++i) sum[s * size + i] += sum[(s + step) * size + i];
                micro.transpose(sum, group_c, weight + k * row, p.taps(), p.taps(), group_c);
            }
        };
        parallel_stages({{blocks * slices.count, block_task}, {finish.count, finish_task}});
    }
};

}  // namespace

template <class T>
void direct_grad_weight(const ConvProblem& p, const T* x, T* weight, const T* y, const Micro<T>& micro) {
    GradWeight<T>{p, micro, x, y}.run(weight);
}
template void direct_grad_weight(const ConvProblem&, const float*, float*, const float*, const Micro<float>&);
template void direct_grad_weight(const ConvProblem&, const double*, double*, const double*, const Micro<double>&);

}  // namespace cc
