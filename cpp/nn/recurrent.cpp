#include "nn/recurrent.h"

#include <cmath>

#include "autograd/autocast.h"
#include "nn/init.h"
#include "ops/random.h"

namespace cc {

namespace {

const char* layer_name(Cell cell) { return cell == Cell::Lstm ? "LSTM" : cell == Cell::Gru ? "GRU" : "RNN"; }
const char* cell_name(Cell cell) { return cell == Cell::Lstm ? "LSTMCell" : cell == Cell::Gru ? "GRUCell" : "RNNCell"; }

void reset(Module& module, int64_t hidden_size) {
    double bound = hidden_size > 0 ? 1 / std::sqrt(static_cast<double>(hidden_size)) : 0;
    GradMode off(false);
    for (auto& entry : module.own_parameters())
        if (entry.tensor.defined()) uniform_(entry.tensor, -bound, bound, default_generator());
}

Tensor zeros_as(const Tensor& like, const Shape& shape) { return zeros(shape, like.dtype()); }

void check_state(const char* op, const char* name, const Tensor& state, const Shape& expected, Dtype dtype) {
    check(state.shape() == expected, op, ": ", name, " must have shape ", expected, ", got ", state.shape());
    check_type(state.dtype() == dtype || autocast_enabled(), op, ": input has dtype ", dtype, ", ", name, " ", state.dtype());
}

// For each row the order of its steps reversed up to its length.
Tensor reversed(const Tensor& x, const Tensor& lengths) {
    Tensor steps = reshape(arange(0, x.size(0), 1, Dtype::Int64), {x.size(0), 1});
    Tensor back = sub(sub(lengths, number(1, Dtype::Int64)), steps);
    Tensor index = where(binary(Binary::GreaterEqual, back, number(0, Dtype::Int64)), back, steps);
    return gather(x, 0, expand(unsqueeze(index, 2), x.shape()));
}

// Each row's state at its last step.
Tensor last_of(const Tensor& states, const Tensor& lengths) {
    if (!lengths.defined()) return select(states, 0, -1);
    Tensor index = reshape(sub(lengths, number(1, Dtype::Int64)), {1, lengths.numel(), 1});
    return squeeze(gather(states, 0, expand(index, {1, states.size(1), states.size(2)})), 0);
}

}  // namespace

Recurrent::Recurrent(Cell cell, int64_t input_size, int64_t hidden_size, int64_t num_layers, bool bias, double dropout,
                     bool bidirectional, int64_t proj_size, Dtype dtype)
    : cell(cell), input_size(input_size), hidden_size(hidden_size), num_layers(num_layers), bias(bias), dropout(dropout),
      bidirectional(bidirectional), proj_size(proj_size) {
    const char* op = layer_name(cell);
    check(hidden_size > 0, op, ": hidden_size must be positive, got ", hidden_size);
    check(num_layers > 0, op, ": num_layers must be positive, got ", num_layers);
    check(dropout >= 0 && dropout <= 1, op, ": dropout must be between 0 and 1, got ", dropout);
    check(proj_size >= 0 && proj_size < hidden_size, op, ": proj_size must be smaller than hidden_size, got ", proj_size);
    check(proj_size == 0 || cell == Cell::Lstm, op, ": proj_size is for LSTM only");
    int64_t gates = gates_of(cell) * hidden_size, out = out_size();
    for (int64_t layer = 0; layer < num_layers; ++layer)
        for (const char* suffix : {"", "_reverse"}) {
            if (*suffix && !bidirectional) continue;
            int64_t in = layer == 0 ? input_size : out * (bidirectional ? 2 : 1);
            auto name = [&](const char* what) { return str(what, "_l", layer, suffix); };
            register_parameter(name("weight_ih"), new_parameter({gates, in}, dtype));
            register_parameter(name("weight_hh"), new_parameter({gates, out}, dtype));
            if (bias) {
                register_parameter(name("bias_ih"), new_parameter({gates}, dtype));
                register_parameter(name("bias_hh"), new_parameter({gates}, dtype));
            }
            if (proj_size) register_parameter(name("weight_hr"), new_parameter({proj_size, hidden_size}, dtype));
        }
}

const char* Recurrent::kind() const { return layer_name(cell); }

void Recurrent::reset_parameters() { reset(*this, hidden_size); }

RecurrentResult Recurrent::direction(const Tensor& input, int64_t layer, bool reverse, const Tensor& h0, const Tensor& c0,
                                     const Tensor& lengths) {
    auto own = [&](const char* what) { return parameter(str(what, "_l", layer, reverse ? "_reverse" : "").c_str()); };
    bool by_length = reverse && lengths.defined(), backwards = reverse && !by_length;
    Tensor x = by_length ? reversed(input, lengths) : input;
    Tensor products = linear(x, own("weight_ih"), bias ? own("bias_ih") : Tensor());
    Tensor bias_hh = bias ? own("bias_hh") : Tensor(), h, c;
    if (proj_size) {
        Tensor both = recurrence_in_steps(cell, products, h0, c0, own("weight_hh"), bias_hh, own("weight_hr"), backwards);
        h = slice(both, 2, 0, proj_size, 1);
        c = slice(both, 2, proj_size, hidden_size, 1);
    } else {
        Tensor states = recurrence(cell, products, h0, c0, own("weight_hh"), bias_hh, backwards);
        h = select(states, 0, 0);
        if (cell == Cell::Lstm) c = select(states, 0, 1);
    }
    auto last = [&](const Tensor& states) { return backwards ? select(states, 0, 0) : last_of(states, lengths); };
    RecurrentResult result{h, last(h), c.defined() ? last(c) : Tensor()};
    if (by_length) result.output = reversed(h, lengths);
    return result;
}

RecurrentResult Recurrent::forward(const Tensor& input, const Tensor& h0, const Tensor& c0, const Tensor& lengths) {
    const char* op = kind();
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    check(input.rank() == 3 && input.size(2) == input_size, op, ": input must have shape (steps, batch, ", input_size, "), got ",
          input.shape());
    check(input.size(0) > 0, op, ": the sequence must not be empty, got input shape ", input.shape());
    int64_t directions = bidirectional ? 2 : 1, rows = input.size(1);
    Shape h_shape{num_layers * directions, rows, out_size()}, c_shape{num_layers * directions, rows, hidden_size};
    if (h0.defined()) check_state(op, "h_0", h0, h_shape, input.dtype());
    if (c0.defined()) check_state(op, "c_0", c0, c_shape, input.dtype());
    Tensor h = h0.defined() ? h0 : zeros_as(input, h_shape), c;
    if (cell == Cell::Lstm) c = c0.defined() ? c0 : zeros_as(input, c_shape);
    Tensor x = input;
    Tensors last_h, last_c;
    for (int64_t layer = 0; layer < num_layers; ++layer) {
        if (layer > 0 && dropout > 0) x = cc::dropout(x, dropout, training());
        Tensors outputs;
        for (int64_t d = 0; d < directions; ++d) {
            int64_t index = layer * directions + d;
            auto found = direction(x, layer, d == 1, select(h, 0, index), c.defined() ? select(c, 0, index) : Tensor(), lengths);
            outputs.push_back(found.output);
            last_h.push_back(found.h);
            if (c.defined()) last_c.push_back(found.c);
        }
        x = directions == 1 ? outputs[0] : cat(outputs, 2);
    }
    return {x, stack(last_h), c.defined() ? stack(last_c) : Tensor()};
}

RecurrentCell::RecurrentCell(Cell cell, int64_t input_size, int64_t hidden_size, bool bias, Dtype dtype)
    : cell(cell), input_size(input_size), hidden_size(hidden_size), bias(bias) {
    check(hidden_size > 0, cell_name(cell), ": hidden_size must be positive, got ", hidden_size);
    int64_t gates = gates_of(cell) * hidden_size;
    register_parameter("weight_ih", new_parameter({gates, input_size}, dtype));
    register_parameter("weight_hh", new_parameter({gates, hidden_size}, dtype));
    register_parameter("bias_ih", bias ? new_parameter({gates}, dtype) : Tensor());
    register_parameter("bias_hh", bias ? new_parameter({gates}, dtype) : Tensor());
}

const char* RecurrentCell::kind() const { return cell_name(cell); }

void RecurrentCell::reset_parameters() { reset(*this, hidden_size); }

RecurrentResult RecurrentCell::forward(const Tensor& input, const Tensor& h, const Tensor& c) {
    const char* op = kind();
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    check((input.rank() == 1 || input.rank() == 2) && input.size(input.rank() - 1) == input_size, op,
          ": input must have shape (batch, ", input_size, ") or (", input_size, ",), got ", input.shape());
    bool alone = input.rank() == 1;
    Tensor x = alone ? unsqueeze(input, 0) : input;
    Shape shape{x.size(0), hidden_size};
    auto state = [&](const char* name, const Tensor& given) {
        if (!given.defined()) return zeros_as(input, shape);
        Tensor wide = alone && given.rank() == 1 ? unsqueeze(given, 0) : given;
        check_state(op, name, wide, shape, input.dtype());
        return wide;
    };
    Tensor products = unsqueeze(linear(x, parameter("weight_ih"), parameter("bias_ih")), 0);
    Tensor states = select(recurrence(cell, products, state("h", h), cell == Cell::Lstm ? state("c", c) : Tensor(),
                                      parameter("weight_hh"), parameter("bias_hh"), false), 1, 0);
    auto part = [&](int64_t i) {
        Tensor found = select(states, 0, i);
        return alone ? squeeze(found, 0) : found;
    };
    return {Tensor(), part(0), cell == Cell::Lstm ? part(1) : Tensor()};
}

}  // namespace cc
