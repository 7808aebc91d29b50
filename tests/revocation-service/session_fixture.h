#ifndef SIGNET_TESTS_REVOCATION_SERVICE_SESSION_FIXTURE_H_
#define SIGNET_TESTS_REVOCATION_SERVICE_SESSION_FIXTURE_H_

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "revocation-service/feed/log_entry.h"
#include "revocation-service/session/session_store.h"
#include "signet/key_ring.h"
#include "tests/revocation-service/faulty_engine.h"

namespace signet::service {

// Noon of some day: a whole minute.
inline constexpr EpochSeconds kNoon{Seconds(1'700'000'040)};

inline SigningRing NewRefreshRing(Time now) {
  return SigningRing::New({.purpose = KeyPurpose::kRefresh,
                           .format = KeyFormat::kRefreshMac,
                           .policy = DefaultPolicy(KeyPurpose::kRefresh)},
                          now)
      .value();
}

// A SessionFixture is a SessionStore and all that it borrows, over an engine
// that fails by a script. Its calls wait for the answer.
class SessionFixture {
 public:
  explicit SessionFixture(SessionLimits limits_in = {},
                          std::unique_ptr<Engine> inner = NewMemoryEngine())
      : clock(kNoon),
        limits(limits_in),
        ring(std::make_shared<SigningRing>(
            NewRefreshRing(kNoon - std::chrono::hours(24)))),
        inner_(std::move(inner)),
        engine(*inner_,
               [this](EngineCall call) {
                 const Fault fault = commits.Next(call);
                 return fault == Fault::kNone ? reads.Next(call) : fault;
               }),
        committer(engine, {}),
        store(
            engine, committer, [this] { return ring; }, limits, clock) {}

  Result<Grant> TryOpen(OpenRequest request) {
    return Wait<Result<Grant>>(
        [&](auto done) { store.Open(std::move(request), done); });
  }
  Grant Open(const std::string& subject = "alice",
             const std::string& client = "app") {
    auto grant = TryOpen({.subject = subject,
                          .client_id = client,
                          .audience = {"api"},
                          .scope = "read write",
                          .device = "phone"});
    REQUIRE(grant.ok());
    return std::move(*grant);
  }

  ExchangeResult Exchange(ExchangeRequest request) {
    return Wait<ExchangeResult>(
        [&](auto done) { store.Exchange(std::move(request), done); });
  }
  ExchangeResult Exchange(const std::string& token) {
    return Exchange({.refresh_token = token, .client_id = "app"});
  }
  // Rotate is an exchange that must succeed; it returns the next token.
  std::string Rotate(const std::string& token) {
    const ExchangeResult result = Exchange(token);
    REQUIRE(result.outcome == ExchangeOutcome::kRotated);
    return result.grant->refresh_token;
  }

  Result<Session> Change(const SessionId& id, SessionChange change) {
    return Wait<Result<Session>>(
        [&](auto done) { store.Change(id, std::move(change), done); });
  }
  Result<Grant> StepUp(StepUpRequest request) {
    return Wait<Result<Grant>>(
        [&](auto done) { store.StepUp(std::move(request), done); });
  }
  Result<Revoked> End(const SessionId& id) {
    return Wait<Result<Revoked>>(
        [&](auto done) { store.End(id, "logout", "app", done); });
  }
  Result<Revoked> EndOthers(const std::string& subject,
                            const SessionId& except) {
    return Wait<Result<Revoked>>(
        [&](auto done) { store.EndOthers(subject, except, "app", done); });
  }
  Result<Revoked> Revoke(NewRevocation request) {
    if (request.reason.empty()) request.reason = "test";
    request.actor = "tester";
    return Wait<Result<Revoked>>(
        [&](auto done) { store.Revoke(std::move(request), done); });
  }

  std::vector<LogEntry> Log() {
    std::vector<LogEntry> entries;
    const auto records = inner_->Tail(0, 10'000);
    REQUIRE(records.ok());
    for (const LogRecord& record : *records) {
      entries.push_back(DecodeLogEntry(record.data).value());
    }
    return entries;
  }
  // Keys lists the keys in the store under a prefix.
  std::vector<std::string> Keys(const std::string& prefix = "") {
    const auto pairs = inner_->Scan(prefix, "", 10'000);
    REQUIRE(pairs.ok());
    std::vector<std::string> keys;
    for (const KeyValue& pair : *pairs) keys.push_back(pair.key);
    return keys;
  }
  size_t CountSessions() { return Keys("s/").size(); }

  ManualClock clock;
  const SessionLimits limits;
  std::shared_ptr<SigningRing> ring;
  FaultScript commits{EngineCall::kCommit};
  FaultScript reads{EngineCall::kGet};

 private:
  template <typename Answer, typename Start>
  static Answer Wait(Start start) {
    std::promise<Answer> promise;
    start([&](Answer answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }

  std::unique_ptr<Engine> inner_;

 public:
  FaultyEngine engine;
  Committer committer;
  SessionStore store;
};

}  // namespace signet::service

#endif  // SIGNET_TESTS_REVOCATION_SERVICE_SESSION_FIXTURE_H_
