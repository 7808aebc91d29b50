#include "tests/lib/allocation_counter.h"

#include <malloc.h>

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SIGNET_SANITIZED 1
#endif
#elif defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SIGNET_SANITIZED 1
#endif

namespace {

constinit thread_local uint64_t allocation_count = 0;
constinit thread_local int64_t allocated_bytes = 0;

void CountTaken(size_t size) {
  ++allocation_count;
  allocated_bytes += static_cast<int64_t>(size);
}

void CountGiven(size_t size) { allocated_bytes -= static_cast<int64_t>(size); }

}  // namespace

#ifdef SIGNET_SANITIZED

// A sanitizer has operators of its own, and tells of each allocation.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(
    void (*taken)(const volatile void*, size_t),
    void (*given)(const volatile void*));
size_t __sanitizer_get_allocated_size(const volatile void* memory);
}

namespace {

const int kInstalled = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t size) { CountTaken(size); },
    [](const volatile void* memory) {
      if (memory != nullptr) CountGiven(__sanitizer_get_allocated_size(memory));
    });

}  // namespace

#else

namespace {

void* Taken(void* memory) {
  if (memory == nullptr) std::abort();
  CountTaken(malloc_usable_size(memory));
  return memory;
}

void Give(void* memory) {
  if (memory == nullptr) return;
  CountGiven(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

// The array and nothrow forms call these.
void* operator new(size_t size) { return Taken(std::malloc(size)); }
void* operator new(size_t size, std::align_val_t align) {
  const auto step = static_cast<size_t>(align);
  return Taken(std::aligned_alloc(step, (size + step - 1) / step * step));
}
void operator delete(void* memory) noexcept { Give(memory); }
void operator delete(void* memory, size_t) noexcept { Give(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { Give(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  Give(memory);
}

#endif  // SIGNET_SANITIZED

namespace signet::testing {

AllocationCounter::AllocationCounter()
    : allocations_(allocation_count), bytes_(allocated_bytes) {}

uint64_t AllocationCounter::allocations() const {
  return allocation_count - allocations_;
}

int64_t AllocationCounter::bytes() const { return allocated_bytes - bytes_; }

}  // namespace signet::testing
