// Elementwise functions: out[i…] = f(a[i…], b[i…], …), PyTorch's semantics.
//
// Nothing is instantiated per layout: the compiled loops (loops.inl, one per formula, vector type
// and instruction set) see contiguous memory only. Axes are put in the output's memory order and
// merged. Then, block by block,
//   flat      output contiguous, inputs contiguous or a repeated pattern of ≤ kBlock elements (a
//             bias, a scalar), tiled once per task;
//   rows      inner axis contiguous or broadcast for every array: one call per row piece;
//   gathered  otherwise: operands pass through a block that stays in the first-level cache. A large
//             operand in another memory format (row-major beside channels-last) is first turned by
//             a tiled copy.
// Blocks do not depend on the number of threads, and values do not depend on blocks.
//
// bfloat16 is widened, computed in float32's loops and rounded, a block at a time in the first-level
// cache: memory sees two bytes an element.
#include "kernels/elementwise/elementwise.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/cpu.h"
#include "base/parallel.h"
#include "kernels/copy/copy.h"
#include "kernels/elementwise/loops.h"
#include "kernels/strided.h"

namespace cc {

namespace {

constexpr int64_t kBlock = 1024;  // elements of a block: four arrays of 8 bytes fill a 32 KB cache
constexpr int64_t kGrain = 16 * 1024;  // elements worth waking a thread for

const ElementwiseLoops& loops(Dtype dtype) {
#ifdef CONVCORE_X86
    if (is_floating(dtype)) {
        const bool single = dtype != Dtype::Float64;
        if (isa() == Isa::Avx512)
            return single ? avx512::elementwise_float32 : avx512::elementwise_float64;
        if (isa() == Isa::Avx2)
            return single ? avx2::elementwise_float32 : avx2::elementwise_float64;
    }
#endif
    return generic::elementwise_loops[static_cast<int>(dtype)];
}

// x^p for the exponents that have a cheaper exact formula (PyTorch takes the same).
Unary power(Dtype dtype, double p) {
    if (p == 2) return Unary::Square;
    if (p == 3) return Unary::Cube;
    if (!is_floating(dtype)) return Unary::PowScalar;
    if (p == 0.5) return Unary::Sqrt;
    if (p == -0.5) return Unary::Rsqrt;
    if (p == -1) return Unary::Reciprocal;
    if (p == -2) return Unary::InverseSquare;
    if (p == 1) return Unary::MulScalar;
    return Unary::PowScalar;
}

// Elements after which an input repeats: those of the axes behind the outermost broadcast ones.
int64_t period(const Strided& s, int array) {
    int axis = 0;
    while (axis < s.rank && s.stride[array][axis] == 0) ++axis;
    int64_t n = 1;
    for (; axis < s.rank; ++axis) n *= s.size[axis];
    return n;
}

enum class Mode { Flat, Rows, Gathered };

struct Plan {
    Strided layout;  // array 0 is the output
    Mode mode;
    int64_t block;  // elements of one call at most
    size_t item[Strided::kMaxArrays];

    Plan(const ElementwiseProblem& p, int inputs, Dtype first) : layout(order(p, inputs)) {
        item[0] = itemsize(p.out_dtype);
        for (int i = 0; i < 3; ++i)
            item[i + 1] = itemsize(p.widened[i] ? Dtype::Float32 : i == 0 ? first : p.dtype);
        choose();
    }

    static Strided order(const ElementwiseProblem& p, int inputs) {
        const Shape* strides[] = {&p.out_strides, &p.strides[0], &p.strides[1], &p.strides[2]};
        return Strided(p.shape, strides, inputs + 1);
    }

    void choose() {
        const int last = layout.rank - 1;
        block = kBlock;
        bool flat = layout.dense(0), rows = layout.size[last] >= 32, all_dense = flat;
        bool broadcast = false;
        for (int a = 0; a < layout.arrays; ++a) {
            broadcast = broadcast || layout.stride[a][last] == 0;
            rows = rows && (layout.stride[a][last] == 1 || (a > 0 && layout.stride[a][last] == 0));
        }
        for (int a = 1; a < layout.arrays; ++a) {
            if (layout.dense(a)) continue;
            all_dense = false;
            const int64_t repeat = period(layout, a);
            if (repeat > kBlock || block % repeat) {
                // The first pattern sets the block; others must fit it.
                if (repeat <= kBlock && block == kBlock) block = kBlock / repeat * repeat;
                else flat = false;
            }
        }
        mode = flat ? Mode::Flat : rows ? Mode::Rows : Mode::Gathered;
        if (mode != Mode::Flat) block = kBlock;
        // A number repeated along a row is written down once for several blocks of it.
        if (mode == Mode::Rows && broadcast) block = kBlock / 4;
        if (all_dense) block = kGrain;
    }
};

using Loop = FunctionRef<void(const void* const* in, void* out, int64_t n)>;

// One task: elements [begin, end) in the output's order; begin is a multiple of plan.block.
void run_range(const Plan& plan, const char* const* in, char* out, int64_t begin, int64_t end,
               Loop loop) {
    const Strided& s = plan.layout;
    const int last = s.rank - 1;
    alignas(64) char buffer[Strided::kMaxArrays][kBlock * 8];
    const void* from[3];
    const char* filled[3] = {};

    if (plan.mode == Mode::Rows) {
        int64_t at[Strided::kMaxArrays];
        for (int64_t i = begin; i < end;) {
            const int64_t in_row = i % s.size[last], row = i - in_row;
            int64_t rest = i;
            for (int a = 0; a < s.arrays; ++a) at[a] = s.offset[a];
            for (int axis = last; axis >= 0; --axis) {
                const int64_t index = rest % s.size[axis];
                rest /= s.size[axis];
                for (int a = 0; a < s.arrays; ++a) at[a] += index * s.stride[a][axis];
            }
            const int64_t row_end = std::min(end, row + s.size[last]);
            while (i < row_end) {
                const int64_t n = std::min(plan.block, row_end - i);
                for (int a = 1; a < s.arrays; ++a) {
                    const char* source = in[a - 1] + at[a] * static_cast<int64_t>(plan.item[a]);
                    if (s.stride[a][last] == 0) {
                        if (filled[a - 1] != source)
                            gather(s, a, plan.item[a], in[a - 1], row,
                                   std::min(plan.block, s.size[last]), buffer[a]);
                        filled[a - 1] = source;
                        from[a - 1] = buffer[a];
                    } else {
                        from[a - 1] = source;
                        at[a] += n;
                    }
                }
                loop(from, out + at[0] * static_cast<int64_t>(plan.item[0]), n);
                at[0] += n;
                i += n;
            }
        }
        return;
    }

    bool is_dense[Strided::kMaxArrays], repeats[Strided::kMaxArrays];
    for (int a = 0; a < s.arrays; ++a) {
        is_dense[a] = s.dense(a);
        repeats[a] = !is_dense[a] && plan.block % period(s, a) == 0;
    }
    for (int64_t i = begin; i < end; i += plan.block) {
        const int64_t n = std::min(plan.block, end - i);
        for (int a = 1; a < s.arrays; ++a) {
            const int64_t item = static_cast<int64_t>(plan.item[a]);
            if (is_dense[a]) {
                from[a - 1] = in[a - 1] + (s.offset[a] + i) * item;
            } else {
                if (!repeats[a] || i == begin)
                    gather(s, a, plan.item[a], in[a - 1], i, n, buffer[a]);
                from[a - 1] = buffer[a];
            }
        }
        if (is_dense[0]) {
            loop(from, out + (s.offset[0] + i) * static_cast<int64_t>(plan.item[0]), n);
        } else {
            loop(from, buffer[0], n);
            scatter(s, 0, plan.item[0], buffer[0], i, n, out);
        }
    }
}

// The loop of float32 over contiguous bfloat16.
void run_widened(const ElementwiseProblem& p, int inputs, Dtype first, const void* const* in,
                 void* out, int64_t n, Loop loop) {
    alignas(64) float wide[4][kBlock];
    for (int64_t i = 0; i < n; i += kBlock) {
        const int64_t m = std::min(kBlock, n - i);
        const void* from[3] = {};
        for (int a = 0; a < inputs; ++a) {
            const bool narrow = !p.widened[a] && (a > 0 || first == Dtype::BFloat16);
            const size_t item = narrow ? 2 : p.widened[a] ? sizeof(float) : itemsize(first);
            from[a] = static_cast<const char*>(in[a]) + i * static_cast<int64_t>(item);
            if (!narrow) continue;
            widen_bfloat16(static_cast<const uint16_t*>(from[a]), wide[a], m);
            from[a] = wide[a];
        }
        if (p.out_dtype != Dtype::BFloat16) {
            loop(from, static_cast<char*>(out) + i * static_cast<int64_t>(itemsize(p.out_dtype)), m);
            continue;
        }
        loop(from, wide[3], m);
        narrow_bfloat16(wide[3], static_cast<uint16_t*>(out) + i, m);
    }
}

// An input whose inner axis is another one than the output's: better turned by copy's tiles than
// gathered element by element.
bool turned(const Strided& s, int array) {
    const int last = s.rank - 1;
    if (s.stride[array][last] == 0 || s.stride[array][last] == 1) return false;
    for (int i = 0; i < last; ++i)
        if (s.stride[array][i] == 1) return true;
    return false;
}

// Replaces turned inputs by copies in the output's order, which live in room.
Plan with_turned_copies(const Plan& plan, const char** in, Scratch<char>& room) {
    Plan straight = plan;
    Strided& s = straight.layout;
    Shape shape, dense(s.rank, 1);
    for (int i = 0; i < s.rank; ++i) shape.push_back(s.size[i]);
    for (int i = s.rank - 2; i >= 0; --i) dense[i] = dense[i + 1] * shape[i + 1];
    char* next = room.data();
    for (int a = 1; a < s.arrays; ++a) {
        if (!turned(s, a)) continue;
        Shape strides(s.rank, 0);
        for (int i = 0; i < s.rank; ++i) {
            strides[i] = s.stride[a][i];
            s.stride[a][i] = dense[i];
        }
        const Dtype dtype = plan.item[a] == 1   ? Dtype::UInt8
                            : plan.item[a] == 2 ? Dtype::BFloat16
                            : plan.item[a] == 4 ? Dtype::Int32
                                                : Dtype::Int64;
        copy({shape, dtype, dtype, strides, dense},
             in[a - 1] + s.offset[a] * static_cast<int64_t>(plan.item[a]), next);
        in[a - 1] = next;
        s.offset[a] = 0;
        next += shape.numel() * 8;
    }
    straight.choose();
    return straight;
}

void run_plan(const Plan& plan, const char* const* in, char* out, int64_t n, Loop loop) {
    const int64_t blocks = (n + plan.block - 1) / plan.block;
    parallel_for(
        blocks, std::max<int64_t>(1, kGrain / plan.block), [&](int64_t begin, int64_t end) {
            run_range(plan, in, out, begin * plan.block, std::min(n, end * plan.block), loop);
        });
}

void run(const ElementwiseProblem& problem, int inputs, Dtype first, const void* a, const void* b,
         const void* c, void* out_, Loop loop) {
    const int64_t n = problem.shape.numel();
    if (n == 0) return;
    const auto in_float32 = [&](const void* const* in, void* out, int64_t n) {
        run_widened(problem, inputs, first, in, out, n, loop);
    };
    const Plan plan(problem, inputs, first);
    const char* in[] = {static_cast<const char*>(a), static_cast<const char*>(b),
                        static_cast<const char*>(c)};
    char* out = static_cast<char*>(out_);
    int copies = 0;
    for (int i = 1; i <= inputs && n >= kGrain; ++i) copies += turned(plan.layout, i);
    const Loop whole = problem.dtype == Dtype::BFloat16 ? Loop(in_float32) : loop;
    if (copies == 0) return run_plan(plan, in, out, n, whole);
    Scratch<char> room(copies * n * 8);
    run_plan(with_turned_copies(plan, in, room), in, out, n, whole);
}

template <class Op, class F> F checked(Op op, Dtype dtype, F loop) {
    check_type(loop != nullptr, name(op), ": not defined for dtype ", dtype);
    return loop;
}

}  // namespace

BinaryLoop loop_of(Binary op, Dtype dtype) {
    return checked(op, dtype, loops(dtype).binary[static_cast<int>(op)]);
}

void elementwise(Unary op, const ElementwiseProblem& problem, const void* x, void* out, double p,
                 double q) {
    const Unary row = op == Unary::PowScalar ? power(problem.dtype, p) : op;
    const UnaryLoop loop = checked(op, problem.dtype, loops(problem.dtype).unary[static_cast<int>(row)]);
    run(problem, 1, problem.dtype, x, nullptr, nullptr, out,
        [&](const void* const* in, void* to, int64_t n) { loop(in[0], to, n, p, q); });
}

void elementwise(Binary op, const ElementwiseProblem& problem, const void* a, const void* b,
                 void* out, double p, double q) {
    const BinaryLoop loop = loop_of(op, problem.dtype);
    run(problem, 2, problem.dtype, a, b, nullptr, out,
        [&](const void* const* in, void* to, int64_t n) { loop(in[0], in[1], to, n, p, q); });
}

void elementwise(Ternary op, const ElementwiseProblem& problem, const void* a, const void* b,
                 const void* c, void* out, double p, double q) {
    const TernaryLoop loop =
        checked(op, problem.dtype, loops(problem.dtype).ternary[static_cast<int>(op)]);
    run(problem, 3, op == Ternary::Where ? Dtype::Bool : problem.dtype, a, b, c, out,
        [&](const void* const* in, void* to, int64_t n) { loop(in[0], in[1], in[2], to, n, p, q); });
}

const char* name(Unary op) { return generic::unary_info[static_cast<int>(op)].name; }
const char* name(Binary op) { return generic::binary_info[static_cast<int>(op)].name; }
const char* name(Ternary op) { return generic::ternary_info[static_cast<int>(op)].name; }

Dtype result_dtype(Unary op, Dtype dtype) {
    return generic::unary_info[static_cast<int>(op)].gives_bool ? Dtype::Bool : dtype;
}
Dtype result_dtype(Binary op, Dtype dtype) {
    return generic::binary_info[static_cast<int>(op)].gives_bool ? Dtype::Bool : dtype;
}
Dtype result_dtype(Ternary op, Dtype dtype) { return dtype; }

bool accepts(Unary op, Dtype dtype) { return loops(dtype).unary[static_cast<int>(op)] != nullptr; }
bool accepts(Binary op, Dtype dtype) {
    return loops(dtype).binary[static_cast<int>(op)] != nullptr;
}
bool accepts(Ternary op, Dtype dtype) {
    return loops(dtype).ternary[static_cast<int>(op)] != nullptr;
}

}  // namespace cc
