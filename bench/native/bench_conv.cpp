// The three maps of convolution over the layers of bench/shapes/conv.txt, through the kernels alone.
//     cmake -S . -B build/bench -G Ninja -DCONVCORE_PYTHON=OFF -DCONVCORE_NATIVE_BENCH=ON && ninja -C build/bench
//     build/bench/bench/native/bench_conv --benchmark_filter=layer1
// "FLOP/s" counts the arithmetic of direct convolution.
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/allocator.h"
#include "kernels/conv/conv.h"

namespace {

using namespace cc;

ConvProblem parse(std::istringstream& line) {
    ConvProblem p{};
    int64_t h, w, kernel, stride, padding;
    line >> p.n >> p.c >> p.k >> h >> w >> kernel >> stride >> padding >> p.groups;
    p.dtype = Dtype::Float32;
    const int64_t in[3] = {1, h, w};
    for (int i = 0; i < 3; ++i) {
        bool used = i > 0;
        p.in[i] = in[i];
        p.kernel[i] = used ? kernel : 1;
        p.stride[i] = used ? stride : 1;
        p.dilation[i] = 1;
        p.pad_lo[i] = p.pad_hi[i] = used ? padding : 0;
        p.out[i] = (p.in[i] + 2 * p.pad_lo[i] - p.kernel[i]) / p.stride[i] + 1;
    }
    return p;
}

void run(benchmark::State& state, ConvProblem problem, ConvMap map) {
    problem.map = map;
    Scratch<float> x(problem.n * problem.c * problem.in_pixels()), y(problem.n * problem.k * problem.out_pixels());
    Scratch<float> weight(problem.k * (problem.c / problem.groups) * problem.taps());
    std::fill_n(x.data(), problem.n * problem.c * problem.in_pixels(), 0.5f);
    std::fill_n(y.data(), problem.n * problem.k * problem.out_pixels(), 0.5f);
    std::fill_n(weight.data(), problem.k * (problem.c / problem.groups) * problem.taps(), 0.5f);
    for (auto _ : state) conv(problem, {x.data(), weight.data(), y.data(), nullptr});
    state.counters["FLOP/s"] = benchmark::Counter(problem.flops(), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
    std::ifstream file(CONVCORE_SHAPES "/conv.txt");
    for (std::string text; std::getline(file, text);) {
        std::istringstream line(text);
        std::string name;
        if (!(line >> name) || name[0] == '#') continue;
        ConvProblem problem = parse(line);
        for (auto [map, suffix] : {std::pair{ConvMap::Forward, "/forward"}, {ConvMap::GradInput, "/grad_input"},
                                   {ConvMap::GradWeight, "/grad_weight"}})
            benchmark::RegisterBenchmark((name + suffix).c_str(), run, problem, map)->Unit(benchmark::kMillisecond)->UseRealTime();
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
