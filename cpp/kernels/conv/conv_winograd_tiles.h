// What the Winograd convolutions share: tiles of the images, and what lies under them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/conv/conv_winograd.h"

namespace cc {

// A stride of an odd number of cache lines: what lies so far apart does not meet in the cache.
inline int64_t odd_lines(int64_t floats) { return ((floats + 15) / 16 | 1) * 16; }

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
struct WinogradTiles {
    int axes;
    int64_t window, taps, tile;  // of an axis
    bool of_input;  // x is the result: images are its images
    int64_t images;
    int64_t slice_taps, slices[2], slice_pad, slice_dilation;  // along the first axis; slices of x, of y
    int64_t in[2], out[2], pad[2], dilation[2];
    int64_t plane[2], tiles[2];  // pixels of y of the largest plane, and tiles of each

    WinogradTiles(const ConvProblem& p, int64_t window)
        : axes(p.kernel[1] == 1 ? 1 : 2), window(window), taps(p.kernel[2]), tile(window + 1 - taps),
          of_input(p.map == ConvMap::GradInput),
          images(p.n * (of_input ? p.in[0] : p.out[0]) * (axes == 1 ? p.in[1] : 1)),
          slice_taps(p.kernel[0]), slices{axes == 1 ? 1 : p.in[0], axes == 1 ? 1 : p.out[0]},
          slice_pad(p.pad_lo[0]), slice_dilation(p.dilation[0]) {
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
    // `outside` beyond the image's border. Of the source, in the plane that the tap meets.
    void look_up(bool input, int64_t tap, int64_t first, int64_t count, const WinogradPixels& of,
                 float* outside, float** to) const {
        const int64_t ahead = tap * slice_dilation - slice_pad,
                      shift = input == of_input ? 0 : input ? ahead : -ahead,
                      counted = slices[of_input ? 0 : 1], there = slices[input ? 0 : 1];
        const int64_t* size = input ? in : out;
        const int64_t side = input ? window : tile;
        const int64_t width = axes == 1 ? 1 : side;
        const int64_t pad_y = input ? pad[0] : 0, pad_x = input ? pad[1] : 0;
        each(first, count, [&](int64_t at, int64_t tile_y, int64_t tile_x) {
            const int64_t image = at / (dilation[0] * dilation[1]), slice = image % counted + shift;
            if (slice < 0 || slice >= there) {
                std::fill_n(to, side * width, outside);
                to += side * width;
                return;
            }
            const int64_t plane = image / counted * there + slice;
            const int64_t y0 = at / dilation[1] % dilation[0] + tile_y * tile * dilation[0] - pad_y;
            const int64_t x0 = at % dilation[1] + tile_x * tile * dilation[1] - pad_x;
            for (int64_t i = 0, y = y0; i < side; ++i, y += dilation[0], to += width) {
                if (y < 0 || y >= size[0]) {
                    std::fill_n(to, width, outside);
                    continue;
                }
                float* line = of.data + (plane * size[0] + y) * size[1] * of.step;
                for (int64_t j = 0, x = x0; j < width; ++j, x += dilation[1])
                    to[j] = x >= 0 && x < size[1] ? line + x * of.step : outside;
            }
        });
    }
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
