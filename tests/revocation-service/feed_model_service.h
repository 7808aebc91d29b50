#ifndef SIGNET_TESTS_FEED_MODEL_SERVICE_H_
#define SIGNET_TESTS_FEED_MODEL_SERVICE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feed_net_http.h"
#include "revocation-service/session/session_store.h"
#include "tests/revocation-service/feed_fixture.h"

namespace signet::service::model {

// How long tokens of the model live: short, so that entries leave often.
inline constexpr Seconds kTokenLife = std::chrono::minutes(2);

// ModelToken is an access token that the service has given out.
struct ModelToken {
  std::string text;
  std::string id;
  std::string session;
  std::string subject;
  std::string client;
  std::string key;
  EpochSeconds issued_at{};
  EpochSeconds expires_at{};

  // VoidedBy tells whether an entry names it, as docs/formats.md has it.
  bool VoidedBy(const Revocation& entry) const;
};

// A ModelService is a signetd without its process and its HTTP server: the
// real sessions, committer, log, checkpoint and publisher, over a memory
// engine that can fail, on a clock that the model moves. One thread calls it,
// and nothing of it happens between calls.
class ModelService {
 public:
  explicit ModelService(Time now);
  ~ModelService();

  // ---- What clients do. ----

  std::optional<ModelToken> Open(const std::string& subject,
                                 const std::string& client);
  // Revoke tells whether it was acknowledged.
  bool Revoke(RevocationKind kind, const std::string& value);
  // NewEntries reads what the log holds beyond the last call.
  std::vector<Publisher::Numbered> NewEntries();
  uint64_t last_sequence();
  uint32_t epoch() const { return publisher_->position().epoch; }

  // ---- What replicas do: the answers of feed_routes.cc. ----

  FeedHttp::Answer Get(const std::string& path);
  // Subscribe is the answer of /feed/stream; events go to the sink later.
  FeedHttp::Answer Subscribe(const std::string& path, Publisher::Sink sink,
                             std::optional<uint64_t>& id);
  void Unsubscribe(uint64_t id);

  // ---- What time and operators do. ----

  void Turn(bool head);
  void Restart();
  void Trim();
  void Rotate(KeyPurpose purpose);
  void BackUp();
  bool has_backup() const { return backup_.has_value(); }
  // Restore is `signet restore` and a start: a new epoch.
  void Restore(bool keep_sessions);
  // LoseEnd puts the backup in place with no word to anybody.
  void LoseEnd();
  uint64_t backup_sequence() const { return backup_->last; }

  KeyRing feed_ring() const { return rings_->feed()->Public(); }
  bool SignsWithKeyOf(const KeyRing& ring) const;
  const Clock& clock() const { return clock_; }
  void Advance(Duration by) { clock_.Advance(by); }
  void SetWall(Time now) { clock_.SetWall(now); }
  // The latest time that any head may have carried.
  Time latest_signed() const { return latest_signed_; }
  void SetFault(Fault fault) { fault_ = fault; }

 private:
  struct Copy {
    std::vector<KeyValue> values;
    std::vector<LogRecord> log;
    uint64_t trimmed = 0;
    uint64_t last = 0;
  };
  Copy CopyOfStore();
  void PutInPlace(const Copy& copy);
  void Start();
  void Stop();
  FeedHttp::Answer Log(const FeedPosition& after);

  ManualClock clock_;
  const SessionLimits limits_;
  testing::TestRings directory_;
  testing::TempDir data_;
  std::unique_ptr<Rings> rings_;
  Fault fault_ = Fault::kNone;
  std::unique_ptr<Engine> store_;
  std::unique_ptr<FaultyEngine> engine_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<SessionStore> sessions_;
  std::optional<Copy> backup_;
  uint64_t read_ = 0;
  uint64_t tokens_ = 0;
  Time latest_signed_{};
};

}  // namespace signet::service::model

#endif  // SIGNET_TESTS_FEED_MODEL_SERVICE_H_
