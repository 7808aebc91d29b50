#include "revocation-service/rings.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using testing::kFeedStart;
using testing::TestRings;

constexpr KeyPurpose kAll[] = {KeyPurpose::kAccess, KeyPurpose::kRefresh,
                               KeyPurpose::kFeed};

void Overwrite(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("three rings open, and the access ring is live") {
  const TestRings directory;
  const auto rings = directory.Open();
  CHECK(rings->access()->info().purpose == KeyPurpose::kAccess);
  CHECK(rings->refresh()->info().purpose == KeyPurpose::kRefresh);
  CHECK(rings->feed()->info().purpose == KeyPurpose::kFeed);
  CHECK(rings->live_access().Copy() == rings->access()->Public());
  CHECK(rings->generation() == 2);
}

TEST_CASE("a missing ring keeps the service from opening, and is named") {
  for (KeyPurpose purpose : kAll) {
    const TestRings directory;
    const std::string path = directory.Store()->RingPath(purpose);
    std::filesystem::remove(path);
    const auto rings = Rings::Open(directory.Store());
    REQUIRE_FALSE(rings.ok());
    CHECK(rings.error().message.find(path) != std::string::npos);
  }
}

TEST_CASE("a statements ring may be made later, and may not get lost") {
  const TestRings directory;
  const auto rings = directory.Open();
  CHECK(rings->statements() == nullptr);
  const auto store = directory.Store();
  const auto ring =
      SigningRing::New({.purpose = KeyPurpose::kStatements,
                        .format = KeyFormat::kJwtEs256,
                        .generation = 1,
                        .policy = DefaultPolicy(KeyPurpose::kStatements)},
                       kFeedStart);
  REQUIRE(ring.ok());
  REQUIRE(store->Create(*ring).ok());
  const auto changed = rings->Reload();
  REQUIRE(changed.ok());
  CHECK(*changed);
  REQUIRE(rings->statements() != nullptr);
  CHECK(rings->statements()->keys()[0].key.id() == ring->keys()[0].key.id());
  // It is no ring of the verifiers of access tokens.
  CHECK(rings->generation() == 2);
  std::filesystem::remove(store->RingPath(KeyPurpose::kStatements));
  CHECK_FALSE(rings->Reload().ok());
  CHECK(rings->statements() != nullptr);
}

TEST_CASE("a second access ring is published, whenever it is made") {
  const TestRings directory;
  const auto rings = directory.Open();
  CHECK(rings->AccessRings().size() == 1);
  CHECK(rings->AccessOf(KeyFormat::kJwtEs256) == nullptr);
  const auto store = directory.Store();
  REQUIRE(store
              ->Create(TestRings::NewRing(KeyPurpose::kAccessAlt,
                                          KeyFormat::kJwtEs256, kFeedStart))
              .ok());
  const uint64_t changes = rings->changes();
  const auto changed = rings->Reload();
  REQUIRE(changed.ok());
  CHECK(*changed);
  CHECK(rings->changes() == changes + 1);
  CHECK(rings->AccessOf(KeyFormat::kJwtEs256) == rings->access_alt());
  CHECK(rings->AccessOf(KeyFormat::kPasetoV4Public) == rings->access());
  CHECK(rings->AccessOf(std::nullopt) == rings->access());
  CHECK(rings->AccessOf(KeyFormat::kJwtRs256) == nullptr);
  CHECK(rings->Published().size() == 3);
  CHECK(rings->generation() == 3);
  CHECK(rings->live_access().Copy(KeyPurpose::kAccessAlt) ==
        rings->access_alt()->Public());
  directory.Rotate(KeyPurpose::kAccessAlt, kFeedStart);
  REQUIRE(rings->Reload().ok());
  CHECK(rings->generation() == 4);
}

TEST_CASE("a second access ring of shared secrets is not published") {
  const TestRings directory;
  REQUIRE(directory.Store()
              ->Create(TestRings::NewRing(KeyPurpose::kAccessAlt,
                                          KeyFormat::kJwtHs256, kFeedStart))
              .ok());
  const auto rings = directory.Open();
  CHECK(rings->Published().size() == 2);
  CHECK(rings->generation() == 2);
  CHECK(rings->AccessOf(KeyFormat::kJwtHs256) != nullptr);
}

TEST_CASE("a second access ring that does not fit the first is refused") {
  const auto error_with = [](SigningRing ring) {
    const TestRings directory;
    REQUIRE(directory.Store()->Create(ring).ok());
    const auto rings = Rings::Open(directory.Store());
    REQUIRE_FALSE(rings.ok());
    CHECK(rings.error().message.find("access-alt.ring") != std::string::npos);
    return rings.error().message;
  };
  SigningRing same = TestRings::NewRing(KeyPurpose::kAccessAlt,
                                        KeyFormat::kPasetoV4Public, kFeedStart);
  CHECK(error_with(std::move(same)).find("both access rings make v4.public") !=
        std::string::npos);
  RotationPolicy longer = DefaultPolicy(KeyPurpose::kAccessAlt);
  longer.max_token_life = std::chrono::hours(1);
  auto ring = SigningRing::New({.purpose = KeyPurpose::kAccessAlt,
                                .format = KeyFormat::kJwtEs256,
                                .generation = 1,
                                .policy = longer},
                               kFeedStart);
  REQUIRE(ring.ok());
  CHECK(error_with(std::move(*ring)).find("max_token_life is longer") !=
        std::string::npos);
}

TEST_CASE("a second access ring that verifiers know may not get lost") {
  const TestRings directory;
  const auto store = directory.Store();
  REQUIRE(store
              ->Create(TestRings::NewRing(KeyPurpose::kAccessAlt,
                                          KeyFormat::kJwtEs256, kFeedStart))
              .ok());
  std::filesystem::remove(store->RingPath(KeyPurpose::kAccessAlt));
  const auto rings = Rings::Open(directory.Store());
  REQUIRE_FALSE(rings.ok());
  CHECK(rings.error().message.find("access-alt.ring is missing") !=
        std::string::npos);
}

TEST_CASE("a ring in the file of another purpose is refused") {
  const TestRings directory;
  const auto store = directory.Store();
  std::filesystem::copy_file(store->RingPath(KeyPurpose::kRefresh),
                             store->RingPath(KeyPurpose::kFeed),
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_FALSE(Rings::Open(directory.Store()).ok());
}

TEST_CASE("a reload without a change does nothing") {
  const TestRings directory;
  const auto rings = directory.Open();
  const auto before = rings->access();
  const auto changed = rings->Reload();
  REQUIRE(changed.ok());
  CHECK_FALSE(*changed);
  CHECK(rings->access() == before);
}

TEST_CASE("a ring whose file was only touched has not changed") {
  const TestRings directory;
  const auto rings = directory.Open();
  const auto before = rings->feed();
  const std::string path = directory.Store()->RingPath(KeyPurpose::kFeed);
  std::filesystem::last_write_time(
      path, std::filesystem::last_write_time(path) + std::chrono::hours(1));
  const auto changed = rings->Reload();
  REQUIRE(changed.ok());
  CHECK_FALSE(*changed);
  CHECK(rings->feed() == before);
}

TEST_CASE("a rotated ring is taken up, and who holds the old one keeps it") {
  for (KeyPurpose purpose : kAll) {
    const TestRings directory;
    const auto rings = directory.Open();
    const auto old = rings->access();
    directory.Rotate(purpose, kFeedStart);
    const auto changed = rings->Reload();
    REQUIRE(changed.ok());
    CHECK(*changed);
    CHECK(rings->generation() == (purpose == KeyPurpose::kRefresh ? 2 : 3));
    CHECK(rings->live_access().Copy() == rings->access()->Public());
    CHECK(old->keys().size() == 1);
    CHECK(old->Active(kFeedStart) != nullptr);
  }
}

TEST_CASE("a broken file leaves its ring in force and the others followed") {
  const TestRings directory;
  const auto rings = directory.Open();
  const auto access = rings->access();
  const std::string path = directory.Store()->RingPath(KeyPurpose::kAccess);
  const std::string good = ReadAll(path);
  Overwrite(path, good.substr(0, good.size() / 2));
  directory.Rotate(KeyPurpose::kFeed, kFeedStart);

  const auto broken = rings->Reload();
  REQUIRE_FALSE(broken.ok());
  CHECK(broken.error().message.find(path) != std::string::npos);
  CHECK(rings->access() == access);
  CHECK(rings->feed()->info().generation == 2);
  // It is tried again until it loads.
  CHECK_FALSE(rings->Reload().ok());
  Overwrite(path, good);
  CHECK(rings->Reload().ok());
  CHECK(rings->access() == access);
}

TEST_CASE("a deleted file leaves its ring in force") {
  const TestRings directory;
  const auto rings = directory.Open();
  std::filesystem::remove(directory.Store()->RingPath(KeyPurpose::kRefresh));
  CHECK_FALSE(rings->Reload().ok());
  CHECK(rings->refresh()->Active(kFeedStart) != nullptr);
}

TEST_CASE("a ring of a lower generation is refused") {
  const TestRings directory;
  const std::string path = directory.Store()->RingPath(KeyPurpose::kAccess);
  const std::string old = ReadAll(path);
  directory.Rotate(KeyPurpose::kAccess, kFeedStart);
  const auto rings = directory.Open();
  Overwrite(path, old);
  const auto reloaded = rings->Reload();
  REQUIRE_FALSE(reloaded.ok());
  CHECK(reloaded.error().code == ErrorCode::kRollback);
  CHECK(rings->access()->info().generation == 2);
  CHECK(rings->live_access().Copy()->info().generation == 2);
}

TEST_CASE("other keys of the same generation are refused") {
  const TestRings directory;
  const auto rings = directory.Open();
  const auto before = rings->access();
  const auto store = directory.Store();
  std::filesystem::remove(store->RingPath(KeyPurpose::kAccess));
  REQUIRE(store
              ->Create(TestRings::NewRing(
                  KeyPurpose::kAccess, KeyFormat::kPasetoV4Public, kFeedStart))
              .ok());
  const auto reloaded = rings->Reload();
  REQUIRE_FALSE(reloaded.ok());
  CHECK(reloaded.error().code == ErrorCode::kRollback);
  CHECK(rings->access() == before);
}

TEST_CASE("the format of the access ring does not change while it runs") {
  const TestRings directory;
  const auto rings = directory.Open();
  const auto store = directory.Store();
  std::filesystem::remove(store->RingPath(KeyPurpose::kAccess));
  REQUIRE(store
              ->Create(TestRings::NewRing(KeyPurpose::kAccess,
                                          KeyFormat::kJwtEdDsa, kFeedStart))
              .ok());
  const auto reloaded = rings->Reload();
  REQUIRE_FALSE(reloaded.ok());
  CHECK(reloaded.error().code == ErrorCode::kInvalid);
  CHECK_FALSE(reloaded.error().hint.empty());
  CHECK(rings->access()->info().format == KeyFormat::kPasetoV4Public);
}

}  // namespace
}  // namespace signet::service
