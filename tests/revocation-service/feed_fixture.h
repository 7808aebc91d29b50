#ifndef SIGNET_TESTS_FEED_FIXTURE_H_
#define SIGNET_TESTS_FEED_FIXTURE_H_

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "revocation-service/feed/publisher.h"
#include "tests/eventually.h"
#include "tests/revocation-service/faulty_engine.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service::testing {

using signet::testing::Eventually;

inline constexpr Time kFeedStart{std::chrono::seconds(1'763'769'600)};

// TestRings is a directory with the three rings that a service needs.
class TestRings {
 public:
  explicit TestRings(Time now = kFeedStart) {
    REQUIRE(KeyEncryptionKey::CreateFile(directory / "kek").ok());
    for (auto [purpose, format] :
         {std::pair{KeyPurpose::kAccess, KeyFormat::kPasetoV4Public},
          std::pair{KeyPurpose::kRefresh, KeyFormat::kRefreshMac},
          std::pair{KeyPurpose::kFeed, KeyFormat::kFeedEd25519}}) {
      REQUIRE(Store()->Create(NewRing(purpose, format, now)).ok());
    }
  }

  static SigningRing NewRing(KeyPurpose purpose, KeyFormat format, Time now) {
    auto ring = SigningRing::New({.purpose = purpose,
                                  .format = format,
                                  .generation = 1,
                                  .policy = DefaultPolicy(purpose)},
                                 now);
    REQUIRE(ring.ok());
    return std::move(ring).value();
  }

  // Store is a new one each time, as another process has it.
  std::unique_ptr<RingStore> Store() const {
    auto kek = KeyEncryptionKey::FromFile(directory / "kek");
    REQUIRE(kek.ok());
    return std::make_unique<RingStore>(directory.path(),
                                       std::move(kek).value());
  }
  std::unique_ptr<Rings> Open() const {
    auto rings = Rings::Open(Store());
    REQUIRE(rings.ok());
    return std::move(rings).value();
  }
  void Rotate(KeyPurpose purpose, Time now) const {
    const Status rotated = Store()->Update(
        purpose, [now](SigningRing& ring) { return ring.Rotate(now); });
    REQUIRE(rotated.ok());
  }

  TempDir directory;
};

// Entry is a revocation that a test makes; `drop` is from kFeedStart.
inline LogEntry Entry(RevocationKind kind, const std::string& value,
                      Seconds drop = std::chrono::minutes(10),
                      EpochSeconds not_before = {},
                      EpochSeconds at = ToSeconds(kFeedStart)) {
  LogEntry entry;
  entry.revocation.kind = kind;
  entry.revocation.id = MakeRevocationId(kind, value);
  entry.revocation.at = at;
  entry.revocation.not_before = not_before;
  entry.revocation.drop_after = ToSeconds(kFeedStart) + drop;
  entry.value = value;
  entry.reason = "test";
  entry.actor = "dev";
  return entry;
}

inline std::vector<LogEntry> Tokens(int count, const std::string& prefix) {
  std::vector<LogEntry> entries;
  for (int i = 0; i < count; ++i) {
    entries.push_back(
        Entry(RevocationKind::kToken, prefix + std::to_string(i)));
  }
  return entries;
}

inline void Append(Engine& engine, const std::vector<LogEntry>& entries) {
  Batch batch;
  for (const LogEntry& entry : entries) {
    batch.log.push_back(EncodeLogEntry(entry));
  }
  REQUIRE(engine.Commit({&batch, 1}).front().ok());
}

// ModelReplica applies frames as a verifier does, and checks what a verifier
// relies on: no gap, an unbroken hash chain, digests that agree.
class ModelReplica {
 public:
  ModelReplica(KeyRing feed_ring, const Clock& clock, FeedPosition at = {})
      : position(at), feed_ring_(std::move(feed_ring)), clock_(clock) {}

  void ApplyBody(const std::string& body) {
    const auto split = SplitFrames(AsBytes(body));
    REQUIRE(split.ok());
    for (Bytes frame : *split) ApplyFrame(frame);
  }
  void ApplyFrame(std::string_view frame) { ApplyFrame(AsBytes(frame)); }
  void ApplyFrame(Bytes bytes) {
    auto frame = DecodeFrame(bytes, feed_ring_, clock_.Now());
    REQUIRE_MESSAGE(frame.ok(), frame.error().message);
    ++frames;
    bytes_of_last = bytes.size();
    std::visit([this](const auto& known) { Apply(known); }, *frame);
  }
  // ApplyEvent reads `id: E.N\ndata: <base64url>\n\n`.
  void ApplyEvent(const std::string& event) {
    const size_t data = event.find("\ndata: ");
    REQUIRE(event.starts_with("id: "));
    REQUIRE(data != event.npos);
    REQUIRE(event.ends_with("\n\n"));
    const auto frame = Base64UrlDecode(
        std::string_view(event).substr(data + 7, event.size() - data - 9));
    REQUIRE(frame.ok());
    ApplyFrame(*frame);
    CHECK(event.substr(4, data - 4) == std::to_string(position.epoch) + "." +
                                           std::to_string(position.sequence));
  }

  bool Revokes(RevocationKind kind, const std::string& value,
               EpochSeconds issued_at = {}) const {
    TokenIdentity token;
    const RevocationId id = MakeRevocationId(kind, value);
    token.issued_at = issued_at;
    token.has_token = kind == RevocationKind::kToken;
    token.has_session = kind == RevocationKind::kSession;
    token.has_client = kind == RevocationKind::kClient;
    if (token.has_token) token.token = id;
    if (token.has_session) token.session = id;
    if (token.has_client) token.client = id;
    if (kind == RevocationKind::kSubject) token.subject = id;
    if (kind == RevocationKind::kKey) token.key = id;
    return list.IsRevoked(token);
  }

  RevocationList list;
  FeedPosition position;
  LogHash hash{};
  FeedHead head;
  std::vector<KeyRing> rings;
  int frames = 0;
  int batches = 0;
  int heads = 0;
  size_t bytes_of_last = 0;

 private:
  void Apply(const HeadFrame& frame) {
    ++heads;
    if (position == FeedPosition{}) position = frame.head.position;
    CHECK(frame.head.position == position);
    if (hash != LogHash{}) CHECK(frame.log_hash == hash);
    Finish(frame.head);
  }
  void Apply(const BatchFrame& frame) {
    ++batches;
    REQUIRE(frame.first_sequence == position.sequence + 1);
    CHECK(frame.previous_hash == hash);
    list.Apply(frame.entries);
    for (const Revocation& entry : frame.entries) {
      hash = ChainLogHash(hash, entry);
    }
    position = {frame.head.position.epoch,
                position.sequence + frame.entries.size()};
    REQUIRE(frame.head.position >= position);
    if (frame.head.position == position) Finish(frame.head);
  }
  void Apply(const SnapshotFrame& frame) {
    list.Replace(frame.entries);
    position = frame.head.position;
    hash = frame.log_hash;
    Finish(frame.head);
  }
  void Apply(const RingsFrame& frame) {
    rings = frame.rings;
    head = frame.head;
  }
  void Finish(const FeedHead& complete) {
    head = complete;
    CHECK(list.DigestAt(complete.time) == complete.digest);
  }

  KeyRing feed_ring_;
  const Clock& clock_;
};

// BreakableStore is a memory engine whose every call fails while `fault` says
// so.
struct BreakableStore {
  std::atomic<Fault> fault{Fault::kNone};
  std::unique_ptr<Engine> memory = NewMemoryEngine();
  FaultyEngine engine{*memory, [this](EngineCall) { return fault.load(); }};
};

// FeedFixture is a publisher on a store that can be broken.
class FeedFixture : public BreakableStore {
 public:
  explicit FeedFixture(
      Publisher::Options options = {.heartbeat = std::chrono::hours(1)})
      : options_(options) {
    Reopen();
  }

  // Reopen is a restart of the service.
  void Reopen() {
    publisher.reset();
    auto opened = Publisher::Open(engine, *rings, clock, options_);
    REQUIRE(opened.ok());
    publisher = std::move(opened).value();
  }

  void Revoke(const std::vector<LogEntry>& entries) {
    Append(engine, entries);
    REQUIRE(publisher->CatchUp().ok());
  }

  ModelReplica NewReplica(FeedPosition at = {}) const {
    return ModelReplica(rings->feed()->Public(), clock, at);
  }
  // Follow brings a replica up to date by polling the log.
  void Follow(ModelReplica& replica) {
    const FeedPosition from = replica.position.epoch == 0
                                  ? FeedPosition{publisher->position().epoch, 0}
                                  : replica.position;
    const auto answer = publisher->Log(from);
    REQUIRE(answer.ok());
    REQUIRE(answer->cursor == Publisher::Cursor::kOk);
    if (replica.position.epoch == 0) replica.position = from;
    replica.ApplyBody(answer->frames);
    CHECK(replica.position == answer->position);
  }

  ManualClock clock{kFeedStart};
  TestRings directory;
  std::unique_ptr<Rings> rings = directory.Open();
  std::unique_ptr<Publisher> publisher;

 private:
  const Publisher::Options options_;
};

}  // namespace signet::service::testing

#endif  // SIGNET_TESTS_FEED_FIXTURE_H_
