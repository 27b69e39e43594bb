// Errors the library raises. Each kind becomes a Python exception of the same name; nothing aborts or prints.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace cc {

enum class ErrorKind { Value, Type, Index, NotImplemented, Memory, Runtime };

class Error : public std::runtime_error {
public:
    Error(ErrorKind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
    ErrorKind kind() const { return kind_; }

private:
    ErrorKind kind_;
};

template <class... Parts>
std::string str(const Parts&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return out.str();
}

template <class... Parts>
[[noreturn, gnu::noinline, gnu::cold]] void fail(ErrorKind kind, const Parts&... parts) {
    throw Error(kind, str(parts...));
}

// Text = op, argument as spelled in Python, expected, got: check(x.rank() == 4, "conv2d: input must have 4 dimensions, got shape ", x.shape()).
template <class... Parts>
void check(bool ok, const Parts&... parts) {
    if (!ok) fail(ErrorKind::Value, parts...);
}

template <class... Parts>
void check_type(bool ok, const Parts&... parts) {
    if (!ok) fail(ErrorKind::Type, parts...);
}

template <class... Parts>
void check_index(bool ok, const Parts&... parts) {
    if (!ok) fail(ErrorKind::Index, parts...);
}

}  // namespace cc
