#ifndef SIGNET_SRC_THREAD_NUMBER_H_
#define SIGNET_SRC_THREAD_NUMBER_H_

#include <atomic>
#include <cstddef>

namespace signet {

// ThisThreadsNumber counts the threads of the process in the order in which
// they first ask: what is kept apart by it, few threads share.
inline size_t ThisThreadsNumber() noexcept {
  static constinit std::atomic<size_t> threads{0};
  static constinit thread_local size_t number = 0;
  if (number == 0) number = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

}  // namespace signet

#endif  // SIGNET_SRC_THREAD_NUMBER_H_
