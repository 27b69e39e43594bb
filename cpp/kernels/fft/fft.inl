// Transforms of tiles and products of spectra, written once over a vector type V and compiled by
// each fft_<isa>.cpp.
//
//   X[f] = Σ_j x[j] e^(−2πi·f·j/N) along each axis; a complex number is two vectors (a line): real
//   and imaginary parts of as many channels. So a one-dimensional transform is scalar code, without
//   a shuffle.
//
// A line of N = R1·R2 numbers takes two passes of register-sized transforms of R1, then R2 ≤ 16
// numbers, with rotations between them (Cooley and Tukey). Real rows go in pairs: two rows are one
// complex row, whose transform parts into those of both by symmetry (Hermitian), so columns past
// the middle are never made. The last axis goes first, rows of zeros (of a kernel in its tile) are
// left out; backwards it goes last, and only for the rows that are wanted. An inverse transform is
// the forward one with real and imaginary parts exchanged.
//
// Products of spectra hold `Rows` complex sums in registers: per channel one line of b is loaded
// and two numbers of a broadcast per row, for four multiply-adds: 6 rows with AVX2 (12 sums of 16
// registers), 13 with AVX-512. Both run at the peak of multiply-adds.
#pragma once

#include "kernels/fft/fft.h"

#define CC_UNROLL _Pragma("GCC unroll 32")

namespace cc {
namespace {

constexpr int64_t kLongest = 256;

template <class V>
struct Complex {
    V re, im;
    friend Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
    friend Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
};

template <class V>
Complex<V> times(Complex<V> a, V re, V im) {
    return {fnma(a.im, im, a.re * re), fma(a.im, re, a.re * im)};
}

// cos 2πi/n for n a multiple of 8, by the Taylor series of the first eighth of the circle.
constexpr double cos_turn(int i, int n) {
    i = (i % n + n) % n;
    if (2 * i > n) i = n - i;
    if (4 * i > n) return -cos_turn(n / 2 - i, n);
    const bool cosine = 8 * i <= n;
    const double x = 6.283185307179586476925 * (cosine ? i : n / 4 - i) / n;
    double sum = 0;
    for (int k = cosine ? 20 : 21; k > 1; k -= 2) sum = (1 - sum) * x * x / (k * (k - 1));
    return cosine ? 1 - sum : x * (1 - sum);
}

// [j][k]: e^(−2πi·j·k/N) of N = R1·R2.
template <class T, int R1, int R2>
struct Rotations {
    T re[R2][R1], im[R2][R1];
    constexpr Rotations() : re(), im() {
        for (int j = 0; j < R2; ++j)
            for (int k = 0; k < R1; ++k) {
                re[j][k] = static_cast<T>(cos_turn(j * k, R1 * R2));
                im[j][k] = static_cast<T>(cos_turn(j * k + R1 * R2 / 4, R1 * R2));
            }
    }
};
template <class T, int R1, int R2>
constexpr Rotations<T, R1, R2> rotations;

template <class V>
[[gnu::always_inline]] inline void transform(Complex<V> (&x)[4]) {
    const Complex<V> a = x[0] + x[2], b = x[0] - x[2], c = x[1] + x[3], d = x[1] - x[3];
    x[0] = a + c;
    x[1] = {b.re + d.im, b.im - d.re};
    x[2] = a - c;
    x[3] = {b.re - d.im, b.im + d.re};
}

template <class V>
[[gnu::always_inline]] inline void transform(Complex<V> (&x)[8]) {
    const V half = V::set(static_cast<typename V::Scalar>(0.70710678118654752440));
    Complex<V> a[4] = {x[0], x[2], x[4], x[6]}, b[4] = {x[1], x[3], x[5], x[7]};
    transform(a);
    transform(b);
    b[1] = {(b[1].re + b[1].im) * half, (b[1].im - b[1].re) * half};
    const Complex<V> last = {(b[3].im - b[3].re) * half, (b[3].re + b[3].im) * half};
    x[0] = a[0] + b[0];
    x[4] = a[0] - b[0];
    x[1] = a[1] + b[1];
    x[5] = a[1] - b[1];
    x[2] = {a[2].re + b[2].im, a[2].im - b[2].re};
    x[6] = {a[2].re - b[2].im, a[2].im + b[2].re};
    x[3] = {a[3].re + last.re, a[3].im - last.im};
    x[7] = {a[3].re - last.re, a[3].im + last.im};
}

template <class V>
[[gnu::always_inline]] inline void transform(Complex<V> (&x)[16]) {
    using T = typename V::Scalar;
    CC_UNROLL for (int j = 0; j < 4; ++j) {
        Complex<V> a[4] = {x[j], x[4 + j], x[8 + j], x[12 + j]};
        transform(a);
        x[j] = a[0];
        CC_UNROLL for (int k = 1; k < 4; ++k)
            x[4 * k + j] = j == 0 ? a[k]
                                  : times(a[k], V::set(rotations<T, 4, 4>.re[j][k]),
                                          V::set(rotations<T, 4, 4>.im[j][k]));
    }
    Complex<V> y[16];
    CC_UNROLL for (int k = 0; k < 4; ++k) {
        Complex<V> a[4] = {x[4 * k], x[4 * k + 1], x[4 * k + 2], x[4 * k + 3]};
        transform(a);
        CC_UNROLL for (int i = 0; i < 4; ++i) y[k + 4 * i] = a[i];
    }
    CC_UNROLL for (int i = 0; i < 16; ++i) x[i] = y[i];
}

// Number j of a line in memory is at p + j·step, its real part moved by re, its imaginary part by
// im.
template <class T>
struct Line {
    const T* from;
    int64_t from_step;
    T* to;
    int64_t to_step;
    int64_t re, im;
};

template <class V>
[[gnu::noinline]] void transform_8(const Line<typename V::Scalar>& line) {
    const auto* p = line.from;
    Complex<V> x[8];
    CC_UNROLL for (int j = 0; j < 8; ++j, p += line.from_step)
        x[j] = {V::load(p + line.re), V::load(p + line.im)};
    transform(x);
    auto* q = line.to;
    CC_UNROLL for (int j = 0; j < 8; ++j, q += line.to_step) {
        x[j].re.store(q + line.re);
        x[j].im.store(q + line.im);
    }
}

template <class V, int R1, int R2>
[[gnu::noinline]] void transform_line(const Line<typename V::Scalar>& line) {
    using T = typename V::Scalar;
    Complex<V> kept[R1 * R2];
    const T* from = line.from;
    for (int j = 0; j < R2; ++j, from += line.from_step) {
        const T* p = from;
        Complex<V> x[R1];
        CC_UNROLL for (int i = 0; i < R1; ++i, p += R2 * line.from_step)
            x[i] = {V::load(p + line.re), V::load(p + line.im)};
        transform(x);
        const T *re = rotations<T, R1, R2>.re[j], *im = rotations<T, R1, R2>.im[j];
        kept[j] = x[0];
        CC_UNROLL for (int k = 1; k < R1; ++k)
            kept[k * R2 + j] = times(x[k], V::set(re[k]), V::set(im[k]));
    }
    T* to = line.to;
    for (int k = 0; k < R1; ++k, to += line.to_step) {
        Complex<V> x[R2];
        CC_UNROLL for (int i = 0; i < R2; ++i) x[i] = kept[k * R2 + i];
        transform(x);
        T* q = to;
        CC_UNROLL for (int i = 0; i < R2; ++i, q += R1 * line.to_step) {
            x[i].re.store(q + line.re);
            x[i].im.store(q + line.im);
        }
    }
}

template <class V>
void transform_line(int64_t size, const Line<typename V::Scalar>& line) {
    switch (size) {
        case 8: return transform_8<V>(line);
        case 16: return transform_line<V, 4, 4>(line);
        case 32: return transform_line<V, 4, 8>(line);
        case 64: return transform_line<V, 8, 8>(line);
        case 128: return transform_line<V, 8, 16>(line);
        default: return transform_line<V, 16, 16>(line);
    }
}

template <class T>
bool has(const FftBox<T>& box, int axis, int64_t position, int64_t* element) {
    const int64_t past = position - box.first[axis];
    *element = past / box.step[axis];
    return past >= 0 && past % box.step[axis] == 0 && *element < box.count[axis];
}

// Where a row of pixels starts; null where it is none of the box.
template <class T>
T* row_of(const FftBox<T>& box, int64_t position_0, int64_t position_1) {
    int64_t i, j;
    if (box.count[2] == 0 || !has(box, 0, position_0, &i) || !has(box, 1, position_1, &j))
        return nullptr;
    return box.data + i * box.stride[0] + j * box.stride[1];
}

template <class V, class T>
void zero_lines(T* p, int64_t lines) {
    for (int64_t i = 0; i < 2 * lines; ++i, p += V::lanes) V::set(0).store(p);
}

// One row of pixels as the real or the imaginary parts of a line.
template <class V, class T>
void load_row(const FftBox<T>& box, const T* row, int64_t size, int64_t used, T* to) {
    constexpr int64_t width = 2 * V::lanes;
    const int64_t count = row ? box.count[2] : 0, first = row ? box.first[2] : 0;
    const int64_t step = box.step[2], end = count > 0 ? first + (count - 1) * step + 1 : first;
    const V zero = V::set(0);
    int64_t j = 0;
    for (; j < first; ++j) zero.store(to + j * width);
    if (step > 1)
        for (; j < end; ++j) zero.store(to + j * width);
    for (j = end; j < size; ++j) zero.store(to + j * width);
    T* p = to + first * width;
    if (used >= V::lanes)
        for (int64_t m = 0; m < count; ++m, row += box.stride[2], p += step * width)
            V::load(row).store(p);
    else
        for (int64_t m = 0; m < count; ++m, row += box.stride[2], p += step * width)
            V::load(row, used).store(p);
}

template <class V, class T>
void store_row(const FftBox<T>& box, T* row, int64_t used, const T* from, V scale, V bias) {
    constexpr int64_t width = 2 * V::lanes;
    const T* p = from + box.first[2] * width;
    if (used >= V::lanes)
        for (int64_t m = 0; m < box.count[2];
             ++m, row += box.stride[2], p += box.step[2] * width)
            fma(V::load(p), scale, bias).store(row);
    else
        for (int64_t m = 0; m < box.count[2];
             ++m, row += box.stride[2], p += box.step[2] * width)
            fma(V::load(p), scale, bias).store(row, used);
}

// Rows a and b, transformed as a + ib, become their two spectra, each times two.
template <class V, class T>
void part(const T* both, int64_t size, T* a, T* b, int64_t step) {
    constexpr int64_t lanes = V::lanes;
    for (int64_t f = 0; f <= size / 2; ++f, a += step, b += step) {
        const T *p = both + 2 * lanes * f, *q = both + 2 * lanes * ((size - f) & (size - 1));
        const V pr = V::load(p), pi = V::load(p + lanes), qr = V::load(q), qi = V::load(q + lanes);
        (pr + qr).store(a);
        (pi - qi).store(a + lanes);
        (pi + qi).store(b);
        (qr - pr).store(b + lanes);
    }
}

// The spectrum of a + ib from those of a and b.
template <class V, class T>
void join(const T* a, const T* b, int64_t step, int64_t size, T* both) {
    constexpr int64_t lanes = V::lanes;
    for (int64_t f = 0; f <= size / 2; ++f, a += step, b += step) {
        const V ar = V::load(a), ai = V::load(a + lanes), br = V::load(b), bi = V::load(b + lanes);
        T *p = both + 2 * lanes * f, *q = both + 2 * lanes * ((size - f) & (size - 1));
        (ar + bi).store(q);
        (br - ai).store(q + lanes);
        (ar - bi).store(p);
        (ai + br).store(p + lanes);
    }
}

template <class V, class T>
void forward(const FftShape& shape, const FftBox<T>* boxes, int64_t used, bool conjugate,
             T* const* to, int64_t step, T* scratch) {
    constexpr int64_t lanes = V::lanes, width = 2 * lanes;
    const int64_t re = conjugate ? lanes : 0, im = lanes - re;
    const int64_t planes = shape.size[0], rows = shape.size[1], size = shape.size[2];
    T *row = scratch, *row_spectrum = row + size * width, *z = row_spectrum + size * width;
    auto transform_pair = [&](const FftBox<T>& a, const T* a_row, const FftBox<T>& b,
                              const T* b_row, T* a_to, T* b_to, int64_t to_step) {
        load_row<V>(a, a_row, size, used, row);
        load_row<V>(b, b_row, size, used, row + lanes);
        transform_line<V>(size, {row, width, row_spectrum, width, re, im});
        part<V>(row_spectrum, size, a_to, b_to, to_step);
    };
    if (shape.tiles == 2)
        return transform_pair(boxes[0], row_of(boxes[0], 0, 0), boxes[1], row_of(boxes[1], 0, 0),
                              to[0], to[1], step);
    const int64_t pitch = (shape.columns + 1) * width;
    const FftBox<T>& box = boxes[0];
    for (int64_t i = 0; i < planes; ++i) {
        bool empty = true;
        for (int64_t j = 0; j < rows; j += 2) {
            T *a = row_of(box, i, j), *b = row_of(box, i, j + 1), *to = z + (i * rows + j) * pitch;
            if (a || b) {
                transform_pair(box, a, box, b, to, to + pitch, width);
                empty = false;
            } else {
                zero_lines<V>(to, 2 * (shape.columns + 1));
            }
        }
        for (int64_t f = 0; f < shape.columns; ++f) {
            T* from = z + i * rows * pitch + f * width;
            if (planes == 1)
                transform_line<V>(
                    rows, {from, pitch, to[0] + f * step, shape.columns * step, re, im});
            else if (!empty)
                transform_line<V>(rows, {from, pitch, from, pitch, re, im});
        }
    }
    if (planes == 1) return;
    for (int64_t j = 0; j < rows; ++j)
        for (int64_t f = 0; f < shape.columns; ++f)
            transform_line<V>(planes, {z + j * pitch + f * width, rows * pitch,
                                       to[0] + (j * shape.columns + f) * step,
                                       rows * shape.columns * step, re, im});
}

template <class V, class T>
void inverse(const FftShape& shape, const T* const* from, int64_t step, const FftBox<T>* boxes,
             int64_t used, T scale, const T* bias, T* scratch) {
    constexpr int64_t lanes = V::lanes, width = 2 * lanes;
    const int64_t planes = shape.size[0], rows = shape.size[1], size = shape.size[2];
    T *row = scratch, *row_spectrum = row + size * width, *z = row_spectrum + size * width;
    const V add = !bias           ? V::set(0)
                  : used >= lanes ? V::load(bias)
                                  : V::load(bias, used);
    auto transform_pair = [&](const T* a, const T* b, int64_t from_step, const FftBox<T>& a_box,
                              T* a_row, const FftBox<T>& b_box, T* b_row) {
        join<V>(a, b, from_step, size, row_spectrum);
        transform_line<V>(size, {row_spectrum, width, row, width, lanes, 0});
        if (a_row) store_row(a_box, a_row, used, row, V::set(scale), add);
        if (b_row) store_row(b_box, b_row, used, row + lanes, V::set(scale), add);
    };
    if (shape.tiles == 2)
        return transform_pair(from[0], from[1], step, boxes[0], row_of(boxes[0], 0, 0), boxes[1],
                              row_of(boxes[1], 0, 0));
    const int64_t pitch = (shape.columns + 1) * width;
    const FftBox<T>& box = boxes[0];
    if (planes > 1)
        for (int64_t j = 0; j < rows; ++j)
            for (int64_t f = 0; f < shape.columns; ++f)
                transform_line<V>(planes, {from[0] + (j * shape.columns + f) * step,
                                           rows * shape.columns * step, z + j * pitch + f * width,
                                           rows * pitch, lanes, 0});
    for (int64_t i = 0; i < planes; ++i) {
        int64_t plane;
        if (!has(box, 0, i, &plane)) continue;
        T* to = z + i * rows * pitch;
        for (int64_t f = 0; f < shape.columns; ++f)
            if (planes == 1)
                transform_line<V>(rows, {from[0] + f * step, shape.columns * step, to + f * width,
                                         pitch, lanes, 0});
            else
                transform_line<V>(rows, {to + f * width, pitch, to + f * width, pitch, lanes, 0});
        for (int64_t j = 0; j < rows; j += 2) {
            T *a = row_of(box, i, j), *b = row_of(box, i, j + 1), *pair = to + j * pitch;
            if (a || b) transform_pair(pair, pair + pitch, width, box, a, box, b);
        }
    }
}

template <class V, int Rows, class T>
[[gnu::noinline]] void product_rows(const T* x, int64_t x_line, const T* w, int64_t depth, T* y) {
    constexpr int64_t lanes = V::lanes, width = 2 * lanes;
    Complex<V> sum[Rows];
    CC_UNROLL for (int i = 0; i < Rows; ++i) sum[i] = {V::set(0), V::set(0)};
    for (; depth > 0; depth -= lanes, x += x_line) {
        const T* a = x;
        for (const T* end = w + (depth < lanes ? depth : lanes) * width; w < end; w += width, ++a) {
            const V re = V::load(w), im = V::load(w + lanes);
            CC_UNROLL for (int i = 0; i < Rows; ++i) {
                const V a_re = V::broadcast(a + i * width);
                sum[i].re = fma(a_re, re, sum[i].re);
                sum[i].im = fma(a_re, im, sum[i].im);
                const V a_im = V::broadcast(a + i * width + lanes);
                sum[i].re = fnma(a_im, im, sum[i].re);
                sum[i].im = fma(a_im, re, sum[i].im);
            }
        }
    }
    CC_UNROLL for (int i = 0; i < Rows; ++i) {
        sum[i].re.store(y + i * width);
        sum[i].im.store(y + i * width + lanes);
    }
}

template <class V, int Rows, class T>
void product_of(int64_t rows, const T* x, int64_t x_line, const T* w, int64_t depth, T* y) {
    if (rows == Rows) return product_rows<V, Rows>(x, x_line, w, depth, y);
    if constexpr (Rows > 1) product_of<V, Rows - 1>(rows, x, x_line, w, depth, y);
}

template <class V, int MaxRows, class T>
void product(const FftProduct<T>& p) {
    constexpr int64_t width = 2 * V::lanes;
    for (int64_t f = p.begin; f < p.end; ++f)
        for (int64_t block = p.first_block; block < p.end_block; ++block) {
            const int64_t group = block / p.group_blocks, at = block - p.first_block;
            const T* x = p.x + f * p.x_step + group * p.group_lines * p.rows * width;
            const T* w = p.w + f * p.w_step + at * p.w_items * width;
            T* y = p.y + f * p.y_step + at * p.y_items * width;
            for (int64_t tile = 0; tile < p.tiles; tile += p.rows) {
                const int64_t rows = p.tiles - tile < p.rows ? p.tiles - tile : p.rows;
                product_of<V, MaxRows>(rows, x + tile * p.x_lines * width, p.rows * width, w,
                                       p.depth, y + tile * width);
            }
        }
}

template <class V, int Rows, class T>
[[gnu::noinline]] void correlation_rows(const T* y, const T* x, int64_t tiles, T* to,
                                        bool accumulate) {
    constexpr int64_t lanes = V::lanes, width = 2 * lanes;
    Complex<V> sum[Rows];
    CC_UNROLL for (int i = 0; i < Rows; ++i) sum[i] = {V::set(0), V::set(0)};
    for (int64_t tile = 0; tile < tiles; ++tile, x += width, y += width) {
        const V re = V::load(x), im = V::load(x + lanes);
        CC_UNROLL for (int i = 0; i < Rows; ++i) {
            const V y_re = V::broadcast(y + i);
            sum[i].re = fma(y_re, re, sum[i].re);
            sum[i].im = fma(y_re, im, sum[i].im);
            const V y_im = V::broadcast(y + i + lanes);
            sum[i].re = fnma(y_im, im, sum[i].re);
            sum[i].im = fma(y_im, re, sum[i].im);
        }
    }
    CC_UNROLL for (int i = 0; i < Rows; ++i, to += width) {
        (accumulate ? V::load(to) + sum[i].re : sum[i].re).store(to);
        (accumulate ? V::load(to + lanes) + sum[i].im : sum[i].im).store(to + lanes);
    }
}

template <class V, int Rows, class T>
void correlation_of(int64_t rows, const T* y, const T* x, int64_t tiles, T* to, bool accumulate) {
    if (rows == Rows) return correlation_rows<V, Rows>(y, x, tiles, to, accumulate);
    if constexpr (Rows > 1) correlation_of<V, Rows - 1>(rows, y, x, tiles, to, accumulate);
}

template <class V, int MaxRows, class T>
void correlation(const FftCorrelation<T>& p) {
    constexpr int64_t lanes = V::lanes, width = 2 * lanes;
    constexpr int64_t most = MaxRows < lanes ? MaxRows : lanes;
    for (int64_t f = p.begin; f < p.end; ++f)
        for (int64_t block = p.first_block; block < p.end_block; ++block) {
            const int64_t group = block / p.group_blocks, at = block - p.first_block;
            const int64_t left = p.group_rows - (block - group * p.group_blocks) * lanes;
            const int64_t rows = left < lanes ? left : lanes;
            const T* y = p.y + f * p.y_step + at * p.items * width;
            for (int64_t line = 0; line < p.group_lines; ++line) {
                const T* x = p.x + f * p.x_step + (group * p.group_lines + line) * p.items * width;
                T* sum = p.sum + f * p.sum_step + (line * p.sum_items + at * lanes) * width;
                for (int64_t row = 0; row < rows; row += most)
                    correlation_of<V, most>(rows - row < most ? rows - row : most, y + row, x,
                                            p.tiles, sum + row * width, p.accumulate);
            }
        }
}

template <class V, class T>
Complex<V> product_of_lines(const T* a, const T* b) {
    const Complex<V> x = {V::load(a), V::load(a + V::lanes)};
    return times(x, V::load(b), V::load(b + V::lanes));
}

template <class V, class T>
void multiply(int64_t lines, T* a, const T* b) {
    for (; lines > 0; --lines, a += 2 * V::lanes, b += 2 * V::lanes) {
        const Complex<V> product = product_of_lines<V>(a, b);
        product.re.store(a);
        product.im.store(a + V::lanes);
    }
}

template <class V, class T>
void multiply_add(int64_t lines, const T* a, const T* b, T* sum) {
    for (; lines > 0; --lines, a += 2 * V::lanes, b += 2 * V::lanes, sum += 2 * V::lanes) {
        const Complex<V> product = product_of_lines<V>(a, b);
        (V::load(sum) + product.re).store(sum);
        (V::load(sum + V::lanes) + product.im).store(sum + V::lanes);
    }
}

template <class V, int Rows, int CorrelationRows, class T = typename V::Scalar>
constexpr Fft<T> fft_table() {
    return {V::lanes,
            Rows,
            forward<V, T>,
            inverse<V, T>,
            product<V, Rows, T>,
            correlation<V, CorrelationRows, T>,
            multiply<V, T>,
            multiply_add<V, T>};
}

}  // namespace
}  // namespace cc
