// The transforms of tiles against the sum that defines them, and back; products of spectra.
#include "kernels/fft/fft.h"

#include <complex>

#include "kernel_check.h"

using namespace cc;

namespace {

using Number = std::complex<double>;

const FftSet* const kSets[] = {&generic::fft,
#ifdef __x86_64__
                               &avx2::fft, &avx512::fft
#endif
};

template <class T>
std::vector<Number> numbers(const T* lines, int64_t count, int64_t lanes, int64_t lane) {
    std::vector<Number> found;
    for (int64_t i = 0; i < count; ++i)
        found.emplace_back(lines[2 * lanes * i + lane], lines[(2 * i + 1) * lanes + lane]);
    return found;
}

// The largest difference, relative to the root of the mean square.
double error(const std::vector<Number>& got, const std::vector<Number>& want) {
    double most = 0, sum = 0;
    for (size_t i = 0; i < got.size(); ++i) {
        most = std::max(most, std::abs(got[i] - want[i]));
        sum += std::norm(want[i]);
    }
    return most / std::sqrt(sum / static_cast<double>(got.size()));
}

// Σ_j x[j] e^(∓2πi·f·j/N) along each axis, for the frequencies that are kept.
std::vector<Number> naive(const FftShape& shape, std::vector<Number> x, bool conjugate) {
    const double turn = (conjugate ? 2 : -2) * std::acos(-1.0);
    for (int axis = 0; axis < 3; ++axis) {
        int64_t step = 1;
        for (int i = axis + 1; i < 3; ++i) step *= shape.size[i];
        const int64_t size = shape.size[axis];
        std::vector<Number> y(x.size());
        for (size_t i = 0; i < x.size(); ++i) {
            const int64_t f = static_cast<int64_t>(i) / step % size;
            for (int64_t j = 0; j < size; ++j)
                y[i] += x[i + static_cast<size_t>((j - f) * step)] *
                        std::polar(1.0, turn * static_cast<double>(f * j % size) / size);
        }
        x = y;
    }
    std::vector<Number> kept;
    for (size_t i = 0; i < x.size(); ++i)
        if (static_cast<int64_t>(i) % shape.size[2] < shape.columns) kept.push_back(x[i]);
    return kept;
}

template <class T>
void test_transform(const Fft<T>& fft, const FftShape& shape, int64_t used, int64_t spread,
                    bool conjugate) {
    const int64_t lanes = fft.lanes, step = 2 * lanes * (spread | 1), channels = used + 3;
    const int64_t frequencies = shape.size[0] * shape.size[1] * shape.columns;
    int64_t count[3], first[3], pixels = 1, volume = 1;
    for (int i = 0; i < 3; ++i) {
        count[i] = std::max<int64_t>(1, shape.size[i] * 2 / 3 / spread);
        first[i] = shape.size[i] > 1 ? 1 : 0;
        pixels *= count[i];
        volume *= shape.size[i];
    }
    const std::vector<T> image = some_values<T>(shape.tiles * pixels * channels, 5);
    std::vector<T> back(image.size(), T(7)), scratch(2 * lanes * fft_scratch_lines(shape)),
        spectra(2 * frequencies * step);
    FftBox<T> boxes[2], targets[2];
    T* to[2];
    for (int64_t tile = 0; tile < shape.tiles; ++tile) {
        const int64_t at = tile * pixels * channels + 1;
        for (auto* box : {&boxes[tile], &targets[tile]}) {
            *box = {(box == &boxes[tile] ? const_cast<T*>(image.data()) : back.data()) + at,
                    {first[0], first[1], first[2]},
                    {spread, spread, spread},
                    {count[0], count[1], count[2]},
                    {count[1] * count[2] * channels, count[2] * channels, channels}};
        }
        to[tile] = spectra.data() + tile * frequencies * step;
    }
    fft.forward(shape, boxes, used, conjugate, to, step, scratch.data());
    const double tolerance = sizeof(T) == 4 ? 2e-6 : 3e-15;
    for (int64_t tile = 0; tile < shape.tiles; ++tile)
        for (int64_t lane : {int64_t{0}, used - 1}) {
            std::vector<Number> pixel(volume), got;
            for (int64_t i = 0; i < pixels; ++i) {
                const int64_t j[3] = {i / count[2] / count[1], i / count[2] % count[1],
                                      i % count[2]};
                int64_t at = 0;
                for (int a = 0; a < 3; ++a) at = at * shape.size[a] + first[a] + j[a] * spread;
                pixel[at] = image[(tile * pixels + i) * channels + 1 + lane];
            }
            for (int64_t f = 0; f < frequencies; ++f)
                got.push_back(numbers(to[tile] + f * step, 1, lanes, lane)[0] * 0.5);
            const double found = error(got, naive(shape, pixel, conjugate));
            EXPECT(found < tolerance, "transform of ", shape.size[0], "x", shape.size[1], "x",
                   shape.size[2], ", lane ", lane, ": error ", found);
        }
    if (conjugate) return;
    const T* const from[2] = {to[0], to[1]};
    const std::vector<T> bias = some_values<T>(used, 9);
    fft.inverse(shape, from, step, targets, used, static_cast<T>(0.5 / volume), bias.data(),
                scratch.data());
    std::vector<Number> got, want;
    for (size_t i = 0; i < image.size(); ++i) {
        const int64_t lane = static_cast<int64_t>(i) % channels - 1;
        const bool inside = lane >= 0 && lane < used;
        got.emplace_back(back[i]);
        want.emplace_back(inside ? double(image[i]) + bias[lane] : 7.0);
    }
    EXPECT(error(got, want) < tolerance, "there and back: error ", error(got, want));
}

template <class T>
void test_products(const Fft<T>& fft) {
    const int64_t lanes = fft.lanes, width = 2 * lanes, frequencies = 3, groups = 2;
    const int64_t depth = lanes + lanes / 2, x_group = 2, tiles = fft.rows + 2, rows = fft.rows - 1,
                  panels = (tiles + rows - 1) / rows, blocks = 4, x_lines = x_group * groups;
    const int64_t x_step = panels * rows * x_lines * width, w_step = blocks * depth * width,
                  y_step = blocks * (tiles + 1) * width;
    const auto x = some_values<T>(frequencies * x_step, 1),
               w = some_values<T>(frequencies * w_step, 2);
    std::vector<T> y(frequencies * y_step);
    fft.product({1, 3, x.data(), x_step, rows, x_lines, w.data(), w_step, depth, y.data(), y_step,
                 tiles + 1, depth, tiles, 0, blocks, x_group, blocks / groups});
    std::vector<Number> got, want;
    for (int64_t f = 1; f < 3; ++f)
        for (int64_t block = 0; block < blocks; ++block)
            for (int64_t tile = 0; tile < tiles; ++tile)
                for (int64_t lane = 0; lane < lanes; ++lane) {
                    Number sum = 0;
                    for (int64_t c = 0; c < depth; ++c) {
                        const int64_t line = block / 2 * x_group + c / lanes;
                        const T* a = x.data() + f * x_step +
                                     ((tile / rows * x_lines + line) * rows + tile % rows) * width;
                        const T* b = w.data() + f * w_step + (block * depth + c) * width;
                        sum += numbers(a, 1, lanes, c % lanes)[0] * numbers(b, 1, lanes, lane)[0];
                    }
                    want.push_back(sum);
                    const T* c = y.data() + f * y_step + (block * (tiles + 1) + tile) * width;
                    got.push_back(numbers(c, 1, lanes, lane)[0]);
                }
    const double tolerance = sizeof(T) == 4 ? 3e-6 : 5e-15;
    EXPECT(error(got, want) < tolerance, "product: error ", error(got, want));
}

template <class T>
void test_correlations(const Fft<T>& fft) {
    const int64_t lanes = fft.lanes, width = 2 * lanes, frequencies = 2, x_group = 2, groups = 2;
    const int64_t tiles = 9, items = 10, blocks = 4, y_rows = lanes + lanes / 2;
    const int64_t x_step = x_group * groups * items * width, y_step = blocks * items * width,
                  sum_step = x_group * blocks * lanes * width;
    const auto x = some_values<T>(frequencies * x_step, 3),
               y = some_values<T>(frequencies * y_step, 4);
    std::vector<T> sums(frequencies * sum_step, T(5));
    for (bool accumulate : {false, true})
        fft.correlation({0, 2, x.data(), x_step, y.data(), y_step, sums.data(), sum_step,
                         blocks * lanes, tiles, items, 0, blocks, x_group, blocks / groups, y_rows,
                         accumulate});
    std::vector<Number> got, want;
    for (int64_t f = 0; f < frequencies; ++f)
        for (int64_t block = 0; block < blocks; ++block)
            for (int64_t row = 0; row < std::min(lanes, y_rows - block % 2 * lanes); ++row)
                for (int64_t line = 0; line < x_group; ++line)
                    for (int64_t lane = 0; lane < lanes; ++lane) {
                        Number sum = 0;
                        for (int64_t tile = 0; tile < tiles; ++tile) {
                            const T* a = x.data() + f * x_step +
                                         ((block / 2 * x_group + line) * items + tile) * width;
                            const T* b = y.data() + f * y_step + (block * items + tile) * width;
                            sum += numbers(a, 1, lanes, lane)[0] * numbers(b, 1, lanes, row)[0];
                        }
                        want.push_back(sum * 2.0);
                        const T* c = sums.data() + f * sum_step +
                                     (line * blocks * lanes + block * lanes + row) * width;
                        got.push_back(numbers(c, 1, lanes, lane)[0]);
                    }
    const double tolerance = sizeof(T) == 4 ? 3e-6 : 5e-15;
    EXPECT(error(got, want) < tolerance, "correlation: error ", error(got, want));
}

template <class T>
void test(const Fft<T>& fft) {
    const FftShape shapes[] = {{{1, 1, 8}, 5, 2},     {{1, 1, 16}, 9, 2},   {{1, 1, 32}, 17, 2},
                               {{1, 1, 64}, 33, 2},   {{1, 1, 128}, 65, 2}, {{1, 1, 256}, 129, 2},
                               {{1, 8, 16}, 9, 1},    {{1, 32, 8}, 5, 1},   {{1, 64, 64}, 33, 1},
                               {{8, 16, 8}, 5, 1},    {{16, 8, 32}, 17, 1}};
    for (const FftShape& shape : shapes)
        for (int64_t spread : {1, 2})
            for (bool conjugate : {false, true}) {
                test_transform(fft, shape, fft.lanes, spread, conjugate);
                test_transform(fft, shape, fft.lanes / 2 + 1, spread, conjugate);
            }
    test_products(fft);
    test_correlations(fft);
}

}  // namespace

int main() {
    for (int set = 0; set <= static_cast<int>(machine_isa()); ++set) {
        test(kSets[set]->f32);
        test(kSets[set]->f64);
    }
    return finish("fft");
}
