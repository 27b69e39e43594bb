// The three maps of convolution over the layers of bench/shapes/conv.txt, by every algorithm that can compute them.
//     cmake -S . -B build/bench -G Ninja -DCONVCORE_PYTHON=OFF -DCONVCORE_NATIVE_BENCH=ON && ninja -C build/bench
//     build/bench/bench/native/bench_conv --benchmark_filter=layer1
// FLOP/s counts the arithmetic of direct convolution, whatever the algorithm saves of it: its share of the peak may exceed 1.
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "bench.h"
#include "kernels/conv/conv.h"

namespace {

using namespace cc;

constexpr const char* kAlgorithms[] = {"winograd", "winograd2", "fft", "depthwise", "pointwise", "strip", "direct"};
constexpr double kTolerance = 1e-5;  // Winograd's rounding

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

struct Layer {
    ConvProblem p;
    std::vector<float> x, weight, y;

    explicit Layer(const ConvProblem& problem)
        : p(problem), x(bench::numbers(p.n * p.c * p.in_pixels(), 1)),
          weight(bench::numbers(p.k * (p.c / p.groups) * p.taps(), 2)), y(bench::numbers(p.n * p.k * p.out_pixels(), 3)) {}

    std::vector<float>& result() { return p.map == ConvMap::Forward ? y : p.map == ConvMap::GradInput ? x : weight; }
    void run(const char* algorithm) {
        ForcedImpl forced("conv", algorithm);
        conv(p, {x.data(), weight.data(), y.data(), nullptr});
    }
    std::vector<float> result_of(const char* algorithm) {
        run(algorithm);
        return result();
    }
};

// The reference on one image: what is checked need not be large.
void check(const std::string& name, ConvProblem p, const char* algorithm) {
    p.n = 1;
    bench::expect_close(name, Layer(p).result_of(algorithm), Layer(p).result_of("reference"), kTolerance);
}

void time(benchmark::State& state, const std::string& name, const ConvProblem& p, const char* algorithm) {
    check(name, p, algorithm);
    Layer layer(p);
    for (auto _ : state) layer.run(algorithm);
    bench::report(state, p.flops(), p.bytes());
}

bool can(ConvProblem p, const char* algorithm) {
    p.n = 1;
    try {
        Layer(p).run(algorithm);
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::ifstream file(CONVCORE_SHAPES "/conv.txt");
    for (std::string text; std::getline(file, text);) {
        std::istringstream line(text);
        std::string name;
        if (!(line >> name) || name[0] == '#') continue;
        ConvProblem problem = parse(line);
        for (auto [map, suffix] : {std::pair{ConvMap::Forward, "/forward/"}, {ConvMap::GradInput, "/grad_input/"},
                                   {ConvMap::GradWeight, "/grad_weight/"}})
            for (const char* algorithm : kAlgorithms) {
                problem.map = map;
                if (!can(problem, algorithm)) continue;
                const std::string full = name + suffix + algorithm;
                bench::add(full, [=](benchmark::State& state) { time(state, full, problem, algorithm); });
            }
    }
    return bench::run_all(argc, argv);
}
