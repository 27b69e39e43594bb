// A recurrent layer over a whole sequence: one node, whose backward walks the sequence back and then takes the gradient of the
// recurrent weights as one matrix product over all steps. The product with the input is the caller's: one linear for all steps.
#include "kernels/recurrent/recurrent.h"

#include "autograd/node.h"
#include "kernels/gemm/gemm.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

struct Sizes3 {
    int64_t steps, rows, hidden;
};

// out [rows][n] (+)= x [rows][k] · w, where w is given by its strides, plus bias.
void multiply(const void* x, const Array& w, bool transposed, const Array& bias, void* out, int64_t rows, bool accumulate) {
    GemmProblem p{};
    p.dtype = w.dtype();
    p.batch = 1;
    p.m = rows;
    p.k = w.size(transposed ? 1 : 0);
    p.n = w.size(transposed ? 0 : 1);
    p.a_row = p.k, p.a_col = 1;
    p.b_row = w.strides()[transposed ? 1 : 0], p.b_col = w.strides()[transposed ? 0 : 1];
    p.c_row = p.n;
    p.accumulate = accumulate;
    gemm(p, {x, w.raw(), out, bias.defined() ? bias.raw() : nullptr});
}

// Step `index` of an array whose leading axes are steps.
char* at(const Array& x, int64_t index) {
    int64_t step = x.size(0) ? x.numel() / x.size(0) : 0;
    return static_cast<char*>(x.raw()) + index * step * static_cast<int64_t>(itemsize(x.dtype()));
}

struct Run {
    Cell cell;
    bool reverse;
    Sizes3 n;
    Array h, c, kept, h0, c0;  // states after each step, by step

    int64_t time(int64_t step) const { return reverse ? n.steps - 1 - step : step; }
    const void* before(const Array& states, const Array& first, int64_t step) const {
        return step == 0 ? first.raw() : at(states, time(step - 1));
    }
    const void* previous(int64_t step) const {
        if (cell == Cell::Lstm) return before(c, c0, step);
        return cell == Cell::Gru ? before(h, h0, step) : nullptr;
    }
    RecurrentProblem problem(bool backward) const { return {h.dtype(), cell, backward, n.rows, n.hidden}; }
};

// out: the states [1 or 2][steps][rows][hidden].
Run run_of(Cell cell, bool reverse, Sizes3 n, const Array& out, const Array& kept, const Tensor& h0, const Tensor& c0) {
    Run run{cell, reverse, n, out.select(0, 0), {}, kept, h0.array().contiguous(), {}};
    if (cell == Cell::Lstm) {
        run.c = out.select(0, 1);
        run.c0 = c0.array().contiguous();
    }
    return run;
}

void forward(const Run& run, const Array& input, const Array& weight, const Array& bias) {
    Array products = Array::empty({run.n.rows, gates_of(run.cell) * run.n.hidden}, input.dtype());
    for (int64_t step = 0; step < run.n.steps; ++step) {
        int64_t t = run.time(step);
        multiply(run.before(run.h, run.h0, step), weight, true, bias, products.raw(), run.n.rows, false);
        RecurrentArgs args{};
        args.input = at(input, t);
        args.state = products.raw();
        args.previous = run.previous(step);
        args.kept = run.kept.defined() ? at(run.kept, t) : nullptr;
        args.h = at(run.h, t);
        args.c = run.c.defined() ? at(run.c, t) : nullptr;
        recurrent(run.problem(false), args);
    }
}

struct Gradients {
    Array input, state, h0, c0;  // of the products with the input and the state, of the first states
};

// grad: of the states [1 or 2][steps][rows][hidden].
Gradients backward(const Run& run, const Array& grad, const Array& weight) {
    Shape products{run.n.steps, run.n.rows, gates_of(run.cell) * run.n.hidden}, state{run.n.rows, run.n.hidden};
    Dtype dtype = grad.dtype();
    Gradients out;
    out.input = Array::empty(products, dtype);
    out.state = run.cell == Cell::Gru ? Array::empty(products, dtype) : out.input;
    out.h0 = Array::zeros(state, dtype);
    if (run.cell == Cell::Lstm) out.c0 = Array::zeros(state, dtype);
    for (int64_t step = run.n.steps - 1; step >= 0; --step) {
        int64_t t = run.time(step);
        // What comes from the step after joins what comes from outside.
        Array dh = add(Tensor(grad.select(0, 0).select(0, t)), Tensor(out.h0)).array(), dc;
        if (run.cell == Cell::Lstm) dc = add(Tensor(grad.select(0, 1).select(0, t)), Tensor(out.c0)).array();
        RecurrentArgs args{};
        args.previous = run.previous(step);
        args.kept = run.kept.defined() ? at(run.kept, t) : nullptr;
        args.h = at(run.h, t);
        args.c = run.c.defined() ? at(run.c, t) : nullptr;
        args.grad_h = dh.raw();
        args.grad_c = dc.defined() ? dc.raw() : nullptr;
        args.grad_input = at(out.input, t);
        args.grad_state = at(out.state, t);
        args.grad_previous = run.cell == Cell::Lstm ? out.c0.raw() : out.h0.raw();
        recurrent(run.problem(true), args);
        multiply(at(out.state, t), weight, false, Array(), out.h0.raw(), run.n.rows, run.cell == Cell::Gru);
    }
    return out;
}

// The states that the products of all steps were made of.
Tensor states_before(const Run& run) {
    Tensor all(run.h), first = unsqueeze(Tensor(run.h0), 0);
    int64_t others = run.n.steps - 1;
    if (others < 0) return all;
    return run.reverse ? cat({slice(all, 0, 1, others, 1), first}) : cat({first, slice(all, 0, 0, others, 1)});
}

Tensor rows_of(const Tensor& x) { return reshape(x, {x.size(0) * x.size(1), x.size(2)}); }

Tensor gate(const Tensor& products, int64_t hidden, int index) { return slice(products, 1, index * hidden, hidden, 1); }

// One step in closed ops; next.second is the cell state of Lstm.
std::pair<Tensor, Tensor> step_of(Cell cell, const Tensor& input, const Tensor& state, const Tensor& h, const Tensor& c) {
    int64_t hidden = h.size(1);
    if (cell == Cell::Tanh || cell == Cell::Relu)
        return {unary(cell == Cell::Tanh ? Unary::Tanh : Unary::Relu, add(input, state)), Tensor()};
    auto squashed = [&](Unary f, int i) { return unary(f, add(gate(input, hidden, i), gate(state, hidden, i))); };
    if (cell == Cell::Gru) {
        Tensor r = squashed(Unary::Sigmoid, 0), z = squashed(Unary::Sigmoid, 1);
        Tensor n = unary(Unary::Tanh, add(gate(input, hidden, 2), mul(r, gate(state, hidden, 2))));
        return {add(n, mul(z, sub(h, n))), Tensor()};
    }
    Tensor i = squashed(Unary::Sigmoid, 0), f = squashed(Unary::Sigmoid, 1), o = squashed(Unary::Sigmoid, 3);
    Tensor next = add(mul(f, c), mul(i, squashed(Unary::Tanh, 2)));
    return {mul(o, unary(Unary::Tanh, next)), next};
}

void check_operands(Cell cell, const Tensor& input, const Tensor& h0, const Tensor& c0, const Tensor& weight, const Tensor& bias) {
    constexpr const char* kOp = "recurrence";
    check_type(is_floating(input.dtype()), kOp, ": input must have a floating-point dtype, got ", input.dtype());
    check(input.rank() == 3, kOp, ": input must have 3 dimensions, got shape ", input.shape());
    check(h0.rank() == 2, kOp, ": h_0 must have 2 dimensions, got shape ", h0.shape());
    check(c0.defined() == (cell == Cell::Lstm), kOp, ": c_0 goes with an LSTM alone");
    const int64_t rows = input.size(1), hidden = h0.size(1), gates = gates_of(cell) * hidden;
    auto expect = [&](const char* name, const Tensor& x, const Shape& shape) {
        if (!x.defined()) return;
        check(x.shape() == shape, kOp, ": ", name, " must have shape ", shape, ", got ", x.shape());
        check_type(x.dtype() == input.dtype(), kOp, ": input has dtype ", input.dtype(), ", ", name, " ", x.dtype());
    };
    expect("input", input, {input.size(0), rows, gates});
    expect("h_0", h0, {rows, hidden});
    expect("c_0", c0, {rows, hidden});
    expect("weight", weight, {gates, hidden});
    expect("bias", bias, {gates});
}

}  // namespace

Tensor recurrence_in_steps(Cell cell, const Tensor& input, const Tensor& h0, const Tensor& c0, const Tensor& weight,
                           const Tensor& bias, const Tensor& projection, bool reverse) {
    auto here = [&](auto& a, auto& b, auto& c, auto& d, auto& e, auto& f) { return recurrence_in_steps(cell, a, b, c, d, e, f, reverse); };
    if (auto y = recast("recurrence_in_steps", here, input, h0, c0, weight, bias, projection)) return *y;
    int64_t steps = input.size(0);
    Tensors hs(steps), cs(steps);
    Tensor h = h0, c = c0;
    for (int64_t step = 0; step < steps; ++step) {
        int64_t t = reverse ? steps - 1 - step : step;
        Tensor wide = projection.defined() ? c : h;  // tells the hidden size
        auto next = step_of(cell, select(input, 0, t), linear(h, weight, bias), wide, c);
        h = projection.defined() ? linear(next.first, projection, Tensor()) : next.first;
        c = next.second;
        hs[t] = h;
        cs[t] = c;
    }
    Tensor outputs = stack(hs);
    if (cell != Cell::Lstm) return unsqueeze(outputs, 0);
    // Of unequal widths where there is a projection: side by side, for all cells alike.
    return projection.defined() ? cat({outputs, stack(cs)}, 2) : stack({outputs, stack(cs)});
}

Tensor recurrence(Cell cell, const Tensor& input, const Tensor& h0, const Tensor& c0, const Tensor& weight, const Tensor& bias,
                  bool reverse) {
    auto here = [&](auto& a, auto& b, auto& c, auto& d, auto& e) { return recurrence(cell, a, b, c, d, e, reverse); };
    if (auto y = recast("recurrence", here, input, h0, c0, Weight{weight}, bias)) return *y;
    check_operands(cell, input, h0, c0, weight, bias);
    Sizes3 n{input.size(0), h0.size(0), h0.size(1)};
    Array out = Array::empty({cell == Cell::Lstm ? 2 : 1, n.steps, n.rows, n.hidden}, input.dtype()), kept;
    if (kept_of(cell)) kept = Array::empty({n.steps, n.rows, kept_of(cell) * n.hidden}, input.dtype());
    forward(run_of(cell, reverse, n, out, kept, h0, c0), input.array().contiguous(), weight.array(),
            bias.defined() ? bias.array().contiguous() : Array());
    return record_composite(
        "recurrence", std::move(out), {input, h0, c0, weight, bias},
        [cell, reverse, n, kept](Backward& g, const SavedInputs& in) {
            Run run = run_of(cell, reverse, n, g.output().array(), kept, in[1], in[2]);
            Gradients found = backward(run, g.grad().array().contiguous(), in[3].get().array());
            g[0] = Tensor(found.input);
            g[1] = Tensor(found.h0);
            if (g.wants(2)) g[2] = Tensor(found.c0);
            Tensor products = rows_of(Tensor(found.state));
            if (g.wants(3)) g[3] = matmul(transpose(products, 0, 1), rows_of(states_before(run)));
            if (g.wants(4)) g[4] = sum(products, {0});
        },
        [cell, reverse](const Tensors& in) {
            return recurrence_in_steps(cell, in[0], in[1], in[2], in[3], in[4], Tensor(), reverse);
        },
        kKeepOutput);
}

}  // namespace cc
