// Modules without Python: tables, walks, a network that trains, errors that name the layer.
#include <cmath>

#include "autograd/autocast.h"
#include "autograd/backward.h"
#include "nn/activation.h"
#include "nn/normalization.h"
#include "nn/containers.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/pool.h"
#include "nn/shape.h"
#include "ops/random.h"
#include "optim/rules.h"
#include "testing.h"

using namespace cc;

namespace {

Ref<Conv> conv2d(int64_t in, int64_t out, int64_t size, Dtype dtype = Dtype::Float32) {
    auto layer = make_ref<Conv>(2, in, out, Sizes{size}, ConvOptions{}, true, dtype);
    layer->reset_parameters();
    return layer;
}

Ref<Linear> dense(int64_t in, int64_t out, Dtype dtype = Dtype::Float32) {
    auto layer = make_ref<Linear>(in, out, true, dtype);
    layer->reset_parameters();
    return layer;
}

Ref<Sequential> network(Dtype dtype = Dtype::Float32) {
    auto features = make_ref<Sequential>();
    features->register_module("0", conv2d(1, 4, 3, dtype));
    features->register_module("1", make_ref<BatchNorm>(2, 4, 1e-5, 0.1, true, true, true, dtype));
    features->register_module("2", make_ref<ReLU>(false));
    auto net = make_ref<Sequential>();
    net->register_module("features", features);
    net->register_module("flatten", make_ref<Flatten>(1, -1));
    net->register_module("head", dense(36, 2, dtype));
    return net;
}

double training_loss(Sequential& net, const Tensor& x, const Tensor& y) {
    CrossEntropyLoss loss(Tensor(), -100, LossReduction::Mean, 0);
    Tensor value = loss.forward(net.forward(x), y);
    backward({value}, {Tensor()}, false, false);
    return value.array().item();
}

}  // namespace

TEST(names_and_walks) {
    auto net = network();
    auto parameters = net->named_parameters();
    EXPECT(parameters.size() == 6);
    EXPECT(parameters[0].first == "features.0.weight" && parameters[5].first == "head.bias");
    EXPECT(net->state().size() == 9);
    EXPECT(net->state()[6].first == "features.1.num_batches_tracked");
    EXPECT(net->named_modules().size() == 7);
    net->train(false);
    EXPECT(!net->find_child("features")->module->training());
    EXPECT(net->erase("head") && !net->erase("head") && net->parameters().size() == 4);
}

TEST(shared_modules_are_listed_once) {
    auto net = make_ref<Sequential>();
    auto layer = dense(2, 2);
    net->register_module("0", layer);
    net->register_module("1", layer);
    EXPECT(net->parameters().size() == 2 && net->state().size() == 4);
    EXPECT(layer->use_count() == 3);
    net = nullptr;
    EXPECT(layer->use_count() == 1);
}

TEST(a_network_trains) {
    default_generator().manual_seed(1);
    auto net = network();
    Tensor x = randn({8, 1, 5, 5}, Dtype::Float32), y = randint(0, 2, {8}, Dtype::Int64);
    Sgd sgd;
    sgd.add_group(net->parameters(), {0.1, 0.9});
    double first = training_loss(*net, x, y), last = first;
    for (int step = 0; step < 30; ++step) {
        sgd.step();
        sgd.zero_grad();
        last = training_loss(*net, x, y);
    }
    EXPECT(first > 0.3 && last < 0.1 * first);

    Adam adam;
    adam.add_group(net->parameters(), {});
    uint32_t version = net->parameters()[0].array().storage().version();
    adam.step();
    EXPECT(net->parameters()[0].array().storage().version() > version);
    EXPECT(adam.find_state(net->parameters()[0])->numbers[0] == 1);
}

TEST(layers_take_bfloat16) {
    auto low = network(Dtype::BFloat16), full = network();
    Tensor x = randn({8, 1, 5, 5}, Dtype::Float32), y = randint(0, 2, {8}, Dtype::Int64);
    EXPECT(low->forward(to(x, Dtype::BFloat16)).dtype() == Dtype::BFloat16);
    training_loss(*low, to(x, Dtype::BFloat16), y);
    for (const Tensor& parameter : low->parameters()) EXPECT(parameter.grad().dtype() == Dtype::BFloat16);
    {
        AutocastMode on(true);
        EXPECT(full->forward(x).dtype() == Dtype::BFloat16);
        training_loss(*full, x, y);
    }
    EXPECT(!autocast_enabled() && full->forward(x).dtype() == Dtype::Float32);
    for (const Tensor& parameter : full->parameters()) EXPECT(parameter.grad().dtype() == Dtype::Float32);
}

TEST(errors_name_the_layer) {
    auto net = network();
    try {
        net->forward(randn({8, 2, 5, 5}, Dtype::Float32));
        EXPECT(false);
    } catch (const LayerError& error) {
        EXPECT(error.path() == "features.0" && error.layer_kind() == "Conv2d");
        EXPECT(std::string(error.what()).find("layer 'features.0' (Conv2d): conv2d: input") == 0);
    }
}

TEST(a_module_that_contains_itself) {
    auto net = make_ref<Sequential>();
    net->register_module("0", net);
    EXPECT(!net->native());
    EXPECT_ERROR(net->state(), Runtime, "contains itself");
    EXPECT(net->named_modules().size() == 1);
    net->clear();
}
