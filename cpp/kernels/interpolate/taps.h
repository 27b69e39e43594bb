// Where each output place of an axis reads, and with which weights: a sparse matrix, its rows without holes.
#pragma once

#include <cstdint>
#include <vector>

namespace cc {

enum class InterpolateMode { Nearest, NearestExact, Linear, Cubic, Area };

struct AxisMap {
    InterpolateMode mode;
    int64_t in, out;
    double scale;        // output places per input place as the caller gave it; 0: out/in
    bool align_corners;  // the centres of the outermost places meet, not their edges (Linear, Cubic)
    bool antialias;      // Linear, Cubic: windows grow with the step where the output is smaller
    bool wide;           // Nearest: positions in double, else in float precision
};

// Output place o is Σ weights[start[o] + t] · input place (first[o] + t), t < start[o + 1] − start[o]. Neither the first place of
// a window nor its last ever falls with o.
struct Taps {
    int64_t in = 0, out = 0;
    std::vector<int64_t> first, start;
    std::vector<double> weights;

    int64_t count(int64_t o) const { return start[o + 1] - start[o]; }
    int64_t total() const { return static_cast<int64_t>(weights.size()); }
};

// Positions are those of PyTorch: output place o lies at (o + ½)·in/out − ½ of the input's places, with align_corners at
// o·(in − 1)/(out − 1); cubic weights are Keys's (1981) with a = −¾, antialiased −½.
Taps interpolation_taps(const AxisMap& map);

// The adjoint's taps: inputs and outputs exchanged.
Taps transposed(const Taps& taps);

}  // namespace cc
