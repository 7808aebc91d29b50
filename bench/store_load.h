#ifndef SIGNET_BENCH_STORE_LOAD_H_
#define SIGNET_BENCH_STORE_LOAD_H_

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "revocation-service/session/session_store.h"
#include "signet/clock.h"
#include "signet/key_ring.h"

namespace signet::bench {

// A StoreLoad is a SessionStore on RocksDB in a directory, its syncs on, and
// clients that keep 64 calls under way.
class StoreLoad {
 public:
  explicit StoreLoad(const std::string& directory,
                     const Clock& clock = SystemClock::Shared());
  ~StoreLoad();

  // Open opens sessions, each of a subject of its own.
  void Open(size_t count);

  // Exchange rotates sessions that are picked at random, or all in turn, and
  // returns how long each took, in milliseconds.
  std::vector<double> Exchange(size_t count, bool in_turn);

  // Sweep removes expired sessions, at most so many, and returns how many.
  size_t Sweep(size_t limit);

  size_t sessions() const { return tokens_.size(); }

 private:
  class Flight;

  std::shared_ptr<const SigningRing> ring_;
  std::unique_ptr<service::Engine> engine_;
  std::unique_ptr<service::Committer> committer_;
  std::unique_ptr<service::SessionStore> store_;
  std::vector<std::string> tokens_;
  std::mt19937_64 random_{1};
  size_t next_ = 0;
};

// FillLog makes a store whose log has that many live revocations, of sessions
// of random ids.
void FillLog(const std::string& directory, size_t entries);

// FillStatusLists writes the records of so many status lists of which every
// place is taken, and returns their names. One in ten is of a session that
// FillLog has revoked, as long as there are some.
std::vector<std::string> FillStatusLists(const std::string& directory,
                                         size_t lists);

// CompactedBytes compacts the store in a directory that nobody has open, and
// returns what it takes then.
double CompactedBytes(const std::string& directory);

}  // namespace signet::bench

#endif  // SIGNET_BENCH_STORE_LOAD_H_
