#ifndef SIGNET_BENCH_PAIRED_H_
#define SIGNET_BENCH_PAIRED_H_

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace signet::bench {

// Keep makes the compiler believe that a value is used.
template <typename T>
inline void Keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Nanoseconds is what one call of `work` takes, as the mean of `calls`.
template <typename Work>
double Nanoseconds(int calls, Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) work(i);
  const std::chrono::duration<double, std::nano> took =
      std::chrono::steady_clock::now() - start;
  return took.count() / calls;
}

// Print writes one result, as one line of JSON.
inline void Print(const std::string& name, double value,
                  const std::string& unit, double baseline,
                  const std::string& baseline_name, double ratio) {
  std::printf(
      "{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\",\"baseline\":%.1f,"
      "\"baseline_name\":\"%s\",\"ratio\":%.3f}\n",
      name.c_str(), value, unit.c_str(), baseline, baseline_name.c_str(),
      ratio);
  std::fflush(stdout);
}

// Compare times `work` and `baseline` in turn, many short rounds, and prints
// the medians, with the median of the ratios of neighbouring rounds: a machine
// whose speed drifts slows both sides of a pair alike.
template <typename Work, typename Baseline>
void Compare(const std::string& name, const std::string& baseline_name,
             int calls, Work&& work, int baseline_calls, Baseline&& baseline) {
  constexpr int kRounds = 101;
  std::vector<double> values, baselines, ratios;
  for (int round = 0; round < kRounds; ++round) {
    values.push_back(Nanoseconds(calls, work));
    baselines.push_back(Nanoseconds(baseline_calls, baseline));
    ratios.push_back(values.back() / baselines.back());
  }
  Print(name, Median(values), "ns", Median(baselines), baseline_name,
        Median(ratios));
}

template <typename Work, typename Baseline>
void Compare(const std::string& name, const std::string& baseline_name,
             int calls, Work&& work, Baseline&& baseline) {
  Compare(name, baseline_name, calls, work, calls, baseline);
}

}  // namespace signet::bench

#endif  // SIGNET_BENCH_PAIRED_H_
