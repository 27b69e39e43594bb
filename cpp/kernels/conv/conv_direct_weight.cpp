// dw[k][c][t] = Σ_pixels dy[pixel][k] · x[pixel·stride − pad + t·dilation][c], channels-last.
//
// For one tap and up to kPixels output pixels a list of pointer pairs (dy row, x row) is made,
// without the pixels whose x lies outside; then outer tiles of 14 (AVX-512; 6 with AVX2) k × two
// vectors of c run down the list, whatever the stride, dilation or rank, while the rows of the list
// that comes next are fetched. Rows stay in place unless their stride is bad for the cache. Sums
// gather in scratch [k][tap][c] and become [k][c][tap] at the end.
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

constexpr int64_t kPixels = 128;
constexpr int64_t kBlock = 128;
constexpr int64_t kCopyFor = 64;
constexpr int64_t kTasks = 64, kMaxSlices = 16, kSliceBytes = 16 << 20;

template <class T>
struct GradWeight {
    const ConvProblem& p;
    const Micro<T>& micro;
    const T *x, *y;
    const int64_t group_c = p.c / p.groups, group_k = p.k / p.groups, row = p.taps() * group_c;

    // The channels of a block in the rows of pixels. Those are copied where their stride would put them all into the same cache
    // sets, and the other side is wide enough to use them often.
    struct Side {
        const int64_t first, cols, stride;
        const bool copies;
        const T* lists[2][kPixels];
        const T **rows = lists[0], **next = lists[1];
        Scratch<T> memory;

        Side(int64_t first, int64_t cols, int64_t channels, int64_t other)
            : first(first), cols(cols), stride(((cols * sizeof(T) + 63) / 64 | 1) * 64 / sizeof(T)),
              copies(channels * sizeof(T) % 256 == 0 && other >= kCopyFor), memory(copies ? kPixels * stride : 0) {}
        int64_t offset() const { return copies ? 0 : first; }
        void advance(int64_t count) {
            std::swap(rows, next);
            for (int64_t i = 0; copies && i < count; ++i) {
                std::copy_n(rows[i] + first, cols, memory.data() + i * stride);
                rows[i] = memory.data() + i * stride;
            }
        }
        // Asks for the rows [begin, end) of those that come next.
        void fetch_rows(int64_t begin, int64_t end) const {
            for (int64_t i = begin; i < end; ++i) fetch<2>(next[i] + first, cols);
        }
    };

    // Adds pixels [first, end) to sums [k][tap][c] for a block of k and c of one group.
    void block(int64_t group, int64_t k, int64_t ks, int64_t c, int64_t cs, int64_t first,
               int64_t end, T* sums) const {
        Side a(group * group_k + k, ks, p.k, cs), b(group * group_c + c, cs, p.c, ks);
        const Parts tiles = Parts::at_most(ks, micro.rows_for(cs));
        const Panels panels{micro.lanes, cs};
        for (int64_t i = 0; i < ks; ++i)
            for (int64_t t = 0; t < p.taps(); ++t)
                std::fill_n(sums + (k + i) * row + t * group_c + c, cs, T{});
        const int64_t all = tiles.count * panels.count(), steps = (end - first + kPixels - 1) / kPixels * p.taps();
        auto look_up = [&](int64_t step) {
            const int64_t from = first + step / p.taps() * kPixels;
            return list_pairs(p, step % p.taps(), from, std::min(kPixels, end - from), x, y, a.next, b.next);
        };
        int64_t found = look_up(0);
        for (int64_t step = 0; step < steps; ++step) {
            const int64_t now = found, tap = step % p.taps();  // the positions of a kernel meet almost the same rows
            a.advance(now);
            b.advance(now);
            found = step + 1 < steps ? look_up(step + 1) : 0;
            T* to = sums + k * row + (p.flip ? p.taps() - 1 - tap : tap) * group_c + c;
            for (int64_t at = 0; now && at < all; ++at) {
                const int64_t i = tiles.begin(at % tiles.count), j = panels.begin(at / tiles.count);
                if (tap + 1 == p.taps()) {
                    a.fetch_rows(found * at / all, found * (at + 1) / all);
                    b.fetch_rows(found * at / all, found * (at + 1) / all);
                }
                micro.outer_tile({now, a.rows, b.rows, a.offset() + i, b.offset() + j, to + i * row + j, row,
                                  tiles.size(at % tiles.count), panels.size(at / tiles.count), true});
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
