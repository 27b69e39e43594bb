#include "kernels/reduce/reduce.h"

#include <algorithm>
#include <type_traits>

#include "base/parallel.h"

namespace cc {

namespace {

// Calls f(offset) for every index of shape in order.
template <class F>
void for_each_offset(const Shape& shape, const Shape& strides, F&& f) {
    int64_t index[kMaxRank] = {}, at = 0;
    for (int64_t n = shape.numel(); n > 0; --n) {
        f(at);
        for (int i = shape.rank() - 1; i >= 0; --i) {
            at += strides[i];
            if (++index[i] < shape[i]) break;
            at -= shape[i] * strides[i];
            index[i] = 0;
        }
    }
}

template <class T>
using Accumulator = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

template <class T>
void reduce_one(Reduction op, const ReduceProblem& p, const T* x, void* out, int64_t o) {
    using A = Accumulator<T>;
    switch (op) {
        case Reduction::Sum:
        case Reduction::SumSquares:
        case Reduction::Prod: {
            A sum = op == Reduction::Prod ? 1 : 0;
            for_each_offset(p.reduced, p.reduced_strides, [&](int64_t at) {
                const A v = static_cast<A>(x[at]);
                if (op == Reduction::Sum) sum += v;
                else if (op == Reduction::Prod) sum *= v;
                else sum += v * v;
            });
            static_cast<T*>(out)[o] = static_cast<T>(sum);
            return;
        }
        case Reduction::Any:
        case Reduction::All: {
            bool any = false, all = true;
            for_each_offset(p.reduced, p.reduced_strides, [&](int64_t at) {
                const bool v = x[at] != T{};
                any = any || v;
                all = all && v;
            });
            static_cast<bool*>(out)[o] = op == Reduction::Any ? any : all;
            return;
        }
        default: {
            const bool greatest = op == Reduction::Max || op == Reduction::ArgMax;
            T best = x[0];
            int64_t where = 0, i = 0;
            for_each_offset(p.reduced, p.reduced_strides, [&](int64_t at) {
                const T v = x[at];
                const bool better = (greatest ? v > best : v < best) || v != v;
                if (i == 0 || (better && best == best)) best = v, where = i;
                ++i;
            });
            if (op == Reduction::Max || op == Reduction::Min) static_cast<T*>(out)[o] = best;
            else static_cast<int64_t*>(out)[o] = where;
        }
    }
}

}  // namespace

void reduce(Reduction op, const ReduceProblem& p, const void* x, void* out) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const int64_t outputs = p.kept.numel(), length = std::max<int64_t>(1, p.reduced.numel());
        parallel_for(outputs, std::max<int64_t>(1, 16384 / length), [&](int64_t begin, int64_t end) {
            for (int64_t o = begin; o < end; ++o) {
                int64_t at = 0, rest = o;
                for (int i = p.kept.rank() - 1; i >= 0; --i) {
                    at += rest % p.kept[i] * p.kept_strides[i];
                    rest /= p.kept[i];
                }
                reduce_one(op, p, static_cast<const T*>(x) + at, out, o);
            }
        });
    });
}

}  // namespace cc
