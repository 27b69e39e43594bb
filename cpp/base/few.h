// A list that is nearly always short: its first N items need no memory of their own.
#pragma once

#include <cstddef>
#include <iterator>
#include <vector>

namespace cc {

template <class T, size_t N>
class Few {
public:
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T& operator[](size_t i) { return begin()[i]; }
    const T& operator[](size_t i) const { return begin()[i]; }
    T* begin() { return more_.empty() ? few_ : more_.data(); }
    T* end() { return begin() + size_; }
    const T* begin() const { return more_.empty() ? few_ : more_.data(); }
    const T* end() const { return begin() + size_; }

    T& add() {
        if (size_ == N) more_.assign(std::make_move_iterator(few_), std::make_move_iterator(few_ + N));
        if (size_ >= N) more_.emplace_back();
        return begin()[size_++];
    }

private:
    size_t size_ = 0;
    T few_[N];
    std::vector<T> more_;  // all of them, where they are more
};

}  // namespace cc
