// The random stream and new tensors.
#include "bind/bind.h"
#include "ops/random.h"

namespace cc::bind {

namespace {

using Sizes = std::vector<int64_t>;

Generator& or_default(Generator* generator) { return generator ? *generator : default_generator(); }

}  // namespace

void bind_random(nb::module_& m) {
    nb::class_<Generator>(m, "Generator", "A stream of random numbers: a seed and how far it was read.")
        .def(nb::init<>())
        .def("manual_seed", [](nb::object self, uint64_t seed) {
            nb::cast<Generator&>(self).manual_seed(seed);
            return self;
        }, nb::arg("seed"))
        .def("initial_seed", &Generator::seed)
        .def("_state", [](const Generator& g) {
            auto state = g.get_state();
            return nb::bytes(reinterpret_cast<const char*>(state.data()), state.size());
        })
        .def("_set_state", [](Generator& g, nb::bytes bytes) {
            Generator::State state;
            check(bytes.size() == state.size(), "set_state: expected ", state.size(), " bytes, got ", bytes.size());
            std::copy_n(bytes.c_str(), state.size(), reinterpret_cast<char*>(state.data()));
            g.set_state(state);
        });
    m.def("default_generator", [] { return &default_generator(); }, nb::rv_policy::reference);

    m.def("rand", [](const Sizes& size, Dtype dtype, Generator* g) { return rand(Shape(size), dtype, or_default(g)); },
          nb::arg("size"), nb::arg("dtype"), nb::arg("generator").none());
    m.def("randn", [](const Sizes& size, Dtype dtype, Generator* g) { return randn(Shape(size), dtype, or_default(g)); },
          nb::arg("size"), nb::arg("dtype"), nb::arg("generator").none());
    m.def("randint", [](int64_t low, int64_t high, const Sizes& size, Dtype dtype, Generator* g) {
        return randint(low, high, Shape(size), dtype, or_default(g));
    }, nb::arg("low"), nb::arg("high"), nb::arg("size"), nb::arg("dtype"), nb::arg("generator").none());
    m.def("randperm", [](int64_t n, Generator* g) { return randperm(n, or_default(g)); }, nb::arg("n"),
          nb::arg("generator").none());
    m.def("bernoulli", [](const Tensor& p, Generator* g) { return bernoulli(p, or_default(g)); }, nb::arg("input"),
          nb::arg("generator").none());
    m.def("multinomial", [](const Tensor& w, int64_t n, bool replacement, Generator* g) {
        return multinomial(w, n, replacement, or_default(g));
    }, nb::arg("input"), nb::arg("num_samples"), nb::arg("replacement"), nb::arg("generator").none());
    m.def("uniform_", [](const Tensor& x, double low, double high, Generator* g) { uniform_(x, low, high, or_default(g)); },
          nb::arg("input"), nb::arg("from_"), nb::arg("to"), nb::arg("generator").none());
    m.def("normal_", [](const Tensor& x, double mean, double std, Generator* g) { normal_(x, mean, std, or_default(g)); },
          nb::arg("input"), nb::arg("mean"), nb::arg("std"), nb::arg("generator").none());
    m.def("bernoulli_", [](const Tensor& x, double p, Generator* g) { bernoulli_(x, p, or_default(g)); }, nb::arg("input"),
          nb::arg("p"), nb::arg("generator").none());

    m.def("full", [](const Sizes& size, double value, Dtype dtype) { return full(Shape(size), value, dtype); },
          nb::arg("size"), nb::arg("fill_value"), nb::arg("dtype"));
    m.def("empty", [](const Sizes& size, Dtype dtype) { return empty(Shape(size), dtype); }, nb::arg("size"),
          nb::arg("dtype"));
    m.def("full_like", &full_like, nb::arg("input"), nb::arg("fill_value"), nb::arg("dtype"));
    m.def("arange", &arange, nb::arg("start"), nb::arg("end"), nb::arg("step"), nb::arg("dtype"));
    m.def("linspace", &linspace, nb::arg("start"), nb::arg("end"), nb::arg("steps"), nb::arg("dtype"));
    m.def("eye", &eye, nb::arg("n"), nb::arg("m"), nb::arg("dtype"));
}

}  // namespace cc::bind
