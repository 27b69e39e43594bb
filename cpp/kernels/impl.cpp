#include "kernels/impl.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

#include "base/env.h"
#include "base/log.h"

namespace cc {

namespace {

thread_local DecisionLog* current_log = nullptr;
thread_local ForcedImpl* forced_here = nullptr;

bool verbose() {
    static const bool on = env_choice("CONVCORE_VERBOSE", {"0", "1"}, 0) == 1;
    return on;
}

std::string line_of(const Decision& d) {
    char figures[96];
    std::snprintf(figures, sizeof figures, " %.3f ms, %.1f GFLOP/s, %.1f GB/s", d.seconds * 1e3,
                  d.flops / d.seconds / 1e9, d.bytes / d.seconds / 1e9);
    std::string line = str(d.op, " ", d.problem, ": ", d.chosen, figures);
    for (size_t i = 0; i < d.declined.size(); ++i) line += str(i ? "; " : " (declined: ", d.declined[i]);
    return d.declined.empty() ? line : line + ')';
}

// Texts handed out stay valid for ever, so they are kept in a set that only grows.
struct Forced {
    std::mutex mutex;
    std::set<std::string> texts;
    std::map<std::string, const char*> prefixes;
    std::atomic<bool> any{false};

    Forced() {
        for (const auto& [op, prefix] : env_pairs("CONVCORE_IMPL")) {
            listed(str("CONVCORE_IMPL=", op, ":", prefix).c_str(), op);
            set(op, prefix);
        }
    }
    void set(const std::string& op, const std::string& prefix) {
        std::lock_guard lock(mutex);
        if (prefix.empty())
            prefixes.erase(op);
        else
            prefixes[op] = texts.insert(prefix).first->c_str();
        any.store(!prefixes.empty(), std::memory_order_relaxed);
    }
};

Forced& forced() {
    static Forced& all = *new Forced;
    return all;
}

}  // namespace

const char* listed(const char* what, const std::string& op) {
    const auto* found = std::find(std::begin(kListedOps), std::end(kListedOps), op);
    if (found != std::end(kListedOps)) return *found;
    std::string names;
    for (const char* name : kListedOps) names += str(names.empty() ? "" : ", ", name);
    fail(ErrorKind::Value, what, ": expected an operator of ", names, "; got ", op);
}

bool decisions_wanted() { return current_log || verbose(); }

void report(Decision decision) {
    if (verbose()) log_line(line_of(decision));
    if (current_log) current_log->decisions.push_back(std::move(decision));
}

double now_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

DecisionLog::DecisionLog() : previous_(current_log) { current_log = this; }
// Logs need not end in the order opposite to their beginning: coroutines interleave.
DecisionLog::~DecisionLog() {
    DecisionLog** at = &current_log;
    while (*at && *at != this) at = &(*at)->previous_;
    if (*at) *at = previous_;
}

const char* forced_impl(const char* op) {
    for (const ForcedImpl* one = forced_here; one; one = one->previous_)
        if (!std::strcmp(one->op_, op)) return one->prefix_.empty() ? nullptr : one->prefix_.c_str();
    Forced& all = forced();
    if (!all.any.load(std::memory_order_relaxed)) return nullptr;
    std::lock_guard lock(all.mutex);
    auto found = all.prefixes.find(op);
    return found == all.prefixes.end() ? nullptr : found->second;
}

void force_impl(const std::string& op, const std::string& prefix) {
    forced().set(listed("force_impl", op), prefix);
}

ForcedImpl::ForcedImpl(const char* op, const char* prefix) : op_(op), prefix_(prefix), previous_(forced_here) { forced_here = this; }
// Scopes need not end in the order opposite to their beginning either.
ForcedImpl::~ForcedImpl() {
    ForcedImpl** at = &forced_here;
    while (*at && *at != this) at = &(*at)->previous_;
    if (*at) *at = previous_;
}

bool is_called(const char* name, const char* wanted) {
    const size_t length = std::strlen(wanted);
    return !std::strncmp(name, wanted, length) && (name[length] == '\0' || name[length] == '_');
}

}  // namespace cc
