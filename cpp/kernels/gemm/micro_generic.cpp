#include "kernels/gemm/micro.inl"

namespace cc::generic {
namespace {

// 16 bytes in the compiler's own vector arithmetic, which every machine has. No fused multiply-add
// is assumed.
template <class T>
struct Vector {
    static constexpr int64_t lanes = 16 / sizeof(T);
    typedef T Type __attribute__((vector_size(16)));
    typedef T Unaligned __attribute__((vector_size(16), aligned(alignof(T)), may_alias));
    Type v;
    using Scalar = T;
    static Vector set(T x) { return {Type{} + x}; }
    static Vector load(const T* p) { return {*reinterpret_cast<const Unaligned*>(p)}; }
    static Vector load(const T* p, int64_t n) {
        Type v{};
        for (int64_t i = 0; i < n; ++i) v[i] = p[i];
        return {v};
    }
    void store(T* p) const { *reinterpret_cast<Unaligned*>(p) = v; }
    void store(T* p, int64_t n) const {
        for (int64_t i = 0; i < n; ++i) p[i] = v[i];
    }
    template <class F>
    friend T fold_lanes(F, Vector a) {
        if constexpr (lanes == 4)
            return (a.v[0] + a.v[2]) + (a.v[1] + a.v[3]);
        else
            return a.v[0] + a.v[1];
    }
    friend Vector operator+(Vector a, Vector b) { return {a.v + b.v}; }
    friend Vector fma(Vector a, Vector b, Vector c) { return {a.v * b.v + c.v}; }
};
using F32 = Vector<float>;
using F64 = Vector<double>;

template <class T>
void transpose(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows,
               int64_t cols) {
    for (int64_t j = 0; j < cols; ++j)
        for (int64_t i = 0; i < rows; ++i) to[j * to_stride + i] = from[i * from_stride + j];
}

}  // namespace

const MicroSet micro = {
    {4, 4, 4, any_row_tile<F32, 4, float>, any_outer_tile<F32, 4, float>,
     any_dot_tile<F32, 4, float>, any_column_tile<F32, 4, 4, float>, any_column_sum<F32, float>,
     transpose<float>},
    {4, 2, 4, any_row_tile<F64, 4, double>, any_outer_tile<F64, 4, double>,
     any_dot_tile<F64, 4, double>, any_column_tile<F64, 4, 4, double>, any_column_sum<F64, double>,
     transpose<double>},
};

}  // namespace cc::generic
