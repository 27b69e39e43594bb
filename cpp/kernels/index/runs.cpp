// Runs of neighbours at flat offsets.
#include <atomic>
#include <cstring>

#include "base/parallel.h"
#include "kernels/index/index.h"
#include "kernels/index/visit.h"

namespace cc {

namespace {

// f(first, last) on ranges of a destination that tasks own; each reads all offsets.
template <class F>
void each_part(int64_t dst_count, int64_t work, int64_t most, F&& f) {
    const int64_t parts = std::clamp<int64_t>(work / kIndexGrain, 1, most);
    parallel_for(parts, 1, [&](int64_t first, int64_t last) {
        f(dst_count * first / parts, dst_count * last / parts);
    });
}

}  // namespace

bool add_offsets(int64_t* offsets, const int64_t* index, int64_t count, int64_t size,
                 int64_t stride) {
    std::atomic<bool> all{true};
    parallel_for(count, kIndexGrain, [&](int64_t begin, int64_t end) {
        bool inside = true;
        for (int64_t i = begin; i < end; ++i) {
            int64_t k = index[i];
            k += k < 0 ? size : 0;
            inside &= static_cast<uint64_t>(k) < static_cast<uint64_t>(size);
            offsets[i] += static_cast<int64_t>(static_cast<uint64_t>(k) * static_cast<uint64_t>(stride));
        }
        if (!inside) all = false;
    });
    return all;
}

void take(Dtype dtype, const void* src, const int64_t* offsets, int64_t count, int64_t run,
          void* dst) {
    visit_width(dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* from = static_cast<const T*>(src);
        T* to = static_cast<T*>(dst);
        parallel_for(count, index_grain(run), [&](int64_t begin, int64_t end) {
            if (run == 1) {
                for (int64_t i = begin; i < end; ++i) to[i] = from[offsets[i]];
            } else {
                for (int64_t i = begin; i < end; ++i)
                    std::memcpy(to + i * run, from + offsets[i], static_cast<size_t>(run) * sizeof(T));
            }
        });
    });
}

void put(Dtype dtype, void* dst, int64_t dst_count, const int64_t* offsets, int64_t count,
         int64_t run, const void* src) {
    visit_width(dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* from = static_cast<const T*>(src);
        T* to = static_cast<T*>(dst);
        if (run == 1) {
            for (int64_t i = 0; i < count; ++i) to[offsets[i]] = from[i];
            return;
        }
        each_part(dst_count, count * run, run < 16 ? 1 : kIndexParts, [&](int64_t lo, int64_t hi) {
            for (int64_t i = 0; i < count; ++i) {
                const int64_t begin = std::max<int64_t>(0, lo - offsets[i]);
                const int64_t end = std::min(run, hi - offsets[i]);
                if (begin < end)
                    std::memmove(to + offsets[i] + begin, from + i * run + begin,
                                 static_cast<size_t>(end - begin) * sizeof(T));
            }
        });
    });
}

void put_add(Dtype dtype, void* dst, int64_t dst_count, const int64_t* offsets, int64_t count,
             int64_t run, const void* src) {
    visit_dtype(dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* from = static_cast<const T*>(src);
        T* to = static_cast<T*>(dst);
        // Of single elements, reading the offsets is half the work: few parts.
        each_part(dst_count, count * run, run == 1 ? kIndexParts / 2 : kIndexParts, [&](int64_t lo, int64_t hi) {
            if (run == 1) {
                for (int64_t i = 0; i < count; ++i)
                    if (offsets[i] >= lo && offsets[i] < hi) Add{}(to[offsets[i]], from[i]);
                return;
            }
            for (int64_t i = 0; i < count; ++i) {
                const int64_t begin = std::max<int64_t>(0, lo - offsets[i]);
                const int64_t end = std::min(run, hi - offsets[i]);
                for (int64_t j = begin; j < end; ++j) Add{}(to[offsets[i] + j], from[i * run + j]);
            }
        });
    });
}

}  // namespace cc
