#ifndef SIGNET_TESTS_FUZZ_SUPPORT_H_
#define SIGNET_TESTS_FUZZ_SUPPORT_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

// FUZZ_TARGET(input) { … } defines what libFuzzer calls with each input.
#define FUZZ_TARGET(input)                                                  \
  static void RunOne(std::string_view input);                               \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    RunOne(std::string_view(reinterpret_cast<const char*>(data), size));    \
    return 0;                                                               \
  }                                                                         \
  static void RunOne(std::string_view input)

// FUZZ_CHECK is a property of every input: libFuzzer keeps what breaks it.
#define FUZZ_CHECK(property)                                          \
  do {                                                                \
    if (!(property)) {                                                \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
                   #property);                                        \
      std::abort();                                                   \
    }                                                                 \
  } while (false)

namespace signet::fuzz {

// TakeByte takes the first byte off, or gives 0: a choice that the fuzzer
// makes. Seeds are written with the same choices in front (seeds.cc).
inline uint8_t TakeByte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

// TakePart takes what stands before the first zero byte, and that byte.
inline std::string_view TakePart(std::string_view& input) {
  const size_t end = input.find('\0');
  const std::string_view part = input.substr(0, end);
  input.remove_prefix(end == input.npos ? input.size() : end + 1);
  return part;
}

// DrawOf is a number that says nothing about an input and is the same for it
// each time. What takes too long for every input is done for some draws.
inline size_t DrawOf(std::string_view input) {
  return std::hash<std::string_view>()(input);
}

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_SUPPORT_H_
