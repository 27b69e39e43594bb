// A view's place in its base, and the linear maps between the two. They let an in-place write through a view, and views taken
// before such a write, find their place on the tape again.
#pragma once

#include "autograd/node.h"

namespace cc {

struct Region {
    Shape base;             // shape and format of the base, which is dense
    Format format;
    Shape shape, strides;   // of the view, in elements; a stride may be 0
    int64_t offset;         // of the view from the base's first element
};

Region region_of(const Array& view, const Array& base);

Tensor take_region(const Tensor& base, const Region& region);    // the view's part
Tensor put_region(const Tensor& view, const Region& region);     // zeros and the view's part, the adjoint of taking
Tensor clear_region(const Tensor& base, const Region& region);   // all but the view's part

// Gives a view a place on the tape behind the place its base has now.
void refresh_view(TensorImpl& view);

// impl takes over the place on the tape that source has.
void take_place(TensorImpl& impl, const Tensor& source);

}  // namespace cc
