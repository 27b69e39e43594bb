// The one way text leaves the library: a line at a time, to standard error unless the binding sends it to `logging`.
#pragma once

#include <string>

namespace cc {

using LogSink = void (*)(const char* line);

void set_log_sink(LogSink sink);  // null: back to standard error
void log_line(const std::string& line);

}  // namespace cc
