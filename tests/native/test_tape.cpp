// The tape: gradients, freeing, second gradients, in-place safety, without Python.
#include "autograd/backward.h"
#include "ops/ops.h"
#include "testing.h"

using namespace cc;


static Tensor leaf(double value) {
    Tensor x(Array::full({2}, Dtype::Float64, value));
    return x.set_requires_grad(true);
}

static double first(const Tensor& x) { return x.array().data<double>()[0]; }

TEST(accumulates) {
    Tensor x = leaf(3);
    Tensor y = sum(mul(x, x));
    backward({y}, {Tensor()}, true, false);
    EXPECT(first(x.grad()) == 6);
    backward({y}, {Tensor()}, false, false);
    EXPECT(first(x.grad()) == 12);
    EXPECT_ERROR(backward({y}, {Tensor()}, false, false), Value, "");  // freed
}

TEST(differentiates_twice) {
    Tensor x = leaf(2);
    Tensor y = sum(mul(mul(x, x), x));
    Tensor slope = gradients({y}, {x}, {Tensor()}, true, true, false)[0];
    EXPECT(first(slope) == 12);
    Tensor curve = gradients({sum(slope)}, {x}, {Tensor()}, false, false, false)[0];
    EXPECT(first(curve) == 12);
    EXPECT(!x.grad().defined());
}

TEST(frees_long_chains) {
    Tensor x = leaf(1), y = x;
    for (int i = 0; i < 100000; ++i) y = scale(y, 1.0);
    backward({sum(y)}, {Tensor()}, true, false);
    EXPECT(first(x.grad()) == 1);
    int64_t held = y.grad_fn()->use_count();
    EXPECT(held >= 1);
    y = Tensor();  // must not overflow the stack
}

TEST(notices_writes) {
    Tensor x = leaf(2);
    Tensor a = scale(x, 1.0);
    Tensor y = sum(mul(a, a));
    a.array().fill(5);
    EXPECT_ERROR(backward({y}, {Tensor()}, false, false), Value, "");
}

TEST(honours_grad_mode) {
    Tensor x = leaf(2);
    {
        GradMode off(false);
        EXPECT(!scale(x, 2).requires_grad());
    }
    EXPECT(scale(x, 2).requires_grad());
    EXPECT(!x.detach().requires_grad() && x.detach().array().storage_ref() == x.array().storage_ref());
    EXPECT_ERROR(Tensor(Array::zeros({2}, Dtype::Int64)).set_requires_grad(true), Value, "");
    EXPECT_ERROR(gradients({sum(x)}, {leaf(1)}, {Tensor()}, false, false, false), Value, "");  // not reached
}

TEST(convolves) {
    Tensor x(Array::full({1, 2, 5, 5}, Dtype::Float64, 1)), w(Array::full({3, 2, 3, 3}, Dtype::Float64, 0.5));
    x.set_requires_grad(true);
    w.set_requires_grad(true);
    ConvOptions options;
    options.padding = Sizes{1};
    Tensor y = conv(2, x, w, Tensor(), options);
    EXPECT(y.shape() == Shape({1, 3, 5, 5}) && y.array().is(Format::ChannelsLast));
    backward({sum(y)}, {Tensor()}, false, false);
    EXPECT(first(w.grad()) == 16);  // the corner tap misses one row and one column
    EXPECT(x.grad().array().data<double>()[0] == 4 * 3 * 0.5);
    EXPECT_ERROR(conv(2, x, Tensor(Array::zeros({3, 3, 3, 3}, Dtype::Float64)), Tensor(), options), Value, "");
}

