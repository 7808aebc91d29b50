#include "same_bytes.h"

#include <cstdint>
#include <cstring>

// Inlined, so that each caller compiles it for the registers that it may use.
#define SIGNET_INLINE inline __attribute__((always_inline))

namespace signet {
namespace {

// A Chunk is compared at once; every 64-bit processor has registers that wide,
// or the compiler makes do with two.
using Chunk = uint64_t __attribute__((vector_size(16)));
using WideChunk = uint64_t __attribute__((vector_size(32)));

SIGNET_INLINE bool AllZero(uint64_t bits) {
  // Keeps the compiler from answering before the end.
  asm volatile("" : "+r"(bits));
  return bits == 0;
}

// Differ ORs what differs, from `at` on, in a T.
template <class T>
SIGNET_INLINE void Differ(const char* a, const char* b, size_t at, T& bits) {
  T x, y;
  std::memcpy(&x, a + at, sizeof(x));
  std::memcpy(&y, b + at, sizeof(y));
  bits |= x ^ y;
}

// Compare goes through two Ts at a time. The last ones it takes from the end,
// some bytes for the second time. REQUIRES: size >= 2 * sizeof(T).
template <class T>
SIGNET_INLINE bool Compare(const char* a, const char* b, size_t size) {
  T even{}, odd{};
  for (size_t at = 0; at + 2 * sizeof(T) <= size; at += 2 * sizeof(T)) {
    Differ(a, b, at, even);
    Differ(a, b, at + sizeof(T), odd);
  }
  Differ(a, b, size - 2 * sizeof(T), even);
  Differ(a, b, size - sizeof(T), odd);
  even |= odd;
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(T) / sizeof(bits); ++i) bits |= even[i];
  return AllZero(bits);
}

bool CompareFew(const char* a, const char* b, size_t size) {
  uint64_t bits = 0;
  for (size_t at = 0; at < size; ++at) {
    bits |= static_cast<uint8_t>(a[at] ^ b[at]);
  }
  return AllZero(bits);
}

#if defined(__x86_64__)
// A build for any x86-64 knows 16 bytes at once; most machines have 32.
__attribute__((target("avx2"))) bool CompareMany(const char* a, const char* b,
                                                 size_t size) {
  return Compare<WideChunk>(a, b, size);
}

bool HasWideRegisters() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#else
bool CompareMany(const char* a, const char* b, size_t size) {
  return Compare<Chunk>(a, b, size);
}
constexpr bool HasWideRegisters() { return false; }
#endif

}  // namespace

bool SameBytes(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  if (size < 2 * sizeof(Chunk)) return CompareFew(a.data(), b.data(), size);
  if (size >= 2 * sizeof(WideChunk) && HasWideRegisters()) {
    return CompareMany(a.data(), b.data(), size);
  }
  return Compare<Chunk>(a.data(), b.data(), size);
}

}  // namespace signet

#undef SIGNET_INLINE
