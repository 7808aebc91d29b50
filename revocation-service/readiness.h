#ifndef SIGNET_SERVICE_READINESS_H_
#define SIGNET_SERVICE_READINESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "revocation-service/http/server.h"
#include "revocation-service/storage/committer.h"
#include "signet/clock.h"
#include "signet/mutex.h"

namespace signet::service {

// Readiness answers /readyz. It writes one record through the committer, with
// a condition that makes the store read too, and asks whether keys are active.
// Probes of all who ask share one write, and no thread waits for the store: an
// answer that does not come is an answer, given by Tick. Committer and clock
// are borrowed. Safe from any thread.
class Readiness {
 public:
  // Findings are what else is wrong, one text each.
  struct Findings {
    std::vector<std::string> faults;    // it cannot serve
    std::vector<std::string> warnings;  // it can, and will not for ever
  };
  using Look = std::function<Findings()>;

  Readiness(Committer& committer, const Clock& clock, Look look);

  // Answer sends 200 {"ready":true}, or 503 with what is wrong.
  void Answer(std::shared_ptr<http::Responder> responder)
      SIGNET_EXCLUDES(mutex_);

  // Tick answers those who have waited too long for the store.
  void Tick() SIGNET_EXCLUDES(mutex_);

 private:
  struct Waiting {
    std::shared_ptr<http::Responder> responder;
    Monotonic since;
  };

  void OnProbe(const Status& stored) SIGNET_EXCLUDES(mutex_);
  void Send(http::Responder& responder, const Status& stored) const;

  Committer& committer_;
  const Clock& clock_;
  const Look look_;
  Mutex mutex_;
  bool probing_ SIGNET_GUARDED_BY(mutex_) = false;
  std::vector<Waiting> waiting_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_READINESS_H_
