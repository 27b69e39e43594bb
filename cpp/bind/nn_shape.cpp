// Layers that rearrange as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/pad.h"
#include "nn/shape.h"

namespace cc::bind {

void bind_shape_layers(nb::module_& nn) {
    layer<Identity>(nn, "Identity");
    layer<Flatten>(nn, "Flatten", field("start_dim", &Flatten::start_dim), field("end_dim", &Flatten::end_dim));
    layer<Unflatten>(nn, "Unflatten", field("dim", &Unflatten::dim), field("unflattened_size", &Unflatten::unflattened_size));
    layer<Pad>(nn, "Pad", field("_rank", &Pad::rank), field("_mode", &Pad::mode), field("padding", &Pad::padding),
               field("_value", &Pad::value));
}

}  // namespace cc::bind
