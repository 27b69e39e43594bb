#include "base/resources.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#include <sys/sysinfo.h>
#endif

namespace cc {

namespace {

std::string first_line(const std::string& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
}

// A limit holds for a group and all below it: the smallest on the way from the process's group up to the root counts. In a
// container the path may name groups that are not mounted; their files are simply missing.
template <class Read>
int64_t smallest_limit(const std::string& mount, std::string path, Read read) {
    int64_t least = 0;
    for (;;) {
        int64_t limit = read(mount + path);
        if (limit > 0) least = least ? std::min(least, limit) : limit;
        size_t slash = path.rfind('/');
        if (slash == std::string::npos) return least;
        path.erase(slash);
    }
}

bool lists(const std::string& controllers, const std::string& wanted) {
    return ("," + controllers + ",").find("," + wanted + ",") != std::string::npos;
}

template <class ReadV2, class ReadV1>
int64_t cgroup_limit(const std::string& root, const std::string& controller, ReadV2 v2, ReadV1 v1) {
    int64_t least = 0;
    std::ifstream groups(root + "/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
        if (path == "/") path.clear();
        int64_t limit = 0;
        if (controllers.empty()) {
            limit = smallest_limit(root + "/sys/fs/cgroup", path, v2);
            if (!limit) limit = smallest_limit(root + "/sys/fs/cgroup/unified", path, v2);
        } else if (lists(controllers, controller)) {
            limit = smallest_limit(root + "/sys/fs/cgroup/" + controller, path, v1);
        }
        if (limit > 0) least = least ? std::min(least, limit) : limit;
    }
    return least;
}

int64_t number(const std::string& text) {  // 0 for "max", "-1", nothing
    try {
        return std::max<int64_t>(0, std::stoll(text));
    } catch (const std::exception&) {
        return 0;
    }
}

int64_t whole_cpus(int64_t quota, int64_t period) {
    return quota > 0 && period > 0 ? (quota + period - 1) / period : 0;
}

std::vector<int> affinity() {
    std::vector<int> cpus;
#ifdef __linux__
    for (int count = 1024; count <= 1 << 16 && cpus.empty(); count *= 4) {
        cpu_set_t* set = CPU_ALLOC(count);
        if (!set) break;
        size_t bytes = CPU_ALLOC_SIZE(count);
        if (sched_getaffinity(0, bytes, set) == 0)
            for (int cpu = 0; cpu < count; ++cpu)
                if (CPU_ISSET_S(cpu, bytes, set)) cpus.push_back(cpu);
        CPU_FREE(set);
    }
#endif
    for (int cpu = 0; cpus.empty() && cpu < static_cast<int>(std::thread::hardware_concurrency()); ++cpu)
        cpus.push_back(cpu);
    return cpus;
}

}  // namespace

int64_t cpu_quota(const std::string& root) {
    auto v2 = [](const std::string& group) {
        std::string line = first_line(group + "/cpu.max");
        size_t space = line.find(' ');
        return space == std::string::npos ? 0 : whole_cpus(number(line), number(line.substr(space)));
    };
    auto v1 = [](const std::string& group) {
        return whole_cpus(number(first_line(group + "/cpu.cfs_quota_us")),
                          number(first_line(group + "/cpu.cfs_period_us")));
    };
    return cgroup_limit(root, "cpu", v2, v1);
}

int64_t memory_limit(const std::string& root) {
    auto v2 = [](const std::string& group) { return number(first_line(group + "/memory.max")); };
    auto v1 = [](const std::string& group) { return number(first_line(group + "/memory.limit_in_bytes")); };
    return cgroup_limit(root, "memory", v2, v1);
}

int usable_cpus(const std::string& root) {
    std::set<std::string> cores;
    for (int cpu : affinity()) {
        std::string name = std::to_string(cpu);
        std::string siblings =
            first_line(root + "/sys/devices/system/cpu/cpu" + name + "/topology/thread_siblings_list");
        cores.insert(siblings.empty() ? "alone " + name : siblings);
    }
    int64_t count = std::max<int64_t>(1, static_cast<int64_t>(cores.size())), quota = cpu_quota(root);
    return static_cast<int>(quota ? std::min(count, quota) : count);
}

int64_t usable_memory(const std::string& root) {
    int64_t total = std::numeric_limits<int64_t>::max(), limit = memory_limit(root);
#ifdef __linux__
    struct sysinfo info;
    if (sysinfo(&info) == 0)
        total = static_cast<int64_t>((info.totalram + info.totalswap) * info.mem_unit);
#endif
    return limit ? std::min(total, limit) : total;
}

}  // namespace cc
