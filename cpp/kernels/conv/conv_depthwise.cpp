// y[o][c] = Σ_t x[o·stride − pad + t·dilation][c] · w[c][t]: one channel per group, channels-last,
// vectors along the channels.
//
// Weights are transposed to [t][c]. In float32, where the kernel's positions in a line are neighbours, few
// and at stride 1 or 2, lines of the result go in runs of 8 pixels, or two together in runs of 4, or of one where
// memory brings them (conv_depthwise_runs.h). Other pixels are found through the pointer tables of direct
// convolution (any rank, stride, dilation, padding), 14 (AVX-512; 6 with AVX2) at a time for every vector of channels.
// The gradient of the input is the same with its passes, some lines of each in turn, as they write between one
// another's pixels; that of the kernel sums the same runs, or holds nine positions' sums in registers and runs down the
// same table. With several outputs per channel (k = multiplier · c) x is widened to k channels image by image, so
// that one kernel serves all; gradients of x are folded back in a fixed order.
#include "kernels/conv/conv_depthwise.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/conv/conv_depthwise_runs.h"
#include "kernels/conv/conv_strip.h"
#include "kernels/conv/conv_tiles.h"
#include "kernels/stages.h"

namespace cc {
namespace {

constexpr int64_t kPixels = 64;
constexpr int64_t kChannels = 128;
constexpr int64_t kFewLines = 8;  // blocks of channels are tasks, as of a product of so few rows
constexpr int64_t kTasks = 64, kMaxSlices = 16, kSliceBytes = 16 << 20, kWideBytes = 16 << 20;
constexpr int64_t kManyOutputs = 16, kManyOutputsDirect = 64, kFewChannels = 4;  // outputs: per channel
constexpr int64_t kPassPairs = 4;  // of lines, before the next pass writes between them
constexpr double kGrainFlops = 1.5e5;

template <class T>
struct Depthwise {
    const ConvProblem& p;
    const Micro<T>& micro;
    Packs* packs;

    // Forward and input gradient.
    void pixels(const std::vector<Pass>& passes, const T* source, T* result, const T* weight,
                const T* bias, const EpilogueOf<T>* epilogue) const {
        Packed<T> transposed(packs, p.weight_key("depthwise", 0, weight), p.taps() * p.c);
        turn_depthwise_weights(p, micro, weight, transposed);
        if (std::all_of(passes.begin(), passes.end(), DepthwiseRuns<T>::fit))
            runs(passes, source, result, transposed.data(), bias, epilogue);
        else
            tables(passes, source, result, transposed.data(), bias, epilogue);
    }

    void runs(const std::vector<Pass>& passes, const T* source, T* result, T* transposed,
              const T* bias, const EpilogueOf<T>* epilogue) const {
        int64_t most = 0, all = 0;
        for (const Pass& pass : passes) {
            const int64_t lines = DepthwiseRuns<T>{p, pass, source, result}.lines();
            most = std::max(most, lines);
            all += lines;
        }
        const int64_t width = all < kFewLines ? kChannels : p.c, blocks = (p.c + width - 1) / width;
        const int64_t pairs = (most + 1) / 2, tasks = blocks * pairs;
        parallel_for(tasks, static_cast<int64_t>(kGrainFlops * tasks / (p.flops() + 1)) + 1, [&](int64_t task, int64_t last) {
            for (int64_t stop; task < last; task = stop) {
                const int64_t block = task / pairs, before = block * pairs, c = block * width,
                              at_once = passes.size() > 1 ? kPassPairs : pairs;
                stop = std::min({last, before + pairs, task + at_once});
                const EpilogueOf<T> of_block = epilogue ? epilogue->from_column(c) : EpilogueOf<T>{};
                for (const Pass& pass : passes) {
                    const DepthwiseRuns<T> runs{p, pass, source, result, epilogue ? &of_block : nullptr};
                    runs.each_line(2 * (task - before), std::min(2 * (stop - before), runs.lines()), c, std::min(width, p.c - c),
                                   transposed, bias, true, micro.run_line);
                }
            }
        });
    }

    void tables(const std::vector<Pass>& passes, const T* source, T* result, const T* transposed,
                const T* bias, const EpilogueOf<T>* epilogue) const {
        Scratch<T> zeros(p.c);
        std::fill_n(zeros.data(), p.c, T{});
        each_pixel_tile(p, passes, source, result, zeros.data(), micro.rows, p.c, kGrainFlops, [&](const PixelTile<T>& tile) {
            micro.column_tile({tile.taps, tile.sources, transposed, tile.weights, tile.results, bias, tile.rows, p.c,
                               epilogue});
        });
    }

    void kernel(T* x, T* weight, T* y) const {
        ConvProblem forward = p;
        forward.map = ConvMap::Forward;
        const Pass pass = forward_passes(forward)[0];
        Scratch<T> zeros(p.c);
        std::fill_n(zeros.data(), p.c, T{});
        const DepthwiseRuns<T> runs{forward, pass, x, y};
        const PixelTable<T> table(forward, pass, x, y, kPixels);
        const bool in_runs = runs.fit(pass);
        const std::vector<int64_t> order = weight_taps(p, pass);
        const int64_t taps = p.taps(), size = taps * p.c, width = in_runs && runs.streamed() ? p.c : kChannels,
                      blocks = (p.c + width - 1) / width,
                      all = in_runs ? runs.lines() : p.n * p.out_pixels(), least = in_runs ? 1 : kPixels;
        const int64_t room =
            std::max<int64_t>(1, kSliceBytes / (size * static_cast<int64_t>(sizeof(T))));
        const int64_t wanted =
            std::min({(kTasks + blocks - 1) / blocks, kMaxSlices, room, (all + least - 1) / least});
        const Parts slices{all, std::max<int64_t>(1, wanted)};
        Scratch<T> sums(slices.count * size);
        auto slice_task = [&](int64_t task) {
            const int64_t slice = task / blocks, c = task % blocks * width,
                          cs = std::min(width, p.c - c), begin = slices.begin(slice), end = slices.begin(slice + 1);
            T* sum = sums.data() + slice * size;
            for (int64_t t = 0; t < taps; ++t) std::fill_n(sum + t * p.c + c, cs, T{});
            if (in_runs) return runs.each_line(begin, end, c, cs, sum, nullptr, false, micro.run_sum);
            Scratch<const T*> x_rows(taps * kPixels);
            Scratch<T*> out(taps);
            T* y_rows[kPixels];
            for (int64_t t = 0; t < taps; ++t) out[t] = sum + order[t] * p.c + c;
            for (int64_t first = begin; first < end; first += kPixels) {
                const int64_t count = std::min(kPixels, end - first);
                table.look_up(first, count, 0, 0, zeros.data(), x_rows.data(), y_rows);
                micro.column_sum({taps, count, x_rows.data(), kPixels, y_rows, c, out.data(), cs});
            }
        };
        auto finish_task = [&](int64_t) {
            T* sum = sums.data();
            for (int64_t step = 1; step < slices.count; step *= 2)
                for (int64_t s = 0; s + step < slices.count; s += 2 * step)
                    for (int64_t i = 0; i < size; ++i)
                        sum[s * size + i] += sum[(s + step) * size + i];
            micro.transpose(sum, p.c, weight, taps, taps, p.c);
        };
        run_stages(p.flops(), {{blocks * slices.count, slice_task}, {1, finish_task}});
    }

    void run(T* x, T* weight, T* y, const T* bias, const EpilogueOf<T>* epilogue) const {
        switch (p.map) {
            case ConvMap::Forward: return pixels(forward_passes(p), x, y, weight, bias, epilogue);
            case ConvMap::GradInput: return pixels(grad_input_passes(p), y, x, weight, nullptr, nullptr);
            case ConvMap::GradWeight: return kernel(x, weight, y);
        }
    }
};

// x with every channel repeated `times`, and back.
template <class T>
void widen(const T* x, int64_t pixels, int64_t c, int64_t times, T* wide) {
    for (int64_t i = 0; i < pixels * c; ++i) std::fill_n(wide + i * times, times, x[i]);
}
template <class T>
void fold(const T* wide, int64_t pixels, int64_t c, int64_t times, T* x) {
    for (int64_t i = 0; i < pixels * c; ++i) {
        T sum = wide[i * times];
        for (int64_t j = 1; j < times; ++j) sum += wide[i * times + j];
        x[i] = sum;
    }
}

template <class T>
void run(const ConvProblem& p, const ConvArgs& args, const Micro<T>& micro) {
    T *x = static_cast<T*>(args.x), *weight = static_cast<T*>(args.weight),
      *y = static_cast<T*>(args.y);
    const T* bias = static_cast<const T*>(args.bias);
    const EpilogueFor<T> epilogue(args.epilogue, y);
    if (p.k == p.c) return Depthwise<T>{p, micro, args.packs}.run(x, weight, y, bias, epilogue.get());

    ConvProblem some = p;
    some.c = some.groups = p.k;
    const int64_t times = p.k / p.c, x_size = p.in_pixels() * p.c, y_size = p.out_pixels() * p.k,
                  wide_size = x_size * times;
    const bool kernel = p.map == ConvMap::GradWeight;
    const int64_t room =
        std::max<int64_t>(1, kWideBytes / (wide_size * static_cast<int64_t>(sizeof(T)) + 1));
    const Parts chunks = Parts::at_most(p.n, kernel ? room : 1);
    if (kernel) std::fill_n(weight, p.k * p.taps(), T{});
    Scratch<T> sum(kernel ? p.k * p.taps() : 0);
    auto chunk = [&](int64_t i) {
        ConvProblem part = some;
        part.n = chunks.size(i);
        Scratch<T> wide(part.n * wide_size);
        T *x_part = x + chunks.begin(i) * x_size, *y_part = y + chunks.begin(i) * y_size;
        if (p.map != ConvMap::GradInput)
            widen(x_part, part.n * p.in_pixels(), p.c, times, wide.data());
        Depthwise<T>{part, micro, args.packs}.run(wide.data(), kernel ? sum.data() : weight, y_part, bias, epilogue.get());
        if (p.map == ConvMap::GradInput)
            fold(wide.data(), part.n * p.in_pixels(), p.c, times, x_part);
    };
    if (kernel) {
        for (int64_t i = 0; i < chunks.count; ++i) {
            chunk(i);
            for (int64_t j = 0; j < p.k * p.taps(); ++j) weight[j] += sum[j];
        }
    } else {
        parallel_for(chunks.count, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) chunk(i);
        });
    }
}

}  // namespace

void conv_depthwise(const ConvProblem& p, const ConvArgs& args, const MicroSet& micro) {
    visit_floating("conv", p.dtype, [&](auto zero) { run(p, args, micro_for(micro, zero)); });
}

bool conv_depthwise_in_runs(const ConvProblem& p) {
    return p.dtype == Dtype::Float32 && has_run_tile(p.kernel[2], p.stride[2]) && p.dilation[2] == 1;
}

const char* conv_depthwise_decline(const ConvProblem& p) {
    if (p.groups != p.c || p.c == 1) return "groups have several channels";
    if (p.n * p.out_pixels() == 0) return "a tensor is empty";
    return nullptr;
}

// Then the tiles of a strip, or of direct convolution, are full: measured, 1.2 to 5 times faster.
const char* conv_depthwise_lose(const ConvProblem& p) {
    if (p.map == ConvMap::GradInput) return nullptr;
    const bool strip = !conv_strip_decline(p) && !conv_strip_lose(p);
    if (p.k / p.c >= (strip ? kManyOutputs : kManyOutputsDirect)) return "a channel has many outputs";
    if (!strip) return nullptr;
    return p.c < kFewChannels && (p.k > p.c || !conv_depthwise_in_runs(p)) ? "there are few channels" : nullptr;
}

}  // namespace cc
