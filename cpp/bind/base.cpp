// Threads, instruction sets, implementations, memory.
#include "base/allocator.h"
#include "base/parallel.h"
#include "bind/bind.h"
#include "kernels/impl.h"

namespace cc::bind {

namespace {

nb::dict as_dict(const Decision& decision) {
    nb::dict out;
    out["op"] = decision.op;
    out["problem"] = decision.problem;
    out["implementation"] = decision.chosen;
    out["declined"] = decision.declined;
    out["flops"] = decision.flops;
    out["bytes"] = decision.bytes;
    out["seconds"] = decision.seconds;
    return out;
}

}  // namespace

void bind_base(nb::module_& m) {
    m.def("num_threads", &num_threads);
    m.def("default_num_threads", &default_num_threads);
    m.def("set_num_threads", [](int n) {
        check(n >= 1, "set_num_threads: n must be at least 1, got ", n);
        set_num_threads(n);
    }, nb::arg("n"));
    nb::class_<ThreadsScope>(m, "ThreadsScope").def(nb::init<int>());
    m.def("threading_backend", &threading_backend);
    m.def("set_threading_backend", [](const std::string& name) { set_threading_backend(name.c_str()); });

    m.def("isa", [] { return name(isa()); });
    m.def("machine_isa", [] { return name(machine_isa()); });
    m.def("set_isa", [](const std::string& text) { set_isa(parse_isa(text)); });
    m.def("cpu_name", &cpu_name);
    m.def("force_impl", &force_impl, nb::arg("op"), nb::arg("prefix"));

    nb::class_<DecisionLog>(m, "DecisionLog")
        .def(nb::init<>())
        .def_prop_ro("decisions", [](const DecisionLog& log) {
            nb::list out;
            for (const Decision& decision : log.decisions) out.append(as_dict(decision));
            return out;
        });

    m.def("memory_stats", [] {
        MemoryStats stats = memory_stats();
        nb::dict out;
        out["tensors"] = stats.tensors;
        out["packs"] = stats.packs;
        out["workspace"] = stats.workspace;
        out["cached"] = stats.cached;
        out["peak"] = stats.peak;
        return out;
    });
    m.def("reset_peak_memory", &reset_peak_memory);
    m.def("empty_cache", &empty_cache);
}

}  // namespace cc::bind
