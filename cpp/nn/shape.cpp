#include "nn/shape.h"

namespace cc {

Tensor Unflatten::forward(const Tensor& input) {
    int axis = normalize_axis("Unflatten", "dim", dim, input.rank());
    int64_t known = 1, size = input.size(axis);
    bool open = false;
    for (int64_t s : unflattened_size) s == -1 ? void(open = true) : void(known *= s);
    check(open ? known > 0 && size % known == 0 : known == size, "Unflatten: unflattened_size ", Shape(unflattened_size),
          " does not multiply to the input's size ", size, " along dim ", dim);
    Shape shape;
    for (int i = 0; i < input.rank(); ++i) {
        if (i != axis) {
            shape.push_back(input.size(i));
            continue;
        }
        for (int64_t s : unflattened_size) shape.push_back(s == -1 ? size / known : s);
    }
    return reshape(input, shape);
}

}  // namespace cc
