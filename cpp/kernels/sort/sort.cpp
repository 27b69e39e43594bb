// Sorting, the first of an order, the one of a rank, runs of equals.
//
// Every value becomes an unsigned key of the same order (a float's bits, those of negative ones inverted; NaN all ones), and key
// and place together an item, one 64-bit number where the keys of a line span 32 bits: comparing items is comparing integers, and no
// two are equal,
// so that any algorithm gives the stable order. The first few of a line are kept in a heap, more are parted from the rest and
// sorted, long lines are sorted by digits (least significant first; a digit that all share costs no pass). The item of a rank in a
// long line is sought among those alone whose leading digit is the right one. A task is a line.
#include "kernels/sort/sort.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/allocator.h"
#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kLong = 2048;    // elements of a line whose digits are counted
constexpr int64_t kGrain = 2048;   // elements worth waking a thread for
constexpr int kDigit = 11;         // bits of a digit
constexpr int64_t kBuckets = int64_t{1} << kDigit;

template <class T>
using KeyOf = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <class T>
KeyOf<T> key_of(T x) {
    using Key = KeyOf<T>;
    constexpr Key kSign = Key{1} << (sizeof(Key) * 8 - 1);
    if constexpr (std::is_floating_point_v<T>) {
        const T value = x + T{0};  // −0 becomes 0
        Key bits;
        std::memcpy(&bits, &value, sizeof(Key));
        const Key key = bits & kSign ? ~bits : bits | kSign;
        return x == x ? key : ~Key{0};
    } else if constexpr (std::is_signed_v<T>) {
        return static_cast<Key>(x) ^ kSign;
    } else {
        return x;
    }
}

struct Wide {
    uint64_t key;
    int64_t at;
    bool operator<(const Wide& other) const { return key != other.key ? key < other.key : at < other.at; }
};

// Items of keys with 32 bits, whose line has fewer than 2³² elements, and of all others.
struct Packing {
    using Item = uint64_t;
    static constexpr int kBits = 32;
    static Item make(uint64_t key, int64_t at) { return key << 32 | static_cast<uint64_t>(at); }
    static uint64_t key(Item item) { return item >> 32; }
    static int64_t place(Item item) { return static_cast<int64_t>(item & 0xffffffff); }
};
struct Pairing {
    using Item = Wide;
    static constexpr int kBits = 64;
    static Item make(uint64_t key, int64_t at) { return {key, at}; }
    static uint64_t key(const Item& item) { return item.key; }
    static int64_t place(const Item& item) { return item.at; }
};

template <class P>
int64_t digit_of(const typename P::Item& item, int shift) {
    return static_cast<int64_t>(P::key(item) >> shift & (kBuckets - 1));
}

// Sorts items whose places rise, with as many others to hold them between passes; gives where they ended.
template <class P>
typename P::Item* sort_by_digits(typename P::Item* items, typename P::Item* spare, int64_t n) {
    constexpr int kPasses = (P::kBits + kDigit - 1) / kDigit;
    Scratch<int64_t> count(kPasses * kBuckets);
    std::fill_n(count.data(), kPasses * kBuckets, 0);
    for (int64_t i = 0; i < n; ++i)
        for (int pass = 0; pass < kPasses; ++pass) ++count[pass * kBuckets + digit_of<P>(items[i], pass * kDigit)];
    for (int pass = 0; pass < kPasses; ++pass) {
        int64_t* next = count.data() + pass * kBuckets;
        if (next[digit_of<P>(items[0], pass * kDigit)] == n) continue;
        int64_t before = 0;
        for (int64_t i = 0; i < kBuckets; ++i) before += std::exchange(next[i], before);
        for (int64_t i = 0; i < n; ++i) spare[next[digit_of<P>(items[i], pass * kDigit)]++] = items[i];
        std::swap(items, spare);
    }
    return items;
}

// The first `count` items in order; gives where they are.
template <class P>
typename P::Item* order_first(typename P::Item* items, typename P::Item* spare, int64_t n, int64_t count) {
    if (count * 16 <= n) {
        std::partial_sort(items, items + count, items + n);
        return items;
    }
    if (count < n) std::nth_element(items, items + count, items + n);
    else if (n >= kLong) return sort_by_digits<P>(items, spare, n);
    std::sort(items, items + count);
    return items;
}

// The item with `rank` before it.
template <class P>
typename P::Item item_of_rank(typename P::Item* items, int64_t n, int64_t rank) {
    if (n >= kLong) {
        constexpr int kShift = P::kBits - kDigit;
        int64_t count[kBuckets] = {}, bucket = 0, kept = 0;
        for (int64_t i = 0; i < n; ++i) ++count[digit_of<P>(items[i], kShift)];
        for (; rank >= count[bucket]; ++bucket) rank -= count[bucket];
        for (int64_t i = 0; i < n; ++i) {
            items[kept] = items[i];
            kept += digit_of<P>(items[i], kShift) == bucket;
        }
        n = kept;
    }
    std::nth_element(items, items + rank, items + n);
    return items[rank];
}

// f(packing, items of a line with room for as many behind them as `room` says, the line, its number) for all lines.
template <class T, class F>
void each_line(const SortProblem& p, const void* x, bool descending, int64_t room, F&& f) {
    using Key = KeyOf<T>;
    constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
    const Key turn = descending ? ~Key{0} : 0;
    const bool few = static_cast<uint64_t>(p.dim) <= kMost;
    const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, p.dim));
    parallel_for(p.outer * p.inner, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const T* line = static_cast<const T*>(x) + i / p.inner * p.dim * p.inner + i % p.inner;
            auto key = [&](int64_t k) { return static_cast<Key>(key_of(line[k * p.inner]) ^ turn); };
            auto pack = [&](auto packing, Key least) {
                using P = decltype(packing);
                Scratch<typename P::Item> items(p.dim + room);
                for (int64_t k = 0; k < p.dim; ++k) items[k] = P::make(key(k) - least, k);
                f(packing, items.data(), line, i);
            };
            if constexpr (std::is_same_v<T, int64_t>) {
                Key least = key(0), greatest = least;
                for (int64_t k = 1; k < p.dim; ++k) {
                    least = std::min(least, key(k));
                    greatest = std::max(greatest, key(k));
                }
                if (few && greatest - least <= kMost) pack(Packing{}, least);
                else pack(Pairing{}, 0);
            } else if (sizeof(T) < 8 && few) {
                pack(Packing{}, 0);
            } else {
                pack(Pairing{}, 0);
            }
        }
    });
}

}  // namespace

void first_places(const SortProblem& p, int64_t count, bool descending, const void* x, int64_t* out) {
    if (count == 0 || p.dim == 0) return;
    const int64_t room = count == p.dim && p.dim >= kLong ? p.dim : 0;
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        each_line<T>(p, x, descending, room, [&](auto packing, auto* items, const T*, int64_t i) {
            using P = decltype(packing);
            const auto* first = order_first<P>(items, items + p.dim, p.dim, count);
            int64_t* to = out + i / p.inner * count * p.inner + i % p.inner;
            for (int64_t k = 0; k < count; ++k) to[k * p.inner] = P::place(first[k]);
        });
    });
}

void picked_place(const SortProblem& p, Pick pick, int64_t rank, const void* x, int64_t* out) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        each_line<T>(p, x, false, 0, [&](auto packing, auto* items, const T* line, int64_t i) {
            using P = decltype(packing);
            int64_t at = rank;
            if (pick != Pick::Ranked) {
                int64_t numbers = 0;
                for (int64_t k = 0; k < p.dim; ++k) numbers += line[k * p.inner] == line[k * p.inner];
                const bool nan = numbers == 0 || (pick == Pick::Median && numbers < p.dim);
                at = nan ? numbers : (numbers - 1) / 2;  // the first NaN stands behind all numbers
            }
            out[i] = P::place(item_of_rank<P>(items, p.dim, at));
        });
    });
}

namespace {

// Walks n elements of x in the order of `place`. The start of a run is written ahead of it and overwritten until it comes.
template <class T, class Place>
int64_t walk_runs(const T* x, int64_t n, Place place, int64_t* first, int64_t* counts, int64_t* inverse) {
    int64_t last = 0;
    T before = x[place(0)];
    first[0] = place(0);
    if (counts) counts[0] = 0;
    if (inverse) inverse[place(0)] = 0;
    for (int64_t i = 1; i < n; ++i) {
        const int64_t at = place(i);
        const T value = x[at];
        first[last + 1] = at;
        if (counts) counts[last + 1] = i;
        last += value != before;
        if (inverse) inverse[at] = last;
        before = value;
    }
    for (int64_t run = 0; counts && run <= last; ++run) counts[run] = (run < last ? counts[run + 1] : n) - counts[run];
    return last + 1;
}

}  // namespace

int64_t find_runs(const SortProblem& p, bool sorted, const void* x, int64_t* first, int64_t* counts, int64_t* inverse) {
    if (p.dim == 0) return 0;
    int64_t runs = 0;
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        if (!sorted) {
            runs = walk_runs(static_cast<const T*>(x), p.dim, [](int64_t i) { return i; }, first, counts, inverse);
            return;
        }
        each_line<T>(p, x, false, p.dim, [&](auto packing, auto* items, const T* line, int64_t) {
            using P = decltype(packing);
            const auto* ordered = order_first<P>(items, items + p.dim, p.dim, p.dim);
            auto place = [ordered](int64_t i) { return P::place(ordered[i]); };
            runs = walk_runs(line, p.dim, place, first, counts, inverse);
        });
    });
    return runs;
}

}  // namespace cc
