// Arrays: formats, views, copies, versions.
#include "array/array.h"
#include "testing.h"

using namespace cc;

namespace {

Array counting(const Shape& shape, Format format = Format::RowMajor) {
    Array flat = Array::empty({shape.numel()}, Dtype::Float32);
    for (int64_t i = 0; i < flat.numel(); ++i) flat.data<float>()[i] = static_cast<float>(i);
    return flat.reshape(shape).to(format);
}

float at(const Array& a, std::initializer_list<int64_t> index) {
    int64_t offset = 0;
    int axis = 0;
    for (int64_t i : index) offset += i * a.strides()[axis++];
    return a.data<float>()[offset];
}

}  // namespace

TEST(formats) {
    EXPECT(strides_for({2, 3, 4, 5}, Format::ChannelsLast) == Shape({60, 1, 15, 3}));
    EXPECT(strides_for({2, 3, 4}, Format::ChannelsLast) == Shape({12, 1, 3}));
    EXPECT(strides_for({2, 3}, Format::ChannelsLast) == Shape({3, 1}));
    Array x = counting({2, 3, 4, 5});
    Array y = x.to(Format::ChannelsLast);
    EXPECT(x.is(Format::RowMajor) && !x.is(Format::ChannelsLast));
    EXPECT(y.is(Format::ChannelsLast) && !y.is(Format::RowMajor) && y.format() == Format::ChannelsLast);
    EXPECT(at(x, {1, 2, 3, 4}) == at(y, {1, 2, 3, 4}));
    Array one_channel = counting({2, 1, 4, 5}), one_pixel = counting({2, 3, 1, 1});
    EXPECT(one_channel.is(Format::RowMajor) && one_channel.is(Format::ChannelsLast));
    EXPECT(one_pixel.is(Format::ChannelsLast) && one_pixel.format() == Format::RowMajor);
}

TEST(views) {
    Array x = counting({2, 3, 4});
    EXPECT(x.try_view({6, 4}).has_value() && at(*x.try_view({6, 4}), {5, 3}) == 23);
    EXPECT(!x.transpose(1, 2).try_view({24}).has_value());
    EXPECT(at(x.transpose(1, 2).reshape({2, 12}), {0, 1}) == 4);
    EXPECT(x.slice(2, 3, 4, -1).strides()[2] == -1 && at(x.slice(2, 3, 4, -1), {0, 0, 0}) == 3);
    EXPECT(at(x.select(1, 2), {1, 3}) == 23);
    EXPECT(x.select(0, 1).storage_ref() == x.storage_ref());
    Array wide = counting({3, 1}).expand({2, 3, 4});
    EXPECT(wide.strides() == Shape({0, 1, 0}) && at(wide, {1, 2, 3}) == 2);
    EXPECT(counting({0, 3}).try_view({3, 0}).has_value());
    EXPECT_ERROR(counting({2, 3}).expand({2, 4}), Value, "");
    EXPECT_ERROR(Array::empty({-1}, Dtype::Float32), Value, "");
    EXPECT_ERROR(Array::empty({int64_t{1} << 40, int64_t{1} << 40}, Dtype::Float32), Memory, "(1099511627776, 1099511627776)");
    EXPECT_ERROR(resolve_shape("reshape", {-1, -1}, 4), Value, "");
    EXPECT(resolve_shape("reshape", {2, -1}, 6) == Shape({2, 3}));
}

TEST(copies) {
    Array x = counting({2, 3});
    uint32_t version = x.storage().version();
    x.select(0, 0).copy_from(x.select(0, 1));
    EXPECT(x.storage().version() == version + 1 && at(x, {0, 2}) == 5);
    Array y = counting({4});
    y.slice(0, 1, 3, 1).copy_from(y.slice(0, 0, 3, 1));  // overlapping
    EXPECT(at(y, {1}) == 0 && at(y, {2}) == 1 && at(y, {3}) == 2);
    Array flags = counting({3}).to(Dtype::Bool);
    EXPECT(!flags.data<bool>()[0] && flags.data<bool>()[1]);
    Array full = Array::full({2, 2}, Dtype::Int64, 7);
    EXPECT(full.data<int64_t>()[3] == 7);
    EXPECT(Array::scalar(2.5).item() == 2.5);
}

TEST(exports) {
    Array x = counting({2});
    EXPECT(x.storage().cacheable());
    x.storage().add_export();
    EXPECT(!x.storage().cacheable());
    uint64_t key = x.storage().cache_key();
    x.storage().drop_export();
    EXPECT(x.storage().cacheable() && x.storage().cache_key() != key);
    bool released = false;
    float memory[2] = {1, 2};
    {
        Array foreign(make_ref<Storage>(memory, sizeof memory, [&] { released = true; }), {2}, {1}, 0, Dtype::Float32);
        EXPECT(!foreign.storage().cacheable() && at(foreign, {1}) == 2);
    }
    EXPECT(released);
}

