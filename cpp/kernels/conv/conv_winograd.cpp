// y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A for tiles of 4 × 4 pixels: 36 products [tiles × C]·[C × K] instead
// of 9·16, a quarter of the multiplications; in one dimension 6 instead of 12, half of them. With
// kernels of 5 × 5 tiles have 2 × 2 pixels: 36 products instead of 25·4; 6 instead of 10. The
// gradients are the transpose of this: with D = A dy Aᵀ and V = Bᵀ x B, dx = Σ B (D·U) Bᵀ and
// dw = Gᵀ (Vᵀ·D) G. So the weights of both directions are the same numbers and D serves both
// gradients.
//
// Forward and input gradient run fused. Tiles go in panels of kPanelBytes, which stay in the
// second-level cache: gather and transform a panel, then for each two vectors of result channels
// 36 products and at once the transform back. U lies as [panel of columns][element][depth][width],
// so a product reads it as one stream, and each element's rows are fetched during the products of
// the one before. The windows of dx overlap by two pixels, or by four: a task owns whole images or
// bands of lines of tiles, bands of odd number come in a second stage, and a window stores what it
// touches first and adds to the rest. The gradient of the kernel is in conv_winograd_weight.cpp.
//
// Everything is cut by the problem alone: same bits at any thread count.
//
// Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016; fusion of the stages: L3
// Fusion, arXiv 1912.02165.
#include "kernels/conv/conv_winograd.h"

#include "base/allocator.h"
#include "kernels/conv/conv_winograd_tiles.h"
#include "kernels/gemm/pack.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kPanelBytes = 240 * 1024;
constexpr int64_t kTasks = 16;
constexpr int64_t kColumns = 64;  // enough to gather a panel for
constexpr int64_t kPackDepth = 16;
constexpr int64_t kFewTiles = 8, kFewTilesKept = 4, kFewChannels = 8, kFewChannels1d = 24;
constexpr double kLeastInside = 0.3;  // below, direct convolution leaves out more products than a tile saves
constexpr int64_t kMostBytes = 64 << 20;  // of transformed weights
// In the unit of conv_fft_plan.cpp.
constexpr double kProductCost = 1.3;    // of a multiply-add of a product
constexpr double kTransformCost = 450;  // of a line of channels of a tile, there or back
constexpr double kWeightCost = 1100;    // of a line of weights
constexpr int64_t kFetchDepth = 256;  // from here on weights, not pixels, are what memory brings

// Forward and input gradient as one: pixels of the source are gathered into panels, multiplied
// with the weights and scattered to the result.
struct Rows {
    const ConvProblem& p;
    const Winograd& winograd;
    const Micro<float>& micro;
    const bool forward;
    float *source, *result;
    const float *weight, *bias;
    Packs* packs;
    const EpilogueFor<float> epilogue;
    const WinogradTiles tiles{p};
    const WinogradMaps& maps = winograd.maps_of(tiles.taps, tiles.axes);
    const int64_t lanes = winograd.lanes, width = 2 * lanes, elements = tiles.pixels(true);
    const int64_t depth = forward ? p.c : p.k, cols = forward ? p.k : p.c;
    const int64_t padded = (depth + lanes - 1) / lanes * lanes;
    const Parts panels = Parts{cols, (cols + width - 1) / width};
    const int64_t weight_element = odd_lines(padded * width);
    const int64_t rows = panel_rows();

    // Tiles of one panel: few enough for the second-level cache and for kTasks tasks, but enough to
    // read the weights for.
    int64_t panel_rows() const {
        const int64_t bytes = elements * padded * static_cast<int64_t>(sizeof(float));
        const int64_t most = std::min(kPanelBytes / bytes, tiles.count() / kTasks);
        return std::max<int64_t>(2, most / winograd.rows) * winograd.rows;
    }

    // Elements [e][depth][width] of the weights of one panel of columns, channels [first, end).
    void pack(int64_t panel, int64_t first, int64_t end, float* to) const {
        const int64_t taps = p.taps(), row = p.c * taps, from_col = panel * width,
                      size = std::min(width, cols - from_col);
        Scratch<float> block(kPackDepth * taps * width);
        if (size < width) std::fill_n(block.data(), kPackDepth * taps * width, 0.0f);
        if (forward)
            micro.transpose(weight + from_col * row + first * taps, row, block.data(), width, size,
                            (end - first) * taps);
        else
            for (int64_t k = first; k < end; ++k)
                micro.transpose(weight + k * row + from_col * taps, taps,
                                block.data() + (k - first) * taps * width, width, size, taps);
        for (int64_t d = first; d < end; ++d) {
            float* of = block.data() + (d - first) * taps * width;
            if (p.flip)
                maps.weights({of + (taps - 1) * width, -width, to + d * width, weight_element});
            else
                maps.weights({of, width, to + d * width, weight_element});
        }
        if (end == depth)
            for (int64_t e = 0; e < elements; ++e)
                std::fill_n(to + e * weight_element + depth * width, (padded - depth) * width,
                            0.0f);
    }

    // Where the windows of tiles [first, first + count) write a pixel before any other does, they
    // add to zeros. Tiles go line by line through a band, lines [begin, end) of each image; bands
    // of odd number come after their neighbours, and no window reaches beyond the next band.
    void first_touch(int64_t first, int64_t count, int64_t begin, int64_t end, bool odd,
                     float* const* to, const float* zeros, const float** from) const {
        const int64_t side = kWinogradWindow, overlap = side - tiles.tile;
        const int64_t width = tiles.axes == 1 ? 1 : side;
        tiles.each(first, count, [&](int64_t, int64_t y, int64_t x) {
            for (int64_t i = 0; i < side; ++i) {
                const bool above = i < overlap && (y > begin || odd);
                const bool below = i >= (end - y) * tiles.tile && odd && end < tiles.tiles[0];
                for (int64_t j = 0; j < width; ++j, ++to)
                    *from++ = above || below || (j < overlap && x > 0) ? *to : zeros;
            }
        });
    }

    // Tiles [first, end) of a band, columns of the panels [first_panel, end_panel).
    void run_tiles(int64_t first, int64_t end, int64_t band_begin, int64_t band_end, bool odd,
                   int64_t first_panel, int64_t end_panel, const float* packed) const {
        const int64_t source_window = tiles.pixels(forward), result_window = tiles.pixels(!forward);
        const int64_t panel_element = odd_lines(padded * rows), out_element = odd_lines(rows * width);
        Scratch<float> panel(elements * panel_element), out(elements * out_element);
        Scratch<float> zeros(std::max(depth, cols)), unread(cols);
        Scratch<float*> sources(2 * rows * source_window), results(rows * result_window);
        Scratch<const float*> from(rows * result_window);
        std::fill_n(zeros.data(), std::max(depth, cols), 0.0f);
        const bool fetch = depth < kFetchDepth;
        const float* added = epilogue.get() ? epilogue.get()->added : nullptr;
        auto look_up_sources = [&](int64_t at, float** to) {
            tiles.look_up(forward, at, std::min(rows, end - at), source, depth, zeros.data(), to);
        };
        float **now = sources.data(), **next = now + rows * source_window;
        look_up_sources(first, now);
        for (; first < end; first += rows, std::swap(now, next)) {
            const int64_t count = std::min(rows, end - first),
                          next_count = std::clamp<int64_t>(end - first - rows, 0, rows);
            tiles.look_up(!forward, first, count, result, cols, unread.data(), results.data());
            if (!forward)
                first_touch(first, count, band_begin, band_end, odd, results.data(), zeros.data(),
                            from.data());
            else if (added)
                for (int64_t i = 0; i < count * result_window; ++i)
                    from[i] = results[i] == unread.data() ? zeros.data() : added + (results[i] - result);
            if (next_count) look_up_sources(first + rows, next);
            const WinogradPanel of{panel.data(), winograd.rows, padded * winograd.rows, panel_element,
                                   count};
            (forward ? maps.input : maps.grad_output)(
                {now, depth, of, tiles.tiles[1], first % tiles.tiles[1]});
            for (int64_t i = first_panel; i < end_panel; ++i) {
                const int64_t col = i * width;
                const float* weights = packed + i * elements * weight_element;
                maps.products({of, weights, weight_element, out.data(), out_element, padded,
                               {next, fetch && col < depth ? next_count * source_window : 0, col},
                               {results.data(), fetch ? count * result_window : 0, col}});
                const WinogradScatter scatter{out.data(), out_element,
                                              forward && !added ? nullptr : from.data(), results.data(),
                                              count, bias ? bias + col : nullptr, col,
                                              std::min(width, cols - col), epilogue.get(),
                                              tiles.tiles[1], first % tiles.tiles[1]};
                (forward ? maps.output : maps.grad_input)(scatter);
            }
        }
    }

    void run() const {
        Packed<float> packed(packs, p.weight_key("winograd", lanes, weight), panels.count * elements * weight_element);
        const Parts chunks = Parts::at_most(depth, kPackDepth);
        auto pack_task = [&](int64_t task) {
            const int64_t panel = task / chunks.count, chunk = task % chunks.count;
            pack(panel, chunks.begin(chunk), chunks.begin(chunk + 1),
                 packed.data() + panel * elements * weight_element);
        };
        const Stage pack_stage{packed.filled() ? 0 : panels.count * chunks.count, pack_task};
        // Windows of dx overlap: a task has some whole images, or one of the bands of an image,
        // every other one in a second stage. Where that leaves few tasks, columns are shared out.
        const int64_t per_image = tiles.per_image(), lines = tiles.tiles[0],
                      reach = (kWinogradWindow - 1) / tiles.tile;  // so many lines a window goes on
        const Parts bands{lines,
                          forward ? 1
                                  : std::clamp<int64_t>(std::min(kTasks / tiles.images,
                                                                 per_image / (2 * winograd.rows)),
                                                        1, std::max<int64_t>(1, lines / reach))};
        const Parts groups = Parts::at_most(tiles.images, (rows + per_image - 1) / per_image);
        const int64_t tasks = forward              ? (tiles.count() + rows - 1) / rows
                              : bands.count == 1 ? groups.count
                                                 : tiles.images * bands.count;
        const Parts splits{panels.count, std::clamp<int64_t>(kTasks / tasks, 1,
                                                             (cols + kColumns - 1) / kColumns)};
        auto run_part = [&](int64_t split, int64_t first, int64_t end, const Parts& of, int64_t band) {
            run_tiles(first, end, of.begin(band), of.begin(band + 1), band % 2,
                      splits.begin(split), splits.begin(split + 1), packed.data());
        };
        auto task = [&](int64_t i) {
            const int64_t at = i / splits.count;
            if (forward)
                run_part(i % splits.count, at * rows, std::min(tiles.count(), (at + 1) * rows), bands,
                         0);
            else
                run_part(i % splits.count, groups.begin(at) * per_image,
                         groups.begin(at + 1) * per_image, bands, 0);
        };
        auto band_task = [&](int64_t i, int64_t count, int64_t odd) {
            const int64_t at = i / splits.count, band = at % count * 2 + odd,
                          line = at / count * lines;
            run_part(i % splits.count, (line + bands.begin(band)) * tiles.tiles[1],
                     (line + bands.begin(band + 1)) * tiles.tiles[1], bands, band);
        };
        const int64_t even = (bands.count + 1) / 2, odd = bands.count / 2;
        auto even_task = [&](int64_t i) { band_task(i, even, 0); };
        auto odd_task = [&](int64_t i) { band_task(i, odd, 1); };
        if (bands.count == 1)
            run_stages(p.flops(), {pack_stage, {tasks * splits.count, task}});
        else
            run_stages(p.flops(), {pack_stage,
                                   {tiles.images * even * splits.count, even_task},
                                   {tiles.images * odd * splits.count, odd_task}});
        packed.keep();
    }
};

}  // namespace

const char* conv_winograd_decline(const ConvProblem& p) {
    if (p.dtype != Dtype::Float32) return "dtype is not float32";
    if (conv_precision() == ConvPrecision::Strict) return "conv_precision is strict";
    if (p.groups != 1) return "groups is not 1";
    if (p.kernel[0] != 1 || (p.kernel[1] != 1 && p.kernel[1] != p.kernel[2]) ||
        (p.kernel[2] != 3 && p.kernel[2] != 5))
        return "kernel is not 3, 5, 3x3 or 5x5";
    for (int a = 0; a < 3; ++a) {
        if (p.stride[a] != 1) return "stride is not 1";
        if (p.kernel[a] > 1 && p.dilation[a] != 1) return "dilation is not 1";
        if (p.kernel[a] == 1 && (p.pad_lo[a] || p.pad_hi[a])) return "an axis is padded only";
        if (p.pad_lo[a] < 0 || p.pad_hi[a] < 0 ||
            p.out[a] != p.in[a] + p.pad_lo[a] + p.pad_hi[a] - (p.kernel[a] - 1))
            return "sizes are not those of a whole convolution";
    }
    const WinogradTiles tiles(p);
    if (p.c * p.k * tiles.count() == 0) return "a tensor is empty";
    if (tiles.pixels(true) * p.c * p.k > kMostBytes / static_cast<int64_t>(sizeof(float)))
        return "transformed weights are large";
    return nullptr;
}

// Measured on two cores with AVX2 as multiples of the speed of direct, or of strip up to 16
// channels. 2-D, 8 tiles or more: 1.0 to 4; below that only the kernel's gradient of 8 and 12
// channels (0.87 at worst) and 512 channels with 8 tiles (0.88). With 1 to 4 tiles the transforms of
// the weights cost what the tiles save (0.6 to 1.5 from 48 channels on); where they are kept, 4 tiles
// run at 1.2 to 3.3 times the speed, one at half of it and more. 1-D, which saves half the
// multiplications and not three quarters: 1.4 to 3 from 32 channels on, 0.5 to 1.8 with 8 and 16.
// 5 taps: 1.0 to 2.0 in 1-D from 24 channels on, 0.9 to 2.9 in 2-D, 0.75 for one gradient of 12
// channels.
const char* conv_winograd_lose(const ConvProblem& p) {
    const WinogradTiles tiles(p);
    if (std::min(p.c, p.k) < (tiles.axes == 1 ? kFewChannels1d : kFewChannels)) return "few channels";
    if (p.inside() < kLeastInside) return "most of the kernel lies outside";
    return tiles.count() < (p.kept && tiles.axes == 2 ? kFewTilesKept : kFewTiles) ? "few tiles" : nullptr;
}

// Found for 5 × 5 taps with AVX2, one thread: with these costs beside those of conv_fft_plan.cpp what
// is picked takes 1 % longer than the faster of the two on average of 126 maps (8 × 8 to 64 × 64
// pixels, 16 to 128 channels, 1 to 64 images), 1.3 times as long at worst. Direct convolution takes 1.3 to 2.8 times as
// long as this from 16 channels on.
double conv_winograd_cost(const ConvProblem& p, int64_t lanes) {
    const WinogradTiles tiles(p);
    const double c = (p.c + lanes - 1) / lanes, k = (p.k + lanes - 1) / lanes, weights = c * k * lanes;
    return tiles.count() * (kProductCost * tiles.pixels(true) * weights + kTransformCost * (c + k)) +
           (p.kept ? 0 : kWeightCost * weights);
}

void conv_winograd(const ConvProblem& p, const ConvArgs& args, const Winograd& winograd,
                   const Micro<float>& micro) {
    float *x = static_cast<float*>(args.x), *weight = static_cast<float*>(args.weight),
          *y = static_cast<float*>(args.y);
    switch (p.map) {
        case ConvMap::Forward:
            return Rows{p, winograd, micro, true, x, y, weight,
                        static_cast<const float*>(args.bias), args.packs,
                        EpilogueFor<float>(args.epilogue, y)}
                .run();
        case ConvMap::GradInput:
            return Rows{p, winograd, micro, false, y, x, weight, nullptr, args.packs,
                        EpilogueFor<float>(nullptr, x)}
                .run();
        case ConvMap::GradWeight: return winograd_grad_weight(p, x, weight, y, winograd, micro);
    }
}

}  // namespace cc
