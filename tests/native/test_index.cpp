// Gathering and scattering against plain loops; sums of repeated places at several thread counts.
#include <algorithm>

#include "kernel_check.h"
#include "kernels/index/index.h"

using namespace cc;

namespace {

std::vector<int64_t> some_indices(int64_t count, int64_t limit, uint32_t seed) {
    std::vector<int64_t> values;
    for (double v : some_values<double>(count, seed))
        values.push_back(static_cast<int64_t>((v + 2) / 4 * static_cast<double>(limit)));
    return values;
}

// f() at 1, 2, 3 and 8 threads gives `expected` exactly: sums are in the order of the indices.
template <class T, class F>
void expect_equal(const std::vector<T>& expected, F&& f, const std::string& label) {
    for (int threads : {1, 2, 3, 8}) {
        ThreadsScope scope(threads);
        EXPECT(same_bits(f(), expected), label, " with ", threads, " threads");
    }
}

void ok(bool inside) { EXPECT(inside, "every index is in range"); }

template <class T>
void along_an_axis(const IndexProblem& p) {
    const std::string label =
        str(p.dtype, ' ', p.outer, 'x', p.dim, 'x', p.inner, " picks ", p.picks);
    const auto big = some_values<T>(p.outer * p.dim * p.inner, 1),
               small = some_values<T>(p.outer * p.picks * p.inner, 2);
    const auto shared = some_indices(p.picks, p.dim, 3),
               each = some_indices(p.outer * p.picks * p.inner, p.dim, 4);
    std::vector<T> selected = small, gathered = small, added = big, scattered = big, summed = big;
    for (int64_t o = 0; o < p.outer; ++o)
        for (int64_t j = 0; j < p.picks; ++j)
            for (int64_t i = 0; i < p.inner; ++i) {
                const size_t at = static_cast<size_t>((o * p.picks + j) * p.inner + i);
                const auto place = [&](int64_t d) {
                    return static_cast<size_t>((o * p.dim + d) * p.inner + i);
                };
                const size_t here = place(shared[static_cast<size_t>(j)]), there = place(each[at]);
                selected[at] = big[here];
                gathered[at] = big[there];
                added[here] = static_cast<T>(added[here] + small[at]);
                scattered[there] = small[at];
                summed[there] = static_cast<T>(summed[there] + small[at]);
            }
    auto into = [&](std::vector<T> start, auto&& f) {
        f(start.data());
        return start;
    };
    const T *b = big.data(), *s = small.data();
    expect_equal(
        selected, [&] { return into(small, [&](T* d) { ok(index_select(p, b, shared.data(), d)); }); },
        "index_select " + label);
    expect_equal(
        gathered, [&] { return into(small, [&](T* d) { ok(gather(p, b, each.data(), d)); }); },
        "gather " + label);
    expect_equal(
        added, [&] { return into(big, [&](T* d) { ok(index_add(p, d, shared.data(), s)); }); },
        "index_add " + label);
    expect_equal(
        scattered, [&] { return into(big, [&](T* d) { ok(scatter(p, d, each.data(), s)); }); },
        "scatter " + label);
    expect_equal(
        summed, [&] { return into(big, [&](T* d) { ok(scatter_add(p, d, each.data(), s)); }); },
        "scatter_add " + label);
}

template <class T>
void flat(int64_t size, int64_t count, int64_t run) {
    const std::string label = str(dtype_of<T>, " size ", size, " count ", count, " run ", run);
    const auto big = some_values<T>(size, 1), small = some_values<T>(count * run, 2);
    const auto offsets = some_indices(count, size - run + 1, 3);  // runs overlap
    std::vector<T> taken = small, placed = big, added = big;
    for (size_t i = 0; i < offsets.size(); ++i)
        for (int64_t j = 0; j < run; ++j) {
            const size_t from = i * static_cast<size_t>(run) + static_cast<size_t>(j),
                         to = static_cast<size_t>(offsets[i] + j);
            taken[from] = big[to];
            placed[to] = small[from];
            added[to] = static_cast<T>(added[to] + small[from]);
        }
    auto into = [&](std::vector<T> start, auto&& f) {
        f(start.data());
        return start;
    };
    expect_equal(
        taken,
        [&] {
            return into(
                small, [&](T* d) { take(dtype_of<T>, big.data(), offsets.data(), count, run, d); });
        },
        "take " + label);
    expect_equal(
        placed,
        [&] {
            return into(
                big, [&](T* d) {
                    put(dtype_of<T>, d, size, offsets.data(), count, run, small.data());
                });
        },
        "put " + label);
    expect_equal(
        added,
        [&] {
            return into(big, [&](T* d) {
                put_add(dtype_of<T>, d, size, offsets.data(), count, run, small.data());
            });
        },
        "put_add " + label);
}

void masks() {
    for (int64_t count : {0, 1, 5, 100000}) {
        std::vector<uint8_t> bytes;
        std::vector<int64_t> expected;
        for (int64_t i = 0; i < count; ++i) {
            bytes.push_back(i % 3 == 1 || i % 7 == 0);
            if (bytes.back()) expected.push_back(i);
        }
        const bool* mask = reinterpret_cast<const bool*>(bytes.data());
        EXPECT(count_true(mask, count) == static_cast<int64_t>(expected.size()), "count_true");
        std::vector<int64_t> positions(expected.size());
        const int64_t found = static_cast<int64_t>(expected.size());
        true_positions(mask, count, 1, found, positions.data());
        EXPECT(positions == expected, "true_positions");
        if (count % 5 || count == 0) continue;
        std::vector<int64_t> at(expected.size() * 3), want;
        for (int64_t flat : expected) want.insert(want.end(), {flat / (count / 5 * 5), flat / 5, flat % 5});
        true_coordinates(mask, {1, count / 5, 5}, found, at.data());
        EXPECT(at == want, "true_coordinates");
    }
    bool flags[] = {false, true}, more[] = {true, true};
    const int64_t both[] = {0, 1};
    put_add(Dtype::Bool, flags, 2, both, 2, 1, more);
    EXPECT(flags[0] && flags[1], "bool adds as or");
    const int64_t bad[] = {0, -3, 2, 5};
    int64_t begin[] = {100, 100, 100, 100};
    EXPECT(add_offsets(begin, bad, 3, 3, 10) && begin[0] == 100 && begin[1] == 100 && begin[2] == 120, "add_offsets");
    EXPECT(!add_offsets(begin, bad, 4, 5, 1), "add_offsets out of range");
    float dst[5] = {}, src[20] = {};
    IndexProblem p{Dtype::Float32, 1, 5, 1, 4};
    EXPECT(!gather(p, src, bad, dst) && !scatter(p, dst, bad, src) && !scatter_add(p, dst, bad, src) &&
               !index_select(p, src, bad, dst) && !index_add(p, dst, bad, src),
           "indices out of range");
    EXPECT(find_out_of_range(bad, 4, -3, 5) == 3 && find_out_of_range(bad, 3, -3, 5) == -1,
           "find_out_of_range");
}

template <class T>
void all() {
    for (int64_t inner : {1, 3, 70})
        for (int64_t picks : {0, 1, 5, 200})
            for (int64_t outer : {0, 1, 4}) along_an_axis<T>({dtype_of<T>, outer, 9, inner, picks});
    along_an_axis<T>({dtype_of<T>, 1, 1000, 1, 50000});
    flat<T>(1000, 0, 1);
    flat<T>(1000, 70000, 1);
    flat<T>(1000, 70, 33);
    flat<T>(100, 5000, 100);
    flat<T>(5000, 9000, 17);
}

}  // namespace

int main() {
    all<float>();
    all<double>();
    all<int64_t>();
    all<int32_t>();
    all<uint8_t>();
    masks();
    return finish("index");
}
