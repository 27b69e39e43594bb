#include "base/log.h"

#include <atomic>
#include <cstdio>

namespace cc {

namespace {

void to_stderr(const char* line) {
    std::string text = std::string("convcore: ") + line + '\n';
    std::fwrite(text.data(), 1, text.size(), stderr);
}

std::atomic<LogSink> sink{to_stderr};

}  // namespace

void set_log_sink(LogSink to) { sink.store(to ? to : to_stderr); }

void log_line(const std::string& line) { sink.load()(line.c_str()); }

}  // namespace cc
