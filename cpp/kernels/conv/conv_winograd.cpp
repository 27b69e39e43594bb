// y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A for tiles of 4 × 4 pixels: 36 products [tiles × C]·[C × K] instead
// of 9·16, a quarter of the multiplications; in one dimension 6 instead of 12, half of them. With
// kernels of 5 × 5 tiles have 2 × 2 pixels: 36 products instead of 25·4; 6 instead of 10. Windows of
// 4 × 4 pixels instead of 6 × 6, F(2×2, 3×3), have tiles of 2 × 2, too: 16 products instead of 9·4; 4
// instead of 6. The gradients are the transpose of this: with D = A dy Aᵀ and V = Bᵀ x B, dx =
// Σ B (D·U) Bᵀ and dw = Gᵀ (Vᵀ·D) G. So the weights of both directions are the same numbers and D
// serves both gradients.
//
// Forward and input gradient run fused. Tiles go in panels of kPanelBytes, which stay in the
// second-level cache: gather and transform a panel, then for each two vectors of result channels the
// products of all elements and at once the transform back. U lies as [panel of
// columns][element][depth][width], so a product reads it as one stream, and each element's rows are
// fetched during the products of the one before. The windows of dx overlap by two pixels, or by four:
// a task owns whole images or bands of lines of tiles, bands of odd number come in a second stage,
// and a window stores what it touches first and adds to the rest. The gradient of the kernel is in
// conv_winograd_weight.cpp.
//
// Deep problems, from about 350 channels on both sides (with windows of 4 from 640), would have panels
// of a few tiles, and all of a large U would pass through memory for each; where tiles are at most
// half as many as result channels, U is what memory brings, and every thread would read all of it.
// They run in two stages: first the tiles of some images are gathered into kRoundBytes, which stay in
// the last-level cache, then a task computes two vectors of result channels for all of them, or for a
// share of them where channels are few, kProductBytes of products at a time. So U passes through
// memory once or, where one task meets each part of it and nobody keeps it, never: the task makes its
// own. Windows of dx may overlap, as the task has whole images.
//
// In three dimensions the transforms are those of planes, and the sum over channels runs over those of
// all planes of the source that the taps of the first axis meet. With a stride of 2 it runs over those
// of four sources, a quarter of the pixels each; the input's gradient has four phases instead. The
// pixels of a dilated convolution that lie its dilation apart are planes of their own, and groups are
// convolutions of their own.
//
// The last products of a line and of a column, those of the point ∞, reach only the last pixels of a
// tile of y. Where these lie outside, on maps whose size the tiles do not divide, the products are
// left out: 7 × 7 pixels, four tiles, take 121 instead of 144. In each panel the tiles that need no
// such product stand last (WinogradOrder), so those that do stay one block.
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
constexpr int64_t kFewRows = 6;                // of a fused panel: below, the problem is deep
constexpr int64_t kStreamBytes = 16 << 20;     // if panels pass so many transformed weights,
constexpr int64_t kColumnsPerTile = 2;         // and with so many result channels for each tile
constexpr int64_t kRoundBytes = 10 << 20;      // of a deep problem's transformed tiles
constexpr int64_t kProductBytes = 160 * 1024;  // of its products with two vectors of columns
constexpr int64_t kTasks = 16;
constexpr int64_t kColumns = 64;  // enough to gather a panel for
constexpr int64_t kPackDepth = 16;
constexpr int64_t kGatherGroups = 2;
constexpr int64_t kFloat = sizeof(float);
constexpr int64_t kFetchDepth = 256;  // from here on weights, not pixels, are what memory brings

// Forward and input gradient as one: pixels of the source are gathered into panels, multiplied
// with the weights and scattered to the result.
struct Rows {
    const ConvProblem& p;
    const Winograd& winograd;
    const Micro<float>& micro;
    const WinogradTiles& tiles;
    const bool forward;
    const int64_t phase;  // of the result
    const WinogradPixels source, result;
    const float *weight, *bias;
    Packs* packs;
    const EpilogueOf<float>* epilogue;
    const WinogradMaps& maps = winograd.maps_of(tiles.window, tiles.taps, tiles.axes);
    const int64_t lanes = winograd.lanes, width = 2 * lanes, elements = tiles.pixels(true);
    const int64_t depth = forward ? p.c : p.k, cols = forward ? p.k : p.c;
    const int64_t padded = (depth + lanes - 1) / lanes * lanes;
    const Parts panels = Parts{cols, (cols + width - 1) / width};
    const int64_t summed = tiles.sources() * padded;  // channels
    const int64_t weight_element = odd_lines(summed * width);
    const int64_t panel_weights = elements * weight_element;
    const Parts slices = Parts::at_most(depth, kPackDepth);
    const int64_t tile_bytes = elements * summed * kFloat;
    const int64_t image_bytes = tiles.per_image() * tile_bytes;
    const bool deep = image_bytes <= kRoundBytes &&
                      ((kPanelBytes / tile_bytes < kFewRows && tile_bytes * cols > kStreamBytes) ||
                       cols >= kColumnsPerTile * tiles.count());
    const int64_t rows = panel_rows();
    const int64_t group = (rows + groups_of(rows) - 1) / groups_of(rows);  // tiles of a register tile
    // Of a deep problem: images are gathered in rounds, those of a round in so many shares.
    const int64_t shares = std::min((kTasks + panels.count - 1) / panels.count, tiles.images);
    const Parts rounds = Parts::at_most(tiles.images, std::max(shares, kRoundBytes / image_bytes));

    // Tiles of one panel: few enough for the second-level cache and for kTasks tasks, but enough to
    // read the weights for. Of a deep problem: so many that their products stay there.
    int64_t panel_rows() const {
        const int64_t fused = std::min(kPanelBytes / tile_bytes, tiles.count() / kTasks);
        const int64_t most = deep ? kProductBytes / (elements * width * kFloat) : fused;
        const int64_t rows = std::max<int64_t>(2, most / winograd.rows) * winograd.rows;
        const int64_t tasks = (tiles.count() + rows - 1) / rows, even = tasks + tasks % 2;
        // Few tasks are of even number and size, so that two or four threads end together.
        const bool few = forward && !deep && tasks > 1 && tasks <= 2 * kTasks;
        return few ? (tiles.count() + even - 1) / even : rows;
    }
    int64_t groups_of(int64_t tiles) const { return (tiles + winograd.rows - 1) / winograd.rows; }

    // Elements [e][depth][width] of the weights of one panel of columns, a slice of the channels.
    void pack(int64_t panel, int64_t slice, float* to) const {
        const int64_t first = slices.begin(slice), end = slices.begin(slice + 1);
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
        const WinogradParts parts(p, tiles, width);
        for (int64_t i = 0; i < tiles.sources(); ++i, to += padded * width) {
            for (int64_t d = first; d < end; ++d) {
                const WinogradParts::Taps of =
                    parts.taken(parts.of(i, phase), block.data() + (d - first) * taps * width);
                maps.weights({of.at, of.step, to + d * width, weight_element});
            }
            for (int64_t e = 0; e < elements && end == depth; ++e)
                std::fill_n(to + e * weight_element + depth * width, (padded - depth) * width,
                            0.0f);
        }
    }

    struct Band {
        int64_t begin, end;  // lines of tiles of each image
        bool odd;
    };

    // Where the windows of tiles [first, first + count) write a pixel before any other does, they
    // add to zeros. Tiles go line by line through a band; bands of odd number come after their
    // neighbours, and no window reaches beyond the next band.
    void first_touch(int64_t first, int64_t count, const Band& band, float* const* to,
                     const float* zeros, const float** from) const {
        const int64_t side = tiles.window, overlap = side - tiles.tile;
        const int64_t width = tiles.axes == 1 ? 1 : side;
        tiles.each(first, count, [&](int64_t, int64_t y, int64_t x) {
            for (int64_t i = 0; i < side; ++i) {
                const bool above = i < overlap && (y > band.begin || band.odd);
                const bool below = i >= (band.end - y) * tiles.tile && band.odd &&
                                   band.end < tiles.tiles[0];
                for (int64_t j = 0; j < width; ++j, ++to)
                    *from++ = above || below || (j < overlap && x > 0) ? *to : zeros;
            }
        });
    }

    // What some tiles are written to, and the products that come there.
    struct Target {
        const Rows& r;
        const Band band;
        const int64_t window = r.tiles.pixels(!r.forward);
        const float* const added = r.epilogue ? r.epilogue->added : nullptr;
        int64_t first = 0, count = 0;
        WinogradOrder order;
        Scratch<float> out, zeros, unread;
        Scratch<float*> pixels;
        Scratch<const float*> from;

        Target(const Rows& r, const Band& band)
            : r(r), band(band), order(r.p, r.tiles, r.rows, 1, r.width, 0),
              out(r.elements * odd_lines(r.rows * r.width)), zeros(r.cols),
              unread(r.cols), pixels(r.rows * window), from(r.rows * window) {
            std::fill_n(zeros.data(), r.cols, 0.0f);
        }

        // Tiles [first, first + count), at most r.rows.
        void look_up(int64_t first_tile, int64_t tiles) {
            first = first_tile, count = tiles;
            order.set(first, count);
            r.tiles.look_up(!r.forward, r.phase, first, count, r.result, unread.data(), pixels.data());
            if (!r.forward)
                r.first_touch(first, count, band, pixels.data(), zeros.data(), from.data());
            else if (added)
                for (int64_t i = 0; i < count * window; ++i)
                    from[i] = pixels[i] == unread.data() ? zeros.data()
                                                         : added + (pixels[i] - r.epilogue->result);
        }

        // Column panel i of their results, from their panel and the weights of i.
        void compute(const WinogradPanel& panel, int64_t i, const float* weights,
                     const WinogradAhead& source, const WinogradAhead& result) {
            const int64_t col = i * r.width, element = odd_lines(r.rows * r.width);
            r.maps.products({panel, order.needed(), weights, r.weight_element, out.data(), element,
                             r.summed, source, result});
            (r.forward ? r.maps.output : r.maps.grad_input)(
                {out.data(), element, order.places(), r.forward && !added ? nullptr : from.data(),
                 pixels.data(), count, r.bias ? r.bias + col : nullptr, col,
                 std::min(r.width, r.cols - col),
                 r.epilogue, r.tiles.tiles[1], first % r.tiles.tiles[1]});
        }
    };

    // What lies under tiles [first, first + count), one source after the other.
    int64_t source_pixels(int64_t count) const { return tiles.sources() * count * tiles.pixels(forward); }
    void look_up(int64_t first, int64_t count, float* zeros, float** to) const {
        for (int64_t i = 0; i < tiles.sources(); ++i, to += count * tiles.pixels(forward))
            tiles.look_up(forward, i, first, count, source, zeros, to);
    }

    // These pixels to their places in a panel, in its groups from `skip` on.
    void gather(const float* const* pixels, const int32_t* places, int64_t first, int64_t skip,
                WinogradPanel to) const {
        for (int64_t i = 0; i < tiles.sources(); ++i) {
            (forward ? maps.input : maps.grad_output)(
                {pixels, places, depth, skip, to, tiles.tiles[1], first % tiles.tiles[1]});
            pixels += to.tiles * tiles.pixels(forward);
            to.data += padded * to.rows;
        }
    }

    WinogradOrder panel_order() const {
        return WinogradOrder(p, tiles, rows, group, group * summed, lanes);
    }

    // Fused: tiles [first, end) of a band, columns of the panels [first_panel, end_panel).
    void run_tiles(int64_t first, int64_t end, const Band& band, int64_t first_panel,
                   int64_t end_panel, const float* packed) const {
        const int64_t element = odd_lines(summed * group * groups_of(rows));
        Scratch<float> panel(elements * element), zeros(depth);
        Target target(*this, band);
        WinogradOrder order = panel_order();
        Scratch<float*> pixels(2 * source_pixels(rows));
        std::fill_n(zeros.data(), depth, 0.0f);
        const bool fetch = summed < kFetchDepth;
        float **now = pixels.data(), **next = now + source_pixels(rows);
        look_up(first, std::min(rows, end - first), zeros.data(), now);
        for (; first < end; first += rows, std::swap(now, next)) {
            const int64_t count = std::min(rows, end - first),
                          next_count = std::clamp<int64_t>(end - first - rows, 0, rows);
            target.look_up(first, count);
            if (next_count) look_up(first + rows, next_count, zeros.data(), next);
            const WinogradPanel of{panel.data(), group, summed * group, element, count};
            order.set(first, count);
            gather(now, order.places(), first, 0, of);
            for (int64_t i = first_panel; i < end_panel; ++i) {
                const int64_t col = i * width;
                target.compute(of, i, packed + i * panel_weights,
                               {next, fetch && col < depth ? source_pixels(next_count) : 0, col},
                               {target.pixels.data(), fetch ? count * target.window : 0, col});
            }
        }
    }

    // Deep: the tiles of a round are gathered, then a task computes a panel of columns for all of a
    // share, with the weights `packed`, or with those that it packs for itself.
    void run_deep(const Stage& pack_stage, const float* packed) const {
        const int64_t images = (rounds.size(0) + shares - 1) / shares,
                      groups = (images * tiles.per_image() + group - 1) / group;
        const int64_t element = odd_lines(groups * group * summed);
        const Parts parts = Parts::at_most(rows / group, kGatherGroups);
        const int64_t blocks = (groups * group + rows - 1) / rows, tasks = blocks * parts.count;
        Scratch<float> panel(shares * elements * element);
        for (int64_t round = 0; round < rounds.count; ++round) {
            const Parts of_round{rounds.size(round), shares};
            auto first_tile = [&](int64_t share) {
                return (rounds.begin(round) + of_round.begin(share)) * tiles.per_image();
            };
            auto panel_of = [&](int64_t share, int64_t at, int64_t count) {
                return WinogradPanel{panel.data() + share * elements * element + at * summed, group,
                                     group * summed, element, count};
            };
            auto gather_task = [&](int64_t task) {
                const int64_t share = task / tasks, at = task % tasks / parts.count * rows,
                              part = task % parts.count, skip = parts.begin(part),
                              block = first_tile(share) + at, first = block + skip * group,
                              left = std::min(rows, first_tile(share + 1) - block),
                              count = std::min(parts.size(part) * group, left - skip * group);
                if (count <= 0) return;
                WinogradOrder order = panel_order();
                order.set(block, left);
                Scratch<float*> pixels(source_pixels(count));
                Scratch<float> zeros(depth);
                std::fill_n(zeros.data(), depth, 0.0f);
                look_up(first, count, zeros.data(), pixels.data());
                gather(pixels.data(), order.places(skip * group), first, skip,
                       panel_of(share, at, count));
            };
            auto column_task = [&](int64_t task) {
                const int64_t share = task % shares, i = task / shares;
                Scratch<float> own(packed ? 0 : panel_weights);
                for (int64_t slice = 0; slice < slices.count && !packed; ++slice)
                    pack(i, slice, own.data());
                const float* weights = packed ? packed + i * panel_weights : own.data();
                Target target(*this, {0, tiles.tiles[0], false});
                const int64_t begin = first_tile(share), end = first_tile(share + 1);
                for (int64_t first = begin; first < end; first += rows) {
                    target.look_up(first, std::min(rows, end - first));
                    target.compute(panel_of(share, first - begin, target.count), i, weights, {},
                                   {});
                }
            };
            run_stages(p.flops(), {{round ? 0 : pack_stage.tasks, pack_stage.f},
                                   {shares * tasks, gather_task},
                                   {shares * panels.count, column_task}});
        }
    }

    void run_fused(const Stage& pack_stage, const float* packed) const {
        // Windows of dx overlap: a task has some whole images, or one of the bands of an image,
        // every other one in a second stage. Where that leaves few tasks, columns are shared out.
        const int64_t per_image = tiles.per_image(), lines = tiles.tiles[0],
                      reach = (tiles.window - 1) / tiles.tile;  // so many lines a window goes on
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
            run_tiles(first, end, {of.begin(band), of.begin(band + 1), band % 2 == 1},
                      splits.begin(split), splits.begin(split + 1), packed);
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
    }

    void run() const {
        // Weights that are read once need not be kept until the call's end.
        const bool own = deep && rounds.count == 1 && shares == 1 && !packs;
        static constexpr const char* of_phases[] = {"winograd", "winograd of phase 1", "winograd of phase 2",
                                                    "winograd of phase 3"};
        Packed<float> packed(packs, p.weight_key(tiles.window == 4 ? "winograd2" : of_phases[phase], lanes, weight),
                             own ? 0 : panels.count * panel_weights);
        auto pack_task = [&](int64_t task) {
            const int64_t panel = task / slices.count;
            pack(panel, task % slices.count, packed.data() + panel * panel_weights);
        };
        const Stage pack_stage{own || packed.filled() ? 0 : panels.count * slices.count, pack_task};
        if (deep) run_deep(pack_stage, own ? nullptr : packed.data());
        else run_fused(pack_stage, packed.data());
        packed.keep();
    }
};

}  // namespace

void conv_winograd(const ConvProblem& problem, int64_t window, const ConvArgs& args,
                   const Winograd& winograd, const Micro<float>& micro) {
    const ConvProblem p = group_of(problem);
    const WinogradTiles tiles(p, window);
    const EpilogueFor<float> epilogue(args.epilogue, args.y);
    const EpilogueOf<float>* all = epilogue.get();
    const float* bias = static_cast<const float*>(args.bias);
    for (int64_t group = 0; group < problem.groups; ++group) {
        const WinogradPixels x{static_cast<float*>(args.x) + group * p.c, problem.c},
            y{static_cast<float*>(args.y) + group * p.k, problem.k};
        float* weight = static_cast<float*>(args.weight) + group * p.k * p.c * p.taps();
        const EpilogueOf<float> end = all ? all->from_column(group * p.k) : EpilogueOf<float>{};
        switch (p.map) {
            case ConvMap::Forward:
                Rows{p, winograd, micro, tiles, true, 0, x, y, weight, bias ? bias + group * p.k : nullptr, args.packs,
                     all ? &end : nullptr}
                    .run();
                break;
            case ConvMap::GradInput:
                for (int64_t phase = 0; phase < tiles.phases(); ++phase)
                    Rows{p, winograd, micro, tiles, false, phase, y, x, weight, nullptr, args.packs, nullptr}.run();
                break;
            case ConvMap::GradWeight: winograd_grad_weight(p, tiles, x, weight, y, winograd, micro); break;
        }
    }
}

}  // namespace cc
