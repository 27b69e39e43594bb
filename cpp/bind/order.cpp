// Sorting, running sums and norms; arithmetic in place.
#include "bind/bind.h"
#include "ops/ops.h"

namespace cc::bind {

namespace {

template <class Op>
Op find(const std::string& text) {
    for (int i = 0; i < static_cast<int>(Op::Count); ++i)
        if (text == name(static_cast<Op>(i))) return static_cast<Op>(i);
    fail(ErrorKind::Value, "in-place: unknown function ", text);
}

}  // namespace

void bind_order(nb::module_& m) {
    m.def("sort", &sort, nb::arg("input"), nb::arg("dim"), nb::arg("descending"));
    m.def("argsort", &argsort, nb::arg("input"), nb::arg("dim"), nb::arg("descending"));
    m.def("topk", &topk, nb::arg("input"), nb::arg("k"), nb::arg("dim"), nb::arg("largest"));
    m.def("cumsum", &cumsum, nb::arg("input"), nb::arg("dim"));
    m.def("logsumexp", &logsumexp, nb::arg("input"), nb::arg("dim"), nb::arg("keepdim"));
    m.def("norm", &norm, nb::arg("input"), nb::arg("p"), nb::arg("dim"), nb::arg("keepdim"));
    m.def("std", &cc::std, nb::arg("input"), nb::arg("dim"), nb::arg("correction"), nb::arg("keepdim"));
    m.def("unary_", [](const std::string& op, const Tensor& x) { unary_(find<Unary>(op), x); });
    m.def("binary_", [](const std::string& op, const Tensor& a, const Operand& b) {
        binary_(find<Binary>(op), a, b.tensor);
    });
}

}  // namespace cc::bind
