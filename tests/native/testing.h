// The least a test needs: TEST(name) { … }, EXPECT(condition), EXPECT_ERROR(expression, kind, "part of the text").
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "base/error.h"

namespace testing {

struct Test {
    const char* name;
    void (*run)();
};

inline std::vector<Test>& tests() {
    static std::vector<Test> all;
    return all;
}

inline int failures = 0;

inline bool add(const char* name, void (*run)()) {
    tests().push_back({name, run});
    return true;
}

inline void expect(bool ok, const char* what, const char* file, int line) {
    if (ok) return;
    ++failures;
    std::fprintf(stderr, "%s:%d: expected %s\n", file, line, what);
}

template <class F>
void expect_error(F f, cc::ErrorKind kind, const std::string& part, const char* file, int line) {
    try {
        f();
    } catch (const cc::Error& error) {
        if (error.kind() == kind && std::string(error.what()).find(part) != std::string::npos) return;
        ++failures;
        std::fprintf(stderr, "%s:%d: expected an error with '%s', got '%s'\n", file, line, part.c_str(), error.what());
        return;
    }
    ++failures;
    std::fprintf(stderr, "%s:%d: expected an error with '%s', got none\n", file, line, part.c_str());
}

}  // namespace testing

#define TEST(name)                                                             \
    static void test_##name();                                                 \
    static const bool added_##name = testing::add(#name, test_##name);         \
    static void test_##name()
#define EXPECT(condition) testing::expect(static_cast<bool>(condition), #condition, __FILE__, __LINE__)
#define EXPECT_ERROR(expression, kind, part) \
    testing::expect_error([&] { (void)(expression); }, cc::ErrorKind::kind, part, __FILE__, __LINE__)

int main(int argc, char** argv) {
    for (const auto& test : testing::tests()) {
        if (argc > 1 && std::strcmp(argv[1], test.name)) continue;
        int before = testing::failures;
        try {
            test.run();
        } catch (const std::exception& error) {
            ++testing::failures;
            std::fprintf(stderr, "%s: %s\n", test.name, error.what());
        }
        std::printf("%-4s %s\n", testing::failures == before ? "ok" : "FAIL", test.name);
    }
    return testing::failures ? 1 : 0;
}
