#include <stdlib.h>

#include "base/cpu.h"
#include "base/dtype.h"
#include "base/env.h"
#include "base/log.h"
#include "base/philox.h"
#include "base/shape.h"
#include "kernels/impl.h"
#include "testing.h"

using namespace cc;

// The vectors published with the generator.
TEST(philox_known_answers) {
    auto equals = [](Philox4 got, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
        return got.v[0] == a && got.v[1] == b && got.v[2] == c && got.v[3] == d;
    };
    EXPECT(equals(philox(0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
    constexpr uint64_t ones = ~uint64_t{0};
    EXPECT(equals(philox(ones, ones, ones), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
    EXPECT(equals(philox(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e), 0xd16cfe09, 0x94fdcceb, 0x5001e420,
                  0x24126ea1));
    EXPECT(!equals(philox(0, 1), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
    EXPECT(!equals(philox(1, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
}

TEST(uniform_stays_below_one) {
    EXPECT(uniform_float(0) == 0 && uniform_float(0xffffffff) < 1);
    EXPECT(uniform_double(0, 0) == 0 && uniform_double(0xffffffff, 0xffffffff) < 1);
    EXPECT(uniform_float(0x80000000) == 0.5f && uniform_double(0x80000000, 0) == 0.5);
}

TEST(shapes) {
    Shape shape{2, 3, 4};
    EXPECT(shape.rank() == 3 && shape.numel() == 24 && shape.back() == 4);
    shape.insert(1, 7);
    EXPECT((shape == Shape{2, 7, 3, 4}));
    shape.erase(0);
    EXPECT((shape == Shape{7, 3, 4}) && (shape != Shape{7, 3}));
    EXPECT(str(shape) == "(7, 3, 4)" && str(Shape{5}) == "(5,)" && str(Shape{}) == "()");
    EXPECT((Shape{0, 3}.numel() == 0) && Shape{}.numel() == 1);
    EXPECT_ERROR(Shape(9, 1), Value, "at most 8 dimensions, got 9");
}

TEST(dtypes) {
    EXPECT(promote(Dtype::Int64, Dtype::Float32) == Dtype::Float32);
    EXPECT(promote(Dtype::UInt8, Dtype::Bool) == Dtype::UInt8);
    EXPECT(promote(Dtype::Float64, Dtype::Float32) == Dtype::Float64);
    EXPECT(itemsize(Dtype::Int64) == 8 && itemsize(Dtype::Bool) == 1);
    EXPECT(promote(Dtype::BFloat16, Dtype::Int64) == Dtype::BFloat16 && promote(Dtype::BFloat16, Dtype::Float32) == Dtype::Float32);
    EXPECT(is_floating(Dtype::BFloat16) && !is_integral(Dtype::BFloat16) && itemsize(Dtype::BFloat16) == 2);
    EXPECT(computed_in(Dtype::BFloat16) == Dtype::Float32 && computed_in(Dtype::Float64) == Dtype::Float64);
    EXPECT(visit_element(Dtype::BFloat16, [](auto zero) { return dtype_of<decltype(zero)>; }) == Dtype::BFloat16);
    EXPECT_ERROR(visit_dtype(Dtype::BFloat16, [](auto) {}), NotImplemented, "bfloat16");
    EXPECT_ERROR(visit_floating("exp", Dtype::BFloat16, [](auto) {}), NotImplemented, "exp: bfloat16");
    EXPECT(BFloat16(1.0f).bits == 0x3F80 && BFloat16(-2.5f) == -2.5f);
    for (Dtype dtype : {Dtype::Bool, Dtype::UInt8, Dtype::Int32, Dtype::Int64, Dtype::Float32, Dtype::Float64}) {
        EXPECT(promote(dtype, dtype) == dtype);
        EXPECT(visit_dtype(dtype, [](auto zero) { return sizeof zero; }) == itemsize(dtype));
        EXPECT(visit_dtype(dtype, [](auto zero) { return dtype_of<decltype(zero)>; }) == dtype);
    }
    EXPECT_ERROR(visit_floating("exp", Dtype::Int32, [](auto) {}), Type, "exp: expected a floating-point dtype, got int32");
}

TEST(instruction_sets) {
    EXPECT(isa() <= machine_isa());
    EXPECT(parse_isa("avx2") == Isa::Avx2);
    EXPECT_ERROR(parse_isa("sse9"), Value, "got 'sse9'");
    Isa before = isa();
    set_isa(Isa::Generic);
    EXPECT(isa() == Isa::Generic);
    set_isa(before);
    EXPECT(!cpu_name().empty());
}

TEST(bad_environment_is_told) {
    check_environment();
    auto refused = [](const char* name, const char* value) {
        setenv(name, value, 1);
        bool told = false;
        try {
            check_environment();
        } catch (const Error& error) {
            std::string text = error.what();
            told = text.find(name) != std::string::npos && text.find(value) != std::string::npos &&
                   text.find("expected") != std::string::npos;
        }
        unsetenv(name);
        return told;
    };
    EXPECT(refused("CONVCORE_NUM_THREADS", "many"));
    EXPECT(refused("CONVCORE_NUM_THREADS", "0"));
    EXPECT(refused("CONVCORE_NUM_THREADS", "2x"));
    EXPECT(refused("CONVCORE_ISA", "sse9"));
    EXPECT(refused("CONVCORE_IMPL", "conv"));
    EXPECT(refused("CONVCORE_IMPL", "conv:fft,"));
    EXPECT(refused("CONVCORE_IMPL", "conv:,gemm:a"));
    EXPECT(refused("CONVCORE_VERBOSE", "yes"));
    EXPECT(refused("CONVCORE_THREADING", "tbb"));
    setenv("CONVCORE_IMPL", "conv:fft,gemm:reference", 1);
    auto pairs = env_pairs("CONVCORE_IMPL");
    EXPECT(pairs.size() == 2 && pairs[1].first == "gemm" && pairs[1].second == "reference");
    unsetenv("CONVCORE_IMPL");
    EXPECT(env_variables().size() == 5);
}

namespace {

struct Problem {
    int size;
    Dtype dtype = Dtype::Float32;
    std::string describe() const { return str("size ", size); }
    double flops() const { return 1; }
    double bytes() const { return 1; }
};
int ran = 0;

constexpr Impl<Problem, int> kList[] = {
    {"large_generic", Isa::Generic, [](const Problem& p) { return p.size < 10 ? "the size is below 10" : nullptr; },
     [](const Problem&, const int&) { ran = 2; }},
    {"reference", Isa::Generic, nullptr, [](const Problem&, const int&) { ran = 1; }},
};

std::string logged;

}  // namespace

TEST(the_first_that_accepts_runs) {  // under a listed name: no other can be forced
    run_best("fold", kList, Problem{20}, 0);
    EXPECT(ran == 2);
    run_best("fold", kList, Problem{5}, 0);
    EXPECT(ran == 1);
    force_impl("fold", "reference");
    run_best("fold", kList, Problem{20}, 0);
    EXPECT(ran == 1);
    force_impl("fold", "ref");
    EXPECT_ERROR(run_best("fold", kList, Problem{20}, 0), NotImplemented, "fold: no implementation ref accepts size 20");
    force_impl("fold", "large");
    EXPECT_ERROR(run_best("fold", kList, Problem{5}, 0), NotImplemented, "fold: no implementation large accepts size 5");
    force_impl("fold", "");
    EXPECT(!decisions_wanted());
    DecisionLog log;
    EXPECT(decisions_wanted());
    run_best("fold", kList, Problem{5}, 0);
    EXPECT(log.decisions.size() == 1 && log.decisions[0].chosen == "reference");
    EXPECT(log.decisions[0].declined == std::vector<std::string>{"large_generic: the size is below 10"});
}

TEST(text_goes_through_one_sink) {
    set_log_sink([](const char* line) { logged = line; });
    log_line("hello");
    set_log_sink(nullptr);
    EXPECT(logged == "hello");
}
