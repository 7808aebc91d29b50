#ifndef SIGNET_TESTS_LIB_ALLOCATION_COUNTER_H_
#define SIGNET_TESTS_LIB_ALLOCATION_COUNTER_H_

#include <cstddef>
#include <cstdint>

namespace signet::testing {

// AllocationCounter counts what the calling thread takes from operator new and
// gives back while it lives. This test binary replaces the operators, or has a
// sanitizer tell of their use.
class AllocationCounter {
 public:
  AllocationCounter();

  // allocations is the number of calls of operator new since construction.
  uint64_t allocations() const;
  // bytes is the usable size of what was taken, less what was given back.
  int64_t bytes() const;

 private:
  uint64_t allocations_;
  int64_t bytes_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_LIB_ALLOCATION_COUNTER_H_
