#include "tests/lib/allocation_counter.h"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

constinit thread_local uint64_t allocation_count = 0;
constinit thread_local int64_t allocated_bytes = 0;

void* Taken(void* memory) {
  if (memory == nullptr) std::abort();
  ++allocation_count;
  allocated_bytes += static_cast<int64_t>(malloc_usable_size(memory));
  return memory;
}

void Give(void* memory) {
  if (memory == nullptr) return;
  allocated_bytes -= static_cast<int64_t>(malloc_usable_size(memory));
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

namespace signet::testing {

AllocationCounter::AllocationCounter()
    : allocations_(allocation_count), bytes_(allocated_bytes) {}

uint64_t AllocationCounter::allocations() const {
  return allocation_count - allocations_;
}

int64_t AllocationCounter::bytes() const { return allocated_bytes - bytes_; }

}  // namespace signet::testing
