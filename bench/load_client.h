#ifndef SIGNET_BENCH_LOAD_CLIENT_H_
#define SIGNET_BENCH_LOAD_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace signet::bench {

struct LoadResult {
  double per_second = 0;
  // Milliseconds from the request's last byte to the answer's.
  double p50 = 0, p99 = 0, p999 = 0;
  size_t failed = 0;  // answers that were not 200
};

// ResidentBytes is the memory that a process occupies.
double ResidentBytes(int pid);

// Percentile sorts the values. REQUIRES: there are some.
double Percentile(std::vector<double>& values, double share);

// OpenTokens opens so many sessions at a `signetd --dev`, each of a subject of
// its own, and returns their refresh tokens.
std::vector<std::string> OpenTokens(uint16_t port, size_t count);

// RefreshLoad exchanges refresh tokens at POST /token of a `signetd --dev`, on
// one connection for each token, all from one thread. Each connection asks
// again as soon as it was answered. `tokens` are the newest afterwards.
LoadResult RefreshLoad(uint16_t port, std::vector<std::string>& tokens,
                       std::chrono::milliseconds warm_up,
                       std::chrono::milliseconds measured);

}  // namespace signet::bench

#endif  // SIGNET_BENCH_LOAD_CLIENT_H_
