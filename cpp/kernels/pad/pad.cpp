// y[o] = x[place(o)], places mapped axis by axis. Axes without a border are merged: those behind
// the last bordered axis (the channels of a channels-last image) into blocks, so that a line along
// it is one copy of x's line between two borders of single blocks. Tasks are lines of the result,
// long ones in pieces. The adjoint gathers: a task owns a line of x and adds the lines of y that
// were read from it, the copied one first, borders after it from low to high: same bits at any
// thread count.
#include "kernels/pad/pad.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kPiece = 32 * 1024, kGrain = 16 * 1024;

struct Axis {
    PadMode mode;
    int64_t in, out, lo;
    int64_t begin, end;     // y [begin, end) is x from begin − lo on
    int64_t first, period;  // circular: the part of x that is repeated

    int64_t place(int64_t o) const {
        const int64_t i = o - lo;
        if (i >= 0 && i < in) return i;
        switch (mode) {
            case PadMode::Constant: return -1;
            case PadMode::Reflect: return i < 0 ? -i : 2 * (in - 1) - i;
            case PadMode::Replicate: return i < 0 ? 0 : in - 1;
            case PadMode::Circular: {
                const int64_t turn = (i - first) % period;
                return first + (turn < 0 ? turn + period : turn);
            }
        }
        return -1;
    }
};

Axis make_axis(PadMode mode, int64_t in, int64_t lo, int64_t hi) {
    const int64_t out = in + lo + hi, begin = std::clamp<int64_t>(lo, 0, out),
                  end = std::clamp<int64_t>(in + lo, begin, out), first = std::max<int64_t>(-lo, 0);
    return {mode, in, out, lo, begin, end, first, in - first - std::max<int64_t>(-hi, 0)};
}

// The axes to walk, the last one bordered where any is, and the elements that stay together.
struct Plan {
    std::vector<Axis> outer;
    Axis line;
    int64_t block = 1;

    explicit Plan(const PadProblem& p) {
        auto bordered = [&](int i) { return p.lo[i] != 0 || p.hi[i] != 0; };
        int last = p.rank - 1;
        while (last > 0 && !bordered(last)) block *= p.in[last--];
        bool merge = false;
        for (int i = 0; i < last; ++i) {
            const Axis axis = make_axis(p.mode, p.in[i], p.lo[i], p.hi[i]);
            if (merge && !bordered(i))
                outer.back() = make_axis(p.mode, outer.back().in * axis.in, 0, 0);
            else
                outer.push_back(axis);
            merge = !bordered(i);
        }
        line = make_axis(p.mode, p.in[last], p.lo[last], p.hi[last]);
    }
};

// Cuts lines of `size` blocks, calls f(line, first block, last block) for every piece.
template <class F>
void each_piece(int64_t lines, int64_t size, int64_t block, F f) {
    const int64_t step = std::clamp<int64_t>(kPiece / block, 1, size),
                  pieces = (size + step - 1) / step;
    parallel_for(lines * pieces, std::max<int64_t>(1, kGrain / (step * block)),
                 [&](int64_t begin, int64_t end) {
                     for (int64_t task = begin; task < end; ++task) {
                         const int64_t from = task % pieces * step;
                         f(task / pieces, from, std::min(from + step, size));
                     }
                 });
}

template <class T>
void forward(const Plan& plan, const T* x, T* y, T value) {
    const Axis& line = plan.line;
    const int64_t block = plan.block;
    int64_t lines = 1;
    for (const Axis& axis : plan.outer) lines *= axis.out;
    if (lines * line.out * block == 0) return;
    each_piece(lines, line.out, block, [&](int64_t index, int64_t from, int64_t to) {
        T* target = y + (index * line.out + from) * block;
        int64_t source = 0, stride = line.in * block;
        for (size_t i = plan.outer.size(); i-- > 0;) {
            const Axis& axis = plan.outer[i];
            const int64_t place = axis.place(index % axis.out);
            if (place < 0) {
                std::fill_n(target, (to - from) * block, value);
                return;
            }
            source += place * stride;
            stride *= axis.in;
            index /= axis.out;
        }
        auto border = [&](int64_t begin, int64_t end) {
            if (line.mode == PadMode::Constant) {
                target = std::fill_n(target, (end - begin) * block, value);
                return;
            }
            for (int64_t o = begin; o < end; ++o)
                target = std::copy_n(x + source + line.place(o) * block, block, target);
        };
        const int64_t left = std::clamp(line.begin, from, to),
                      right = std::clamp(line.end, left, to);
        border(from, left);
        target = std::copy_n(x + source + (left - line.lo) * block, (right - left) * block, target);
        border(right, to);
    });
}

// For each place along an axis the elements of y that come from there.
struct Readers {
    std::vector<int64_t> start, all;

    explicit Readers(const Axis& axis) : start(axis.in + 1), all(axis.out) {
        auto each = [&](auto f) {
            for (int64_t o = axis.begin; o < axis.end; ++o) f(o);
            for (int64_t o = 0; o < axis.begin; ++o) f(o);
            for (int64_t o = axis.end; o < axis.out; ++o) f(o);
        };
        each([&](int64_t o) { ++start[axis.place(o) + 1]; });
        for (int64_t i = 0; i < axis.in; ++i) start[i + 1] += start[i];
        std::vector<int64_t> next(start.begin(), start.end() - 1);
        each([&](int64_t o) { all[next[axis.place(o)]++] = o; });
    }
};

template <class T>
void add(const T* __restrict from, T* __restrict to, int64_t n) {
    for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

// The blocks [from, to) of a line of x from one line of y: set for the first such line, added for
// the others.
template <class T>
void add_line(const Axis& line, int64_t block, const T* y, T* x, int64_t from, int64_t to,
              bool set) {
    const int64_t left = std::clamp(line.begin - line.lo, from, to),
                  right = std::clamp(line.end - line.lo, left, to);
    const T* copied = y + (left + line.lo) * block;
    if (set) {
        std::fill(x + from * block, x + left * block, T{});
        std::copy_n(copied, (right - left) * block, x + left * block);
        std::fill(x + right * block, x + to * block, T{});
    } else {
        add(copied, x + left * block, (right - left) * block);
    }
    auto border = [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o) {
            const int64_t i = line.place(o);
            if (i >= from && i < to) add(y + o * block, x + i * block, block);
        }
    };
    border(0, line.begin);
    border(line.end, line.out);
}

template <class T>
void adjoint(const Plan& plan, const T* y, T* x) {
    const Axis& line = plan.line;
    const std::vector<Readers> readers(plan.outer.begin(), plan.outer.end());
    const int rank = static_cast<int>(plan.outer.size());
    int64_t lines = 1;
    for (const Axis& axis : plan.outer) lines *= axis.in;
    if (lines * line.in * plan.block == 0) return;
    each_piece(lines, line.in, plan.block, [&](int64_t index, int64_t from, int64_t to) {
        T* target = x + index * line.in * plan.block;
        int64_t at[kMaxRank], begin[kMaxRank], end[kMaxRank];  // of the readers of each axis
        bool any = true;
        for (int i = rank - 1; i >= 0; --i) {
            const int64_t place = index % plan.outer[i].in;
            index /= plan.outer[i].in;
            at[i] = begin[i] = readers[i].start[place];
            end[i] = readers[i].start[place + 1];
            any = any && begin[i] < end[i];
        }
        if (!any) return (void)std::fill(target + from * plan.block, target + to * plan.block, T{});
        for (bool set = true, more = true; more; set = false) {
            int64_t row = 0;
            for (int i = 0; i < rank; ++i) row = row * plan.outer[i].out + readers[i].all[at[i]];
            add_line(line, plan.block, y + row * line.out * plan.block, target, from, to, set);
            int i = rank - 1;
            while (i >= 0 && ++at[i] == end[i]) at[i] = begin[i], --i;
            more = i >= 0;
        }
    });
}

template <class T>
T bits(Dtype dtype, double value) {
    T result{};
    visit_element(dtype, [&](auto zero) {
        using V = decltype(zero);
        if constexpr (sizeof(V) == sizeof(T)) {
            const V converted = static_cast<V>(value);
            std::copy_n(reinterpret_cast<const char*>(&converted), sizeof(T),
                        reinterpret_cast<char*>(&result));
        }
    });
    return result;
}

template <class T>
void run(const PadProblem& p, const void* x, void* y) {
    forward(Plan(p), static_cast<const T*>(x), static_cast<T*>(y), bits<T>(p.dtype, p.value));
}

}  // namespace

void pad(const PadProblem& p, const void* x, void* y) {
    switch (itemsize(p.dtype)) {
        case 1: return run<uint8_t>(p, x, y);
        case 2: return run<uint16_t>(p, x, y);
        case 4: return run<uint32_t>(p, x, y);
        default: return run<uint64_t>(p, x, y);
    }
}

void pad_adjoint(const PadProblem& p, const void* y, void* x) {
    visit_floating("pad", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        adjoint(Plan(p), static_cast<const T*>(y), static_cast<T*>(x));
    });
}

}  // namespace cc
