// dw = Gᵀ dU G with dU[e] = Σ_tiles V[e]ᵀ D[e], V = Bᵀ x B and D = A dy Aᵀ (conv_winograd.cpp).
//
// Tiles go in chunks of kChunkBytes of V and D, which stay in the last-level cache. First all panels
// of a chunk are transformed, then each element's product runs over the whole chunk in registers and
// is added to dU once. Tasks are elements and blocks of c: there are always enough of them, so the
// sum over tiles is never split between tasks, and no slices need be added: same bits at any thread
// count.
#include "base/allocator.h"
#include "kernels/conv/conv_winograd_tiles.h"
#include "kernels/gemm/pack.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kChunkBytes = 3 << 20;
constexpr int64_t kRows = 32;
constexpr int64_t kBlocks = 8;  // vectors of channels c of a task
constexpr int64_t kBack = 16;   // channels c transformed back at a time

struct GradWeight {
    const ConvProblem& p;
    const Winograd& winograd;
    const Micro<float>& micro;
    float *x, *y;
    const WinogradTiles tiles{p};
    const WinogradMaps& maps = winograd.maps_of(tiles.taps, tiles.axes);
    const int64_t lanes = winograd.lanes, width = 2 * lanes, elements = tiles.pixels(true);
    const int64_t c = (p.c + lanes - 1) / lanes * lanes, k = (p.k + width - 1) / width * width;
    const int64_t k_lanes = (p.k + lanes - 1) / lanes * lanes;
    const int64_t x_element = odd_lines(c * kRows), y_element = odd_lines(k_lanes * kRows);
    const int64_t sum_element = odd_lines(c * k);

    void run(float* weight) const {
        const int64_t panel_x = elements * x_element, panel_y = elements * y_element;
        const int64_t panels = (tiles.count() + kRows - 1) / kRows;
        const int64_t most = std::max<int64_t>(
            1, kChunkBytes / ((panel_x + panel_y) * static_cast<int64_t>(sizeof(float))));
        const Parts chunks = Parts::at_most(panels, most);
        const int64_t room = (panels + chunks.count - 1) / chunks.count;
        Scratch<float> of_x(room * panel_x), of_y(room * panel_y), sums(elements * sum_element);
        const Parts blocks = Parts::at_most(c / lanes, kBlocks);
        for (int64_t chunk = 0; chunk < chunks.count; ++chunk) {
            const int64_t begin = chunks.begin(chunk), count = chunks.size(chunk);
            auto panel_tiles = [&](int64_t panel) {
                return std::min(kRows, tiles.count() - (begin + panel) * kRows);
            };
            auto transform = [&](int64_t task) {
                const bool input = task % 2 == 0;
                const int64_t panel = task / 2, channels = input ? p.c : p.k;
                Scratch<float*> pixels(kRows * tiles.pixels(input));
                Scratch<float> zeros(channels);
                std::fill_n(zeros.data(), channels, 0.0f);
                const int64_t size = panel_tiles(panel);
                tiles.look_up(input, (begin + panel) * kRows, size, input ? x : y, channels,
                              zeros.data(), pixels.data());
                (input ? maps.input : maps.grad_output)(
                    {pixels.data(), channels,
                     {input ? of_x.data() + panel * panel_x : of_y.data() + panel * panel_y, kRows,
                      0, input ? x_element : y_element, size},
                     tiles.tiles[1], (begin + panel) * kRows % tiles.tiles[1]});
            };
            auto product = [&](int64_t task) {
                const int64_t e = task / blocks.count, block = task % blocks.count,
                              at = blocks.begin(block) * lanes;
                winograd.outer({of_x.data() + e * x_element + at * kRows,
                                of_y.data() + e * y_element, panel_x, panel_y, count, kRows,
                                panel_tiles(count - 1), sums.data() + e * sum_element + at * k, k,
                                blocks.size(block), k_lanes / lanes, chunk > 0});
            };
            run_stages(p.flops(), {{2 * count, transform}, {elements * blocks.count, product}});
        }
        const Parts parts = Parts::at_most(p.c, kBack);
        auto back = [&](int64_t task) {
            const int64_t first = parts.begin(task % parts.count), count = parts.size(task % parts.count),
                          col = task / parts.count * width;
            const int64_t taps = p.taps();
            Scratch<float> block(kBack * taps * width);
            for (int64_t i = 0; i < count; ++i) {
                float *of = block.data() + i * taps * width,
                      *from = sums.data() + (first + i) * k + col;
                if (p.flip)
                    maps.grad_weights({of + (taps - 1) * width, -width, from, sum_element});
                else
                    maps.grad_weights({of, width, from, sum_element});
            }
            micro.transpose(block.data(), width, weight + (col * p.c + first) * taps, p.c * taps,
                            count * taps, std::min(width, p.k - col));
        };
        run_stages(p.flops(), {{k / width * parts.count, back}});
    }
};

}  // namespace

void winograd_grad_weight(const ConvProblem& p, float* x, float* weight, float* y,
                          const Winograd& winograd, const Micro<float>& micro) {
    GradWeight{p, winograd, micro, x, y}.run(weight);
}

}  // namespace cc
