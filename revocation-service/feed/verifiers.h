#ifndef SIGNET_SERVICE_FEED_VERIFIERS_H_
#define SIGNET_SERVICE_FEED_VERIFIERS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "signet/mutex.h"
#include "signet/revocation.h"

namespace signet::service::feed {

// VerifierId is what a follower of the feed draws at its start.
using VerifierId = std::array<uint8_t, 16>;

// AckMark is how far a verifier's list has got, and what it was last asked
// for, in sequences of the present epoch.
struct AckMark {
  std::atomic<uint64_t> acknowledged{0};
  std::atomic<uint64_t> asked{0};
};

enum class Transport : uint8_t { kStream, kLongPoll, kPoll };
std::string_view TransportName(Transport transport);

// Verifiers knows who follows the feed and how far each has got, and lets
// callers wait until all of them have a revocation in force. It holds no more
// than kMaxKnown of them; those beyond, and those that tell no id, count as
// connected and never as enforcing. Nothing here touches the store. Safe from
// any thread.
class Verifiers {
 public:
  using Steady = std::chrono::steady_clock;
  static constexpr size_t kMaxKnown = 16'384;
  // Who waits beyond these is answered at once, with nobody enforcing.
  static constexpr int kMaxWaits = 100;

  // Caller is who asks for a part of the feed, as far as it says.
  struct Caller {
    std::optional<VerifierId> id;
    bool watches = false;  // it decides about no token: it does not count
    std::string client;
    std::string address;
  };

  explicit Verifiers(std::function<Steady::time_point()> now = Steady::now)
      : now_(std::move(now)) {}

  // Polled notes a question after the log: `sequence` is what its cursor says
  // to be in force, `wait` how long the answer may take. Answered notes that
  // the answer to a long poll was sent.
  void Polled(const Caller& caller, uint64_t sequence, Seconds wait);
  void Answered(const Caller& caller);
  // Joined notes a stream, for which Left must follow. Null for a caller
  // whose acknowledgement cannot be asked for.
  std::shared_ptr<AckMark> Joined(const Caller& caller, uint64_t sequence);
  void Left(const Caller& caller, const std::shared_ptr<AckMark>& mark);

  // Acknowledge is kNotFound for an unknown id and kDenied for one of another
  // client. REQUIRES: the log has got to `sequence`.
  Status Acknowledge(const VerifierId& id, std::string_view client,
                     uint64_t sequence);

  // A Wait is one caller's question who enforces a revocation. From Begin
  // until its end acknowledgements are asked for. Begin it before the commit:
  // then the frame that carries the revocation asks for them.
  class Wait;
  std::shared_ptr<Wait> Begin();

  // Report counts those who were connected at Begin. Who has gone since does
  // not enforce, unless it comes back and acknowledges.
  struct Report {
    size_t connected = 0;
    size_t enforcing = 0;
    // From Begin to the acknowledgements that came: quantiles, nearest rank.
    double p50_ms = 0;
    double p99_ms = 0;
    double max_ms = 0;
  };
  // Await calls `done` once: when all who can have acknowledged `sequence`, or
  // after `limit`. On any thread.
  using Done = std::function<void(const Report& report)>;
  void Await(const std::shared_ptr<Wait>& wait, uint64_t sequence,
             Duration limit, Done done);
  // EndWaits answers those who wait now, and later ones at once.
  void EndWaits();

  // ---- The thread that sends. ----

  // OnWish sets what wakes it. Call it first.
  void OnWish(std::function<void()> wake) { wake_ = std::move(wake); }
  bool asking() const { return open_->load() > 0; }
  Steady::time_point NextDeadline(Steady::time_point otherwise) const;
  // Tend counts for those who have come since, and ends what is due.
  void Tend(Steady::time_point now);

  // ---- For people. ----

  struct Listed {
    VerifierId id{};
    std::string client;
    std::string address;
    Transport transport = Transport::kPoll;
    uint64_t acknowledged = 0;
    uint64_t behind = 0;
    Duration seen{};  // how long ago it was heard of
  };
  struct Census {
    size_t connected = 0;
    size_t without_id = 0;
    uint64_t furthest_behind = 0;
    std::vector<Listed> verifiers;  // with ids; the furthest behind first
  };
  // Count tells who is connected, and lists at most `limit`. A stream lies
  // behind by what it was asked for and has not acknowledged; a poller, by
  // what has come since its cursor.
  Census Count(uint64_t log_end, size_t limit) const;
  uint64_t acknowledgements() const { return acknowledgements_; }

 private:
  struct Known {
    uint64_t number = 0;  // no two are alike
    std::string client;
    std::string address;
    Transport transport = Transport::kPoll;
    int streams = 0;
    Steady::time_point seen;
    Steady::time_point poll_until;  // until when a poller counts
    Steady::duration last_wait{};   // of its answer
    Steady::duration last_pause{};  // between an answer and a question
    Steady::time_point acknowledged_at;
    std::shared_ptr<AckMark> mark;
  };
  struct HashId {
    size_t operator()(const VerifierId& id) const;
  };
  using Ready = std::vector<std::pair<Done, Report>>;

  static Steady::duration GraceOf(const Known& known);
  static bool IsConnected(const Known& known, Steady::time_point now);
  static uint64_t Behind(const Known& known, uint64_t log_end);
  Known* Find(const Caller& caller, Steady::time_point now)
      SIGNET_REQUIRES(mutex_);
  void MakeRoom(Steady::time_point now) SIGNET_REQUIRES(mutex_);
  size_t Unnamed(Steady::time_point now) const SIGNET_REQUIRES(mutex_);
  void Advance(Known& known, uint64_t sequence, Steady::time_point now,
               Ready& ready) SIGNET_REQUIRES(mutex_);
  void CountLate(Wait& wait) SIGNET_REQUIRES(mutex_);
  void TakeReady(Steady::time_point now, Ready& ready) SIGNET_REQUIRES(mutex_);
  static void Answer(const Ready& ready);

  const std::function<Steady::time_point()> now_;
  std::function<void()> wake_;
  // How many waits are alive; they may outlive this object.
  const std::shared_ptr<std::atomic<int>> open_ =
      std::make_shared<std::atomic<int>>(0);
  std::atomic<uint64_t> acknowledgements_{0};

  mutable Mutex mutex_;
  std::unordered_map<VerifierId, Known, HashId> known_
      SIGNET_GUARDED_BY(mutex_);
  uint64_t last_number_ SIGNET_GUARDED_BY(mutex_) = 0;
  size_t unnamed_streams_ SIGNET_GUARDED_BY(mutex_) = 0;
  // Pollers without an id, by client and address: until when they count.
  std::map<std::string, Steady::time_point> unnamed_pollers_
      SIGNET_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Wait>> waits_ SIGNET_GUARDED_BY(mutex_);
  bool closed_ SIGNET_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_VERIFIERS_H_
