// Layers that resample and rearrange maps as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/maps.h"

namespace cc::bind {

void bind_map_layers(nb::module_& nn) {
    layer<Upsample>(nn, "Upsample", field("_size", &Upsample::size), field("_scale_factor", &Upsample::scale_factor),
                    field("mode", &Upsample::mode), field("align_corners", &Upsample::align_corners),
                    field("recompute_scale_factor", &Upsample::recompute_scale_factor));
    layer<PixelShuffle>(nn, "PixelShuffle", field("upscale_factor", &PixelShuffle::upscale_factor));
    layer<PixelUnshuffle>(nn, "PixelUnshuffle", field("downscale_factor", &PixelUnshuffle::downscale_factor));
    layer<ChannelShuffle>(nn, "ChannelShuffle", field("groups", &ChannelShuffle::groups));
    layer<Unfold>(nn, "Unfold", field("_kernel_size", &Unfold::kernel_size), field("_dilation", &Unfold::dilation),
                  field("_padding", &Unfold::padding), field("_stride", &Unfold::stride));
    layer<Fold>(nn, "Fold", field("_output_size", &Fold::output_size), field("_kernel_size", &Fold::kernel_size),
                field("_dilation", &Fold::dilation), field("_padding", &Fold::padding), field("_stride", &Fold::stride));
}

}  // namespace cc::bind
