#ifndef SIGNET_TESTS_EVENTUALLY_H_
#define SIGNET_TESTS_EVENTUALLY_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

namespace signet::testing {

// Eventually looks at a condition until it holds, at first every millisecond
// and later every 20; false after a minute, so that a slow machine fails no
// test.
inline bool Eventually(const std::function<bool()>& condition) {
  using std::chrono::milliseconds;
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::minutes(1);
  milliseconds pause(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, milliseconds(20));
  }
  return true;
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_EVENTUALLY_H_
