// What the Winograd convolutions share: tiles of the images, and what lies under them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/allocator.h"
#include "kernels/conv/conv_winograd.h"

namespace cc {

// A stride of an odd number of cache lines: what lies so far apart does not meet in the cache.
inline int64_t odd_lines(int64_t floats) { return ((floats + 15) / 16 | 1) * 16; }

// The first of the groups, which are convolutions of their own.
inline ConvProblem group_of(const ConvProblem& problem) {
    ConvProblem p = problem;
    p.c /= p.groups, p.k /= p.groups, p.groups = 1;
    return p;
}

// One group of channels of all pixels.
struct WinogradPixels {
    float* data;   // of the first pixel
    int64_t step;  // floats to the next
};

// The images as planes that are cut into tiles of y, in windows of 6 × 6 pixels 4 × 4 or, for kernels
// of 5 × 5, 2 × 2; in windows of 4 × 4 2 × 2; or in one dimension columns that are cut into tiles of 4
// or 2. The other axes count as images, and so do the planes of a dilated convolution: pixels of y
// that lie `dilation` apart have theirs of x to themselves. In three dimensions a plane of the result
// is a sum over those of the source that the `slice_taps` of the first axis meet.
//
// With a stride of 2 the taps of even and of odd number see pixels of x of their own: x is four
// sources of half its size, each with every other tap of each axis. The input's gradient is computed
// for one of the four after the other, its phases.
struct WinogradTiles {
    int axes;
    int64_t window;  // of an axis
    bool of_input;   // x is the result: images are its images
    int64_t images;
    int64_t slice_taps, slices[2], slice_pad, slice_dilation;  // along the first axis; slices of x, of y
    int64_t step[2];     // between pixels of x, and sources or phases of an axis
    int64_t taps, tile;  // of an axis
    int64_t in[2], out[2], pad[2], dilation[2];
    int64_t plane[2], tiles[2];  // pixels of y of the largest plane, and tiles of each

    WinogradTiles(const ConvProblem& p, int64_t window)
        : axes(p.kernel[1] == 1 ? 1 : 2), window(window), of_input(p.map == ConvMap::GradInput),
          images(p.n * (of_input ? p.in[0] : p.out[0]) * (axes == 1 ? p.in[1] : 1)),
          slice_taps(p.kernel[0]), slices{axes == 1 ? 1 : p.in[0], axes == 1 ? 1 : p.out[0]},
          slice_pad(p.pad_lo[0]), slice_dilation(p.dilation[0]), step{p.stride[1], p.stride[2]},
          taps((p.kernel[2] + p.stride[2] - 1) / p.stride[2]), tile(window + 1 - taps) {
        for (int a = 0; a < 2; ++a) {
            const bool used = a < axes;
            const int axis = 3 - axes + a;
            in[a] = used ? p.in[axis] : 1;
            out[a] = used ? p.out[axis] : 1;
            pad[a] = used ? p.pad_lo[axis] : 0;
            dilation[a] = used ? p.dilation[axis] : 1;
            plane[a] = (out[a] + dilation[a] - 1) / dilation[a];
            tiles[a] = used ? (plane[a] + tile - 1) / tile : 1;
            images *= dilation[a];
        }
    }

    int64_t per_image() const { return tiles[0] * tiles[1]; }
    int64_t count() const { return images * per_image(); }
    int64_t phases() const { return of_input ? step[0] * step[1] : 1; }
    int64_t sources() const { return of_input ? slice_taps : slice_taps * step[0] * step[1]; }
    // Pixels of a window of x, which are as many elements, or of a tile of y.
    int64_t pixels(bool input) const {
        const int64_t side = input ? window : tile;
        return axes == 1 ? side : side * side;
    }

    // Calls f(image, line of tiles, column) for tiles [first, first + count).
    template <class F>
    void each(int64_t first, int64_t count, F f) const {
        int64_t image = first / per_image(), y = first % per_image() / tiles[1],
                x = first % tiles[1];
        for (int64_t tile = 0; tile < count; ++tile) {
            f(image, y, x);
            if (++x < tiles[1]) continue;
            x = 0;
            if (++y < tiles[0]) continue;
            y = 0;
            ++image;
        }
    }

    // [tile][pixel]: channel 0 of what lies under the tiles of y, or under their windows of x;
    // `outside` beyond the image's border. Of a source, or of a phase of the result.
    void look_up(bool input, int64_t part, int64_t first, int64_t count, const WinogradPixels& of,
                 float* outside, float** to) const {
        const int64_t odd_y = part / step[1] % step[0], odd_x = part % step[1],
                      slice_tap = input == of_input ? 0 : of_input ? part : part / (step[0] * step[1]),
                      ahead = slice_tap * slice_dilation - slice_pad,
                      shift = input == of_input ? 0 : input ? ahead : -ahead,
                      counted = slices[of_input ? 0 : 1], there = slices[input ? 0 : 1];
        const int64_t* size = input ? in : out;
        const int64_t side = input ? window : tile;
        const int64_t width = axes == 1 ? 1 : side;
        const int64_t from_y = input ? odd_y - pad[0] : 0, from_x = input ? odd_x - pad[1] : 0;
        const int64_t step_y = input ? dilation[0] * step[0] : dilation[0],
                      step_x = input ? dilation[1] * step[1] : dilation[1];
        each(first, count, [&](int64_t at, int64_t tile_y, int64_t tile_x) {
            const int64_t image = at / (dilation[0] * dilation[1]), slice = image % counted + shift;
            if (slice < 0 || slice >= there) {
                std::fill_n(to, side * width, outside);
                to += side * width;
                return;
            }
            const int64_t plane = image / counted * there + slice;
            const int64_t y0 = at / dilation[1] % dilation[0] + tile_y * tile * step_y + from_y;
            const int64_t x0 = at % dilation[1] + tile_x * tile * step_x + from_x;
            for (int64_t i = 0, y = y0; i < side; ++i, y += step_y, to += width) {
                if (y < 0 || y >= size[0]) {
                    std::fill_n(to, width, outside);
                    continue;
                }
                float* line = of.data + (plane * size[0] + y) * size[1] * of.step;
                for (int64_t j = 0, x = x0; j < width; ++j, x += step_x)
                    to[j] = x >= 0 && x < size[1] ? line + x * of.step : outside;
            }
        });
    }
};

// The taps of a kernel of one channel by the sources that they meet. Kernels are [taps][width].
class WinogradParts {
public:
    WinogradParts(const ConvProblem& p, const WinogradTiles& tiles, int64_t width)
        : count(tiles.slice_taps * p.stride[1] * p.stride[2]), p_(p), tiles_(tiles), width_(width),
          room_(p.stride[2] == 1 ? 0 : tiles.taps * tiles.taps * width) {}

    const int64_t count;
    // The part of a source and a phase.
    int64_t of(int64_t source, int64_t phase) const { return source * tiles_.phases() + phase; }

    struct Taps {
        float* at;
        int64_t step;
    };
    // Room for the part's taps: their places in the kernel, or, if they lie apart, a place to put() there.
    Taps place(int64_t part, float* kernel) const {
        if (p_.stride[2] == 2) return {room_.data(), width_};
        const int64_t first = part * (p_.taps() / count);
        return p_.flip ? Taps{kernel + (p_.taps() - 1 - first) * width_, -width_} : Taps{kernel + first * width_, width_};
    }
    void put(int64_t part, float* kernel) const {
        for (int64_t i = 0; i < apart(); ++i)
            if (const int64_t tap = tap_of(part, i); tap >= 0)
                std::copy_n(room_.data() + i * width_, width_, kernel + tap * width_);
    }
    // The part's taps, zeros for those beyond the kernel.
    Taps taken(int64_t part, float* kernel) const {
        for (int64_t i = 0; i < apart(); ++i)
            if (const int64_t tap = tap_of(part, i); tap >= 0)
                std::copy_n(kernel + tap * width_, width_, room_.data() + i * width_);
            else
                std::fill_n(room_.data() + i * width_, width_, 0.0f);
        return place(part, kernel);
    }

private:
    int64_t apart() const { return p_.stride[2] == 1 ? 0 : tiles_.taps * tiles_.taps; }
    // Of every other tap of each axis; −1 beyond the kernel.
    int64_t tap_of(int64_t part, int64_t i) const {
        const int64_t y = 2 * (i / tiles_.taps) + part / 2 % 2, x = 2 * (i % tiles_.taps) + part % 2;
        if (x >= p_.kernel[2] || y >= p_.kernel[1]) return -1;
        const int64_t tap = (part / 4 * p_.kernel[1] + y) * p_.kernel[2] + x;
        return p_.flip ? p_.taps() - 1 - tap : tap;
    }

    const ConvProblem& p_;
    const WinogradTiles& tiles_;
    const int64_t width_;
    const Scratch<float> room_;
};

// Where tiles stand in a panel, for each class of elements (winograd.h).
class WinogradOrder {
public:
    // Of at most `most` tiles, in groups of `rows` tiles that are `group` floats apart, tiles `step`.
    WinogradOrder(const ConvProblem& p, const WinogradTiles& tiles, int64_t most, int64_t rows,
                  int64_t group, int64_t step);

    // Whether last tiles of an axis need fewer products, and so many that they are left out.
    static bool pays(const ConvProblem& p, const WinogradTiles& tiles, int axis);

    // Tiles [first, first + count).
    void set(int64_t first, int64_t count) {
        std::fill_n(needed_, kWinogradClasses, count);
        if (!slots_.empty()) sort(first, count);
    }
    // Of the tile `from` of those set and the next ones; null where all tiles need all elements.
    const int32_t* places(int64_t from = 0) const {
        return slots_.empty() ? nullptr : places_.data() + from * kWinogradClasses;
    }
    const int64_t* needed() const { return needed_; }

private:
    void sort(int64_t first, int64_t count);

    const WinogradTiles& tiles_;
    const bool short_[2];  // tiles of the last line, of the last column, and worth the order
    std::vector<int32_t> slots_, places_;
    int64_t needed_[kWinogradClasses];
};

// The kernel's gradient of a dense problem (conv_winograd_weight.cpp); conv_winograd calls it for that map.
void winograd_grad_weight(const ConvProblem& problem, const WinogradTiles& tiles, const WinogradPixels& x, float* weight,
                          const WinogradPixels& y, const Winograd& winograd, const Micro<float>& micro);

}  // namespace cc
