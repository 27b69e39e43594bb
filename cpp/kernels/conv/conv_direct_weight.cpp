// dw[k][c][t] = Σ_pixels dy[pixel][k] · x[pixel·stride − pad + t·dilation][c], channels-last.
//
// For one tap and up to kPixels output pixels a list of pointer pairs (dy row, x row) is made,
// without the pixels whose x lies outside; then outer tiles of 14 (AVX-512; 6 with AVX2) k × two
// vectors of c run down the list with both operands in place: nothing is packed, whatever the
// stride, dilation or rank. Sums gather in scratch [k][tap][c] and become [k][c][tap] at the end.
//
// Tasks are blocks of kBlock × kBlock channels; where these are fewer than kTasks, the pixels are
// cut into slices whose sums are added in a fixed pairwise tree. The cut comes from the problem
// alone: same bits at any thread count.
#include <algorithm>

#include "base/allocator.h"
#include "kernels/conv/conv_direct.h"
#include "kernels/conv/conv_passes.h"
#include "kernels/gemm/pack.h"
#include "kernels/stages.h"

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

    // Adds pixels [first, end) to sums [k][tap][c] for a block of k and c of one group.
    void block(int64_t group, int64_t k, int64_t ks, int64_t c, int64_t cs, int64_t first,
               int64_t end, T* sums) const {
        const Parts tiles = Parts::at_most(ks, micro.rows_for(cs));
        const T *a[kPixels], *b[kPixels];
        for (int64_t i = 0; i < ks; ++i)
            for (int64_t t = 0; t < p.taps(); ++t)
                std::fill_n(sums + (k + i) * row + t * group_c + c, cs, T{});
        for (; first < end; first += kPixels) {
            const int64_t count = std::min(kPixels, end - first);
            for (int64_t tap = 0; tap < p.taps(); ++tap) {
                const int64_t found = list_pairs(p, tap, first, count, x, y, a, b);
                if (found == 0) continue;
                const int64_t to = (p.flip ? p.taps() - 1 - tap : tap) * group_c;
                for (int64_t j = c; j < c + cs; j += 2 * micro.lanes)
                    for (int64_t i = 0; i < tiles.count; ++i)
                        micro.outer_tile(
                            {found, a, b, group * group_k + k + tiles.begin(i), group * group_c + j,
                             sums + (k + tiles.begin(i)) * row + to + j, row, tiles.size(i),
                             std::min(2 * micro.lanes, c + cs - j), true});
            }
        }
    }

    void run(T* weight) const {
        const Parts k_blocks = Parts::at_most(group_k, kBlock);
        const int64_t c_step = kBlock, c_blocks = (group_c + c_step - 1) / c_step;
        const int64_t blocks = p.groups * k_blocks.count * c_blocks, pixels = p.n * p.out_pixels(),
                      size = p.k * row;
        const int64_t room =
            std::max<int64_t>(1, kSliceBytes / (size * static_cast<int64_t>(sizeof(T)) + 1));
        const int64_t wanted = std::min(
            {(kTasks + blocks - 1) / blocks, kMaxSlices, room, (pixels + kPixels - 1) / kPixels});
        const Parts slices{pixels, std::max<int64_t>(1, wanted)};
        Scratch<T> sums(slices.count * size);
        auto block_task = [&](int64_t task) {
            const int64_t slice = task / blocks, at = task % blocks;
            const int64_t c_block = at % c_blocks, k_block = at / c_blocks % k_blocks.count,
                          group = at / c_blocks / k_blocks.count;
            block(group, k_blocks.begin(k_block), k_blocks.size(k_block), c_block * c_step,
                  std::min(c_step, group_c - c_block * c_step), slices.begin(slice),
                  slices.begin(slice + 1), sums.data() + slice * size + group * group_k * row);
        };
        const Parts finish = Parts::at_most(p.k, std::max<int64_t>(1, 16384 / row));
        auto finish_task = [&](int64_t task) {
            for (int64_t k = finish.begin(task); k < finish.begin(task + 1); ++k) {
                T* sum = sums.data() + k * row;
                for (int64_t step = 1; step < slices.count; step *= 2)
                    for (int64_t s = 0; s + step < slices.count; s += 2 * step)
                        for (int64_t i = 0; i < row; ++i)
                            sum[s * size + i] += sum[(s + step) * size + i];
                micro.transpose(sum, group_c, weight + k * row, p.taps(), p.taps(), group_c);
            }
        };
        run_stages(p.flops(), {{blocks * slices.count, block_task}, {finish.count, finish_task}});
    }
};

}  // namespace

template <class T>
void direct_grad_weight(const ConvProblem& p, const T* x, T* weight, const T* y,
                        const Micro<T>& micro) {
    GradWeight<T>{p, micro, x, y}.run(weight);
}
template void direct_grad_weight(const ConvProblem&, const float*, float*, const float*,
                                 const Micro<float>&);
template void direct_grad_weight(const ConvProblem&, const double*, double*, const double*,
                                 const Micro<double>&);

}  // namespace cc
