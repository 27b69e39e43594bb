// Local response normalisation: the readable reference, which is the specification, and the list of
// implementations.
#include "kernels/norm/response_norm.h"

#include <algorithm>
#include <cmath>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/norm/response_loops.h"

namespace cc {

std::string ResponseNormProblem::describe() const {
    return str(backward ? "backward " : "forward ", dtype, " n", n, " pixels", pixels, " c", channels,
               " size", size, channels_first ? " channels first" : "");
}

namespace {

constexpr int64_t kElementsPerTask = 16384;

template <class T>
void reference_of(const ResponseNormProblem& p, const ResponseNormArgs& args) {
    const T *x = static_cast<const T*>(args.x), *g = static_cast<const T*>(args.grad_y);
    T* out = static_cast<T*>(args.out);
    const double scale = p.alpha / static_cast<double>(p.size);
    int64_t grain = std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(1, p.channels * p.size));
    parallel_for(p.n * p.pixels, grain, [&](int64_t begin, int64_t end) {
        Scratch<double> d(p.channels);
        for (int64_t pixel = begin; pixel < end; ++pixel) {
            auto at = [&](int64_t c) {
                if (!p.channels_first) return pixel * p.channels + c;
                return (pixel / p.pixels * p.channels + c) * p.pixels + pixel % p.pixels;
            };
            // f(c) for the channels from `first` to `last`, as far as there are such.
            auto each = [&](int64_t first, int64_t last, auto&& f) {
                for (int64_t c = std::max<int64_t>(0, first); c <= std::min(last, p.channels - 1); ++c) f(c);
            };
            const int64_t behind = p.size - 1 - p.before();
            for (int64_t c = 0; c < p.channels; ++c) {
                double sum = 0;
                each(c - p.before(), c + behind, [&](int64_t i) { sum += static_cast<double>(x[at(i)]) * x[at(i)]; });
                d[c] = p.k + scale * sum;
            }
            for (int64_t c = 0; c < p.channels; ++c) {
                const double power = std::pow(d[c], -p.beta);
                if (!p.backward) {
                    out[at(c)] = static_cast<T>(x[at(c)] * power);
                    continue;
                }
                double sum = 0;
                each(c - behind, c + p.before(), [&](int64_t i) {
                    sum += static_cast<double>(g[at(i)]) * x[at(i)] * std::pow(d[i], -p.beta - 1);
                });
                out[at(c)] = static_cast<T>(g[at(c)] * power - 2 * scale * p.beta * x[at(c)] * sum);
            }
        }
    });
}

void reference(const ResponseNormProblem& problem, const ResponseNormArgs& args) {
    visit_floating("response_norm", problem.dtype,
                   [&](auto zero) { reference_of<decltype(zero)>(problem, args); });
}

// A tile is one pixel, or a stretch of row-major ones short enough for its channels to stay in the
// cache.
template <const ResponseLoops (&LoopsOfDtypes)[2]>
void tiles(const ResponseNormProblem& p, const ResponseNormArgs& args) {
    const ResponseLoops& loops = LoopsOfDtypes[p.dtype == Dtype::Float64];
    if (p.n * p.pixels * p.channels == 0) return;
    const int64_t size = static_cast<int64_t>(itemsize(p.dtype));
    const int64_t stretch =
        p.channels_first ? std::min(p.pixels, std::max<int64_t>(64, 4096 / p.channels / 64 * 64)) : 1;
    const int64_t stretches = (p.pixels + stretch - 1) / stretch;
    const int64_t scratch = (p.channels + p.size - 1) * stretch * size;
    int64_t grain = std::max<int64_t>(1, kElementsPerTask / (p.channels * stretch));
    parallel_for(p.n * stretches, grain, [&](int64_t begin, int64_t end) {
        Scratch<char> squares(scratch), parts(p.backward ? scratch : 0);
        ResponseTile tile{};
        tile.squares = squares.data(), tile.parts = parts.data();
        tile.size = p.size, tile.before = p.before();
        tile.scale = p.alpha / static_cast<double>(p.size), tile.beta = p.beta, tile.k = p.k;
        for (int64_t task = begin; task < end; ++task) {
            int64_t first = task % stretches * stretch, pixels = std::min(stretch, p.pixels - first);
            int64_t at = task / stretches * p.pixels * p.channels + (p.channels_first ? first : first * p.channels);
            tile.rows = p.channels_first ? p.channels : 1;
            tile.width = p.channels_first ? pixels : p.channels;
            tile.stride = p.pixels;
            tile.step = p.channels_first ? pixels : 1;
            tile.x = static_cast<const char*>(args.x) + at * size;
            tile.g = static_cast<const char*>(args.grad_y) + at * size;
            tile.out = static_cast<char*>(args.out) + at * size;
            p.backward ? loops.backward(tile) : loops.forward(tile);
        }
    });
}

constexpr Impl<ResponseNormProblem, ResponseNormArgs> kResponseNorm[] = {
#ifdef CONVCORE_X86
    {"tiles_avx512", Isa::Avx512, nullptr, tiles<avx512::response_loops>},
    {"tiles_avx2", Isa::Avx2, nullptr, tiles<avx2::response_loops>},
#endif
    {"tiles_generic", Isa::Generic, nullptr, tiles<generic::response_loops>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void response_norm(const ResponseNormProblem& problem, const ResponseNormArgs& args) {
    run_best("response_norm", kResponseNorm, problem, args);
}

}  // namespace cc
