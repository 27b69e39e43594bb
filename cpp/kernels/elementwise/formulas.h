// The table of elementwise functions. One row gives the enumerator, PyTorch's name, the dtypes it
// accepts (Floats; Whole: integers and bool; Numbers: all but bool; Any) and the formula over vectors x or a, b, c and
// parameters p, q, in the vocabulary of kernels/simd; a formula that is a mask gives bool. Loops for
// every instruction set and dtype, the enums and the names come from these rows.
//
//   Neg … Mish       p: what is added, multiplied or raised to (integers up to 2^53); LeakyRelu's
//                    slope; Elu's and Celu's alpha; the shrinks' lambda. Clamp and Hardtanh: p least,
//                    q greatest, ±inf for none. Threshold: p threshold, q value. Softplus: p beta,
//                    q threshold. From Silu on: activations, which refuse integers where the other
//                    functions of floating-point numbers convert them.
//   XGrad(grad, at)  grad · dX/dx with X's parameters, `at` being X's output or input (ops/unary.cpp).
//   …Loss(x, t)      of an input and a target; …LossGrad(x, t, grad) is grad · dLoss/dx. p: Huber's
//                    delta, SmoothL1's beta, HingeEmbedding's margin, PoissonRate's epsilon.
//   Where(a, b, c)   a is bool whatever the problem's dtype is; b and c have that dtype.
//   LogAddExp        p: the base's logarithm. NanToNum: b for NaN, p and q for +∞ and −∞. AddCmul and AddCdiv: p the
//                    factor.
//   Integers         wrap around; Div truncates, FloorDivide and Remainder are Python's; dividing by
//                    zero raises. bool: + is or, · is and.
#pragma once

#include <stdint.h>

#define CC_UNARY_FORMULAS(X)                                                       \
    X(Neg, "neg", Numbers, -x)                                                     \
    X(Abs, "abs", Numbers, abs(x))                                                 \
    X(Sign, "sign", Any, sign(x))                                                  \
    X(Square, "square", Numbers, x * x)                                            \
    X(Cube, "cube", Numbers, x * x * x)                                            \
    X(Floor, "floor", Numbers, floor(x))                                           \
    X(Ceil, "ceil", Numbers, ceil(x))                                              \
    X(Round, "round", Numbers, round(x))                                           \
    X(Trunc, "trunc", Numbers, trunc(x))                                           \
    X(Frac, "frac", Numbers, x - trunc(x))                                         \
    X(Relu, "relu", Numbers, max(zero(x), x))                                      \
    X(AddScalar, "add", Any, x + p)                                                \
    X(MulScalar, "mul", Any, x * p)                                                \
    X(PowScalar, "pow", Numbers, pow(x, p))                                        \
    X(Clamp, "clamp", Numbers, min(q, max(p, x)))                                  \
    X(LogicalNot, "logical_not", Any, x == zero(x))                                \
    X(IsNan, "isnan", Any, x != x)                                                 \
    X(IsInf, "isinf", Any, is_inf(x))                                              \
    X(IsFinite, "isfinite", Any, x - x == zero(x))                                 \
    X(Exp, "exp", Floats, exp(x))                                                  \
    X(Expm1, "expm1", Floats, expm1(x))                                            \
    X(Log, "log", Floats, log(x))                                                  \
    X(Log1p, "log1p", Floats, log1p(x))                                            \
    X(Sqrt, "sqrt", Floats, sqrt(x))                                               \
    X(Rsqrt, "rsqrt", Floats, one(x) / sqrt(x))                                    \
    X(Reciprocal, "reciprocal", Floats, one(x) / x)                                \
    X(InverseSquare, "inverse_square", Floats, one(x) / (x * x))                   \
    X(Sin, "sin", Floats, sin(x))                                                  \
    X(Cos, "cos", Floats, cos(x))                                                  \
    X(Tan, "tan", Floats, tan(x))                                                  \
    X(Asin, "asin", Floats, asin(x))                                               \
    X(Acos, "acos", Floats, acos(x))                                               \
    X(Atan, "atan", Floats, atan(x))                                               \
    X(Sinh, "sinh", Floats, sinh(x))                                               \
    X(Cosh, "cosh", Floats, cosh(x))                                               \
    X(Asinh, "asinh", Floats, asinh(x))                                            \
    X(Acosh, "acosh", Floats, acosh(x))                                            \
    X(Atanh, "atanh", Floats, atanh(x))                                            \
    X(Exp2, "exp2", Floats, exp2(x))                                               \
    X(Log2, "log2", Floats, log(x) * V::parameter(1.44269504088896340736))         \
    X(Log10, "log10", Floats, log(x) * V::parameter(0.43429448190325182765))       \
    X(Erfc, "erfc", Floats, erfc(x))                                               \
    X(Erfinv, "erfinv", Floats, erfinv(x))                                         \
    X(BitNot, "bitwise_not", Whole, bit_not(x))                                    \
    X(Tanh, "tanh", Floats, tanh(x))                                               \
    X(Erf, "erf", Floats, erf(x))                                                  \
    X(Sigmoid, "sigmoid", Floats, sigmoid(x))                                      \
    X(Hardtanh, "hardtanh", Numbers, min(q, max(p, x)))                            \
    X(Threshold, "threshold", Numbers, select(x <= p, q, x))                       \
    X(Softsign, "softsign", Floats, x / (one(x) + abs(x)))                         \
    X(Tanhshrink, "tanhshrink", Floats, x - tanh(x))                               \
    X(Silu, "silu", Floats, x * sigmoid(x))                                        \
    X(Softplus, "softplus", Floats, softplus(x, p, q))                             \
    X(LeakyRelu, "leaky_relu", Floats, select(x > zero(x), x, x * p))              \
    X(Elu, "elu", Floats, select(x > zero(x), x, p * expm1(x)))                    \
    X(Gelu, "gelu", Floats, gelu(x))                                               \
    X(GeluTanh, "gelu_tanh", Floats, gelu_tanh(x))                                 \
    X(Hardsigmoid, "hardsigmoid", Floats, hardsigmoid(x))                          \
    X(Hardswish, "hardswish", Floats, x * hardsigmoid(x))                          \
    X(Hardshrink, "hardshrink", Floats, select((x >= -p) & (x <= p), zero(x), x))  \
    X(Softshrink, "softshrink", Floats, softshrink(x, p))                          \
    X(LogSigmoid, "logsigmoid", Floats, min(zero(x), x) - log1p_exp_negative(-abs(x)))     \
    X(Selu, "selu", Floats, selu(x))                                               \
    X(Celu, "celu", Floats, select(x > zero(x), x, p * expm1(x / p)))              \
    X(Mish, "mish", Floats, mish(x))

#define CC_BINARY_FORMULAS(X)                                                          \
    X(Add, "add", Any, a + b)                                                          \
    X(Sub, "sub", Numbers, a - b)                                                      \
    X(Mul, "mul", Any, a * b)                                                          \
    X(Div, "div", Numbers, a / b)                                                      \
    X(Pow, "pow", Numbers, pow(a, b))                                                  \
    X(Maximum, "maximum", Any, select(a != a, a, max(a, b)))                           \
    X(Minimum, "minimum", Any, select(a != a, a, min(a, b)))                           \
    X(Remainder, "remainder", Numbers, remainder(a, b))                                \
    X(FloorDivide, "floor_divide", Numbers, floor_divide(a, b))                        \
    X(Atan2, "atan2", Floats, atan2(a, b))                                             \
    X(Fmod, "fmod", Numbers, fmod_of(a, b))                                            \
    X(CopySign, "copysign", Floats, copy_sign(a, b))                                   \
    X(LogAddExp, "logaddexp", Floats, log_add_exp(a, b, p))                            \
    X(NanToNum, "nan_to_num", Floats, nan_to_num(a, b, p, q))                          \
    X(BitAnd, "bitwise_and", Whole, bit_and(a, b))                                     \
    X(BitOr, "bitwise_or", Whole, bit_or(a, b))                                        \
    X(BitXor, "bitwise_xor", Whole, bit_xor(a, b))                                     \
    X(ShiftLeft, "bitwise_left_shift", Whole, shift_left(a, b))                        \
    X(ShiftRight, "bitwise_right_shift", Whole, shift_right(a, b))                     \
    X(Equal, "eq", Any, a == b)                                                        \
    X(NotEqual, "ne", Any, a != b)                                                     \
    X(Less, "lt", Any, a < b)                                                          \
    X(LessEqual, "le", Any, a <= b)                                                    \
    X(Greater, "gt", Any, a > b)                                                       \
    X(GreaterEqual, "ge", Any, a >= b)                                                 \
    X(LogicalAnd, "logical_and", Any, (a != zero(a)) & (b != zero(b)))                 \
    X(LogicalOr, "logical_or", Any, (a != zero(a)) | (b != zero(b)))                   \
    X(LogicalXor, "logical_xor", Any, (a != zero(a)) ^ (b != zero(b)))                 \
    X(Heaviside, "heaviside", Any, select(a == zero(a), b, sign(max(a, zero(a)))))     \
    X(Glu, "glu", Floats, a * sigmoid(b))                                              \
    X(Prelu, "prelu", Floats, select(a > zero(a), a, a * b))                           \
    X(PreluSlopeGrad, "prelu_slope_grad", Floats, select(b > zero(b), zero(a), a * b)) \
    X(AbsGrad, "abs_grad", Floats, a * sign(b))                                        \
    X(ClampGrad, "clamp_grad", Floats, select((b >= p) & (b <= q), a, zero(a)))        \
    X(ReluGrad, "relu_grad", Floats, select(b <= zero(b), zero(a), a))                 \
    X(LeakyReluGrad, "leaky_relu_grad", Floats, select(b > zero(b), a, a * p))         \
    X(HardtanhGrad, "hardtanh_grad", Floats, select((b <= p) | (b >= q), zero(a), a))  \
    X(ThresholdGrad, "threshold_grad", Floats, select(b <= p, zero(a), a))             \
    X(ShrinkGrad, "shrink_grad", Floats, select((b >= -p) & (b <= p), zero(a), a))     \
    X(HardsigmoidGrad, "hardsigmoid_grad", Floats, hardsigmoid_grad(a, b))             \
    X(HardswishGrad, "hardswish_grad", Floats, hardswish_grad(a, b))                   \
    X(SigmoidGrad, "sigmoid_grad", Floats, a * (one(b) - b) * b)                       \
    X(TanhGrad, "tanh_grad", Floats, a * (one(b) - b * b))                             \
    X(SoftsignGrad, "softsign_grad", Floats, a / square(one(b) + abs(b)))              \
    X(TanhshrinkGrad, "tanhshrink_grad", Floats, a * square(tanh(b)))                  \
    X(LogSigmoidGrad, "logsigmoid_grad", Floats, a * sigmoid(-b))                      \
    X(SoftplusGrad, "softplus_grad", Floats, select(b * p > q, a, a * sigmoid(b * p))) \
    X(EluGrad, "elu_grad", Floats, select(b <= zero(b), a * (b + p), a))               \
    X(EluInputGrad, "elu_input_grad", Floats, select(b <= zero(b), a * p * exp(b), a)) \
    X(SeluGrad, "selu_grad", Floats, selu_grad(a, b))                                  \
    X(CeluGrad, "celu_grad", Floats, select(b <= zero(b), a * (b / p + one(b)), a))    \
    X(SiluGrad, "silu_grad", Floats, silu_grad(a, b))                                  \
    X(GeluGrad, "gelu_grad", Floats, gelu_grad(a, b))                                  \
    X(GeluTanhGrad, "gelu_tanh_grad", Floats, gelu_tanh_grad(a, b))                    \
    X(MishGrad, "mish_grad", Floats, mish_grad(a, b))                                  \
    X(MseLoss, "mse_loss", Floats, square(a - b))                                      \
    X(L1Loss, "l1_loss", Floats, abs(a - b))                                           \
    X(SmoothL1Loss, "smooth_l1_loss", Floats, smooth_l1(a - b, p))                     \
    X(HuberLoss, "huber_loss", Floats, huber(a - b, p))                                \
    X(BceLoss, "binary_cross_entropy", Floats, bce(a, b))                              \
    X(BceLogitsLoss, "binary_cross_entropy_with_logits", Floats, log1p_exp(a) - a * b) \
    X(SoftMarginLoss, "soft_margin_loss", Floats, log1p_exp(-a * b))                   \
    X(HingeEmbeddingLoss, "hinge_embedding_loss", Floats, hinge_embedding(a, b, p))    \
    X(PoissonLoss, "poisson_nll_loss", Floats, exp(a) - a * b)                         \
    X(PoissonRateLoss, "poisson_nll_loss_rate", Floats, a - b * log(a + p))            \
    X(KlDivLoss, "kl_div", Floats, kl_div(a, b))                                       \
    X(KlDivLogLoss, "kl_div_log", Floats, exp(b) * (b - a))

#define CC_TERNARY_FORMULAS(X)                                                                       \
    X(MulAdd, "mul_add", Any, a * b + c)                                                             \
    X(Lerp, "lerp", Floats, lerp(a, b, c))                                                           \
    X(AddCmul, "addcmul", Floats,  a + p * b * c)                                                    \
    X(AddCdiv, "addcdiv", Floats, a + p * (b / c))                                                   \
    X(GluGrad, "glu_grad", Floats, c * a * sigmoid(b) * sigmoid(-b))                                 \
    X(PreluGrad, "prelu_grad", Floats, select(a > zero(a), c, c * b))                                \
    X(MseLossGrad, "mse_loss_grad", Floats, V::set(2) * c * (a - b))                                 \
    X(L1LossGrad, "l1_loss_grad", Floats, c * sign(a - b))                                           \
    X(SmoothL1LossGrad, "smooth_l1_loss_grad", Floats, smooth_l1_grad(a - b, c, p))                  \
    X(HuberLossGrad, "huber_loss_grad", Floats, huber_grad(a - b, c, p))                             \
    X(BceLossGrad, "binary_cross_entropy_grad", Floats, bce_grad(a, b, c))                           \
    X(BceLogitsLossGrad, "binary_cross_entropy_with_logits_grad", Floats, c * (sigmoid(a) - b))      \
    X(SoftMarginLossGrad, "soft_margin_loss_grad", Floats, -c * b * sigmoid(-a * b))                 \
    X(HingeEmbeddingLossGrad, "hinge_embedding_loss_grad", Floats, hinge_embedding_grad(a, b, c, p)) \
    X(PoissonLossGrad, "poisson_nll_loss_grad", Floats, c * (exp(a) - b))                            \
    X(PoissonRateLossGrad, "poisson_nll_loss_rate_grad", Floats, c * (one(a) - b / (a + p)))         \
    X(KlDivLossGrad, "kl_div_grad", Floats, -(c * b))                                                \
    X(KlDivLogLossGrad, "kl_div_log_grad", Floats, -(c * exp(b)))

namespace cc {

#define CC_ROW(Name, text, domain, formula) Name,
// One operand.
enum class Unary : uint8_t { CC_UNARY_FORMULAS(CC_ROW) Count };
// Two operands of one dtype.
enum class Binary : uint8_t { CC_BINARY_FORMULAS(CC_ROW) Count };
// Three; Where stands apart because its first operand is bool.
enum class Ternary : uint8_t { CC_TERNARY_FORMULAS(CC_ROW) Where, Count };
#undef CC_ROW

// Loops over n contiguous elements. x, a, b, c and out may be the same memory, never overlap otherwise.
using UnaryLoop = void (*)(const void* x, void* out, int64_t n, double p, double q);
using BinaryLoop = void (*)(const void* a, const void* b, void* out, int64_t n, double p, double q);
using TernaryLoop = void (*)(const void* a, const void* b, const void* c, void* out, int64_t n, double p,
                             double q);

// One dtype's loops for one instruction set, indexed by the enums; null where a dtype is not accepted.
struct ElementwiseLoops {
    const UnaryLoop* unary;
    const BinaryLoop* binary;
    const TernaryLoop* ternary;
};

}  // namespace cc
