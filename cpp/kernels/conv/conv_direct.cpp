// y[o][k] = Σ_t Σ_c x[o·stride − pad + t·dilation][c] · w[k][c][t], and its transpose for the
// gradient of the input, channels-last.
//
// A register tile takes 14 (AVX-512; 6 with AVX2) pixels of the result, in memory order across rows
// and images, times two vectors of channels (the last three go together). For each tile a table of
// pointers [tap][pixel] says where its source pixels lie, or at a row of zeros outside the image; kernel
// positions that a whole tile sees outside are left out. So every rank, stride, dilation, padding and
// map size runs the one kernel without copying the image. Weights are packed once per call into panels
// [tap][c][2 or 3 vectors]; a task keeps up to kBlockTiles tiles of pixels in the second-level cache
// while the panels pass by, cut into pieces of kPanelBytes. The gradient of the input runs one pass
// per residue of the pixel modulo the stride. Sums run over tap, then channel, in one order: same
// bits at any thread count.
//
// The table of pointers is Dukhan's (The Indirect Convolution Algorithm, 2019).
#include "kernels/conv/conv_direct.h"

#include <algorithm>

#include "base/allocator.h"
#include "kernels/conv/conv_passes.h"
#include "kernels/gemm/pack.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kBlockTiles = 8;
constexpr int64_t kPanelBytes = 256 * 1024;
constexpr int64_t kTasks = 32;
constexpr int64_t kMaxRows = 16;
constexpr int64_t kFewLines = 8;  // of so small a map, those at the border count

// Both directions as one: result[pixel][cols of the group] = Σ_taps source[pixel'][depth of the
// group] · panel.
template <class T>
struct Rows {
    const ConvProblem& p;
    const Micro<T>& micro;
    const bool forward;
    const T* source;
    T* result;
    const T* weight;
    const T* bias;
    Packs* packs;
    const EpilogueFor<T> epilogue;
    const int64_t depth = (forward ? p.c : p.k) / p.groups, cols = (forward ? p.k : p.c) / p.groups;
    const Panels panels{micro.lanes, cols};

    int64_t packed_group() const { return panels.padded() * depth * p.taps(); }

    // Panel [tap][depth][width] of w [k][c][tap].
    void pack(int64_t group, int64_t panel, T* to) const {
        const int64_t taps = p.taps(), row = p.c / p.groups * taps, width = panels.width(panel),
                      size = panels.size(panel);
        if (size < width) std::fill_n(to, taps * depth * width, T{});
        if (forward) {
            const T* from = weight + (group * cols + panels.begin(panel)) * row;
            if (taps == 1) return micro.transpose(from, row, to, width, size, depth);
            const int64_t step = std::max<int64_t>(1, 64 / taps);
            Scratch<T> block(step * taps * width);
            for (int64_t c = 0; c < depth; c += step) {
                const int64_t count = std::min(step, depth - c);
                micro.transpose(from + c * taps, row, block.data(), width, size, count * taps);
                for (int64_t i = 0; i < count; ++i)
                    for (int64_t t = 0; t < taps; ++t)
                        std::copy_n(block.data() + (i * taps + t) * width, size,
                                    to + (t * depth + c + i) * width);
            }
        } else {
            const T* from = weight + group * depth * row + panels.begin(panel) * taps;
            for (int64_t k = 0; k < depth; ++k)
                if (taps == 1)
                    std::copy_n(from + k * row, size, to + k * width);
                else
                    micro.transpose(from + k * row, taps, to + k * width, depth * width, size,
                                    taps);
        }
    }

    // The tiles [first_tile, end_tile) of a pass, channels of the panels [first_panel, end_panel) of
    // all groups' panels.
    void block(const Pass& pass, const Parts& tiles, int64_t first_tile, int64_t end_tile,
               int64_t first_panel, int64_t end_panel, const T* packed, const T* zeros) const {
        const int64_t count = end_tile - first_tile, taps = pass.taps();
        const std::vector<int64_t> order = weight_taps(p, pass);
        const PixelTable<T> table(p, pass, source, result, micro.rows,
                                  pass.axes[1].count <= kFewLines);
        Scratch<int64_t> kept(count), numbers(count * taps + 1);
        Scratch<const T*> sources(count * taps * micro.rows + 1);
        Scratch<T*> results(count * micro.rows);
        Scratch<const T*> panel_taps(taps + 1);
        int64_t group = first_panel / panels.count();
        for (int64_t i = 0; i < count; ++i) {
            const T** tile = sources.data() + i * taps * micro.rows;
            const int64_t rows = tiles.size(first_tile + i);
            table.look_up(tiles.begin(first_tile + i), rows, group * depth, group * cols, zeros,
                          tile, results.data() + i * micro.rows);
            kept[i] = table.drop_outside(rows, zeros, tile, numbers.data() + i * taps);
        }
        const int64_t tap_bytes = depth * panels.width(panels.count() - 1) * static_cast<int64_t>(sizeof(T));
        const int64_t pieces =
            Parts::at_most(taps, std::max<int64_t>(1, kPanelBytes / tap_bytes)).count;
        auto next_group = [&] {
            for (int64_t i = 0; i < count; ++i)
                for (int64_t at = 0; at < kept[i] * micro.rows; ++at) {
                    const T*& source = sources[i * taps * micro.rows + at];
                    source += source == zeros ? 0 : depth;
                }
            for (int64_t i = 0; i < count * micro.rows; ++i) results[i] += cols;
            ++group;
        };
        for (int64_t of_all = first_panel; of_all < end_panel; ++of_all) {
            if (of_all / panels.count() > group) next_group();
            const int64_t panel = of_all % panels.count();
            const int64_t width = panels.width(panel), first = panels.begin(panel);
            const T* b = packed + group * packed_group() + first * depth * p.taps();
            const EpilogueOf<T>* all = epilogue.get();
            const EpilogueOf<T> end = all ? all->from_column(group * cols + first) : EpilogueOf<T>{};
            for (int64_t piece = 0; piece < pieces; ++piece)
                for (int64_t i = 0; i < count; ++i) {
                    const Parts part{kept[i], pieces};
                    const int64_t rows = tiles.size(first_tile + i), tap = part.begin(piece);
                    T* out[kMaxRows];
                    for (int64_t row = 0; row < rows; ++row) {
                        out[row] = results[i * micro.rows + row] + first;
                        fetch_to_write(out[row], panels.size(panel));
                    }
                    for (int64_t t = 0; t < part.size(piece); ++t)
                        panel_taps[t] = b + order[numbers[i * taps + tap + t]] * depth * width;
                    micro.row_tile({part.size(piece), depth,
                                    sources.data() + (i * taps + tap) * micro.rows,
                                    panel_taps.data(), width, out,
                                    bias && piece == 0 ? bias + group * cols + first : nullptr,
                                    rows, panels.size(panel), piece > 0,
                                    all && piece + 1 == pieces ? &end : nullptr});
                }
        }
    }

    void run(const std::vector<Pass>& passes) const {
        Packed<T> packed(packs, p.weight_key("direct", micro.lanes, weight), p.groups * packed_group());
        Scratch<T> zeros(depth);
        std::fill_n(zeros.data(), depth, T{});
        struct PassTasks {
            Parts tiles, blocks;
            int64_t end;  // tasks of this pass and those before it
        };
        std::vector<PassTasks> tasks;
        int64_t pixels = 0, end = 0;
        for (const Pass& pass : passes) pixels += p.n * pass.pixels();
        const int64_t all_blocks = (pixels / micro.rows + kBlockTiles) / kBlockTiles,
                      all_panels = p.groups * panels.count();
        const Parts splits{all_panels, std::clamp<int64_t>(kTasks / all_blocks, 1, all_panels)};
        const int64_t block_tiles = std::clamp<int64_t>(
            splits.count * pixels / micro.rows / kTasks, 1, kBlockTiles);
        for (const Pass& pass : passes) {
            const Parts tiles = Parts::at_most(p.n * pass.pixels(), micro.rows_for(cols));
            const Parts blocks = Parts::at_most(tiles.count, block_tiles);
            end += blocks.count * splits.count;
            tasks.push_back({tiles, blocks, end});
        }
        auto pack_task = [&](int64_t task) {
            const int64_t group = task / panels.count(), panel = task % panels.count();
            pack(group, panel,
                 packed.data() + group * packed_group() + panels.begin(panel) * depth * p.taps());
        };
        auto block_task = [&](int64_t task) {
            size_t pass = 0;
            while (task >= tasks[pass].end) ++pass;
            const PassTasks& of = tasks[pass];
            task -= pass ? tasks[pass - 1].end : 0;
            const int64_t split = task % splits.count, at = task / splits.count;
            block(passes[pass], of.tiles, of.blocks.begin(at), of.blocks.begin(at + 1),
                  splits.begin(split), splits.begin(split + 1), packed.data(), zeros.data());
        };
        run_stages(p.flops(), {{packed.filled() ? 0 : p.groups * panels.count(), pack_task}, {end, block_task}});
        packed.keep();
    }
};

template <class T>
void run(const ConvProblem& p, const ConvArgs& args, const Micro<T>& micro) {
    T *x = static_cast<T*>(args.x), *weight = static_cast<T*>(args.weight),
      *y = static_cast<T*>(args.y);
    switch (p.map) {
        case ConvMap::Forward:
            return Rows<T>{p, micro, true, x, y, weight, static_cast<const T*>(args.bias), args.packs,
                           EpilogueFor<T>(args.epilogue, y)}
                .run(forward_passes(p));
        case ConvMap::GradInput:
            return Rows<T>{p, micro, false, y, x, weight, nullptr, args.packs, EpilogueFor<T>(nullptr, x)}
                .run(grad_input_passes(p));
        case ConvMap::GradWeight: return direct_grad_weight(p, x, weight, y, micro);
    }
}

}  // namespace

void conv_direct(const ConvProblem& p, const ConvArgs& args, const MicroSet& micro) {
    visit_floating("conv", p.dtype, [&](auto zero) { run(p, args, micro_for(micro, zero)); });
}

}  // namespace cc
