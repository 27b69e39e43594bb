// The cell of a recurrent layer at one time step: from its products with input and state to the next state, and back.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace cc {

enum class Cell : uint8_t { Tanh, Relu, Lstm, Gru };

// How many blocks of `hidden` numbers a row of products has, and a row of what the backward wants to know.
constexpr int gates_of(Cell cell) { return cell == Cell::Lstm ? 4 : cell == Cell::Gru ? 3 : 1; }
constexpr int kept_of(Cell cell) { return cell == Cell::Lstm || cell == Cell::Gru ? 4 : 0; }

struct RecurrentProblem {
    Dtype dtype;
    Cell cell;
    bool backward;
    int64_t rows, hidden;

    std::string describe() const;
    double flops() const { return 10.0 * rows * hidden * gates_of(cell); }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * rows * hidden * (2 * gates_of(cell) + kept_of(cell) + 3);
    }
};

// All dense: products [rows][gates·hidden], kept [rows][kept·hidden], states [rows][hidden].
struct RecurrentArgs {
    const void* input;     // x·W_ihᵀ + b_ih
    const void* state;     // h·W_hhᵀ + b_hh
    const void* previous;  // the cell state before (Lstm), or h before (Gru)
    void* kept;            // Lstm: i, f, g, o. Gru: r, z, n and the state's part of n
    void* h;               // h after; read by the backward of Tanh and Relu
    void* c;               // Lstm: the cell state after
    // Backward.
    const void* grad_h;
    const void* grad_c;      // Lstm
    void* grad_input;        // of the products with the input
    void* grad_state;        // of those with the state: Gru alone has its own
    void* grad_previous;     // Lstm: of the cell state before. Gru: of h before, but for what comes through the products
};

// Lstm (Hochreiter and Schmidhuber, 1997; Gers et al., 2000): with a = input + state,
//   i, f, o = σ(a_i), σ(a_f), σ(a_o), g = tanh(a_g), c' = f·c + i·g, h' = o·tanh(c').
// Gru (Cho et al., 2014): r, z = σ(a_r), σ(a_z), n = tanh(input_n + r·state_n), h' = n + z·(h − n).
// Tanh, Relu (Elman, 1990): h' = tanh(a), max(a, 0).
void recurrent(const RecurrentProblem& problem, const RecurrentArgs& args);

}  // namespace cc
