// A C++ program that trains a small network with convcore, without Python.
//     cmake -S . -B build/core -DCONVCORE_PYTHON=OFF && cmake --build build/core && cmake --install build/core --prefix /opt/convcore
//     cmake -S examples/embed -B build/embed -DCMAKE_PREFIX_PATH=/opt/convcore && cmake --build build/embed && build/embed/embed
#include <cstdio>

#include <convcore/convcore.h>

int main() {
    using namespace cc;
    default_generator().manual_seed(0);

    auto net = make_ref<Sequential>();
    auto conv = make_ref<Conv>(2, 1, 8, Sizes{3}, ConvOptions{}, true, Dtype::Float32);
    auto linear = make_ref<Linear>(8 * 6 * 6, 2, true, Dtype::Float32);
    conv->reset_parameters();
    linear->reset_parameters();
    net->register_module("conv", conv);
    net->register_module("relu", make_ref<ReLU>(false));
    net->register_module("flatten", make_ref<Flatten>(1, -1));
    net->register_module("linear", linear);

    Sgd optimizer;
    Sgd::Options options;
    options.lr = 0.1;
    options.momentum = 0.9;
    optimizer.add_group(net->parameters(), options);

    // Bright or dark images: class 1 has the greater mean.
    Tensor images = randn({64, 1, 8, 8}, Dtype::Float32);
    Tensor labels = randint(0, 2, {64}, Dtype::Int64);
    images = add(images, reshape(to(labels, Dtype::Float32), {64, 1, 1, 1}));

    for (int step = 0; step < 20; ++step) {
        Tensor loss = cross_entropy(net->forward(images), labels, Tensor(), -100, LossReduction::Mean, 0);
        optimizer.zero_grad();
        backward({loss}, {Tensor()}, false, false);
        optimizer.step();
        if (step % 5 == 4) std::printf("step %2d  loss %.4f\n", step + 1, loss.array().item());
    }
}
