// The random stream and new tensors.
#include "bind/bind.h"
#include "ops/random.h"

namespace cc::bind {

namespace {

using Sizes = std::vector<int64_t>;

// Negative seeds count down from 2⁶⁴.
uint64_t to_seed(nb::int_ seed) {
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(seed.ptr(), &overflow);
    if (overflow == 0) return static_cast<uint64_t>(value);
    uint64_t wide = overflow > 0 ? PyLong_AsUnsignedLongLong(seed.ptr()) : 0;
    bool fits = overflow > 0 && !PyErr_Occurred();
    PyErr_Clear();
    check(fits, "manual_seed: seed must be an integer of 64 bits, got ", nb::cast<std::string>(nb::str(seed)));
    return wide;
}

Generator& or_default(Generator* generator) { return generator ? *generator : default_generator(); }

}  // namespace

void bind_random(nb::module_& m) {
    nb::class_<Generator>(m, "Generator", "A stream of random numbers: a seed and how far it was read.")
        .def("__init__", [](Generator* self, nb::object device) {
            check(device.is_none() || nb::cast<std::string>(nb::str(device)) == "cpu",
                  "Generator: device: only 'cpu' is available in this build, got ", nb::cast<std::string>(nb::str(device)));
            new (self) Generator();
        }, nb::arg("device").none() = nb::none())
        .def("manual_seed", [](nb::object self, nb::int_ seed) {
            nb::cast<Generator&>(self).manual_seed(to_seed(seed));
            return self;
        }, nb::arg("seed"), "Begin the stream that a seed (any integer of 64 bits) stands for.")
        .def("seed", &Generator::reseed, "Begin the stream of a seed that the system draws, and return that seed.")
        .def("initial_seed", &Generator::seed, "The seed the stream began with.")
        .def("get_state", [](const Generator& g) {
            Generator::State state = g.get_state();
            Tensor bytes = empty({static_cast<int64_t>(state.size())}, Dtype::UInt8);
            std::copy(state.begin(), state.end(), static_cast<uint8_t*>(bytes.array().raw()));
            return bytes;
        }, "Seed and place, as a tensor of 16 bytes.")
        .def("set_state", [](nb::object self, const Tensor& new_state) {
            Generator::State state;
            check(new_state.dtype() == Dtype::UInt8 && new_state.numel() == static_cast<int64_t>(state.size()),
                  "set_state: new_state must be a uint8 tensor of ", state.size(), " elements, got ", new_state.dtype(),
                  " of shape ", new_state.shape());
            Tensor bytes = contiguous(new_state);
            std::copy_n(static_cast<const uint8_t*>(bytes.array().raw()), state.size(), state.data());
            nb::cast<Generator&>(self).set_state(state);
            return self;
        }, nb::arg("new_state"), "Go to a place that get_state gave.")
        .def("__getstate__", [](const Generator& g) {
            Generator::State state = g.get_state();
            return nb::bytes(state.data(), state.size());
        })
        .def("__setstate__", [](Generator& g, nb::bytes bytes) {
            Generator::State state;
            check(bytes.size() == state.size(), "Generator: a state has ", state.size(), " bytes, got ", bytes.size());
            std::copy_n(reinterpret_cast<const uint8_t*>(bytes.c_str()), state.size(), state.data());
            (new (&g) Generator(0))->set_state(state);
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
    m.def("triangle_indices", &triangle_indices, nb::arg("row"), nb::arg("col"), nb::arg("offset"), nb::arg("upper"));
    m.def("combination_indices", &combination_indices, nb::arg("n"), nb::arg("r"), nb::arg("with_replacement"));
    m.def("eye", &eye, nb::arg("n"), nb::arg("m"), nb::arg("dtype"));
}

}  // namespace cc::bind
