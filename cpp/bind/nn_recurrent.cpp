// Recurrent layers as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/recurrent.h"

namespace cc::bind {

namespace {

constexpr const char* kCells[] = {"tanh", "relu", "lstm", "gru"};

}  // namespace

Cell cell_of(const char* op, const std::string& text) {
    for (int i = 0; i < 4; ++i)
        if (text == kCells[i]) return static_cast<Cell>(i);
    fail(ErrorKind::Value, op, ": nonlinearity must be \"tanh\" or \"relu\", got \"", text, "\"");
}

template <>
struct Value<Cell> {
    using Type = std::string;
    static Cell of(const char* layer, const std::string& text) { return cell_of(layer, text); }
    static const char* show(Cell cell) { return kCells[static_cast<int>(cell)]; }
};

void bind_recurrent_layers(nb::module_& nn) {
    using Optional = std::optional<Tensor>;
    layer<Recurrent, Module>(nn, "Recurrent", field("_cell", &Recurrent::cell), field("input_size", &Recurrent::input_size),
                             field("hidden_size", &Recurrent::hidden_size), field("num_layers", &Recurrent::num_layers),
                             field("bias", &Recurrent::bias), field("dropout", &Recurrent::dropout),
                             field("bidirectional", &Recurrent::bidirectional), field("proj_size", &Recurrent::proj_size),
                             parameter_dtype("dtype"))
        .def("_run", [](Recurrent& m, const Tensor& input, const Optional& h, const Optional& c, const Optional& lengths) {
            RecurrentResult r = unlocked(kHeavy, [&] { return m.forward(input, or_none(h), or_none(c), or_none(lengths)); });
            return nb::make_tuple(r.output, r.h, r.c);
        }, nb::arg("input"), nb::arg("h_0").none(), nb::arg("c_0").none(), nb::arg("lengths").none())
        .def("reset_parameters", &Recurrent::reset_parameters, "Draw the first values again.");
    layer<RecurrentCell, Module>(nn, "RecurrentCell", field("_cell", &RecurrentCell::cell),
                                 field("input_size", &RecurrentCell::input_size),
                                 field("hidden_size", &RecurrentCell::hidden_size), field("bias", &RecurrentCell::bias),
                                 parameter_dtype("dtype"))
        .def("_run", [](RecurrentCell& m, const Tensor& input, const Optional& h, const Optional& c) {
            RecurrentResult r = unlocked(kHeavy, [&] { return m.forward(input, or_none(h), or_none(c)); });
            return nb::make_tuple(r.h, r.c);
        }, nb::arg("input"), nb::arg("h").none(), nb::arg("c").none())
        .def("reset_parameters", &RecurrentCell::reset_parameters, "Draw the first values again.");
}

}  // namespace cc::bind
