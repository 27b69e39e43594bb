// Large blocks: cut from regions of the system's memory, joined with their free neighbours when they come back. Layers of many
// different sizes then share what one after the other needs, where lists by size would keep a block for each of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace cc {

constexpr size_t kLargeBlock = size_t{128} << 10;  // from here on
constexpr size_t kRegion = size_t{64} << 20;     // what is asked of the system at least

// Not for several threads at a time. Nothing here asks the system: whole regions are brought and taken away.
class Regions {
public:
    // The smallest free span that holds them; null where there is none. A block that could have a region of its own leaves spans
    // of more than twice its size to larger ones.
    void* take(size_t bytes);
    void add(void* memory, size_t bytes);  // a region, nothing of which has been used
    void put(void* block);
    int64_t kept() const { return kept_; }  // bytes that were in use once and are free

    struct Piece {
        void* data;
        size_t bytes;
        bool whole;  // a region, which is no longer ours; else a free span of one, whose contents may go
    };
    // What should be given back to the system so that less is kept: free regions first. No data: nothing is left to give.
    Piece give_back();

private:
    struct Span {
        size_t bytes;
        bool first, last;  // of its region
        bool free, touched;
    };
    using Spans = std::map<char*, Span>;

    void set_free(Spans::iterator span, bool free);
    Spans::iterator join(Spans::iterator left, Spans::iterator right);

    Spans spans_;
    std::set<std::pair<size_t, char*>> free_;
    int64_t kept_ = 0;
};

}  // namespace cc
