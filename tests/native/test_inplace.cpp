// In-place changes on the tape, without Python: views, stale views, exchanged memory, cycles (for the leak checker).
#include "autograd/backward.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "testing.h"

using namespace cc;

static Tensor leaf(int64_t n) {
    Tensor x = to(arange(1, static_cast<double>(n + 1), 1, Dtype::Int64), Dtype::Float64);
    return x.set_requires_grad(true);
}

static double at(const Tensor& x, int64_t i) { return x.array().contiguous().data<double>()[i]; }

static Tensor gradient(const Tensor& y, const Tensor& x, bool create_graph = false) {
    return gradients({y}, {x}, {Tensor()}, true, create_graph, false)[0];
}

static Tensor plain(double value) { return number(value, Dtype::Float64); }

// y = x², then y₁ ← 5·y₁ and y₂ ← y₂·y₁ through views, the second taken before the first write.
TEST(writes_through_views) {
    Tensor x = leaf(3), y = mul(x, x), a = select(y, 0, 1), b = select(y, 0, 2);
    binary_(Binary::Mul, a, plain(5));
    binary_(Binary::Mul, b, clone(a));
    EXPECT(at(y, 1) == 20 && at(y, 2) == 180);
    Tensor first = gradient(sum(mul(y, y)), x, true);
    EXPECT(at(first, 0) == 4 && at(first, 1) == 65600 && at(first, 2) == 43200);
    Tensor second = gradient(select(first, 0, 1), x);
    EXPECT(at(second, 1) == 98400 && at(second, 2) == 86400);
    EXPECT(at(gradient(sum(a), x), 1) == 20);
}

TEST(protects_leaves) {
    Tensor x = leaf(2);
    EXPECT_ERROR(fill_(x, 1), Value, "a leaf that requires grad");
    EXPECT_ERROR(fill_(select(x, 0, 0), 1), Value, "a view of a leaf");
    GradMode off(false);
    fill_(select(x, 0, 0), 4);
    EXPECT(at(x, 0) == 4);
}

TEST(exchanges_memory_only_unseen) {
    Tensor x = leaf(3), y = scale(x, -2);
    void* before = y.array().raw();
    unary_(Unary::Relu, y);
    EXPECT(y.array().raw() != before && at(y, 0) == 0);
    Tensor z = scale(x, -2), seen = z.detach();
    unary_(Unary::Relu, z);
    EXPECT(z.array().raw() == seen.array().raw() && at(seen, 0) == 0);
    Tensor product = mul(z, x);
    fill_(z, 1);
    EXPECT_ERROR(gradient(sum(product), x), Value, "changed in place");
}

TEST(constants_join_the_tape) {
    Tensor x = leaf(3), out = zeros({3}, Dtype::Float64), place = select(out, 0, 1);
    assign(place, select(x, 0, 2));
    EXPECT(out.requires_grad() && at(gradient(sum(scale(out, 2)), x), 2) == 2);
}

TEST(leaves_no_cycles) {
    Ref<Storage> storage;
    {
        Tensor x = leaf(3), y = mul(x, x), c = zeros({3}, Dtype::Float64);
        assign(c, add(c, mul(x, c)));
        binary_(Binary::Mul, select(y, 0, 0), clone(select(y, 0, 1)));
        binary_(Binary::Mul, y, clone(c));
        storage = y.array().storage_ref();
    }
    EXPECT(storage->use_count() == 1);
}

TEST(generator_state) {
    Generator generator(5);
    rand({3}, Dtype::Float64, generator);
    Generator::State state = generator.get_state();
    double drawn = at(randn({1}, Dtype::Float64, generator), 0);
    generator.set_state(state);
    EXPECT(at(randn({1}, Dtype::Float64, generator), 0) == drawn && generator.seed() == 5);
}
