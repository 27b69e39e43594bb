// Convolution by Fourier transforms against the reference, which sums in double precision, and 1
// against n threads bit by bit.
#include <cmath>

#include "conv_rows.h"
#include "kernel_check.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/conv_fft.h"
#include "kernels/conv/conv_reference.h"

using namespace cc;

namespace {

struct Set {
    const FftSet& fft;
    const MicroSet& micro;
};
const Set kSets[] = {{generic::fft, generic::micro},
#ifdef __x86_64__
                     {avx2::fft, avx2::micro}, {avx512::fft, avx512::micro}
#endif
};

template <class T>
void test(const Row& row, ConvMap map) {
    const ConvProblem p = problem_of(row, dtype_of<T>, map);
    std::vector<T> x = some_values<T>(p.n * p.c * p.in_pixels(), 1),
                   weight = some_values<T>(p.k * (p.c / p.groups) * p.taps(), 2),
                   y = some_values<T>(p.n * p.k * p.out_pixels(), 3), bias = some_values<T>(p.k, 4);
    std::vector<T>& result = map == ConvMap::Forward ? y : map == ConvMap::GradInput ? x : weight;
    const bool forward = map == ConvMap::Forward;
    auto run = [&](auto by) {
        std::vector<T> kept = result;
        std::fill(result.begin(), result.end(), std::numeric_limits<T>::quiet_NaN());
        by(ConvArgs{x.data(), weight.data(), y.data(), forward ? bias.data() : nullptr});
        result.swap(kept);
        return kept;
    };
    const std::vector<T> want = run([&](const ConvArgs& args) { conv_reference(p, args); });
    double square = 0;
    for (T value : want) square += double(value) * value;
    const double rms = std::sqrt(square / static_cast<double>(want.size()));
    for (Isa tested : tested_isas()) {
        const int set = static_cast<int>(tested);
        const char* isa = name(tested);
        std::vector<T> first;
        for (int threads : {1, 3, 2}) {
            ThreadsScope scope(threads);
            const std::vector<T> got = run([&](const ConvArgs& args) {
                conv_fft(p, args, kSets[set].fft, kSets[set].micro);
            });
            if (threads == 1) {
                first = got;
                double off = 0, most = 0;
                for (size_t i = 0; i < got.size(); ++i) {
                    const double d = std::fabs(double(got[i]) - want[i]);
                    off += d * d;
                    most = d <= most ? most : d;
                }
                const double found = std::sqrt(off / static_cast<double>(got.size())) / rms,
                             bound = row.k > 100 ? 5e-7 : 3e-7, unit = sizeof(T) == 4 ? 1 : 2e-9;
                EXPECT(found < bound * unit && most < 4e-6 * unit * rms, isa, ": rms error ",
                       found, ", largest ", most / rms, " for ", p.describe());
            }
            EXPECT(same_bits(got, first), isa, ": bits change with ", threads, " threads for ",
                   p.describe());
        }
    }
}

}  // namespace

int main() {
    // clang-format off
    const Row rows[] = {
        // n  c   k   g   in             kernel       pad_lo     pad_hi     stride     dilation
        {2, 16, 21, 1, {1, 40, 37}, {1, 7, 7}, {0, 3, 3}, {0, 3, 3}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 19, 16, 1, {1, 27, 50}, {1, 11, 11}, {0, 5, 0}, {0, 2, 7}, {1, 1, 1}, {1, 1, 1}, true},
        {1, 9, 11, 1, {1, 34, 45}, {1, 31, 31}, {0, 15, 15}, {0, 15, 15}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 16, 16, 1, {1, 30, 70}, {1, 1, 25}, {0, 0, 12}, {0, 0, 12}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 16, 16, 1, {1, 70, 20}, {1, 25, 1}, {0, 12, 1}, {0, 12, 0}, {1, 1, 2}, {1, 1, 1}, true},
        {1, 24, 24, 1, {1, 45, 44}, {1, 13, 13}, {0, 6, 20}, {0, 6, 1}, {1, 2, 1}, {1, 1, 1}, false},
        {1, 24, 24, 1, {1, 45, 54}, {1, 9, 11}, {0, 8, 0}, {0, 8, 30}, {1, 1, 1}, {1, 2, 1}, false},
        {2, 36, 48, 4, {1, 30, 29}, {1, 11, 11}, {0, 5, 5}, {0, 5, 5}, {1, 1, 1}, {1, 1, 1}, false},
        {3, 17, 20, 1, {1, 1, 700}, {1, 1, 65}, {0, 0, 32}, {0, 0, 32}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 12, 12, 1, {8, 9, 10}, {7, 7, 7}, {3, 3, 0}, {3, 3, 4}, {1, 1, 1}, {1, 1, 1}, true},
        {1, 16, 16, 1, {5, 25, 26}, {1, 11, 11}, {0, 5, 5}, {0, 5, 5}, {2, 1, 1}, {1, 1, 1}, false},
        {2, 19, 19, 19, {1, 35, 40}, {1, 31, 31}, {0, 15, 15}, {0, 15, 15}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 16, 16, 16, {1, 45, 40}, {1, 21, 19}, {0, 3, 15}, {0, 15, 1}, {1, 1, 1}, {1, 1, 1}, true},
        {2, 21, 21, 21, {1, 1, 900}, {1, 1, 129}, {0, 0, 64}, {0, 0, 60}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 16, 16, 16, {12, 25, 26}, {7, 9, 9}, {3, 4, 4}, {3, 4, 4}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 3, 5, 1, {1, 6, 7}, {1, 3, 4}, {0, 1, 5}, {0, 1, 0}, {1, 3, 2}, {1, 2, 1}, false},
        {3, 2, 1, 1, {3, 1, 4}, {2, 1, 3}, {1, 0, 2}, {0, 2, 1}, {2, 2, 3}, {1, 1, 2}, true},
        {1, 20, 300, 1, {1, 9, 10}, {1, 15, 15}, {0, 7, 7}, {0, 7, 7}, {1, 1, 1}, {1, 1, 1}, false},
    };
    // clang-format on
    for (const Row& row : rows)
        for (ConvMap map : {ConvMap::Forward, ConvMap::GradInput, ConvMap::GradWeight}) {
            test<float>(row, map);
            if (row.k < 100) test<double>(row, map);
        }
    return finish("conv by transforms");
}
