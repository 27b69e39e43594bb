#include "array/compute.h"

#include <initializer_list>

#include "array/affine_pass.h"

namespace cc {

namespace {

// The format of the first operand that has the output's full shape.
Format result_format(const Shape& shape, std::initializer_list<const Array*> operands) {
    for (const Array* operand : operands)
        if (operand->shape() == shape) return operand->format();
    return Format::RowMajor;
}

ElementwiseProblem problem_for(const Array& out, Dtype dtype, std::initializer_list<const Array*> operands) {
    ElementwiseProblem problem{out.shape(), dtype, out.dtype(), {}, out.strides()};
    int i = 0;
    for (const Array* operand : operands) {
        problem.widened[i] = dtype == Dtype::BFloat16 && operand->dtype() == Dtype::Float32;
        problem.strides[i++] = broadcast_strides(operand->shape(), operand->strides(), out.shape());
    }
    return problem;
}

// Of two operands, one of which may be float32 beside bfloat16.
Dtype dtype_of_both(const Array& a, const Array& b) { return b.dtype() == Dtype::BFloat16 ? b.dtype() : a.dtype(); }

std::pair<ReduceProblem, Shape> problem_for(const Array& x, uint32_t axes, bool keepdim) {
    ReduceProblem problem{x.dtype(), {}, {}, {}, {}};
    Shape shape;
    for (int i = 0; i < x.rank(); ++i) {
        bool reduced = axes >> i & 1;
        (reduced ? problem.reduced : problem.kept).push_back(x.size(i));
        (reduced ? problem.reduced_strides : problem.kept_strides).push_back(x.strides()[i]);
        if (!reduced || keepdim) shape.push_back(reduced ? 1 : x.size(i));
    }
    return {problem, shape};
}

}  // namespace

Array compute(Unary op, const Array& x, double parameter, double parameter2) {
    if (auto joined = join_affine(op, x, parameter, parameter2)) return *joined;
    Array out = Array::empty(x.shape(), result_dtype(op, x.dtype()), x.format());
    elementwise(op, problem_for(out, x.dtype(), {&x}), x.raw(), out.raw(), parameter, parameter2);
    return out;
}

Array compute(Binary op, const Array& a, const Array& b, double parameter, double parameter2) {
    if (op == Binary::Add)
        if (auto joined = join_affine(a, b)) return *joined;
    if (auto joined = join_clamp_grad(op, a, b, parameter, parameter2)) return *joined;
    Shape shape = broadcast_shapes(name(op), a.shape(), b.shape());
    const Dtype dtype = dtype_of_both(a, b);
    Array out = Array::empty(shape, result_dtype(op, dtype), result_format(shape, {&a, &b}));
    elementwise(op, problem_for(out, dtype, {&a, &b}), a.raw(), b.raw(), out.raw(), parameter, parameter2);
    return out;
}

Array compute(Ternary op, const Array& a, const Array& b, const Array& c, double parameter, double parameter2) {
    Shape shape = broadcast_shapes(name(op), broadcast_shapes(name(op), a.shape(), b.shape()), c.shape());
    Array out = Array::empty(shape, c.dtype(), result_format(shape, {&a, &b, &c}));
    elementwise(op, problem_for(out, c.dtype(), {&a, &b, &c}), a.raw(), b.raw(), c.raw(), out.raw(), parameter, parameter2);
    return out;
}

void compute_into(const Array& out, Unary op, const Array& x, double parameter, double parameter2) {
    out.storage().before_write();
    elementwise(op, problem_for(out, x.dtype(), {&x}), x.raw(), out.raw(), parameter, parameter2);
    out.storage().bump_version();
}

void compute_into(const Array& out, Binary op, const Array& a, const Array& b, double parameter, double parameter2) {
    out.storage().before_write();
    elementwise(op, problem_for(out, dtype_of_both(a, b), {&a, &b}), a.raw(), b.raw(), out.raw(), parameter, parameter2);
    out.storage().bump_version();
}

void compute_into(const Array& out, Ternary op, const Array& a, const Array& b, const Array& c, double parameter,
                  double parameter2) {
    out.storage().before_write();
    elementwise(op, problem_for(out, c.dtype(), {&a, &b, &c}), a.raw(), b.raw(), c.raw(), out.raw(), parameter, parameter2);
    out.storage().bump_version();
}

Array compute_over(Array a, Unary op, double parameter, double parameter2) {
    if (!a.sole() || result_dtype(op, a.dtype()) != a.dtype()) return compute(op, a, parameter, parameter2);
    elementwise(op, problem_for(a, a.dtype(), {&a}), a.raw(), a.raw(), parameter, parameter2);
    return a;
}

Array compute_over(Array a, Binary op, const Array& b, double parameter, double parameter2) {
    if (!a.sole() || a.shape() != b.shape() || a.dtype() != b.dtype() || result_dtype(op, a.dtype()) != a.dtype())
        return compute(op, a, b, parameter, parameter2);
    if (auto joined = join_clamp_grad(op, a, b, parameter, parameter2)) return *joined;
    compute_into(a, op, a, b, parameter, parameter2);
    return a;
}

Array compute(Reduction op, const Array& x, uint32_t axes, bool keepdim) {
    if (x.dtype() == Dtype::BFloat16) {
        Array out = compute(op, x.to(Dtype::Float32), axes, keepdim);
        return is_floating(out.dtype()) ? out.to(Dtype::BFloat16) : out;
    }
    auto [problem, shape] = problem_for(x, axes, keepdim);
    Array out = Array::empty(shape, result_dtype(op, x.dtype()));
    reduce(op, problem, x.raw(), out.raw());
    return out;
}

Array compute_sum(Binary op, const Array& a, const Array& b, double parameter) {
    const Format format = a.format();
    const bool alike = a.shape() == b.shape() && a.is(format) && b.is(format) && a.dtype() == b.dtype();
    if (!alike || a.dtype() == Dtype::BFloat16) {
        const Array terms = compute(op, a, b, parameter);
        return compute(Reduction::Sum, terms, (uint32_t{1} << terms.rank()) - 1, false);
    }
    const double sum = sum_of(op, a.dtype(), a.numel(), a.raw(), b.raw(), parameter);
    return a.dtype() == Dtype::Float64 ? Array::scalar(sum) : Array::scalar(static_cast<float>(sum));
}

std::pair<Array, Array> compute_extremes(Reduction op, const Array& x, uint32_t axes, bool keepdim) {
    if (x.dtype() == Dtype::BFloat16) {
        auto [values, positions] = compute_extremes(op, x.to(Dtype::Float32), axes, keepdim);
        return {values.to(Dtype::BFloat16), positions};
    }
    auto [problem, shape] = problem_for(x, axes, keepdim);
    Array values = Array::empty(shape, x.dtype()), positions = Array::empty(shape, Dtype::Int64);
    reduce_positions(op, problem, x.raw(), values.raw(), positions.data<int64_t>());
    return {values, positions};
}

}  // namespace cc
