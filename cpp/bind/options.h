// Sizes and options of operators as Python gives them. The options of an operator come as one tuple, in the order of their
// declaration.
#pragma once

#include "bind/bind.h"

namespace cc::bind {

Sizes several(const char* name, nb::handle value);     // one integer or several
Shape sizes_given(const char* name, nb::handle args);  // (2, 3) or ((2, 3),)
Axes axes_given(const char* name, nb::handle dim);     // None (all), one integer or several

// What does not fit an option's type is refused as any argument is: by the overload.
template <class Options>
Options options_of(const nb::tuple& given);

}  // namespace cc::bind
