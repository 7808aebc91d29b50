#ifndef SIGNET_TESTS_FEED_MODEL_WORLD_H_
#define SIGNET_TESTS_FEED_MODEL_WORLD_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feed_model_replica.h"
#include "feed_model_script.h"
#include "feed_model_service.h"

namespace signet::service::model {

// A World is one service, its replicas and what lies between them. Its own
// time never steps: the clocks of the machines run beside it, each with an
// offset. The properties are stated in feed_model_test.cc.
class World {
 public:
  World();

  // Play does one step. What it returns is a property that does not hold.
  std::optional<std::string> Play(const Step& step);

  // Heal ends all trouble, and checks that all is well soon.
  std::optional<std::string> Heal();

  // What has happened, so that a test can say that it has tested something.
  struct Counts {
    uint64_t steps = 0, fresh = 0, stale = 0, accepted = 0, revoked = 0,
             confirmed = 0, dropped = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Peer {
    Peer(Time now, FeedMode mode, const KeyRing& ring)
        : clock(now), replica(clock, mode, ring) {}
    ManualClock clock;
    Duration offset{};
    ModelReplica replica;
    std::optional<uint64_t> subscription = {};
  };
  struct Known {  // an entry that is, or was, in the log
    Revocation entry;
    uint64_t sequence = 0;
    bool acknowledged = false;
    Duration at{};  // of the acknowledgement
    bool lost = false;
  };
  struct Token {
    ModelToken token;
    bool may_be_void = false;
    bool covered = false;  // an entry voids it for as long as it lives
    std::optional<Duration> void_since = {};  // acknowledged
  };

  void Do(const Step& step);
  void Wait(Duration by);
  void Exchange(Peer& peer);
  void Serve(Peer& peer);
  void Replay(Peer& peer, uint32_t value);
  void Tamper(Peer& peer, uint32_t value);
  void Settle(Peer& peer);
  void Open(uint32_t value);
  void Revoke(uint32_t value);
  void RevokeInVain(uint32_t value);
  void Learn(bool acknowledged, bool expected = false);
  void Apply(const Known& known, Token& token);
  void GoBack(bool told, uint32_t value);
  void SetServiceClock(Duration offset);
  void RestartReplica(Peer& peer, uint32_t value);
  void EndStreams();
  void Record(const std::string& path, const FeedHttp::Answer& answer);

  std::optional<std::string> Check();
  std::optional<std::string> Check(Peer& peer, size_t index);
  std::optional<std::string> CheckFresh();
  std::optional<std::string> CheckForward(Peer& peer);
  std::string Name(const Peer& peer) const;
  // Allowance is what the clocks may hide of the age of old answers.
  Duration Allowance(const Peer& peer) const;
  Time Truth() const;

  Duration elapsed_{};
  ModelService service_;
  Duration service_offset_{};
  Duration service_ahead_{};  // the furthest that it ever was
  std::vector<std::unique_ptr<Peer>> peers_;

  std::vector<Known> log_;
  std::map<size_t, Token> tokens_;  // those that may live somewhere
  size_t next_token_ = 0;
  bool store_went_back_ = false;
  // Replicas may have met the epoch in force before, with another log.
  bool epoch_is_old_ = false;
  uint32_t furthest_epoch_ = 0;
  std::optional<std::string> fault_;  // of the service, in this step

  std::map<std::string, std::vector<FeedHttp::Answer>> cache_;
  std::vector<std::string> old_events_;
  Counts counts_;
};

// Finding is where a script breaks a property.
struct Finding {
  size_t step = 0;
  std::string what;
};

// Run plays a script in a new world.
std::optional<Finding> Run(const Script& script, World::Counts* counts);

// Shorten leaves out of a script what its finding does not need.
Script Shorten(Script script);

}  // namespace signet::service::model

#endif  // SIGNET_TESTS_FEED_MODEL_WORLD_H_
