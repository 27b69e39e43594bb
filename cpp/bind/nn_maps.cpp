// Layers that resample and rearrange maps as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/maps.h"

namespace cc::bind {

void bind_map_layers(nb::module_& nn) {
    layer<Upsample>(nn, "Upsample", field("_size", &Upsample::size), field("_scale_factor", &Upsample::scale_factor),
                    field("mode", &Upsample::mode), field("align_corners", &Upsample::align_corners),
                    field("recompute_scale_factor", &Upsample::recompute_scale_factor));
}

}  // namespace cc::bind
