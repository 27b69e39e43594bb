// Transforms of real tiles there and back, one vector of channels at a time, as convolution by transforms makes them.
//     build/bench/bench/native/bench_fft
// FLOP/s counts 2.5 · n · log₂ n for a real transform of n numbers.
#include "base/cpu.h"
#include "bench.h"
#include "kernels/fft/fft.h"

namespace {

using namespace cc;

const Fft<float>& transforms() {
#ifdef __x86_64__
    if (isa() == Isa::Avx512) return avx512::fft.f32;
    if (isa() == Isa::Avx2) return avx2::fft.f32;
#endif
    return generic::fft.f32;
}

struct Tile {
    FftShape shape;
    int64_t lanes = transforms().lanes, points;
    std::vector<float> data, spectrum, scratch;
    FftBox<float> box;
    float* to;

    explicit Tile(int64_t side)
        : shape{{1, side, side}, side / 2 + 1, 1}, points(side * side), data(bench::numbers(points * lanes, 1)),
          spectrum(static_cast<size_t>(side * shape.columns * 2 * lanes)),
          scratch(static_cast<size_t>(fft_scratch_lines(shape) * 2 * lanes)), to(spectrum.data()) {
        box = {data.data(), {0, 0, 0}, {1, 1, 1}, {1, side, side}, {points * lanes, side * lanes, lanes}};
    }
    void forward() { transforms().forward(shape, &box, lanes, false, &to, 2 * lanes, scratch.data()); }
    void inverse() {  // forward gives twice the transform
        const float* from = spectrum.data();
        transforms().inverse(shape, &from, 2 * lanes, &box, lanes, 0.5f / static_cast<float>(points), nullptr, scratch.data());
    }
};

void time(benchmark::State& state, int64_t side) {
    Tile tile(side);
    const std::vector<float> before = tile.data;
    tile.forward();
    tile.inverse();
    bench::expect_close("fft", tile.data, before, 1e-5);
    for (auto _ : state) {
        tile.forward();
        tile.inverse();
    }
    const double n = static_cast<double>(tile.points);
    bench::report(state, 2 * 2.5 * n * std::log2(n) * static_cast<double>(tile.lanes), 4.0 * 4 * n * static_cast<double>(tile.lanes));
}

}  // namespace

int main(int argc, char** argv) {
    for (int64_t side : {8, 16, 32, 64})
        bench::add(str("there_and_back/", side, 'x', side), [side](benchmark::State& state) { time(state, side); });
    return bench::run_all(argc, argv);
}
