// y[o][g·m + i] = Σ_t Σ_d x[o·stride − pad + t·dilation][g·m + d] · w[g·m + i][d][t]: groups of m = 2, 4
// or 8 channels on both sides, channels-last.
//
// Vectors run along the channels, one or several groups in each. Weights stand as [vector][t][d][lane]; channel
// d of every group of a pixel is spread over the group's lanes and multiplied with them, so no lane idles
// and no zero is multiplied. Pixels are found through the pointer tables of direct convolution: any rank,
// stride, dilation, padding. The gradient of the input is the same with its passes; that of the kernel
// holds taps × d sums in registers and runs down the table. Its pixels are cut into slices whose sums are
// added in a fixed pairwise tree: same bits at any thread count.
#include "kernels/conv/conv_grouped.h"

#include <algorithm>

#include "kernels/conv/conv_tiles.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kPixels = 32;
constexpr int64_t kChannels = 128;
constexpr int64_t kTasks = 64, kMaxSlices = 16, kSliceBytes = 16 << 20;
constexpr double kGrainFlops = 3e5;

template <class T>
struct Grouped {
    const ConvProblem& p;
    const Micro<T>& micro;
    const int64_t m = p.c / p.groups, taps = p.taps();

    // Weights as register tiles want them: [channels / lanes][t][d][lanes].
    const int64_t w_step = taps * m * micro.lanes, packed_size = (p.c + micro.lanes - 1) / micro.lanes * w_step;
    int64_t packed_at(int64_t channel, int64_t d, int64_t t) const {
        return channel / micro.lanes * w_step + (t * m + d) * micro.lanes + channel % micro.lanes;
    }

    void pack(const T* weight, T* packed) const {
        std::fill_n(packed, packed_size, T{});
        for (int64_t k = 0; k < p.k; ++k)
            for (int64_t d = 0; d < m; ++d)
                for (int64_t t = 0; t < taps; ++t) {
                    const int64_t first = k / m * m;
                    packed[p.map == ConvMap::GradInput ? packed_at(first + d, k - first, t) : packed_at(k, d, t)] =
                        weight[(k * m + d) * taps + t];
                }
    }

    void pixels(const std::vector<Pass>& passes, const T* source, T* result, const T* weight, const T* bias,
                Packs* packs, const EpilogueOf<T>* epilogue) const {
        Packed<T> packed(packs, p.weight_key("grouped", micro.lanes, weight), packed_size);
        if (!packed.filled()) pack(weight, packed.data());
        packed.keep();
        Scratch<T> zeros(p.c);
        std::fill_n(zeros.data(), p.c, T{});
        each_pixel_tile(p, passes, source, result, zeros.data(), kRunPixels, m * micro.lanes, kGrainFlops,
                        [&](const PixelTile<T>& tile) {
                            micro.group_tile({m, tile.taps, tile.sources, packed.data(), w_step, tile.weights,
                                              tile.results, bias, tile.rows, p.c, tile.source_ahead,
                                              tile.result_ahead, epilogue});
                        });
    }

    void kernel(T* x, T* weight, T* y) const {
        ConvProblem forward = p;
        forward.map = ConvMap::Forward;
        const Pass pass = forward_passes(forward)[0];
        const PixelTable<T> table(forward, pass, x, y, kPixels);
        const std::vector<int64_t> order = weight_taps(p, pass);
        const int64_t size = packed_size, blocks = (p.c + kChannels - 1) / kChannels,
                      all = p.n * p.out_pixels();
        const int64_t room = std::max<int64_t>(1, kSliceBytes / (size * static_cast<int64_t>(sizeof(T))));
        const int64_t wanted =
            std::min({(kTasks + blocks - 1) / blocks, kMaxSlices, room, (all + kPixels - 1) / kPixels});
        const Parts slices{all, std::max<int64_t>(1, wanted)};
        Scratch<T> sums(slices.count * size), zeros(p.c);
        std::fill_n(zeros.data(), p.c, T{});
        // Sums stand in the table's order of kernel positions.
        auto slice_task = [&](int64_t task) {
            const int64_t slice = task / blocks, c = task % blocks * kChannels, cs = std::min(kChannels, p.c - c),
                          end = slices.begin(slice + 1);
            T* sum = sums.data() + slice * size + packed_at(c, 0, 0);
            std::fill_n(sum, (cs + micro.lanes - 1) / micro.lanes * w_step, T{});
            Scratch<const T*> x_rows(taps * kPixels);
            T* y_rows[kPixels];
            for (int64_t first = slices.begin(slice); first < end; first += kPixels) {
                const int64_t count = std::min(kPixels, end - first);
                table.look_up(first, count, c, c, zeros.data(), x_rows.data(), y_rows);
                micro.group_sum({m, taps, count, x_rows.data(), kPixels, y_rows, sum, cs});
            }
        };
        auto finish_task = [&](int64_t) {
            T* sum = sums.data();
            for (int64_t step = 1; step < slices.count; step *= 2)
                for (int64_t s = 0; s + step < slices.count; s += 2 * step)
                    for (int64_t i = 0; i < size; ++i) sum[s * size + i] += sum[(s + step) * size + i];
            for (int64_t i = 0; i < p.c * m; ++i)
                for (int64_t t = 0; t < taps; ++t) weight[i * taps + order[t]] = sum[packed_at(i / m, i % m, t)];
        };
        run_stages(p.flops(), {{blocks * slices.count, slice_task}, {1, finish_task}});
    }
};

template <class T>
void run(const ConvProblem& p, const ConvArgs& args, const Micro<T>& micro) {
    T *x = static_cast<T*>(args.x), *weight = static_cast<T*>(args.weight), *y = static_cast<T*>(args.y);
    const Grouped<T> grouped{p, micro};
    switch (p.map) {
        case ConvMap::Forward:
            return grouped.pixels(forward_passes(p), x, y, weight, static_cast<const T*>(args.bias), args.packs,
                                  EpilogueFor<T>(args.epilogue, y).get());
        case ConvMap::GradInput: return grouped.pixels(grad_input_passes(p), y, x, weight, nullptr, args.packs, nullptr);
        case ConvMap::GradWeight: return grouped.kernel(x, weight, y);
    }
}

}  // namespace

void conv_grouped(const ConvProblem& p, const ConvArgs& args, const MicroSet& micro) {
    visit_floating("conv", p.dtype, [&](auto zero) { run(p, args, micro_for(micro, zero)); });
}

const char* conv_grouped_decline(const ConvProblem& p) {
    const int64_t m = p.c / p.groups;
    if (p.groups == 1 || p.c != p.k) return "not the same channels in several groups";
    if (m != 2 && m != 4 && m != 8) return "groups have not 2, 4 or 8 channels";
    if (p.n * p.out_pixels() == 0) return "a tensor is empty";
    return nullptr;
}

}  // namespace cc
