// Convolution where a group has few channels: with c = 3 a loop over one kernel position is too
// short, and 16 lanes are mostly empty.
//
// In a zero-padded, channels-last copy of some input lines (a strip) the kernel2 · c values under
// one line of the kernel are neighbours, so a line of the kernel acts as one position with
// kernel2 · c channels; groups become dense on the way. Dilated lines are parted into residues modulo
// the dilation.
//   forward      window tiles: pixels × k, one tap per kernel line, depth kernel2 · c
//   grad_input   with stride 1 forward, c and k exchanged. Else, or where c is very small, row tiles: pixels ×
//                (kernel2 · c), depth k, added into a strip. Pixels of one tile lie apart: a window read
//                right after its overlapping neighbour was written stalls. Tasks own lines of the input.
//   grad_weight  pixels are summed: (kernel · c) × k by window sums or k × (kernel2 · c) by outer tiles,
//                whichever leaves fewer lanes empty
// A strip (≤ kStripBytes) stays in the first- or second-level cache; the image is copied once where
// patches would copy it kernel times. The kernel's gradient sums slices of strips in a fixed
// pairwise tree: same bits at any thread count.
#include "kernels/conv/conv_strip.h"

#include <algorithm>
#include <cmath>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/gemm/pack.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kStripBytes = 128 * 1024;
constexpr int64_t kTasks = 32, kSlices = 16, kSliceBytes = 16 << 20;
constexpr int64_t kPixels = 128;
constexpr int64_t kMaxRows = 16;
constexpr int64_t kMostChannels = 16, kForwardChannels = 5;
constexpr double kGrainFlops = 1e6;

ConvProblem as_forward(const ConvProblem& p) {
    ConvProblem q = p;
    std::swap(q.c, q.k);
    for (int a = 0; a < 3; ++a) {
        std::swap(q.in[a], q.out[a]);
        const int64_t reach = (p.kernel[a] - 1) * p.dilation[a];
        q.pad_lo[a] = reach - p.pad_lo[a];
        q.pad_hi[a] = reach - p.pad_hi[a];
    }
    q.flip = !p.flip;
    return q;
}

template <class T>
struct Strips {
    const ConvProblem& p;
    const Micro<T>& micro;
    const bool transposed = false;  // of the weights' channels
    const int64_t c = p.c / p.groups, k = p.k / p.groups;
    const int64_t run = p.kernel[2] * c, lines = p.kernel[0] * p.kernel[1], patch = lines * run;
    const int64_t phases = p.dilation[2];
    // Along which images are cut into strips.
    const int axis = p.out[0] > 1 ? 0 : (p.out[1] > 1 ? 1 : 2);

    // Output pixels [first, first + count) along the axis, and the padded input below them.
    struct Strip {
        int64_t image, group, first, count;
    };

    int64_t length(int a, int64_t outputs) const {
        return (outputs - 1) * p.stride[a] + (p.kernel[a] - 1) * p.dilation[a] + 1;
    }
    // A strip's lines are whole multiples of the dilation.
    int64_t length_of(int a, int64_t count) const {
        const int64_t exact = length(a, a == axis ? count : p.out[a]);
        return a == 2 ? (exact + phases - 1) / phases * phases : exact;
    }
    // Where pixel i of a line of n2 stands in it: one residue modulo the dilation after the other,
    // so that what a line of the kernel meets are neighbours.
    int64_t place(int64_t i, int64_t n2) const {
        return phases == 1 ? i : i % phases * (n2 / phases) + i / phases;
    }
    int64_t size(int64_t count) const {
        return length_of(0, count) * length_of(1, count) * length_of(2, count) * c;
    }
    int64_t pixels(int64_t count) const { return p.out_pixels() / p.out[axis] * count; }

    // What one output more along the axis adds to a strip.
    int64_t line_size() const { return (size(1 + phases) - size(1)) / phases; }

    Parts cuts() const {
        const int64_t step =
            std::max<int64_t>(1, line_size() * static_cast<int64_t>(sizeof(T)));
        const int64_t wanted = std::min(p.out[axis], kTasks / (p.n * p.groups) + 1);
        return Parts::at_most(
            p.out[axis],
            std::clamp<int64_t>(kStripBytes / step, 1, (p.out[axis] + wanted - 1) / wanted));
    }

    // Calls f(line in the strip, line in x, first pixel in x, pixels) for every strip line that
    // meets the image; f(line, null …) otherwise.
    template <class X, class F>
    void each_line(const Strip& s, X* x, F f) const {
        const int64_t n0 = length_of(0, s.count), n1 = length_of(1, s.count),
                      n2 = length_of(2, s.count);
        int64_t start[3];
        for (int a = 0; a < 3; ++a)
            start[a] = (a == axis ? s.first : 0) * p.stride[a] - p.pad_lo[a];
        const int64_t left = std::clamp<int64_t>(-start[2], 0, n2),
                      right = std::clamp<int64_t>(p.in[2] - start[2], left, n2);
        for (int64_t i = 0; i < n0; ++i)
            for (int64_t j = 0; j < n1; ++j) {
                const int64_t i0 = start[0] + i, i1 = start[1] + j, at = (i * n1 + j) * n2 * c;
                const bool inside =
                    i0 >= 0 && i0 < p.in[0] && i1 >= 0 && i1 < p.in[1] && left < right;
                const int64_t pixel =
                    ((s.image * p.in[0] + i0) * p.in[1] + i1) * p.in[2] + start[2] + left;
                X* line = inside ? x + pixel * p.c + s.group * c : nullptr;
                f(at, line, inside ? left : n2, inside ? right : n2, n2);
            }
    }

    // A call of memcpy would cost more than the few values.
    void copy_pixel(const T* from, T* to) const {
        for (int64_t j = 0; j < c; ++j) to[j] = from[j];
    }

    void fill(const Strip& s, const T* x, T* strip) const {
        each_line(s, x, [&](int64_t at, const T* line, int64_t left, int64_t right, int64_t end) {
            T* to = strip + at;
            if (phases > 1) {
                std::fill(to, to + end * c, T{});
                for (int64_t i = left; i < right; ++i)
                    copy_pixel(line + (i - left) * p.c, to + place(i, end) * c);
                return;
            }
            std::fill(to, to + left * c, T{});
            if (p.groups == 1)
                std::copy_n(line, (right - left) * c, to + left * c);
            else
                for (int64_t i = 0; i < right - left; ++i)
                    copy_pixel(line + i * p.c, to + (left + i) * c);
            std::fill(to + right * c, to + end * c, T{});
        });
    }

    // Copies what lies between begin and end along the axis.
    void drain(const Strip& s, const T* strip, int64_t begin, int64_t end, T* x) const {
        const int64_t start = s.first * p.stride[axis] - p.pad_lo[axis], n1 = length_of(1, s.count);
        each_line(s, x, [&](int64_t at, T* line, int64_t left, int64_t right, int64_t n2) {
            const int64_t i0 = at / (n1 * n2 * c), i1 = at / (n2 * c) % n1;
            for (int64_t i = left; i < right; ++i) {
                const int64_t position = start + (axis == 0 ? i0 : axis == 1 ? i1 : i);
                if (position >= begin && position < end)
                    copy_pixel(strip + at + place(i, n2) * c, line + (i - left) * p.c);
            }
        });
    }

    // Where the windows of all pixels of a strip begin in it, and kernel line l after that.
    void windows(int64_t count, int64_t* at) const {
        const int64_t n1 = length_of(1, count), n2 = length_of(2, count);
        auto outputs = [&](int a) { return a == axis ? count : p.out[a]; };
        for (int64_t i = 0; i < outputs(0); ++i)
            for (int64_t j = 0; j < outputs(1); ++j)
                for (int64_t l = 0; l < outputs(2); ++l)
                    *at++ = ((i * p.stride[0] * n1 + j * p.stride[1]) * n2 +
                             place(l * p.stride[2], n2)) *
                            c;
    }
    int64_t line_offset(int64_t line, int64_t count) const {
        const int64_t t0 = line / p.kernel[1], t1 = line % p.kernel[1];
        return (t0 * p.dilation[0] * length_of(1, count) + t1 * p.dilation[1]) *
               length_of(2, count) * c;
    }

    // First pixel of a strip in the output.
    int64_t first_pixel(const Strip& s) const {
        return s.image * p.out_pixels() + s.first * (p.out_pixels() / p.out[axis]);
    }

    // Calls f(weight index, kernel index of the group, position in a patch).
    template <class F>
    void each_weight(int64_t group, int64_t first, int64_t count, F f) const {
        const int64_t taps = p.taps();
        for (int64_t i = first; i < first + count; ++i)
            for (int64_t j = 0; j < c; ++j)
                for (int64_t t = 0; t < taps; ++t)
                    f((transposed ? (group * c + j) * k + i : (group * k + i) * c + j) * taps +
                          (p.flip ? taps - 1 - t : t),
                      i, t * c + j);
    }

    int64_t grain(int64_t tasks) const {
        return std::max<int64_t>(1, static_cast<int64_t>(kGrainFlops * tasks / (p.flops() + 1)));
    }

    void forward(const T* x, const T* weight, T* y, const T* bias, Packs* packs,
                 const EpilogueOf<T>* epilogue) const {
        const Panels panels{micro.lanes, k, false};
        const int64_t packed_group = patch * panels.padded();
        Packed<T> packed(packs, p.weight_key("strip", micro.lanes, weight), p.groups * packed_group);
        parallel_for(
            packed.filled() ? 0 : p.groups * panels.count(), std::max<int64_t>(1, 32768 / (patch * 2 * micro.lanes)),
            [&](int64_t begin, int64_t end) {
                for (int64_t task = begin; task < end; ++task) {
                    const int64_t group = task / panels.count(), panel = task % panels.count(),
                                  width = panels.width(panel);
                    T* to = packed.data() + group * packed_group + panels.begin(panel) * patch;
                    if (panels.size(panel) < width) std::fill_n(to, patch * width, T{});
                    each_weight(group, panels.begin(panel), panels.size(panel),
                                [&](int64_t w, int64_t i, int64_t at) {
                                    to[at * width + i - panels.begin(panel)] = weight[w];
                                });
                }
            });
        packed.keep();
        const Parts cut = cuts();
        const int64_t tasks = p.n * p.groups * cut.count, most = cut.size(0);
        parallel_for(tasks, grain(tasks), [&](int64_t begin, int64_t end) {
            Scratch<T> strip(size(most));
            Scratch<int64_t> at(pixels(most));
            Scratch<const T*> a(lines);
            int64_t known = 0;
            for (int64_t task = begin; task < end; ++task) {
                const int64_t part = task / p.groups % cut.count;
                const Strip s{task / p.groups / cut.count, task % p.groups, cut.begin(part),
                              cut.size(part)};
                fill(s, x, strip.data());
                if (known != s.count) windows(known = s.count, at.data());
                for (int64_t line = 0; line < lines; ++line)
                    a[line] = strip.data() + line_offset(line, s.count);
                const EpilogueOf<T> end = epilogue ? epilogue->from_column(s.group * k) : EpilogueOf<T>{};
                micro.window_tile({lines, run, a.data(), at.data(), packed.data() + s.group * packed_group,
                                   y + first_pixel(s) * p.k + s.group * k, p.k,
                                   bias ? bias + s.group * k : nullptr, pixels(s.count), k,
                                   epilogue ? &end : nullptr});
            }
        });
    }

    void grad_input(T* x, const T* weight, const T* y) const {
        const Panels panels{micro.lanes, run};
        const int64_t packed_line = k * panels.padded();
        Scratch<T> packed(p.groups * lines * packed_line);
        std::fill_n(packed.data(), p.groups * lines * packed_line, T{});
        for (int64_t group = 0; group < p.groups; ++group)
            each_weight(group, 0, k, [&](int64_t w, int64_t i, int64_t at) {
                const int64_t line = at / run, col = at % run, panel = std::min(col / (2 * micro.lanes), panels.count() - 1);
                packed[(group * lines + line) * packed_line + panels.begin(panel) * k +
                       i * panels.width(panel) + col - panels.begin(panel)] = weight[w];
            });
        const Parts cut = cuts_of_input();
        Strip largest{0, 0, 0, 1};
        for (int64_t i = 0; i < cut.count; ++i)
            largest.count = std::max(largest.count, above(0, 0, cut.begin(i), cut.size(i)).count);
        const int64_t tasks = p.n * p.groups * cut.count;
        parallel_for(tasks, grain(tasks), [&](int64_t begin, int64_t end) {
            Scratch<T> strip(size(largest.count));
            Scratch<int64_t> at(pixels(largest.count));
            for (int64_t task = begin; task < end; ++task) {
                const int64_t part = task / p.groups % cut.count,
                              image = task / p.groups / cut.count, group = task % p.groups;
                const Strip s = above(image, group, cut.begin(part), cut.size(part));
                zero_input(s, cut.begin(part), cut.size(part), x);
                if (s.count == 0) continue;
                std::fill_n(strip.data(), size(s.count), T{});
                windows(s.count, at.data());
                add_windows(s, y + first_pixel(s) * p.k + group * k,
                            packed.data() + group * lines * packed_line, packed_line, at.data(),
                            strip.data());
                drain(s, strip.data(), cut.begin(part), cut.begin(part + 1), x);
            }
        });
    }

    // strip += dy · w, one kernel line after the other. The pixels of a tile lie tiles.count apart.
    void add_windows(const Strip& s, const T* y, const T* packed, int64_t packed_line,
                     const int64_t* at, T* strip) const {
        const Panels panels{micro.lanes, run};
        const int64_t all = pixels(s.count);
        const Parts tiles = Parts::at_most(all, micro.rows_for(run));
        const T* sources[kMaxRows];
        T* out[kMaxRows];
        for (int64_t t = 0; t < tiles.count; ++t) {
            const int64_t rows = (all - t + tiles.count - 1) / tiles.count;
            for (int64_t i = 0; i < rows; ++i) sources[i] = y + (t + i * tiles.count) * p.k;
            for (int64_t line = 0; line < lines; ++line)
                for (int64_t panel = 0; panel < panels.count(); ++panel) {
                    const int64_t col = panels.begin(panel);
                    const T* b = packed + line * packed_line + col * k;
                    T* base = strip + line_offset(line, s.count) + col;
                    for (int64_t i = 0; i < rows; ++i) out[i] = base + at[t + i * tiles.count];
                    micro.row_tile({1, k, sources, &b, panels.width(panel), out, nullptr, rows,
                                    panels.size(panel), true, nullptr});
                }
        }
    }

    // Input lines along the axis, for which tasks compute all outputs above them: some outputs are
    // read by two tasks.
    Parts cuts_of_input() const {
        const int64_t line = line_size(), reach = (p.kernel[axis] - 1) * p.dilation[axis] + 1;
        const int64_t step =
            std::max<int64_t>(1, line * static_cast<int64_t>(sizeof(T)) / p.stride[axis]);
        const int64_t wanted = std::min(p.in[axis], kTasks / (p.n * p.groups) + 1);
        const int64_t most =
            std::clamp<int64_t>(kStripBytes / step, 1, (p.in[axis] + wanted - 1) / wanted);
        return Parts::at_most(p.in[axis], std::max(most, 4 * reach));
    }
    // The outputs whose windows meet input lines [first, first + count).
    Strip above(int64_t image, int64_t group, int64_t first, int64_t count) const {
        const int64_t stride = p.stride[axis], reach = (p.kernel[axis] - 1) * p.dilation[axis];
        auto first_at_least = [&](int64_t i) {
            return i <= 0 ? 0 : std::min((i + stride - 1) / stride, p.out[axis]);
        };
        const int64_t begin = first_at_least(first + p.pad_lo[axis] - reach),
                      end = first_at_least(first + count + p.pad_lo[axis]);
        return {image, group, begin, end - begin};
    }
    // Some input pixels are in no window.
    void zero_input(const Strip& s, int64_t first, int64_t count, T* x) const {
        const int64_t start = s.first * p.stride[axis] - p.pad_lo[axis];
        bool all_covered = s.count > 0 && start <= first &&
                           start + length(axis, s.count) >= first + count;
        for (int a = 0; a < 3; ++a)
            if (a != axis)
                all_covered &= p.pad_lo[a] >= 0 && length(a, p.out[a]) - p.pad_lo[a] >= p.in[a];
        if (all_covered) return;
        const int64_t inner =
            p.in_pixels() /
            p.in[axis];  // the axes before it have size 1 in the output, perhaps not in the input
        int64_t outer = 1;
        for (int a = 0; a < axis; ++a) outer *= p.in[a];
        for (int64_t i = 0; i < outer; ++i) {
            T* pixel =
                x + (s.image * p.in_pixels() + (i * p.in[axis] + first) * (inner / outer)) * p.c +
                s.group * c;
            for (int64_t j = 0; j < count * (inner / outer); ++j, pixel += p.c)
                std::fill_n(pixel, c, T{});
        }
    }

    void grad_weight(const T* x, T* weight, const T* y) const {
        const auto vectors = [&](int64_t count) { return (count + micro.lanes - 1) / micro.lanes; };
        const bool patch_rows =
            run * vectors(k) <= k * vectors(run);  // sums are [patch][k] instead of [k][patch]
        const Parts cut = cuts();
        const int64_t units = p.n * cut.count, total = p.k * patch;
        const int64_t room =
            std::max<int64_t>(1, kSliceBytes / (total * static_cast<int64_t>(sizeof(T))));
        const Parts slices{units, std::max<int64_t>(1, std::min({kSlices, room, units}))};
        Scratch<T> sums(slices.count * total);
        auto slice_task = [&](int64_t task) {
            const int64_t group = task % p.groups, slice = task / p.groups;
            T* sum = sums.data() + slice * total + group * k * patch;
            std::fill_n(sum, k * patch, T{});
            Scratch<T> strip(size(cut.size(0)));
            Scratch<int64_t> at(pixels(cut.size(0)));
            int64_t known = 0;
            for (int64_t unit = slices.begin(slice); unit < slices.begin(slice + 1); ++unit) {
                const Strip s{unit / cut.count, group, cut.begin(unit % cut.count),
                              cut.size(unit % cut.count)};
                fill(s, x, strip.data());
                if (known != s.count) windows(known = s.count, at.data());
                add_strip(s, strip.data(), at.data(), y + first_pixel(s) * p.k + group * k,
                          patch_rows, sum);
            }
        };
        auto finish_task = [&](int64_t group) {
            T* sum = sums.data() + group * k * patch;
            for (int64_t step = 1; step < slices.count; step *= 2)
                for (int64_t s = 0; s + step < slices.count; s += 2 * step)
                    for (int64_t i = 0; i < k * patch; ++i)
                        sum[s * total + i] += sum[(s + step) * total + i];
            each_weight(group, 0, k, [&](int64_t w, int64_t i, int64_t at) {
                weight[w] = sum[patch_rows ? at * k + i : i * patch + at];
            });
        };
        run_stages(p.flops(), {{p.groups * slices.count, slice_task}, {p.groups, finish_task}});
    }

    void add_strip(const Strip& s, const T* strip, const int64_t* at, const T* y, bool patch_rows,
                   T* sum) const {
        const int64_t all = pixels(s.count);
        if (patch_rows) {
            Scratch<const T*> rows(patch);
            for (int64_t i = 0; i < patch; ++i)
                rows[i] = strip + line_offset(i / run, s.count) + i % run;
            for (int64_t first = 0; first < all; first += kPixels)
                micro.window_sum({std::min(kPixels, all - first), rows.data(), at + first,
                                  y + first * p.k, p.k, sum, k, patch, k});
            return;
        }
        const T *from[kPixels], *dy[kPixels];
        const Parts tiles = Parts::at_most(k, micro.rows_for(run));
        for (int64_t first = 0; first < all; first += kPixels) {
            const int64_t count = std::min(kPixels, all - first);
            for (int64_t i = 0; i < count; ++i) {
                from[i] = strip + at[first + i];
                dy[i] = y + (first + i) * p.k;
            }
            for (int64_t line = 0; line < lines; ++line) {
                const int64_t offset = line_offset(line, s.count);
                for (int64_t j = 0; j < run; j += 2 * micro.lanes)
                    for (int64_t t = 0; t < tiles.count; ++t)
                        micro.outer_tile({count, dy, from, tiles.begin(t), offset + j,
                                          sum + tiles.begin(t) * patch + line * run + j, patch,
                                          tiles.size(t), std::min(2 * micro.lanes, run - j), true});
            }
        }
    }
};

template <class T>
void run(const ConvProblem& p, const ConvArgs& args, const Micro<T>& micro) {
    T *x = static_cast<T*>(args.x), *weight = static_cast<T*>(args.weight),
      *y = static_cast<T*>(args.y);
    const Strips<T> strips{p, micro};
    switch (p.map) {
        case ConvMap::Forward:
            return strips.forward(x, weight, y, static_cast<const T*>(args.bias), args.packs,
                                  EpilogueFor<T>(args.epilogue, y).get());
        case ConvMap::GradInput:
            if (strip_runs_forward(p)) return Strips<T>{as_forward(p), micro, true}.forward(y, weight, x, nullptr, args.packs, nullptr);
            return strips.grad_input(x, weight, y);
        case ConvMap::GradWeight: return strips.grad_weight(x, weight, y);
    }
}

}  // namespace

void conv_strip(const ConvProblem& p, const ConvArgs& args, const MicroSet& micro) {
    visit_floating("conv", p.dtype, [&](auto zero) { run(p, args, micro_for(micro, zero)); });
}

// With stride 1 it may be a forward map of the gradient of the output; adding windows leaves fewer lanes
// empty where c is very small.
bool strip_runs_forward(const ConvProblem& p) {
    return p.stride[0] == 1 && p.stride[1] == 1 && p.stride[2] == 1 && p.c / p.groups >= kForwardChannels &&
           p.k / p.groups <= kMostChannels;
}

const char* conv_strip_decline(const ConvProblem& p) {
    if (p.map == ConvMap::GradInput ? !strip_runs_forward(p) && p.c / p.groups >= kMostChannels
                                    : p.c / p.groups > kMostChannels)
        return "a group has many channels";
    if (p.n * p.out_pixels() == 0 || p.c == 0) return "a tensor is empty";
    if (p.kernel[2] == 1) return "the kernel's lines have one position";
    if (p.dilation[2] != 1 && p.stride[2] != 1) return "the kernel's lines are dilated and strided";
    return nullptr;
}

// Found for AVX2, one thread, beside direct convolution on some 1500 random maps of up to 28 × 28 pixels for each case: what
// is picked takes 4 to 9 % longer than the faster of the two on average. A strip multiplies padding as well, which direct
// convolution leaves out, but has longer sums: as if kIdle channels came to those of each of the latter's pixels. The kernel's
// gradient reads and writes all its sums for every few lines of an image. Where windows are added into a strip, each is read
// and written for every output channel.
const char* conv_strip_lose(const ConvProblem& p) {
    constexpr double kIdle = 24;
    const double c = p.c / p.groups, k = p.k / p.groups;
    if (p.map == ConvMap::GradWeight) {
        const double lines = p.out[0] * p.out[1];
        return c * k < 1.2 * lines * std::sqrt(lines * std::sqrt(p.n)) ? nullptr : "many channels beside few lines";
    }
    if (p.map == ConvMap::GradInput && !strip_runs_forward(p))
        return c * c * k < 32 * p.inside() * p.out_pixels() ? nullptr : "many windows are added";
    const double source = p.map == ConvMap::Forward ? c : k;
    return p.inside() * (source + kIdle) > source ? nullptr : "most of the kernel lies outside";
}

}  // namespace cc
