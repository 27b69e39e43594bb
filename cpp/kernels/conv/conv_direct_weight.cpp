// dw[k][c][t] = Σ_pixels dy[pixel][k] · x[pixel·stride − pad + t·dilation][c], channels-last.
//
// For one tap and up to kPixels output pixels a list of pointer pairs (dy row, x row) is made,
// without the pixels whose x lies outside; then outer tiles of 14 (AVX-512; 6 with AVX2) channels of
// one side × two vectors of the other run down the list, whatever the stride, dilation or rank, while
// the rows of the list that comes next are fetched. Along the vectors go the channels that leave
// fewer lanes idle. Rows stay in place unless their stride is bad for the cache. Sums gather in
// scratch [row's channel][tap][vectors' channels] and become [k][c][tap] at the end. With one tap and
// stride 1 there is no list: rows lie a step apart, and a panel of the vectors' side is stored densely
// by the first tile that reads it (76 → 86 % of the peak on Zen 3).
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

constexpr int64_t kPixels = 128, kPixelsInPlace = 64;
constexpr int64_t kBlock = 128, kNarrow = 64;  // where one side of a block is narrow, the other is twice as wide
constexpr int64_t kCopyFor = 64, kKeepFor = 64;
constexpr int64_t kBadStep = 2048;  // bytes: rows in place that lie a multiple of it apart share too few cache sets
constexpr int64_t kTasks = 64, kMaxSlices = 16, kSlicePixels = 256, kSliceBytes = 16 << 20;

template <class T>
struct GradWeight {
    const ConvProblem& p;
    const Micro<T>& micro;
    const T *x, *y;
    const int64_t group_c = p.c / p.groups, group_k = p.k / p.groups, taps = p.taps();
    const bool turned = y_along_vectors();
    const int64_t group_a = turned ? group_c : group_k, group_b = turned ? group_k : group_c;
    const int64_t line = taps * group_b;  // sums of a row's channel
    const Parts a_blocks = Parts::at_most(group_a, group_b <= kNarrow ? 2 * kBlock : kBlock);
    const int64_t b_step = group_a <= kNarrow ? 2 * kBlock : kBlock, b_blocks = (group_b + b_step - 1) / b_step;

    int64_t panels_of(int64_t channels) const { return Panels{micro.lanes, channels, false}.count(); }
    // Where both ways leave as many lanes idle the narrower side lies there: its panels serve more rows.
    bool y_along_vectors() const {
        const int64_t y_tiles = group_c * panels_of(group_k), x_tiles = group_k * panels_of(group_c);
        return y_tiles < x_tiles || (y_tiles == x_tiles && group_k < group_c);
    }
    static int64_t odd_lines(int64_t cols) { return ((cols * sizeof(T) + 63) / 64 | 1) * 64 / sizeof(T); }

    // The channels of a block in the rows of pixels. Those are copied where their stride would put them all into the same cache
    // sets, and the other side is wide enough to use them often.
    struct Side {
        const int64_t first, cols, stride;
        const bool copies;
        const T* lists[2][kPixels];
        const T **rows = lists[0], **next = lists[1];
        Scratch<T> memory;

        Side(int64_t first, int64_t cols, int64_t channels, int64_t other)
            : first(first), cols(cols), stride(odd_lines(cols)),
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

    // Sums [row's channel][tap][vectors' channel] of one group over pixels [first, end), for a block
    // of channels of both sides.
    void block(int64_t group, int64_t a_first, int64_t as, int64_t b_first, int64_t bs, int64_t first,
               int64_t end, T* sums) const {
        Side a(group * group_a + a_first, as, turned ? p.c : p.k, bs),
            b(group * group_b + b_first, bs, turned ? p.k : p.c, as);
        const T **&x_next = turned ? a.next : b.next, **&y_next = turned ? b.next : a.next;
        const Parts tiles = Parts::at_most(as, micro.rows_for(bs)), lists = Parts::at_most(end - first, kPixels);
        const Panels panels{micro.lanes, bs, false};
        const int64_t all = tiles.count * panels.count(), steps = lists.count * taps;
        auto look_up = [&](int64_t step) {
            const int64_t list = step / taps;
            return list_pairs(p, step % taps, first + lists.begin(list), lists.size(list), x, y, y_next, x_next);
        };
        int64_t found = look_up(0);
        for (int64_t step = 0; step < steps; ++step) {
            const int64_t now = found, tap = step % taps;  // the positions of a kernel meet almost the same rows
            const bool adds = step >= taps;
            a.advance(now);
            b.advance(now);
            found = step + 1 < steps ? look_up(step + 1) : 0;
            T* to = sums + a_first * line + (p.flip ? taps - 1 - tap : tap) * group_b + b_first;
            const int64_t share = tap + 1 == taps ? (found + all - 1) / all : 0;  // of the next rows, asked for by each tile
            int64_t asked = 0;
            for (int64_t panel = 0; panel < panels.count() && (now || !adds); ++panel)
                for (int64_t tile = 0; tile < tiles.count; ++tile, asked += share) {
                    const int64_t i = tiles.begin(tile), j = panels.begin(panel);
                    a.fetch_rows(asked, std::min(asked + share, found));
                    b.fetch_rows(asked, std::min(asked + share, found));
                    T* out = to + i * line + j;
                    if (a.copies && b.copies)
                        micro.step_tile({now, a.memory.data() + i, a.stride, b.memory.data() + j, b.stride, out, line,
                                         tiles.size(tile), panels.size(panel), adds});
                    else
                        micro.outer_tile({now, a.rows, b.rows, a.offset() + i, b.offset() + j, out, line, tiles.size(tile),
                                          panels.size(panel), adds});
                }
        }
    }

    // The same where pixels match: rows of both sides lie in place, a step apart. The first tile of a panel leaves what it reads
    // of b, dense, to those that follow.
    void block_in_place(int64_t group, int64_t a_first, int64_t as, int64_t b_first, int64_t bs, int64_t first, int64_t end,
                        T* sums) const {
        const int64_t a_step = turned ? p.c : p.k, b_step = turned ? p.k : p.c, width = 2 * micro.lanes;
        const T *a = (turned ? x : y) + first * a_step + group * group_a + a_first,
                *b = (turned ? y : x) + first * b_step + group * group_b + b_first;
        const Parts tiles = Parts::at_most(as, micro.rows_for(bs)), lists = Parts::at_most(end - first, kPixelsInPlace);
        const Panels panels{micro.lanes, bs, false};
        const bool keeps = as >= kKeepFor, copies = a_step * sizeof(T) % kBadStep == 0 && panels.count() > 1;
        const int64_t all = tiles.count * panels.count(), copied_step = odd_lines(as);
        Scratch<T> kept(keeps ? kPixelsInPlace * width : 0), copied(copies ? kPixelsInPlace * copied_step : 0);
        for (int64_t list = 0; list < lists.count; ++list) {
            const int64_t now = lists.size(list), following = list + 1 < lists.count ? lists.size(list + 1) : 0;
            const int64_t share = (following + all - 1) / all;  // of the next rows, asked for by each tile
            const T *a_next = a + now * a_step, *b_next = b + now * b_step;
            for (int64_t i = 0; copies && i < now; ++i) std::copy_n(a + i * a_step, as, copied.data() + i * copied_step);
            int64_t asked = 0;
            for (int64_t panel = 0; panel < panels.count(); ++panel) {
                const int64_t j = panels.begin(panel), cols = panels.size(panel);
                StepTile<T> tile{now, nullptr, copies ? copied_step : a_step, b + j, b_step, nullptr, line, 0, cols, list > 0,
                                 keeps && cols == width ? kept.data() : nullptr};
                for (int64_t t = 0; t < tiles.count; ++t) {
                    for (const int64_t until = std::min(asked + share, following); asked < until; ++asked) {
                        fetch<2>(a_next + asked * a_step, as);
                        fetch<2>(b_next + asked * b_step, bs);
                    }
                    const int64_t i = tiles.begin(t);
                    tile.a = (copies ? copied.data() : a) + i;
                    tile.rows = tiles.size(t);
                    tile.out = sums + (a_first + i) * line + b_first + j;
                    micro.step_tile(tile);
                    if (tile.kept) tile.b = kept.data(), tile.b_step = width, tile.kept = nullptr;
                }
            }
            a = a_next;
            b = b_next;
        }
    }

    // Sums of channels [first, end) of the rows, all of one group, to where the kernel has them.
    void move(const T* sums, int64_t first, int64_t end, T* weight) const {
        const int64_t group = first / group_a, row = taps * group_c;
        if (turned)
            micro.transpose(sums, group_b, weight + group * group_k * row + first % group_a * taps, row,
                            (end - first) * taps, group_b);
        else if (taps == 1)
            std::copy_n(sums, (end - first) * row, weight + first * row);
        else
            for (int64_t k = first; k < end; ++k, sums += row)
                micro.transpose(sums, group_c, weight + k * row, taps, taps, group_c);
    }

    void run(T* weight) const {
        const int64_t blocks = p.groups * a_blocks.count * b_blocks, pixels = p.n * p.out_pixels(),
                      lines = p.groups * group_a, size = lines * line;
        const int64_t room =
            std::max<int64_t>(1, kSliceBytes / (size * static_cast<int64_t>(sizeof(T)) + 1));
        const int64_t wanted = std::min(
            {(kTasks + blocks - 1) / blocks, kMaxSlices, room, pixels / kSlicePixels});
        const Parts slices{pixels, std::max<int64_t>(1, wanted)};
        Scratch<T> sums(slices.count * size);
        const auto sum = p.pixels_match() ? &GradWeight::block_in_place : &GradWeight::block;
        auto block_task = [&](int64_t task) {
            const int64_t slice = task / blocks, at = task % blocks;
            const int64_t b_block = at % b_blocks, a_block = at / b_blocks % a_blocks.count,
                          group = at / b_blocks / a_blocks.count;
            (this->*sum)(group, a_blocks.begin(a_block), a_blocks.size(a_block), b_block * b_step,
                         std::min(b_step, group_b - b_block * b_step), slices.begin(slice),
                         slices.begin(slice + 1), sums.data() + slice * size + group * group_a * line);
        };
        const Parts finish = Parts::at_most(lines, std::max<int64_t>(1, 16384 / line));
        auto finish_task = [&](int64_t task) {
            const int64_t end = finish.begin(task + 1);
            T* sum = sums.data() + finish.begin(task) * line;
            for (int64_t step = 1; step < slices.count; step *= 2)
                for (int64_t s = 0; s + step < slices.count; s += 2 * step)
                    for (int64_t i = 0; i < finish.size(task) * line; ++i)
                        sum[s * size + i] += sum[(s + step) * size + i];
            for (int64_t first = finish.begin(task), next; first < end; sum += (next - first) * line, first = next) {
                next = std::min(end, (first / group_a + 1) * group_a);
                move(sum, first, next, weight);
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
