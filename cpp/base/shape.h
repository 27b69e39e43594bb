// A short list of sizes or strides, held inline: no allocation per tensor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <vector>

#include "base/error.h"

namespace cc {

constexpr int kMaxRank = 8;

class Shape {
public:
    Shape() {}
    Shape(std::initializer_list<int64_t> sizes) : sizes_{} { assign(sizes.begin(), static_cast<int>(sizes.size())); }
    explicit Shape(const std::vector<int64_t>& sizes) { assign(sizes.data(), static_cast<int>(sizes.size())); }
    Shape(int rank, int64_t value) {
        check_rank(rank);
        rank_ = rank;
        std::fill(sizes_, sizes_ + rank, value);
    }

    int rank() const { return rank_; }
    bool empty() const { return rank_ == 0; }
    int64_t operator[](int i) const { return sizes_[i]; }
    int64_t& operator[](int i) { return sizes_[i]; }
    const int64_t* begin() const { return sizes_; }
    const int64_t* end() const { return sizes_ + rank_; }
    int64_t* begin() { return sizes_; }
    int64_t* end() { return sizes_ + rank_; }
    int64_t back() const { return sizes_[rank_ - 1]; }

    void push_back(int64_t size) {
        check_rank(rank_ + 1);
        sizes_[rank_++] = size;
    }
    void insert(int at, int64_t size) {
        push_back(0);
        std::copy_backward(sizes_ + at, sizes_ + rank_ - 1, sizes_ + rank_);
        sizes_[at] = size;
    }
    void erase(int at) {
        std::copy(sizes_ + at + 1, sizes_ + rank_, sizes_ + at);
        --rank_;
    }

    int64_t numel() const {
        int64_t n = 1;
        for (int64_t size : *this) n *= size;
        return n;
    }

    bool operator==(const Shape& other) const {
        bool same = rank_ == other.rank_;
        for (int i = 0; same && i < rank_; ++i) same = sizes_[i] == other.sizes_[i];
        return same;
    }
    bool operator!=(const Shape& other) const { return !(*this == other); }

private:
    static void check_rank(int rank) {
        check(rank <= kMaxRank, "a tensor has at most ", kMaxRank, " dimensions, got ", rank);
    }
    void assign(const int64_t* sizes, int rank) {
        check_rank(rank);
        rank_ = rank;
        std::copy(sizes, sizes + rank, sizes_);
    }

    int64_t sizes_[kMaxRank];  // the first rank_ count
    int rank_ = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Shape& shape) {
    out << '(';
    for (int i = 0; i < shape.rank(); ++i) out << (i ? ", " : "") << shape[i];
    return out << (shape.rank() == 1 ? ",)" : ")");
}

}  // namespace cc
