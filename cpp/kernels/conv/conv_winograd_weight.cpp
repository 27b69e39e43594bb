// dw = Gᵀ dU G with dU[e] = Σ_tiles V[e]ᵀ D[e], V = Bᵀ x B and D = A dy Aᵀ (conv_winograd.cpp).
//
// Tiles go in chunks of kChunkBytes of V and D, which stay in the last-level cache. First all panels
// of a chunk are transformed, then each element's product runs over the whole chunk in registers and
// is added to dU once. Tasks are elements and blocks of c, so the sum over tiles is never split
// between tasks, and no slices need be added: same bits at any thread count.
//
// Deep problems, whose dU would pass through memory, have one chunk where D is not too large: a task
// takes a block of c through all elements and transforms its part of dU back at once.
#include "base/allocator.h"
#include "kernels/conv/conv_winograd_tiles.h"
#include "kernels/gemm/pack.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kChunkBytes = 3 << 20;
constexpr int64_t kSumBytes = 16 << 20;        // of dU: above, the problem is deep
constexpr int64_t kDeepChunkBytes = 12 << 20;  // where the sums cost more than their operands
constexpr int64_t kOnceBytes = 10 << 20;       // of D that is read again for each block of c
constexpr int64_t kRows = 32;
constexpr int64_t kBlocks = 8;  // vectors of channels c of a task
constexpr int64_t kDeepChannels = 32;  // c of a task of a deep problem
constexpr int64_t kBack = 16;   // channels c transformed back at a time

struct GradWeight {
    const ConvProblem& p;
    const Winograd& winograd;
    const Micro<float>& micro;
    const WinogradTiles& tiles;
    const WinogradPixels x, y;
    const WinogradMaps& maps = winograd.maps_of(tiles.window, tiles.taps, tiles.axes);
    const int64_t lanes = winograd.lanes, width = 2 * lanes, elements = tiles.pixels(true);
    const int64_t c = (p.c + lanes - 1) / lanes * lanes, k = (p.k + width - 1) / width * width;
    const int64_t k_lanes = (p.k + lanes - 1) / lanes * lanes;
    const int64_t x_element = odd_lines(c * kRows), y_element = odd_lines(k_lanes * kRows);
    const int64_t sum_element = odd_lines(c * k);

    const int64_t panels = (tiles.count() + kRows - 1) / kRows;
    const int64_t sum_elements = tiles.sources() * elements;
    const int64_t panel_x = sum_elements * x_element, panel_y = elements * y_element;
    const int64_t operands = 1 + tiles.sources();

    // Panels from `begin` on, of the output and of each source.
    void transform(int64_t task, int64_t begin, float* of_x, float* of_y, int64_t* needed) const {
        const int64_t source = task % operands - 1, panel = task / operands;
        const bool input = source >= 0;
        const int64_t channels = input ? p.c : p.k,
                      first = (begin + panel) * kRows,
                      size = std::min(kRows, tiles.count() - first);
        WinogradOrder order(p, tiles, size, kRows, 0, lanes);
        order.set(first, size);
        if (!input) std::copy_n(order.needed(), kWinogradClasses, needed + panel * kWinogradClasses);
        Scratch<float*> pixels(kRows * tiles.pixels(input));
        Scratch<float> zeros(channels);
        std::fill_n(zeros.data(), channels, 0.0f);
        tiles.look_up(input, std::max<int64_t>(source, 0), first, size, input ? x : y, zeros.data(), pixels.data());
        (input ? maps.input : maps.grad_output)(
            {pixels.data(), order.places(), channels, 0,
             {input ? of_x + panel * panel_x + source * elements * x_element : of_y + panel * panel_y, kRows, 0,
              input ? x_element : y_element, size},
             tiles.tiles[1], first % tiles.tiles[1]});
    }

    // sums[blocks · lanes][k] of element e over `count` panels, for vectors of c from `block` on.
    void product(int64_t e, int64_t block, int64_t blocks, int64_t begin, int64_t count,
                 const float* of_x, const float* of_y, const int64_t* needed, float* sums) const {
        const int64_t of_tile = e % elements;
        winograd.outer({of_x + e * x_element + block * lanes * kRows, of_y + of_tile * y_element, panel_x,
                        panel_y, count, kRows, needed + winograd_class(of_tile, tiles.axes, tiles.window),
                        sums, k, blocks, k_lanes / lanes, begin > 0});
    }

    // Two vectors of k from `col` on, `count` channels of c from `first` on, whose sums are at `from`.
    void back(int64_t first, int64_t count, int64_t col, float* from, int64_t element,
              float* weight) const {
        const int64_t taps = p.taps();
        Scratch<float> block(count * taps * width);
        const WinogradParts parts(p, tiles, width);
        for (int64_t source = 0; source < tiles.sources(); ++source, from += elements * element)
            for (int64_t i = 0; i < count; ++i) {
                float* kernel = block.data() + i * taps * width;
                const WinogradParts::Taps to = parts.place(source, kernel);
                maps.grad_weights({to.at, to.step, from + i * k + col, element});
                parts.put(source, kernel);
            }
        micro.transpose(block.data(), width, weight + (col * p.c + first) * taps, p.c * taps,
                        count * taps, std::min(width, p.k - col));
    }

    void run(float* weight) const {
        constexpr int64_t size = sizeof(float);
        const bool deep = sum_elements * sum_element * size > kSumBytes;
        if (deep && panels * panel_y * size <= kOnceBytes) return run_once(weight);
        const int64_t most = std::max<int64_t>(
            1, (deep ? kDeepChunkBytes : kChunkBytes) / ((panel_x + panel_y) * size));
        const Parts chunks = Parts::at_most(panels, most);
        const int64_t room = (panels + chunks.count - 1) / chunks.count;
        Scratch<float> of_x(room * panel_x), of_y(room * panel_y), sums(sum_elements * sum_element);
        Scratch<int64_t> needed(room * kWinogradClasses);
        const Parts blocks = Parts::at_most(c / lanes, kBlocks);
        for (int64_t chunk = 0; chunk < chunks.count; ++chunk) {
            const int64_t begin = chunks.begin(chunk), count = chunks.size(chunk);
            auto transform_task = [&](int64_t task) {
                transform(task, begin, of_x.data(), of_y.data(), needed.data());
            };
            auto product_task = [&](int64_t task) {
                const int64_t e = task / blocks.count, block = blocks.begin(task % blocks.count);
                product(e, block, blocks.size(task % blocks.count), begin, count, of_x.data(),
                        of_y.data(), needed.data(),
                        sums.data() + e * sum_element + block * lanes * k);
            };
            run_stages(p.flops(),
                       {{operands * count, transform_task}, {sum_elements * blocks.count, product_task}});
        }
        const Parts parts = Parts::at_most(p.c, kBack);
        auto back_task = [&](int64_t task) {
            const int64_t part = task % parts.count, first = parts.begin(part);
            back(first, parts.size(part), task / parts.count * width, sums.data() + first * k,
                 sum_element, weight);
        };
        run_stages(p.flops(), {{k / width * parts.count, back_task}});
    }

    void run_once(float* weight) const {
        Scratch<float> of_x(panels * panel_x), of_y(panels * panel_y);
        Scratch<int64_t> needed(panels * kWinogradClasses);
        auto transform_task = [&](int64_t task) {
            transform(task, 0, of_x.data(), of_y.data(), needed.data());
        };
        const Parts blocks = Parts::at_most(c / lanes, std::max<int64_t>(1, kDeepChannels / lanes));
        auto block_task = [&](int64_t task) {
            const int64_t block = blocks.begin(task), count = blocks.size(task),
                          first = block * lanes, element = odd_lines(count * lanes * k);
            Scratch<float> sums(sum_elements * element);
            for (int64_t e = 0; e < sum_elements; ++e)
                product(e, block, count, 0, panels, of_x.data(), of_y.data(),
                        needed.data(), sums.data() + e * element);
            for (int64_t col = 0; col < k; col += width)
                back(first, std::min(count * lanes, p.c - first), col, sums.data(), element, weight);
        };
        run_stages(p.flops(), {{operands * panels, transform_task}, {blocks.count, block_task}});
    }
};

}  // namespace

void winograd_grad_weight(const ConvProblem& p, const WinogradTiles& tiles, const WinogradPixels& x, float* weight,
                          const WinogradPixels& y, const Winograd& winograd, const Micro<float>& micro) {
    GradWeight{p, winograd, micro, tiles, x, y}.run(weight);
}

}  // namespace cc
