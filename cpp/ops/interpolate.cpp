// Interpolation. Every mode is a linear map of the places, the same for all channels: its gradient is the map with transposed
// taps, and that one's gradient is the map again.
#include "kernels/interpolate/interpolate.h"

#include <memory>

#include "autograd/node.h"
#include "ops/recast.h"
#include "ops/window.h"

namespace cc {

namespace {

constexpr const char* kOp = "interpolate";

using AxisTaps = std::vector<Taps>;  // three
struct Map {
    std::shared_ptr<const AxisTaps> taps;
    int rank;
};

Map adjoint_of(const Map& map) {
    auto taps = std::make_shared<AxisTaps>();
    for (const Taps& axis : *map.taps) taps->push_back(transposed(axis));
    return {taps, map.rank};
}

Tensor apply(const Map& map, const Tensor& x) {
    const AxisTaps& taps = *map.taps;
    Format format = x.array().format();
    const bool last = format == Format::ChannelsLast;
    InterpolateProblem p{};
    p.dtype = x.dtype();
    p.n = x.size(0) * (last ? 1 : x.size(1));
    p.c = last ? x.size(1) : 1;
    Shape shape{x.size(0), x.size(1)};
    for (int i = 0; i < 3; ++i) {
        p.in[i] = taps[i].in, p.out[i] = taps[i].out, p.taps[i] = taps[i].total();
        if (i >= 3 - map.rank) shape.push_back(p.out[i]);
    }
    Array from = x.array().to(format), y = Array::empty(shape, p.dtype, format);
    interpolate(p, {from.raw(), y.raw(), taps.data()});
    return record(kOp, std::move(y), {x}, [map](Backward& g) { g[0] = apply(adjoint_of(map), g.grad()); });
}

struct Mode {
    const char* name;
    InterpolateMode mode;
    int rank;         // 0: any
    bool has_corners;
};
constexpr Mode kModes[] = {{"nearest", InterpolateMode::Nearest, 0, false},
                           {"nearest-exact", InterpolateMode::NearestExact, 0, false},
                           {"area", InterpolateMode::Area, 0, false},
                           {"linear", InterpolateMode::Linear, 1, true},
                           {"bilinear", InterpolateMode::Linear, 2, true},
                           {"trilinear", InterpolateMode::Linear, 3, true},
                           {"bicubic", InterpolateMode::Cubic, 2, true}};

const Mode& find_mode(const InterpolateOptions& o, int rank) {
    for (const Mode& mode : kModes) {
        if (o.mode != mode.name) continue;
        check(mode.rank == 0 || mode.rank == rank, kOp, ": mode \"", o.mode, "\" takes an input of ", mode.rank + 2,
              " dimensions, got ", rank + 2);
        check(mode.has_corners || !o.align_corners, kOp,
              ": align_corners goes with the modes linear, bilinear, trilinear and bicubic, got mode \"", o.mode, "\"");
        check(!o.antialias || (mode.has_corners && rank == 2), kOp,
              ": antialias goes with the modes bilinear and bicubic, got mode \"", o.mode, "\"");
        return mode;
    }
    fail(ErrorKind::Value, kOp,
         ": mode must be nearest, nearest-exact, linear, bilinear, trilinear, bicubic or area, got \"", o.mode, "\"");
}

template <class T>
T one_of(const char* argument, const std::vector<T>& values, int axis, int rank) {
    check(values.size() == 1 || static_cast<int>(values.size()) == rank, kOp, ": ", argument, " must be one number or ", rank,
          " of them, got ", values.size());
    return values.size() == 1 ? values[0] : values[axis];
}

// Sizes of an axis; the scale counts only where it was given and is to be used as it is.
AxisMap axis_map(const InterpolateOptions& o, const Mode& mode, const Tensor& x, int axis, int rank) {
    AxisMap map{mode.mode, x.size(2 + axis), 0, 0, o.align_corners.value_or(false), o.antialias, false};
    if (o.size) {
        map.out = one_of("size", *o.size, axis, rank);
    } else {
        double scale = one_of("scale_factor", *o.scale_factor, axis, rank);
        double size = static_cast<double>(map.in) * scale;
        check(size < 9e15, kOp, ": scale_factor ", scale, " makes a map of ", size, " places");
        map.out = size >= 1 ? static_cast<int64_t>(size) : 0;
        if (!o.recompute_scale_factor.value_or(false)) map.scale = scale;
    }
    // PyTorch's rules for the last bit: positions as wide as the dtype but in 2-D; there, equal and doubled sizes need no scale.
    map.wide = rank != 2 && x.dtype() == Dtype::Float64;
    if (rank == 2 && mode.mode == InterpolateMode::Nearest && (map.out == map.in || map.out == 2 * map.in)) map.scale = 0;
    check(map.in > 0 && map.out > 0, kOp, ": sizes of input and output must be positive, got input shape ", x.shape(),
          " and output size ", map.out, " along dimension ", 2 + axis);
    return map;
}

// Labels and masks: numbers without fractions can only be moved.
Tensor move_nearest(const Mode& mode, const Tensor& x, const Map& map) {
    const bool moves = mode.mode == InterpolateMode::Nearest || mode.mode == InterpolateMode::NearestExact;
    check_type(moves, kOp, ": input must have a floating-point dtype for mode \"", mode.name, "\", got ", x.dtype());
    Tensor out = x;
    for (int axis = 0; axis < map.rank; ++axis) {
        const Taps& taps = (*map.taps)[3 - map.rank + axis];
        Array index = Array::empty({taps.out}, Dtype::Int64);
        std::copy(taps.first.begin(), taps.first.end(), index.data<int64_t>());
        out = index_select(out, 2 + axis, Tensor(index));
    }
    return out;
}

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateOptions& options) {
    if (auto y = recast("interpolate", [&](auto& a) { return interpolate(a, options); }, x)) return *y;
    int rank = x.rank() - 2;
    check(rank >= 1 && rank <= 3, kOp, ": input must have 3, 4 or 5 dimensions (batch, channels, …), got shape ", x.shape());
    const Mode& mode = find_mode(options, rank);
    check(!options.size != !options.scale_factor, kOp, ": exactly one of size and scale_factor must be given");
    check(!options.size || !options.recompute_scale_factor.value_or(false), kOp,
          ": recompute_scale_factor goes with scale_factor, not with size");
    check(x.size(1) > 0, kOp, ": input must have at least one channel, got shape ", x.shape());
    std::vector<AxisMap> axes(3, {InterpolateMode::Nearest, 1, 1, 0, false, false, false});
    Shape shape{x.size(0), x.size(1)};
    for (int i = 3 - rank; i < 3; ++i) {
        axes[i] = axis_map(options, mode, x, i - (3 - rank), rank);
        shape.push_back(axes[i].out);
    }
    Array::empty(shape, x.dtype());  // MemoryError before the tables of a map that no memory holds
    auto taps = std::make_shared<AxisTaps>();
    for (const AxisMap& axis : axes) taps->push_back(interpolation_taps(axis));
    Map map{taps, rank};
    return is_floating(x.dtype()) ? apply(map, x) : move_nearest(mode, x, map);
}

}  // namespace cc
