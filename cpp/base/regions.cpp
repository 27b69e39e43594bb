#include "base/regions.h"

#include <iterator>

namespace cc {

namespace {

constexpr size_t kStep = size_t{16} << 10;   // blocks are multiples of it
constexpr size_t kLeast = size_t{32} << 10;  // a smaller rest stays with the block

}  // namespace

// Keeps free_ and kept_ in step with the span.
void Regions::set_free(Spans::iterator at, bool free) {
    Span& span = at->second;
    if (free == span.free) return;
    span.free = free;
    if (free)
        free_.emplace(span.bytes, at->first);
    else
        free_.erase({span.bytes, at->first});
    if (span.touched) kept_ += free ? static_cast<int64_t>(span.bytes) : -static_cast<int64_t>(span.bytes);
}

void Regions::add(void* memory, size_t bytes) {
    auto at = spans_.emplace(static_cast<char*>(memory), Span{bytes, true, true, false, false}).first;
    set_free(at, true);
}

void* Regions::take(size_t bytes) {
    const size_t size = (bytes + kStep - 1) / kStep * kStep;
    auto found = free_.lower_bound({size, nullptr});
    if (found == free_.end() || (size >= kRegion && found->first > 2 * size)) return nullptr;
    auto at = spans_.find(found->second);
    set_free(at, false);
    Span& span = at->second;
    if (span.bytes - size >= kLeast) {
        auto rest = spans_.emplace(at->first + size, Span{span.bytes - size, false, span.last, false, span.touched}).first;
        span.bytes = size;
        span.last = false;
        set_free(rest, true);
    }
    span.touched = true;
    return at->first;
}

// Both are free, touched or not alike, and lie side by side in one region.
Regions::Spans::iterator Regions::join(Spans::iterator left, Spans::iterator right) {
    set_free(left, false);
    set_free(right, false);
    left->second.bytes += right->second.bytes;
    left->second.last = right->second.last;
    spans_.erase(right);
    set_free(left, true);
    return left;
}

void Regions::put(void* block) {
    auto at = spans_.find(static_cast<char*>(block));
    set_free(at, true);
    // What was never used stays apart, so that it does not count as kept.
    auto joins = [](const Span& a, const Span& b) { return a.free && b.free && a.touched == b.touched; };
    if (!at->second.last && joins(at->second, std::next(at)->second)) at = join(at, std::next(at));
    if (!at->second.first && joins(std::prev(at)->second, at->second)) join(std::prev(at), at);
}

Regions::Piece Regions::give_back() {
    for (auto at = spans_.begin(); at != spans_.end();) {
        // A region is free where all its spans are: one, or one that was used and one that was not.
        auto end = at;
        bool free = true;
        size_t bytes = 0;
        do {
            free &= end->second.free;
            bytes += end->second.bytes;
        } while (!(end++)->second.last);
        if (free) {
            char* data = at->first;
            while (at != end) {
                set_free(at, false);
                at = spans_.erase(at);
            }
            return {data, bytes, true};
        }
        at = end;
    }
    for (auto largest = free_.rbegin(); largest != free_.rend(); ++largest) {
        auto at = spans_.find(largest->second);
        if (!at->second.touched) continue;
        set_free(at, false);
        at->second.touched = false;
        set_free(at, true);
        return {at->first, at->second.bytes, false};
    }
    return {nullptr, 0, false};
}

}  // namespace cc
