// y = x ∗ w through the spectra of tiles: one product per frequency, not per kernel position.
//
//   forward      Y[f] = Σ_c X[f] · conj W[f], of what comes back the results that did not wrap
//                around (overlap-save)
//   grad_input   the same of dy with the kernel reversed and its channels exchanged
//   grad_weight  dW[f] = Σ_tiles X[f] · conj dY[f], where tiles of dy hold the valid results only
//
// Along each axis a tile of N positions gives N − reach results (N = 8 … 64; 256 in one dimension;
// conv_fft_plan.cpp chooses). Images stay channels-last: a vector holds the channels of a group,
// and a stride or dilation is a spacing of the pixels in the tile.
//
// Per group it is, for each frequency, a complex matrix product [tiles × c] · [c × k] over all
// images; stages: spectra of the kernels, of a chunk of tiles, products (tasks own frequencies),
// and back. Chunks and blocks of channels keep the spectra below 64 MB. With one channel per group
// the product is pointwise: a task takes a vector of channels there and back inside the
// second-level cache.
//
// Chosen for large kernels: k = 31 takes 1/75 of the multiplications. The error is that of the
// tile's largest values times ε, below that of direct sums over as many products. Sums over tiles
// run in one order, those over slices (depthwise gradient of the kernel) in a fixed pairwise tree:
// same bits at any thread count. No tile is packed with one of another image.
//
// Mathieu, Henaff, LeCun: Fast Training of Convolutional Networks through FFTs, 2013; Vasilache et
// al.: fbfft, 2014.
#include "kernels/conv/conv_fft.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/conv/conv_fft_plan.h"
#include "kernels/gemm/pack.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kKernelBytes = 24 << 20, kImageBytes = 32 << 20, kSliceBytes = 16 << 20;
constexpr int64_t kTasks = 64, kMaxSlices = 16;
constexpr int64_t kJobsPerTask = 8;

int64_t ceil_div(int64_t a, int64_t b) { return a > 0 ? (a + b - 1) / b : 0; }

// The channels of one side, in vectors that do not cross groups.
struct Lines {
    int64_t lanes, groups, channels;  // channels of a group

    int64_t of_group() const { return ceil_div(channels, lanes); }
    int64_t count() const { return groups * of_group(); }
    int64_t group(int64_t line) const { return line / of_group(); }
    int64_t within(int64_t line) const { return line % of_group() * lanes; }  // first channel
    int64_t begin(int64_t line) const { return group(line) * channels + within(line); }
    int64_t used(int64_t line) const { return std::min(lanes, channels - within(line)); }
};

// Where the line of an item is in a spectrum, `step` numbers from one frequency to the next.
struct Layout {
    int64_t rows, panel, line, row, step, size;

    int64_t at(int64_t item, int64_t of_line) const {
        return item / rows * panel + of_line * line + item % rows * row;
    }
    // [f][panel][line][row of the panel]; steps of a power of two would meet in few sets of the
    // caches.
    static Layout panels(int64_t frequencies, int64_t width, int64_t items, int64_t lines,
                         int64_t rows) {
        const int64_t step = (ceil_div(items, rows) * rows * lines | 1) * width;
        return {rows, lines * rows * width, rows * width, width, step, step * frequencies};
    }
    // [line][item][f], and some lines more: spectra a multiple of 4096 bytes apart would be taken
    // for each other by the processor's check of loads against earlier stores.
    static Layout apart(int64_t frequencies, int64_t width, int64_t items, int64_t lines) {
        const int64_t one = (frequencies + 5) * width;
        return {items, 0, items * one, one, width, lines * items * one};
    }
};

template <class T>
struct FftConv {
    const ConvProblem& p;
    const Fft<T>& fft;
    const Micro<T>& micro;
    const FftPlan plan = plan_fft(p, {fft.lanes, fft.rows});
    const FftShape& shape = plan.shape;
    const int64_t lanes = fft.lanes, width = 2 * lanes, frequencies = plan.frequencies(),
                  scratch_size = fft_scratch_lines(plan.shape) * width;
    const bool forward = p.map != ConvMap::GradInput;
    const bool depthwise = p.groups > 1 && p.groups == p.c;
    const Lines c_lines = depthwise ? Lines{lanes, 1, p.c} : Lines{lanes, p.groups, p.c / p.groups},
                k_lines = depthwise ? c_lines : Lines{lanes, p.groups, p.k / p.groups};
    const Lines source_lines = forward ? c_lines : k_lines,
                result_lines = forward ? k_lines : c_lines;
    const int64_t source_image = forward ? p.in_pixels() * p.c : p.out_pixels() * p.k,
                  result_image = forward ? p.out_pixels() * p.k : p.in_pixels() * p.c;
    const int64_t image_jobs = ceil_div(plan.tiles(), shape.tiles), jobs = p.n * image_jobs;
    const T scale = static_cast<T>(0.25 / (shape.size[0] * shape.size[1] * shape.size[2]));

    // The elements, `step` apart, that lie in the window.
    static void cut(FftBox<T>& box, int axis, int64_t begin, int64_t length, int64_t step,
                    int64_t count, int64_t stride) {
        const int64_t first = std::min(count, ceil_div(begin, step));
        box.first[axis] = first * step - begin;
        box.step[axis] = step;
        box.count[axis] = std::min(count, ceil_div(begin + length, step)) - first;
        box.stride[axis] = stride;
        if (box.count[axis] <= 0) box.first[axis] = box.count[axis] = 0;
        box.data += first * stride;
    }

    // The part of an image that a tile of the job reads as source, or holds as result.
    FftBox<T> tile_box(T* images, bool source, int64_t job, int64_t tile, int64_t channel) const {
        int64_t at = job % image_jobs * shape.tiles + tile;
        FftBox<T> box{images + job / image_jobs * (source ? source_image : result_image) + channel,
                      {}, {1, 1, 1}, {}, {}};
        if (at >= plan.tiles()) return box;
        for (int i = 2; i >= 0; --i) {
            const FftAxis& a = plan.axes[i];
            const int64_t begin = at % a.tiles * a.pitch;
            at /= a.tiles;
            if (source)
                cut(box, i, begin + a.shift, a.size, a.source_step, a.source_count,
                    a.source_stride);
            else
                cut(box, i, begin, a.valid, a.result_step, a.result_count, a.result_stride);
        }
        return box;
    }

    // A kernel [tap][lanes].
    FftBox<T> kernel_box(T* kernel) const {
        FftBox<T> box{kernel, {}, {}, {}, {}};
        for (int i = 0; i < 3; ++i) {
            const FftAxis& a = plan.axes[i];
            box.step[i] = a.dilation;
            box.count[i] = a.taps;
            box.stride[i] = a.reversed ? -a.tap_stride * lanes : a.tap_stride * lanes;
            if (a.reversed) box.data += (a.taps - 1) * a.tap_stride * lanes;
        }
        return box;
    }

    void transform_tiles(T* images, bool source, bool conjugate, const Lines& lines, int64_t job,
                         int64_t first_line, int64_t end_line, const Layout& layout, int64_t item,
                         int64_t line_offset, T* spectrum) const {
        Scratch<T> scratch(scratch_size);
        for (int64_t line = first_line; line < end_line; ++line) {
            FftBox<T> boxes[2];
            T* to[2];
            for (int64_t i = 0; i < shape.tiles; ++i) {
                boxes[i] = tile_box(images, source, job, i, lines.begin(line));
                to[i] = spectrum + layout.at(item + i, line - line_offset);
            }
            fft.forward(shape, boxes, lines.used(line), conjugate, to, layout.step,
                        scratch.data());
        }
    }

    // Kernels [first, first + count) of those that meet a line of results: conjugate spectra.
    void transform_kernels(const T* weight, int64_t line, int64_t first, int64_t count,
                           const Layout& layout, int64_t layout_line, T* spectrum) const {
        const int64_t taps = p.taps(), row = p.c / p.groups * taps, used = result_lines.used(line),
                      group = result_lines.group(line), channel = result_lines.within(line);
        Scratch<T> scratch(scratch_size), kernels(shape.tiles * taps * lanes);
        std::fill_n(kernels.data(), shape.tiles * taps * lanes, T{});
        for (int64_t item = first; item < first + count; item += shape.tiles) {
            FftBox<T> boxes[2];
            T* to[2];
            for (int64_t i = 0; i < shape.tiles; ++i) {
                boxes[i] = kernel_box(kernels.data() + i * taps * lanes);
                to[i] = spectrum + layout.at(item + i, layout_line);
                if (item + i >= first + count) {
                    boxes[i].count[0] = 0;
                    continue;
                }
                const T* from = depthwise ? weight + channel * taps
                                : forward ? weight + (result_lines.begin(line) * row) +
                                                (item + i) * taps
                                          : weight +
                                                (group * source_lines.channels + item + i) * row +
                                                channel * taps;
                micro.transpose(from, forward && !depthwise ? row : taps,
                                kernels.data() + i * taps * lanes, lanes, used, taps);
            }
            fft.forward(shape, boxes, used, true, to, layout.step, scratch.data());
        }
    }

    void inverse_tiles(const Layout& layout, const T* spectrum, int64_t item, int64_t job,
                       int64_t line, int64_t layout_line, T* results, const T* bias,
                       T* scratch) const {
        FftBox<T> boxes[2];
        const T* from[2];
        const int64_t channel = result_lines.begin(line);
        for (int64_t i = 0; i < shape.tiles; ++i) {
            boxes[i] = tile_box(results, false, job, i, channel);
            from[i] = spectrum + layout.at(item + i, layout_line);
        }
        fft.inverse(shape, from, layout.step, boxes, result_lines.used(line), scale,
                    bias ? bias + channel : nullptr, scratch);
    }

    // Kernels of one line of x's channels, from their spectra to weight.
    void inverse_kernels(const Layout& layout, const T* spectrum, int64_t item, int64_t count,
                         int64_t layout_line, int64_t line, T* weight, int64_t row,
                         T* scratch) const {
        const int64_t taps = p.taps(), used = c_lines.used(line);
        Scratch<T> kernels(shape.tiles * taps * lanes);
        FftBox<T> boxes[2];
        const T* from[2];
        for (int64_t i = 0; i < shape.tiles; ++i) {
            boxes[i] = kernel_box(kernels.data() + i * taps * lanes);
            // Where the second is none the first stands in: what is not written may be no number.
            from[i] = spectrum + layout.at(i < count ? item + i : item, layout_line);
        }
        fft.inverse(shape, from, layout.step, boxes, lanes, scale, nullptr, scratch);
        for (int64_t i = 0; i < count; ++i)
            micro.transpose(kernels.data() + i * taps * lanes, lanes, weight + i * row, taps, taps,
                            used);
    }

    int64_t most_lines(int64_t items) const {
        const int64_t bytes = items * frequencies * width * static_cast<int64_t>(sizeof(T));
        return std::max<int64_t>(1, kKernelBytes / bytes);
    }
    Parts chunks_of(int64_t lines) const {
        const int64_t bytes =
            shape.tiles * lines * frequencies * width * static_cast<int64_t>(sizeof(T));
        return Parts::at_most(jobs, std::max<int64_t>(1, kImageBytes / bytes));
    }
    // Into how many pieces the lines of a job go.
    static int64_t pieces(int64_t jobs, int64_t lines) {
        return std::clamp<int64_t>(ceil_div(kTasks / 2, jobs), 1, lines);
    }

    // Forward and input gradient.
    void images(T* source, T* results, const T* weight, const T* bias) const {
        const int64_t depth = source_lines.channels, sources = source_lines.count();
        const int64_t kernel_items = ceil_div(depth, shape.tiles) * shape.tiles;
        const Parts parts = Parts::at_most(result_lines.count(), most_lines(kernel_items));
        const Parts chunks = chunks_of(sources + parts.size(0));
        const int64_t most_items = chunks.size(0) * shape.tiles;
        auto layout = [&](int64_t items, int64_t lines, int64_t rows) {
            return Layout::panels(frequencies, width, items, lines, rows);
        };
        auto panels = [&](int64_t items) {
            return layout(items, sources, ceil_div(items, ceil_div(items, fft.rows)));
        };
        int64_t most = 0;
        for (int64_t chunk = 0; chunk < chunks.count; ++chunk)
            most = std::max(most, panels(chunks.size(chunk) * shape.tiles).size);
        Scratch<T> w(layout(kernel_items, parts.size(0), kernel_items).size), x(most),
            y(layout(most_items, parts.size(0), most_items).size);
        const Parts bands{frequencies, std::min(frequencies, kTasks)};
        const int64_t kernel_tasks = ceil_div(kernel_items, kJobsPerTask * shape.tiles);

        for (int64_t chunk = 0; chunk < chunks.count; ++chunk)
            for (int64_t part = 0; part < parts.count; ++part) {
                const int64_t first_job = chunks.begin(chunk), job_count = chunks.size(chunk);
                const int64_t items = job_count * shape.tiles;
                const int64_t first = parts.begin(part), lines = parts.size(part);
                const Layout kernels = layout(kernel_items, lines, kernel_items);
                const Layout tiles = panels(items), out = layout(items, lines, items);
                const Parts source_pieces{sources, pieces(job_count, sources)},
                    result_pieces{lines, pieces(job_count, lines)};
                auto kernel_task = [&](int64_t task) {
                    const int64_t line = task / kernel_tasks,
                                  item = task % kernel_tasks * kJobsPerTask * shape.tiles;
                    transform_kernels(weight, first + line, item,
                                      std::min(depth - item, kJobsPerTask * shape.tiles), kernels,
                                      line, w.data());
                };
                auto source_task = [&](int64_t task) {
                    const int64_t job = task / source_pieces.count,
                                  piece = task % source_pieces.count;
                    transform_tiles(source, true, false, source_lines, first_job + job,
                                    source_pieces.begin(piece), source_pieces.begin(piece + 1),
                                    tiles, job * shape.tiles, 0, x.data());
                };
                auto product_task = [&](int64_t task) {
                    fft.product({bands.begin(task), bands.begin(task + 1), x.data(), tiles.step,
                                 tiles.rows, sources, w.data(), kernels.step, kernel_items,
                                 y.data(), out.step, items, depth, items, first, first + lines,
                                 source_lines.of_group(), result_lines.of_group()});
                };
                auto result_task = [&](int64_t task) {
                    const int64_t job = task / result_pieces.count,
                                  piece = task % result_pieces.count;
                    Scratch<T> scratch(scratch_size);
                    for (int64_t line = result_pieces.begin(piece);
                         line < result_pieces.begin(piece + 1); ++line)
                        inverse_tiles(out, y.data(), job * shape.tiles, first_job + job,
                                      first + line, line, results, bias, scratch.data());
                };
                run_stages(p.flops(),
                           {{chunk == 0 || parts.count > 1 ? lines * kernel_tasks : 0, kernel_task},
                            {part == 0 ? job_count * source_pieces.count : 0, source_task},
                            {bands.count, product_task},
                            {job_count * result_pieces.count, result_task}});
            }
    }

    void kernels(T* x, T* weight, T* y) const {
        const int64_t c_count = c_lines.count(), group_c = c_lines.of_group(),
                      group_k = k_lines.of_group(), row = p.c / p.groups * p.taps();
        const Parts parts = Parts::at_most(k_lines.count(), most_lines(lanes * group_c));
        const Parts chunks = chunks_of(c_count + parts.size(0));
        const int64_t most_items = chunks.size(0) * shape.tiles;
        auto layout = [&](int64_t items, int64_t lines) {
            return Layout::panels(frequencies, width, items, lines, items);
        };
        Scratch<T> x_spectra(layout(most_items, c_count).size),
            y_spectra(layout(most_items, parts.size(0)).size),
            sums(layout(parts.size(0) * lanes, group_c).size);
        const Parts bands{frequencies, std::min(frequencies, kTasks)};

        for (int64_t part = 0; part < parts.count; ++part) {
            const int64_t first = parts.begin(part), lines = parts.size(part);
            const Layout sum = layout(lines * lanes, group_c);
            for (int64_t chunk = 0; chunk < chunks.count; ++chunk) {
                const int64_t first_job = chunks.begin(chunk), job_count = chunks.size(chunk);
                const int64_t items = job_count * shape.tiles;
                const Layout x_layout = layout(items, c_count), y_layout = layout(items, lines);
                const Parts x_pieces{c_count, pieces(job_count, c_count)},
                    y_pieces{lines, pieces(job_count, lines)};
                auto x_task = [&](int64_t task) {
                    const int64_t job = task / x_pieces.count, piece = task % x_pieces.count;
                    transform_tiles(x, true, false, c_lines, first_job + job,
                                    x_pieces.begin(piece), x_pieces.begin(piece + 1), x_layout,
                                    job * shape.tiles, 0, x_spectra.data());
                };
                auto y_task = [&](int64_t task) {
                    const int64_t job = task / y_pieces.count, piece = task % y_pieces.count;
                    transform_tiles(y, false, true, k_lines, first_job + job,
                                    first + y_pieces.begin(piece),
                                    first + y_pieces.begin(piece + 1), y_layout,
                                    job * shape.tiles, first, y_spectra.data());
                };
                auto sum_task = [&](int64_t task) {
                    fft.correlation({bands.begin(task), bands.begin(task + 1), x_spectra.data(),
                                     x_layout.step, y_spectra.data(), y_layout.step,
                                     sums.data(), sum.step, lines * lanes, items, items, first,
                                     first + lines, group_c, group_k, k_lines.channels,
                                     chunk > 0});
                };
                run_stages(p.flops(), {{job_count * x_pieces.count, x_task},
                                       {job_count * y_pieces.count, y_task},
                                       {bands.count, sum_task}});
            }
            parallel_for(lines * group_c, 1, [&](int64_t begin, int64_t end) {
                Scratch<T> scratch(scratch_size);
                for (int64_t task = begin; task < end; ++task) {
                    const int64_t k_line = first + task / group_c, c_line = task % group_c,
                                  used = k_lines.used(k_line);
                    for (int64_t i = 0; i < used; i += shape.tiles)
                        inverse_kernels(
                            sum, sums.data(), (k_line - first) * lanes + i,
                            std::min(shape.tiles, used - i), c_line,
                            k_lines.group(k_line) * group_c + c_line,
                            weight + (k_lines.begin(k_line) + i) * row + c_line * lanes * p.taps(),
                            row, scratch.data());
                }
            });
        }
    }

    void depthwise_images(T* source, T* results, const T* weight, const T* bias) const {
        const int64_t lines = c_lines.count();
        const Layout kernels = Layout::apart(frequencies, width, shape.tiles, lines),
                     tiles = Layout::apart(frequencies, width, shape.tiles, 1);
        const Parts slices{jobs, std::min(jobs, ceil_div(kTasks, lines))};
        Scratch<T> w(kernels.size);
        auto kernel_task = [&](int64_t line) {
            transform_kernels(weight, line, 0, 1, kernels, line, w.data());
        };
        auto tile_task = [&](int64_t task) {
            const int64_t line = task / slices.count, slice = task % slices.count;
            Scratch<T> spectra(tiles.size), scratch(scratch_size);
            for (int64_t job = slices.begin(slice); job < slices.begin(slice + 1); ++job) {
                transform_tiles(source, true, false, c_lines, job, line, line + 1, tiles, 0, line,
                                spectra.data());
                for (int64_t i = 0; i < shape.tiles; ++i)
                    fft.multiply(frequencies, spectra.data() + tiles.at(i, 0),
                                 w.data() + kernels.at(0, line));
                inverse_tiles(tiles, spectra.data(), 0, job, line, 0, results, bias,
                              scratch.data());
            }
        };
        run_stages(p.flops(), {{lines, kernel_task}, {lines * slices.count, tile_task}});
    }

    void depthwise_kernels(T* x, T* weight, T* y) const {
        const int64_t lines = c_lines.count(), taps = p.taps();
        const Layout sums = Layout::apart(frequencies, width, 1, lines),
                     tiles = Layout::apart(frequencies, width, shape.tiles, 1);
        const int64_t room =
            std::max<int64_t>(1, kSliceBytes / (sums.size * static_cast<int64_t>(sizeof(T))));
        const Parts slices{jobs, std::min({ceil_div(kTasks, lines), kMaxSlices, room, jobs})};
        Scratch<T> all(slices.count * sums.size);
        auto slice_task = [&](int64_t task) {
            const int64_t line = task / slices.count, slice = task % slices.count;
            Scratch<T> spectra(2 * tiles.size);
            T *x_spectra = spectra.data(), *y_spectra = x_spectra + tiles.size;
            T* sum = all.data() + slice * sums.size + sums.at(0, line);
            std::fill_n(sum, sums.line, T{});
            for (int64_t job = slices.begin(slice); job < slices.begin(slice + 1); ++job) {
                transform_tiles(x, true, false, c_lines, job, line, line + 1, tiles, 0, line,
                                x_spectra);
                transform_tiles(y, false, true, c_lines, job, line, line + 1, tiles, 0, line,
                                y_spectra);
                for (int64_t i = 0; i < shape.tiles; ++i)
                    fft.multiply_add(frequencies, x_spectra + tiles.at(i, 0),
                                     y_spectra + tiles.at(i, 0), sum);
            }
        };
        auto finish_task = [&](int64_t line) {
            T* sum = all.data() + sums.at(0, line);
            for (int64_t step = 1; step < slices.count; step *= 2)
                for (int64_t s = 0; s + step < slices.count; s += 2 * step)
                    for (int64_t i = 0; i < sums.line; ++i)
                        sum[s * sums.size + i] += sum[(s + step) * sums.size + i];
            Scratch<T> scratch(scratch_size);
            inverse_kernels(sums, all.data(), 0, 1, line, line, weight + line * lanes * taps, 0,
                            scratch.data());
        };
        run_stages(p.flops(), {{lines * slices.count, slice_task}, {lines, finish_task}});
    }

    void run(T* x, T* weight, T* y, const T* bias) const {
        switch (p.map) {
            case ConvMap::Forward:
                return depthwise ? depthwise_images(x, y, weight, bias)
                                 : images(x, y, weight, bias);
            case ConvMap::GradInput:
                return depthwise ? depthwise_images(y, x, weight, nullptr)
                                 : images(y, x, weight, nullptr);
            case ConvMap::GradWeight:
                return depthwise ? depthwise_kernels(x, weight, y) : kernels(x, weight, y);
        }
    }
};

}  // namespace

void conv_fft(const ConvProblem& p, const ConvArgs& args, const FftSet& fft,
              const MicroSet& micro) {
    visit_floating("conv", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        FftConv<T>{p, fft_for(fft, zero), micro_for(micro, zero)}.run(
            static_cast<T*>(args.x), static_cast<T*>(args.weight), static_cast<T*>(args.y),
            static_cast<const T*>(args.bias));
    });
}

}  // namespace cc
