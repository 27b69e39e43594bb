// Recurrent layers: several layers, in one or both directions, over a sequence; and single steps.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

struct RecurrentResult {
    Tensor output, h, c;  // c: of Lstm alone
};

class Recurrent : public Module {
public:
    Recurrent(Cell cell, int64_t input_size, int64_t hidden_size, int64_t num_layers, bool bias, double dropout,
              bool bidirectional, int64_t proj_size, Dtype dtype);

    const char* kind() const override;
    // input (steps, rows, features); h0 (layers·directions, rows, out) and c0 (…, hidden), zeros where undefined.
    // lengths (rows), where the sequences end at unequal steps: what follows an end counts for nothing.
    RecurrentResult forward(const Tensor& input, const Tensor& h0, const Tensor& c0, const Tensor& lengths);
    void reset_parameters();  // uniform in ±1/√hidden_size

    Cell cell;
    int64_t input_size, hidden_size, num_layers;
    bool bias;
    double dropout;
    bool bidirectional;
    int64_t proj_size;

private:
    int64_t out_size() const { return proj_size ? proj_size : hidden_size; }
    RecurrentResult direction(const Tensor& input, int64_t layer, bool reverse, const Tensor& h0, const Tensor& c0,
                              const Tensor& lengths);
};

class RecurrentCell : public Module {
public:
    RecurrentCell(Cell cell, int64_t input_size, int64_t hidden_size, bool bias, Dtype dtype);

    const char* kind() const override;
    RecurrentResult forward(const Tensor& input, const Tensor& h, const Tensor& c);  // (rows, features) or (features)
    void reset_parameters();

    Cell cell;
    int64_t input_size, hidden_size;
    bool bias;
};

}  // namespace cc
