// Streams over a log that is trimmed, on a clock that stands still.
#include <future>

#include "revocation-service/ssf/event.h"
#include "revocation-service/ssf/streams.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service::testing {
namespace {

using std::chrono::hours;

// Streaming is a service with a statements ring and the partner "p".
struct Streaming {
  Streaming() {
    OpenRings();
    std::vector<Client> all = {MakeClient("p", {"ssf"})};
    clients = std::make_shared<const Clients>(*Clients::Create(std::move(all)));
    streams = std::make_shared<ssf::Streams>(ssf::Streams::Parts{
        service.engine, *service.committer, *service.publisher, *rings,
        service.metrics, service.clock, "https://auth.example",
        [this] { return clients; }});
    REQUIRE(Take({}).ok());
  }
  ~Streaming() { streams->Close(); }

  Status Take(ssf::Receipt receipt) {
    std::promise<Status> done;
    streams->Take(Origin("p"), std::move(receipt),
                  [&](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
  void Revoke(RevocationKind kind, const std::string& value) {
    std::promise<bool> done;
    service.sessions->Revoke(
        {.kind = kind, .value = value},
        [&](const Result<Revoked>& revoked) { done.set_value(revoked.ok()); });
    REQUIRE(done.get_future().get());
  }
  std::vector<std::string> Ids(size_t limit = 100) {
    const auto delivery = streams->Read("p", limit);
    REQUIRE_MESSAGE(delivery.ok(), delivery.error().message);
    std::vector<std::string> ids;
    for (const auto& [id, set] : delivery->sets) ids.push_back(id);
    return ids;
  }
  size_t Trim(Duration keep_for, uint64_t keep_entries = 1'000'000) {
    const auto first = streams->FirstNeeded();
    REQUIRE(first.ok());
    std::promise<size_t> done;
    service.publisher->Trim(
        *service.committer, 1000,
        [&](const Result<size_t>& trimmed) {
          done.set_value(trimmed.ok() ? *trimmed : 999'999);
        },
        {.after = *first, .keep_for = keep_for, .keep_entries = keep_entries});
    return done.get_future().get();
  }

  ServiceUnderTest service;
  TempDir directory;
  std::unique_ptr<Rings> rings;
  std::shared_ptr<const Clients> clients;
  std::shared_ptr<ssf::Streams> streams;

 private:
  void OpenRings() {
    auto kek = KeyEncryptionKey::CreateFile(directory / "kek");
    REQUIRE(kek.ok());
    auto store =
        std::make_unique<RingStore>(directory.path(), std::move(kek).value());
    for (auto [purpose, format] :
         {std::pair{KeyPurpose::kAccess, KeyFormat::kPasetoV4Public},
          std::pair{KeyPurpose::kRefresh, KeyFormat::kRefreshMac},
          std::pair{KeyPurpose::kFeed, KeyFormat::kFeedEd25519},
          std::pair{KeyPurpose::kStatements, KeyFormat::kJwtEs256}}) {
      const auto ring = SigningRing::New({.purpose = purpose,
                                          .format = format,
                                          .generation = 1,
                                          .policy = DefaultPolicy(purpose)},
                                         service.clock.Now());
      REQUIRE(ring.ok());
      REQUIRE(store->Create(*ring).ok());
    }
    auto opened = Rings::Open(std::move(store));
    REQUIRE(opened.ok());
    rings = std::move(opened).value();
  }
};

TEST_CASE("the log is kept for a stream that needs it, and no longer") {
  Streaming streaming;
  streaming.Revoke(RevocationKind::kSubject, "alice");
  streaming.Revoke(RevocationKind::kSubject, "bob");
  streaming.service.clock.Advance(hours(48));
  CHECK(streaming.Trim(hours(24 * 7)) == 0);
  const auto ids = streaming.Ids();
  REQUIRE(ids.size() == 2);
  REQUIRE(streaming.Take({{ids[0]}, {}}).ok());
  CHECK(streaming.Trim(hours(24 * 7)) == 1);
  CHECK(streaming.Ids() == std::vector{ids[1]});
  REQUIRE(streaming.Take({{ids[1]}, {}}).ok());
  CHECK(streaming.Trim(hours(24 * 7)) == 1);
  CHECK(streaming.Ids().empty());
}

TEST_CASE("a client without the permission holds nothing") {
  Streaming streaming;
  streaming.Revoke(RevocationKind::kSubject, "alice");
  streaming.service.clock.Advance(hours(48));
  streaming.clients = TestClients();
  CHECK(streaming.Trim(hours(24 * 7)) == 1);
}

TEST_CASE("a stream that was away for too long is told that events are lost") {
  for (const bool by_number : {false, true}) {
    Streaming streaming;
    streaming.Revoke(RevocationKind::kSubject, "alice");
    streaming.Revoke(RevocationKind::kSubject, "bob");
    streaming.service.clock.Advance(hours(48));
    streaming.Revoke(RevocationKind::kSubject, "carol");
    const auto before = streaming.Ids();
    REQUIRE(before.size() == 3);
    CHECK((by_number ? streaming.Trim(hours(24 * 7), 1)
                     : streaming.Trim(hours(24))) == 2);
    REQUIRE(streaming.Take({}).ok());
    const auto after = streaming.Ids();
    REQUIRE(after.size() == 2);
    CHECK(after[1] == before[2]);
    CHECK(streaming.service.metrics.Print().find(
              "signet_ssf_sent_total{outcome=\"lost\"} 1") !=
          std::string::npos);
    // The notice is told once, and goes when it is acknowledged.
    REQUIRE(streaming.Take({}).ok());
    CHECK(streaming.Ids() == after);
    REQUIRE(streaming.Take({after, {}}).ok());
    CHECK(streaming.Ids().empty());
  }
}

TEST_CASE("what is no event does not stand in the way of one that is") {
  Streaming streaming;
  for (int i = 0; i < 1500; ++i) {
    streaming.Revoke(RevocationKind::kToken, "t" + std::to_string(i));
  }
  streaming.Revoke(RevocationKind::kSubject, "alice");
  CHECK(streaming.Ids().size() == 1);
  CHECK(streaming.Ids(0).empty());
}

TEST_CASE("what came from a transmitter is not told on") {
  Streaming streaming;
  std::promise<void> done;
  streaming.service.sessions->Revoke(
      {.kind = RevocationKind::kSubject,
       .value = "alice",
       .actor = Origin("ssf:https://partner.example")},
      [&](const Result<Revoked>&) { done.set_value(); });
  done.get_future().get();
  CHECK(streaming.Ids().empty());
}

TEST_CASE("a store that fails is told as such, and nothing is forgotten") {
  Streaming streaming;
  streaming.Revoke(RevocationKind::kSubject, "alice");
  const auto ids = streaming.Ids();
  streaming.service.commit_fault = Fault::kUnavailable;
  CHECK(!streaming.Take({ids, {}}).ok());
  streaming.service.commit_fault = Fault::kNone;
  CHECK(streaming.Ids() == ids);
}

TEST_CASE("a stream's record is read back, and nothing else is") {
  ssf::StreamState state{.done = 7, .out_of_order = {9, 12}, .notices = {}};
  ssf::Post({ssf::Notice::Kind::kVerification, "a", EpochSeconds(Seconds(5)),
             "state"},
            state);
  ssf::Post(
      {ssf::Notice::Kind::kVerification, "b", EpochSeconds(Seconds(6)), ""},
      state);
  CHECK(state.notices.size() == 1);
  const std::string bytes = ssf::EncodeStreamState(state);
  const auto read = ssf::DecodeStreamState(bytes);
  REQUIRE(read.ok());
  CHECK(*read == state);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!ssf::DecodeStreamState(bytes.substr(0, size)).ok());
  }
  CHECK(!ssf::DecodeStreamState(bytes + "x").ok());
  std::string newer = bytes;
  newer[0] = 2;
  CHECK(ssf::DecodeStreamState(newer).error().code == ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace signet::service::testing
