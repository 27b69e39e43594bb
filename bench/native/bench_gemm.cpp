// Matrix products: square ones, and those of linear layers and of 1×1 convolutions with their gradients.
//     build/bench/bench/native/bench_gemm
#include "bench.h"
#include "kernels/gemm/gemm.h"

namespace {

using namespace cc;

struct Product {
    const char* name;
    int64_t m, n, k;
    bool a_turned, b_turned;  // stored as its transpose
};

constexpr Product kProducts[] = {
    {"square", 64, 64, 64, false, false},
    {"square", 128, 128, 128, false, false},
    {"square", 256, 256, 256, false, false},
    {"square", 512, 512, 512, false, false},
    {"square", 1024, 1024, 1024, false, false},
    {"square", 2048, 2048, 2048, false, false},
    {"a_turned", 1024, 1024, 1024, true, false},
    {"b_turned", 1024, 1024, 1024, false, true},
    {"both_turned", 1024, 1024, 1024, true, true},
    {"linear/forward", 64, 120, 400, false, true},
    {"linear/grad_input", 64, 400, 120, false, false},
    {"linear/grad_weight", 120, 400, 64, true, false},
    {"linear/one", 1, 4096, 9216, false, true},
    {"pointwise/forward", 25088, 64, 256, false, true},
    {"pointwise/grad_input", 25088, 256, 64, false, false},
    {"pointwise/grad_weight", 64, 256, 25088, true, false},
};

GemmProblem problem_of(const Product& of) {
    GemmProblem p{};
    p.dtype = Dtype::Float32;
    p.batch = 1;
    p.m = of.m, p.n = of.n, p.k = of.k;
    p.a_row = of.a_turned ? 1 : p.k, p.a_col = of.a_turned ? p.m : 1;
    p.b_row = of.b_turned ? 1 : p.n, p.b_col = of.b_turned ? p.k : 1;
    p.c_row = p.n;
    return p;
}

std::vector<float> product(const GemmProblem& p, const std::vector<float>& a, const std::vector<float>& b, const char* impl) {
    std::vector<float> c(static_cast<size_t>(p.m * p.n));
    ForcedImpl forced("gemm", impl);
    gemm(p, {a.data(), b.data(), c.data(), nullptr});
    return c;
}

void time(benchmark::State& state, const Product& of) {
    const GemmProblem p = problem_of(of);
    const std::vector<float> a = bench::numbers(p.m * p.k, 1), b = bench::numbers(p.k * p.n, 2);
    GemmProblem some = p;  // some rows are enough to check
    some.m = std::min<int64_t>(p.m, 64);
    if (!of.a_turned) bench::expect_close(of.name, product(some, a, b, ""), product(some, a, b, "reference"), 1e-6);
    std::vector<float> c(static_cast<size_t>(p.m * p.n));
    for (auto _ : state) gemm(p, {a.data(), b.data(), c.data(), nullptr});
    bench::report(state, p.flops(), p.bytes());
}

}  // namespace

int main(int argc, char** argv) {
    for (const Product& of : kProducts)
        bench::add(str(of.name, '/', of.m, 'x', of.n, 'x', of.k), [&of](benchmark::State& state) { time(state, of); });
    return bench::run_all(argc, argv);
}
