#ifndef SIGNET_BENCH_REDIS_H_
#define SIGNET_BENCH_REDIS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace signet::bench {

// A Redis is a redis-server on a free loopback port, without persistence, and
// one blocking connection to it. The server ends with the object. Failing to
// start it ends the program.
class Redis {
 public:
  Redis();
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  void Set(std::string_view key, std::string_view value);
  // Get returns the size of the value, or -1.
  int Get(std::string_view key);
  uint16_t port() const { return port_; }

 private:
  // Ask sends one command and waits for the whole answer.
  std::string_view Ask(std::initializer_list<std::string_view> words);

  uint16_t port_ = 0;
  pid_t server_ = -1;
  int socket_ = -1;
  std::string request_, answer_;
};

}  // namespace signet::bench

#endif  // SIGNET_BENCH_REDIS_H_
