// What an operator costs from C++ where there is nothing to compute: tensors of 16 elements on one thread, without a tape and with
// one, which is dropped with the result. bench/overhead.py tells the same from Python.
//     build/bench/bench/native/bench_overhead
#include "base/parallel.h"
#include "bench.h"
#include "ops/ops.h"

namespace {

using namespace cc;

Tensor numbers(const Shape& shape, Format format = Format::RowMajor) {
    const std::vector<float> values = bench::numbers(shape.numel(), 1);
    Array x = Array::empty(shape, Dtype::Float32, format);
    std::copy(values.begin(), values.end(), x.data<float>());
    return Tensor(x);
}

// The result as all but the convolution's kernels would have it: of a 1×1 convolution that is a product of matrices.
void expect_product(const Tensor& y, const Tensor& image, const Tensor& weight) {
    const Tensor expected = linear(reshape(permute(image, {0, 2, 3, 1}), {4, 4}), reshape(weight, {4, 4}), Tensor());
    const Tensor found = reshape(permute(y, {0, 2, 3, 1}), {4, 4});
    const float *a = found.array().data<float>(), *b = expected.array().data<float>();
    bench::expect_close("conv2d", {a, a + 16}, {b, b + 16}, 1e-6);
}

template <class F>
void add_op(const std::string& name, F f) {
    for (bool tape : {false, true})
        bench::add(name + (tape ? "/tape" : ""), [=](benchmark::State& state) {
            const GradMode mode(tape);
            for (auto _ : state) benchmark::DoNotOptimize(f());
        });
}

}  // namespace

int main(int argc, char** argv) {
    set_num_threads(1);
    Tensor a = numbers({4, 4}), b = numbers({4, 4}), image = numbers({1, 4, 2, 2}, Format::ChannelsLast);
    Tensor weight = numbers({4, 4, 1, 1}), bias = zeros({4}, Dtype::Float32), gain = ones({4}, Dtype::Float32);
    const Tensor mean = zeros({4}, Dtype::Float32), var = ones({4}, Dtype::Float32), target = zeros({4}, Dtype::Int64);
    for (Tensor* x : {&a, &b, &image, &weight, &bias, &gain}) x->set_requires_grad(true);
    const ConvOptions conv_options;
    const PoolOptions pool_options{{2}, {}};
    expect_product(conv(2, image, weight, bias, conv_options), image, weight);

    add_op("add", [=] { return add(a, b); });
    add_op("relu", [=] { return unary(Unary::Relu, a); });
    add_op("sum", [=] { return sum(a); });
    add_op("mean of an axis", [=] { return cc::mean(a, {1}); });
    add_op("reshape", [=] { return reshape(a, {2, 8}); });
    add_op("transpose", [=] { return transpose(a, 0, 1); });
    add_op("cat", [parts = Tensors{a, b}] { return cat(parts); });
    add_op("softmax", [=] { return softmax(a, 1); });
    add_op("matmul", [=] { return matmul(a, b); });
    add_op("linear", [=] { return linear(a, b, bias); });
    add_op("conv2d", [=] { return conv(2, image, weight, bias, conv_options); });
    add_op("max_pool2d", [=] { return max_pool(2, image, pool_options, false).first; });
    add_op("batch_norm", [=] { return batch_norm(image, mean, var, gain, bias, false, 0.1, 1e-5); });
    add_op("batch_norm training", [=] { return batch_norm(image, mean, var, gain, bias, true, 0.1, 1e-5); });
    add_op("cross_entropy", [=] { return cross_entropy(a, target, Tensor(), -100, LossReduction::Mean, 0); });
    return bench::run_all(argc, argv);
}
