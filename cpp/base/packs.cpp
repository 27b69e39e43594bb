#include "base/packs.h"

#include <algorithm>

namespace cc {

namespace {

bool same(const PackKey& a, const PackKey& b) {
    return a.what == b.what && a.from == b.from && std::equal(std::begin(a.sizes), std::end(a.sizes), b.sizes);
}

}  // namespace

std::shared_ptr<Packs::Pack> Packs::find(const PackKey& key) const {
    std::lock_guard lock(mutex_);
    for (const auto& pack : all_)
        if (same(pack->key, key)) return pack;
    return nullptr;
}

void Packs::keep(std::shared_ptr<Pack> pack) {
    std::lock_guard lock(mutex_);
    for (const auto& other : all_)
        if (same(other->key, pack->key)) return;
    all_.push_back(std::move(pack));
}

Ref<Counted> Packs::find_object(const PackKey& key) const {
    std::lock_guard lock(mutex_);
    for (const auto& [other, object] : objects_)
        if (same(other, key)) return object;
    return nullptr;
}

void Packs::keep_object(const PackKey& key, Ref<Counted> object) {
    std::lock_guard lock(mutex_);
    for (auto& entry : objects_)
        if (same(entry.first, key)) {
            entry.second = std::move(object);
            return;
        }
    objects_.emplace_back(key, std::move(object));
}

}  // namespace cc
