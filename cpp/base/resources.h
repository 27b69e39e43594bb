// What the machine lets this process have: the smaller of what there is and what its control groups allow.
#pragma once

#include <cstdint>
#include <string>

namespace cc {

// Physical cores in the affinity mask, at most the CPU quota rounded up. `root` stands before /proc and /sys (for tests).
int usable_cpus(const std::string& root = "");
int64_t usable_memory(const std::string& root = "");  // bytes, swap included

int64_t cpu_quota(const std::string& root);      // CPUs rounded up, 0 where there is no quota
int64_t memory_limit(const std::string& root);   // bytes, 0 where there is no limit

}  // namespace cc
