#ifndef SIGNET_SERVICE_SSF_RECEIVER_H_
#define SIGNET_SERVICE_SSF_RECEIVER_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "revocation-service/audit/audit_log.h"
#include "revocation-service/metrics.h"
#include "revocation-service/session/session_store.h"
#include "revocation-service/ssf/poll_client.h"
#include "revocation-service/ssf/set_reader.h"
#include "signet/mutex.h"

namespace signet::service::ssf {

// A Receiver polls one transmitter on a thread of its own, and ends the
// sessions of the subjects that it names. An event is acknowledged once its
// effect is durable; what this service cannot know yet (its store fails, a key
// is not there yet) is not acknowledged, so it comes again. Parts are borrowed.
class Receiver {
 public:
  struct Parts {
    SessionStore& sessions;
    AuditLog& audit;
    Metrics& metrics;
    const Clock& clock;
  };

  Receiver(Transmitter transmitter, std::string secret, Parts parts);
  // The destructor is Stop and Join.
  ~Receiver();

  // Stop cuts off the poll under way. Safe from any thread.
  void Stop() SIGNET_EXCLUDES(mutex_);

  // Join waits for the thread, after Stop.
  void Join();

  // age is the time since the last poll that succeeded, or since the start.
  Duration age() const;

 private:
  using Steady = std::chrono::steady_clock;
  enum class Fate { kDone, kRefused, kLater };

  void Run();
  Status Turn();
  std::string Body() const;
  Status TakeAnswer(const std::string& body);
  Fate Take(const std::string& id, const std::string& set);
  Fate End(const std::string& id, const ReceivedSet& event);
  Fate EndAll(const std::string& reason, const ReceivedSet& event);
  Fate EndOne(const std::string& reason, const ReceivedSet& event);
  // Await waits for what `start` begins; nullopt: the service stops.
  using Revoking = std::function<void(std::function<void(Result<Revoked>)>)>;
  std::optional<Result<Revoked>> Await(const Revoking& start)
      SIGNET_EXCLUDES(mutex_);
  Fate Failed(const Error& error);
  Fate Refuse(const std::string& id, const SetRefusal& refusal);
  Status LoadKeys();
  void RefreshKeys();
  bool Sleep(Duration time) SIGNET_EXCLUDES(mutex_);
  Duration Backoff();
  bool stopping() SIGNET_EXCLUDES(mutex_);
  Origin origin() const { return Origin(actor_); }

  const Transmitter transmitter_;
  const std::string actor_;
  const Parts parts_;
  PollClient client_;
  std::atomic<Steady::rep> last_success_;

  // Only the thread uses these.
  std::optional<JwsKeys> keys_;
  Steady::time_point loaded_{};
  std::set<std::string> done_;  // of the last answer, to be acknowledged
  std::vector<std::pair<std::string, std::string_view>> refused_;
  bool idle_ = false;  // the last answer brought nothing new
  int failures_ = 0;   // in a row
  std::string last_failure_;
  std::minstd_rand random_;

  Mutex mutex_;
  CondVar wake_;
  bool stopping_ SIGNET_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace signet::service::ssf

#endif  // SIGNET_SERVICE_SSF_RECEIVER_H_
