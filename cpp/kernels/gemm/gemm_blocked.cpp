// C = A·B (+ C) (+ bias) in blocks: for each block of at most kDepth<T> of k, B is packed once into
// panels [depth][2 or 3 vectors] (first stage), then tasks compute at most kBlockRows rows × some panels
// of C (second stage).
//
// A's rows are read in place when they run along k; else they are copied so. A register tile streams
// its panel from the first- or second-level cache; a block has so few rows that they stay in the
// latter even where their stride puts them into few of its sets. Meanwhile the next panel is fetched, and
// the tile's lines of C, which later blocks of k add to (a product of 1024³ runs at 91 instead of 87 % of
// the peak); of a large A the rows of the next block, some lines by each tile (in bursts, a tile ahead, a
// product of 256 columns of A and 64 of B runs at 84 instead of 91 %). Where B is small and sums are
// short, the tiles of some rows follow each other instead, in one call.
// Where A and B run along m and n (the gradient of a linear layer's weight, or of its input for a
// few examples) and the product is small or thin nothing is packed: the outer tile reads both in
// place. Where both run along k and rows are few (a linear layer on a small batch), rows of both are
// multiplied as they stand.
//
// The grid comes from the problem alone and every element of C is summed in one order: same bits at
// any thread count.
#include "kernels/gemm/gemm_blocked.h"

#include <utility>

#include "base/allocator.h"
#include "kernels/gemm/pack.h"
#include "kernels/norm/norm.h"
#include "kernels/stages.h"

namespace cc {
namespace {

template <class T>
constexpr int64_t kDepth = 2048 / sizeof(T);
constexpr int64_t kBlockRows = 96;  // 16 tiles of 6, 24 of 4, 7 of 14, 12 of 8
constexpr int64_t kPackPanels = 4, kPackTasks = 8;  // panels packed together share pages of B, where there are enough
constexpr int64_t kFewBlocks = 64;
constexpr int64_t kFetchFrom = 3 << 20;  // elements of A: more than a cache is likely to hold
constexpr int64_t kSmall = 1 << 16;      // bytes of B that each tile's rows may read anew
constexpr int64_t kMaxRows = 16;     // no table has taller tiles
constexpr int64_t kOuterSize = 128, kOuterDepth = 16;  // below, packing costs more than reading in place
constexpr int64_t kTasks = 32;       // wanted, where each has kTaskFlops to do
constexpr double kTaskFlops = 2.5e5;
constexpr int64_t kDotRows = 8, kDotCols = 4;
constexpr int64_t kDotDepth = 1 << 15;  // longer sums of so few elements are cut

template <class T>
struct Blocked {
    const GemmProblem& p;
    const Micro<T>& micro;
    const T *a, *b;
    T* c;
    const T* bias;
    Packs* packs;
    const Epilogue* epilogue;
    const EpilogueFor<T> end{epilogue, c};

    // One block of k: packs B unless that is done, copies A's rows unless they run along k, then
    // computes every tile of C.
    void block(int64_t begin, int64_t depth, bool filled, T* packed, T* copy) const {
        const Panels panels{micro.lanes, p.n};
        const bool first_bias = bias && begin == 0, accumulate = p.accumulate || begin > 0;
        const EpilogueOf<T>* last_end = begin + depth == p.k ? end.get() : nullptr;
        const Parts rows = row_blocks();
        const double flops = 2.0 * p.m * p.n * depth;
        const int64_t tasks_wanted = static_cast<int64_t>(std::min<double>(kTasks, flops / kTaskFlops)),
                      groups_wanted = std::max<int64_t>(1, tasks_wanted / rows.count);
        const Parts groups = Parts::at_most(
            panels.count(), std::clamp<int64_t>(panels.count() / groups_wanted, 1, 16));
        const Parts parts = Parts::at_most(
            panels.count(), std::clamp<int64_t>(panels.count() / kPackTasks, 1, kPackPanels));
        auto pack = [&](int64_t part) {
            pack_panels(micro, b + begin * p.b_row, p.b_row, p.b_col, depth, panels, parts.begin(part),
                        parts.begin(part + 1), packed);
        };
        const int64_t a_row = copies() ? copy_row(depth) : p.a_row;
        auto copy_block = [&](int64_t block) {
            copy_rows(a + rows.begin(block) * p.a_row + begin * p.a_col, rows.size(block), depth,
                      copy + rows.begin(block) * a_row, a_row);
        };
        const auto rows_of_c = along_rows(depth, accumulate) ? &Blocked::windows : &Blocked::tiles;
        auto compute = [&](int64_t task) {
            const int64_t block = task / groups.count, group = task % groups.count;
            (this->*rows_of_c)(copies() ? copy : a + begin, a_row, rows.begin(block), rows.size(block), groups.begin(group),
                               groups.begin(group + 1), depth, packed, first_bias ? bias : nullptr, accumulate, last_end);
        };
        run_stages(flops, {{filled ? 0 : parts.count, pack},
                           {copies() ? rows.count : 0, copy_block},
                           {rows.count * groups.count, compute}});
    }

    // A few blocks are of even number, so that two threads have as many rows, and those of the operators around.
    Parts row_blocks() const {
        const int64_t count = Parts::at_most(p.m, kBlockRows).count;
        return {p.m, count + (count > 1 && count < kFewBlocks ? count % 2 : 0)};
    }

    bool copies() const { return p.a_col != 1; }
    // Copied rows start in different cache sets.
    static int64_t copy_row(int64_t depth) { return depth + 64 / static_cast<int64_t>(sizeof(T)); }

    // Rows that are asked for some lines at a time.
    struct Ahead {
        static constexpr int64_t line = 64 / static_cast<int64_t>(sizeof(T));
        const T* row;
        int64_t step, depth, rows, at = 0;
        int64_t lines() const { return rows * ((depth + line - 1) / line); }
        void ask(int64_t lines) {
            for (; lines > 0 && rows > 0; --lines) {
                __builtin_prefetch(row + at, 0, 2);
                if ((at += line) >= depth) at = 0, row += step, --rows;
            }
        }
    };

    void tiles(const T* a, int64_t a_row, int64_t row, int64_t rows, int64_t first_panel, int64_t end_panel,
               int64_t depth, const T* packed, const T* bias, bool accumulate,
               const EpilogueOf<T>* end) const {
        const Panels panels{micro.lanes, p.n};
        const bool asks = !copies() && p.m * p.k >= kFetchFrom && end_panel == panels.count();
        Ahead ahead{a + (row + rows) * a_row, a_row, depth, asks ? std::min(kBlockRows, p.m - row - rows) : 0};
        const int64_t ahead_share = ahead.lines() / ((end_panel - first_panel) * Parts::at_most(rows, micro.rows_for(p.n)).count) + 1;
        const T* a_rows[kBlockRows];
        T* out[kMaxRows];
        for (int64_t i = 0; i < rows; ++i) a_rows[i] = a + (row + i) * a_row;
        for (int64_t panel = first_panel; panel < end_panel; ++panel) {
            const Parts tile_rows = Parts::at_most(rows, micro.rows_for_panel(panels.width(panel)));
            const int64_t short_rows = rows / tile_rows.count, longer = rows % tile_rows.count;
            const T* b_panel = packed + panels.begin(panel) * depth;
            const bool more = panel + 1 < end_panel;
            const T* next_panel = packed + panels.begin(panel + more) * depth;
            const int64_t line = more ? panels.width(panel + 1) * depth : 0,
                          share = (line + tile_rows.count - 1) / tile_rows.count;
            const T* panel_bias = bias ? bias + panels.begin(panel) : nullptr;
            const EpilogueOf<T> panel_end = end ? end->from_column(panels.begin(panel)) : EpilogueOf<T>{};
            RowTile<T> tile{1, depth, a_rows, &b_panel, panels.width(panel), out, panel_bias, 0,
                            panels.size(panel), accumulate, end ? &panel_end : nullptr};
            T* to = c + row * p.c_row + panels.begin(panel);
            tile.a = a_rows;
            for (int64_t t = 0; t < tile_rows.count; ++t, tile.a += tile.rows) {
                tile.rows = short_rows + (t < longer);
                for (int64_t i = 0; i < tile.rows; ++i, to += p.c_row) {
                    out[i] = to;
                    fetch_to_write(to, tile.cols);
                }
                ahead.ask(ahead_share);
                fetch(next_panel + t * share, std::min(share, line - t * share));
                micro.row_tile(tile);
            }
        }
    }

    // Short sums over a small B: rows of C are computed whole, one panel after the other, and nothing is set up
    // per tile. Long rows of A for few columns are rather fetched ahead.
    bool along_rows(int64_t depth, bool accumulate) const {
        const Panels panels{micro.lanes, p.n};
        return !accumulate && panels.vectors() % 2 == 0 && depth <= 2 * p.n &&
               panels.padded() * depth * static_cast<int64_t>(sizeof(T)) <= kSmall;
    }

    void windows(const T* a, int64_t a_row, int64_t row, int64_t rows, int64_t first_panel, int64_t end_panel,
                 int64_t depth, const T* packed, const T* bias, bool, const EpilogueOf<T>* end) const {
        const Panels panels{micro.lanes, p.n};
        const int64_t col = panels.begin(first_panel), cols = std::min(panels.begin(end_panel), p.n) - col;
        const EpilogueOf<T> from_here = end ? end->from_column(col) : EpilogueOf<T>{};
        int64_t at[kBlockRows];
        for (int64_t i = 0; i < rows; ++i) at[i] = (row + i) * a_row;
        micro.window_tile({1, depth, &a, at, packed + col * depth, c + row * p.c_row + col, p.c_row,
                           bias ? bias + col : nullptr, rows, cols, end ? &from_here : nullptr});
    }

    void copy_rows(const T* from, int64_t rows, int64_t depth, T* to, int64_t stride) const {
        if (p.a_row == 1) return micro.transpose(from, p.a_col, to, stride, depth, rows);
        for (int64_t i = 0; i < rows; ++i)
            for (int64_t l = 0; l < depth; ++l)
                to[i * stride + l] = from[i * p.a_row + l * p.a_col];
    }

    // Too few rows to pay for packing B: A is turned to run along m.
    void few_rows() const {
        Scratch<T> turned(p.k * p.m);
        for (int64_t i = 0; i < p.m; ++i)
            for (int64_t l = 0; l < p.k; ++l)
                turned[l * p.m + i] = a[i * p.a_row + l * p.a_col];
        outer(turned.data(), p.m);
    }

    // A's rows run along m, a_step apart, and B's along n: both stay in place.
    void outer(const T* a, int64_t a_step) const {
        const Parts rows = Parts::at_most(p.m, 4 * micro.rows),
                    cols = Parts::at_most(p.n, (p.m == 1 ? 32 : 8) * micro.lanes);  // long stretches of B's lines
        auto compute = [&](int64_t task) {
            const int64_t i = task / cols.count, j = task % cols.count;
            outer_tiles(a, a_step, rows.begin(i), rows.size(i), cols.begin(j), cols.size(j));
        };
        run_stages(2.0 * p.m * p.n * p.k, {{rows.count * cols.count, compute}});
    }

    void outer_tiles(const T* a, int64_t a_step, int64_t row, int64_t rows, int64_t col,
                     int64_t cols) const {
        const Parts tile_rows = Parts::at_most(rows, micro.rows_for(cols));
        const int64_t step = std::min<int64_t>(256, 16 * p.m);  // few rows: lines of B go by in order
        for (int64_t begin = 0; begin < p.k; begin += step)
            for (int64_t j = 0; j < cols; j += 2 * micro.lanes)
                for (int64_t t = 0; t < tile_rows.count; ++t)
                    micro.step_tile({std::min(step, p.k - begin), a + begin * a_step + row + tile_rows.begin(t), a_step,
                                     b + begin * p.b_row + col + j, p.b_row,
                                     c + (row + tile_rows.begin(t)) * p.c_row + col + j, p.c_row, tile_rows.size(t),
                                     std::min(2 * micro.lanes, cols - j), p.accumulate || begin > 0});
    }

    // A few long sums: cut, and the parts added in order.
    void long_dots() const {
        const Parts parts = Parts::at_most(p.k, kDotDepth);
        const int64_t size = p.m * p.n;
        Scratch<T> sums(parts.count * size);
        run_stages(2.0 * size * p.k, {{parts.count, [&](int64_t part) {
            GemmProblem some = p;
            some.k = parts.size(part);
            some.c_row = p.n;
            some.accumulate = false;
            Blocked{some, micro, a + parts.begin(part) * p.a_col, b + parts.begin(part) * p.b_row, sums.data() + part * size,
                    nullptr, nullptr, nullptr}.dots();
        }}});
        for (int64_t i = 0; i < size; ++i) {
            T& out = c[i / p.n * p.c_row + i % p.n];
            T sum = sums.data()[i];
            for (int64_t part = 1; part < parts.count; ++part) sum += sums.data()[part * size + i];
            if (bias) sum += bias[i % p.n];
            out = p.accumulate ? out + sum : sum;
        }
    }

    // Both A and B run along k, and there are too few rows (or columns) to pay for packing B.
    void dots() const {
        if (p.m * p.n <= kDotCols && p.k >= 2 * kDotDepth) return long_dots();
        const Parts cols = Parts::at_most(
            p.n, std::max<int64_t>(4, static_cast<int64_t>(kSerialFlops / (8.0 * p.m * p.k + 1))));
        auto compute = [&](int64_t task) {
            for (int64_t j = cols.begin(task); j < cols.begin(task + 1); j += 4)
                for (int64_t i = 0; i < p.m; i += 2)
                    micro.dot_tile({p.k, a + i * p.a_row, p.a_row, b + j * p.b_col, p.b_col,
                                    c + i * p.c_row + j, p.c_row, bias ? bias + j : nullptr,
                                    std::min<int64_t>(2, p.m - i),
                                    std::min<int64_t>(4, cols.begin(task + 1) - j), p.accumulate});
        };
        run_stages(2.0 * p.m * p.n * p.k, {{cols.count, compute}});
    }

    bool thin() const { return std::min(p.m, p.n) < kOuterSize || p.k < kOuterDepth; }

    // Computes where nothing need be packed; false elsewhere.
    bool run_in_place() const {
        if (p.a_col == 1 && p.b_row == 1 && (p.m <= kDotRows || p.n <= kDotCols)) dots();
        else if (p.b_col != 1 || p.k == 0 || bias) return false;
        else if (p.m == 1 || (p.a_row == 1 && (p.a_col != 1 || p.k == 1) && thin())) outer(a, p.a_col);
        else if (p.m <= kDotRows) few_rows();
        else return false;
        return true;
    }

    void run() const {
        if (!run_in_place()) return in_panels();
        if (epilogue) affine(*epilogue, p.dtype, p.m, p.n, c, c);
    }

    void in_panels() const {
        const Parts blocks = Parts::at_most(p.k, kDepth<T>);
        const int64_t line = Panels{micro.lanes, p.n}.padded();
        const PackKey key{"gemm", b, {static_cast<int64_t>(p.dtype), micro.lanes, p.n, p.k, p.b_row, p.b_col}};
        Packed<T> packed(packs, key, line * (packs ? p.k : p.k / blocks.count + 1));
        Scratch<T> copy(copies() ? p.m * copy_row(p.k / blocks.count + 1) : 0);
        for (int64_t i = 0; i < blocks.count; ++i)
            block(blocks.begin(i), blocks.size(i), packed.filled(), packed.data() + (packs ? line * blocks.begin(i) : 0),
                  copy.data());
        packed.keep();
    }
};

template <class T>
void run(GemmProblem p, const GemmArgs& args, const Micro<T>& micro) {
    const T *a = static_cast<const T*>(args.a), *b = static_cast<const T*>(args.b),
            *bias = static_cast<const T*>(args.bias);
    T* c = static_cast<T*>(args.c);
    Packs* packs = args.packs;
    if (p.batch > 1 && p.b_batch == 0 && p.a_batch == p.m * p.a_row && p.c_batch == p.m * p.c_row) {
        p.m *= p.batch;  // one B: the batch is more rows
        p.batch = 1;
    }
    if (p.n == 1 && p.m > 1 && p.a_row == 1 && p.c_row == 1 && !bias && !args.epilogue) {  // a column of C is a row of its transpose
        std::swap(a, b);
        std::swap(p.a_batch, p.b_batch);
        std::swap(p.m, p.n);
        p.b_col = std::exchange(p.a_row, p.b_col);
        p.b_row = std::exchange(p.a_col, p.b_row);
        packs = nullptr;
    }
    auto one = [&](int64_t i) {
        Blocked<T>{p, micro, a + i * p.a_batch, b + i * p.b_batch, c + i * p.c_batch, bias, packs,
                   args.epilogue}
            .run();
    };
    if (p.batch >= 16) {
        const int64_t grain = static_cast<int64_t>(kSerialFlops / (2.0 * p.m * p.n * p.k + 1)) + 1;
        parallel_for(p.batch, grain, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) one(i);
        });
    } else {
        for (int64_t i = 0; i < p.batch; ++i) one(i);
    }
}

}  // namespace

void gemm_blocked(const GemmProblem& problem, const GemmArgs& args, const MicroSet& micro) {
    visit_floating("gemm", problem.dtype,
                   [&](auto zero) { run(problem, args, micro_for(micro, zero)); });
}

}  // namespace cc
