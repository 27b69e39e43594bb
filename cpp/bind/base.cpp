// Threads, instruction sets, implementations, memory.
#include <mutex>

#include "base/allocator.h"
#include "base/env.h"
#include "base/log.h"
#include "base/parallel.h"
#include "bind/bind.h"
#include "kernels/conv/conv.h"
#include "kernels/gemm/gemm.h"
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
    out["workspace"] = decision.workspace;
    return out;
}

// Lines on their way to Python. They come from any thread, perhaps one that the holder of the GIL waits for, so they stay here
// until the interpreter runs its pending calls.
struct LogQueue {
    std::mutex mutex;
    std::vector<std::string> lines;
    bool scheduled = false;
    PyObject* receiver = nullptr;  // touched under the GIL alone
};

LogQueue& log_queue() {
    static LogQueue& queue = *new LogQueue;
    return queue;
}

int deliver_log(void*) {
    LogQueue& queue = log_queue();
    std::vector<std::string> lines;
    {
        std::lock_guard lock(queue.mutex);
        lines.swap(queue.lines);
        queue.scheduled = false;
    }
    nb::object receiver = nb::borrow(queue.receiver);
    for (const std::string& line : lines) {
        if (!receiver.is_valid()) break;
        PyObject* done = PyObject_CallFunction(receiver.ptr(), "s", line.c_str());
        if (!done) PyErr_WriteUnraisable(receiver.ptr());
        Py_XDECREF(done);
    }
    return 0;
}

void queue_log(const char* line) {
    LogQueue& queue = log_queue();
    {
        std::lock_guard lock(queue.mutex);
        queue.lines.emplace_back(line);
        if (std::exchange(queue.scheduled, true)) return;
    }
    if (Py_AddPendingCall(deliver_log, nullptr) == 0) return;
    std::lock_guard lock(queue.mutex);
    queue.scheduled = false;  // the interpreter's list is full: the next line tries again
}

}  // namespace

void bind_base(nb::module_& m) {
    m.def("check_environment", [] {
        check_environment();
        forced_impl("conv");  // reads CONVCORE_IMPL, whose operators base does not know
    });
    m.def("set_log_sink", [](nb::object receiver) {
        deliver_log(nullptr);
        LogQueue& queue = log_queue();
        set_log_sink(receiver.is_none() ? nullptr : queue_log);
        Py_XDECREF(std::exchange(queue.receiver, receiver.is_none() ? nullptr : receiver.release().ptr()));
    }, nb::arg("receiver").none(), "Lines go to receiver(line), or with None to standard error.");

    m.def("num_threads", &num_threads);
    m.def("default_num_threads", &default_num_threads);
    m.def("set_num_threads", &set_num_threads, nb::arg("n"));
    nb::class_<ThreadsScope>(m, "ThreadsScope").def(nb::init<int>());
    m.def("threading_backend", &threading_backend);
    m.def("set_threading_backend", [](const std::string& name) { set_threading_backend(name.c_str()); });

    m.def("isa", [] { return name(isa()); });
    m.def("machine_isa", [] { return name(machine_isa()); });
    m.def("set_isa", [](const std::string& text) { set_isa(parse_isa(text)); });
    m.def("cpu_name", &cpu_name);
    m.def("force_impl", &force_impl, nb::arg("op"), nb::arg("prefix"));
    nb::class_<ForcedImpl>(m, "ForcedImpl").def(nb::init<const std::string&, const std::string&>(), nb::arg("op"), nb::arg("prefix"));
    m.def("measure_peak_flops", &measure_peak_flops, nb::call_guard<nb::gil_scoped_release>());

    m.def("conv_precision_is_strict", [] { return conv_precision() == ConvPrecision::Strict; });
    m.def("set_conv_precision_strict", [](bool strict) {
        set_conv_precision(strict ? ConvPrecision::Strict : ConvPrecision::Fast);
    }, nb::arg("strict"));

    nb::class_<DecisionLog>(m, "DecisionLog")
        .def(nb::init<>())
        .def("__len__", [](const DecisionLog& log) { return log.decisions.size(); })
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
