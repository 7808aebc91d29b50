// Token Status List, draft-ietf-oauth-status-list-17, the reading side.

#include "signet/status_list.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "signet/primitives.h"
#include "tests/lib/token_fixture.h"
#include "zlib_text.h"

namespace signet {
namespace {

using testing::kNow;
using testing::NewRing;

constexpr char kUri[] = "https://auth.example/status/1";

// World is an issuer of lists, as any program might write them.
struct World {
  SigningRing ring = NewRing(KeyFormat::kJwtEs256, KeyPurpose::kStatements);
  JwsKeys keys = *JwsKeys::Parse(ring.Public().Jwks(Time(kNow)));

  std::string Sign(const std::string& payload,
                   const std::string& type = "statuslist+jwt") const {
    return SignJws(ring.keys()[0].key,
                   R"({"alg":"ES256","typ":")" + type + R"("})", payload);
  }
  std::string Read(const std::string& payload,
                   StatusList::Options options = {}) const {
    const auto list =
        StatusList::Read(keys, kUri, Sign(payload), Time(kNow), options);
    return list.ok() ? "read" : list.error().ToString();
  }
};

std::string Seconds1970(int64_t offset) {
  return std::to_string(kNow.time_since_epoch().count() + offset);
}

std::string Lst(std::string_view bytes) {
  return Base64UrlEncode(AsBytes(Deflate(bytes)));
}

std::string Payload(const std::string& list, const std::string& more = "",
                    const std::string& uri = kUri) {
  return R"({"sub":")" + uri + R"(","iat":)" + Seconds1970(0) + more +
         R"(,"status_list":)" + list + "}";
}

std::string OneBit(std::string_view bytes) {
  return R"({"bits":1,"lst":")" + Lst(bytes) + R"("})";
}

StatusList ReadGood(const World& world, const std::string& list) {
  auto read =
      StatusList::Read(world.keys, kUri, world.Sign(Payload(list)), Time(kNow));
  REQUIRE_MESSAGE(read.ok(), read.error().ToString());
  return *std::move(read);
}

// Section 4.1 and 4.2, and what zlib makes of them elsewhere.
TEST_CASE("the draft's own lists of one and of two bits are read") {
  const World world;
  const StatusList one =
      ReadGood(world, R"({"bits":1,"lst":"eNrbuRgAAhcBXQ"})");
  CHECK(one.size() == 16);
  const int ones[] = {1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1};
  for (size_t i = 0; i < 16; ++i) CHECK(one.At(i) == ones[i]);
  const StatusList two =
      ReadGood(world, R"({"bits":2,"lst":"eNo76fITAAPfAgc"})");
  CHECK(two.size() == 12);
  const int twos[] = {1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3};
  for (size_t i = 0; i < 12; ++i) CHECK(two.At(i) == twos[i]);
}

TEST_CASE("statuses of four and eight bits are read") {
  const World world;
  const std::string lst = Lst(std::string("\x21\xf0", 2));
  const StatusList four = ReadGood(world, R"({"bits":4,"lst":")" + lst + "\"}");
  CHECK(four.size() == 4);
  CHECK(four.At(0) == 1);
  CHECK(four.At(1) == 2);
  CHECK(four.At(3) == 15);
  const StatusList eight =
      ReadGood(world, R"({"bits":8,"lst":")" + lst + "\"}");
  CHECK(eight.size() == 2);
  CHECK(eight.At(1) == 0xf0);
}

TEST_CASE("an index beyond the end has no status, however large") {
  const World world;
  const StatusList list = ReadGood(world, OneBit("ab"));
  CHECK(list.At(15).has_value());
  for (const uint64_t index :
       {uint64_t{16}, uint64_t{1} << 32, (uint64_t{1} << 61) + 1, UINT64_MAX}) {
    CAPTURE(index);
    CHECK_FALSE(list.At(index).has_value());
  }
  CHECK_FALSE(ReadGood(world, OneBit("")).At(0).has_value());
}

TEST_CASE("what the values mean") {
  CHECK(TokenStatusOf(0) == TokenStatus::kValid);
  CHECK(TokenStatusOf(1) == TokenStatus::kInvalid);
  CHECK(TokenStatusOf(2) == TokenStatus::kSuspended);
  CHECK(TokenStatusOf(3) == TokenStatus::kApplicationSpecific);
  CHECK(TokenStatusOf(4) == TokenStatus::kReserved);
  CHECK(TokenStatusOf(11) == TokenStatus::kReserved);
  CHECK(TokenStatusOf(12) == TokenStatus::kApplicationSpecific);
  CHECK(TokenStatusOf(15) == TokenStatus::kApplicationSpecific);
  CHECK(TokenStatusOf(16) == TokenStatus::kReserved);
  CHECK(TokenStatusOf(255) == TokenStatus::kReserved);
}

TEST_CASE("a list for another uri, of another type or key is refused") {
  const World world;
  const std::string good = OneBit("ab");
  CHECK(world.Read(Payload(good)) == "read");
  for (const char* uri : {"https://auth.example/status/2",
                          "https://auth.example/status/1/", ""}) {
    CHECK(world.Read(Payload(good, "", uri)) == "bad_claim at claims (sub)");
  }
  const std::string payload = Payload(good);
  const auto refusal = [&](const JwsKeys& keys, const std::string& text) {
    const auto list = StatusList::Read(keys, kUri, text, Time(kNow));
    return list.ok() ? "read" : list.error().ToString();
  };
  CHECK(refusal(world.keys, world.Sign(payload, "at+jwt")) ==
        "wrong_type at header (typ)");
  CHECK(refusal(world.keys,
                world.Sign(payload, "application/statuslist+jwt")) == "read");
  CHECK(refusal(World().keys, world.Sign(payload)) ==
        "bad_signature at signature");
  CHECK(refusal(world.keys, payload) == "malformed at format");
}

TEST_CASE("a list is in force from iat to exp, give or take the skew") {
  const World world;
  const auto at = [&](int64_t exp) {
    return world.Read(Payload(OneBit("a"), ",\"exp\":" + Seconds1970(exp)));
  };
  CHECK(at(1) == "read");
  CHECK(at(-29) == "read");
  CHECK(at(-30) == "expired at policy (exp)");
  const auto issued = [&](int64_t iat) {
    return world.Read(R"({"sub":")" + std::string(kUri) + R"(","iat":)" +
                      Seconds1970(iat) + R"(,"status_list":)" + OneBit("a") +
                      "}");
  };
  CHECK(issued(30) == "read");
  CHECK(issued(31) == "not_yet_valid at policy (iat)");
}

TEST_CASE("a list that inflates beyond the limit is refused") {
  const World world;
  StatusList::Options options;
  options.max_bytes = 1000;
  CHECK(world.Read(Payload(OneBit(std::string(1000, '\0'))), options) ==
        "read");
  CHECK(world.Read(Payload(OneBit(std::string(1001, '\0'))), options) ==
        "bad_claim at claims (lst)");
  const std::string bomb(100u << 20, '\0');
  CHECK(Lst(bomb).size() < 200'000);
  CHECK(world.Read(Payload(OneBit(bomb))) == "bad_claim at claims (lst)");
  options.max_bytes = SIZE_MAX;
  CHECK(world.Read(Payload(OneBit(bomb)), options) ==
        "bad_claim at claims (lst)");
}

TEST_CASE("only one whole stream of zlib in canonical base64url is a list") {
  const World world;
  const std::string good = Deflate("some bytes of a list");
  const auto read = [&](std::string_view compressed) {
    return world.Read(Payload(R"({"bits":1,"lst":")" +
                              Base64UrlEncode(AsBytes(compressed)) + "\"}"));
  };
  CHECK(read(good) == "read");
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK(read(good.substr(0, size)) == "bad_claim at claims (lst)");
  }
  CHECK(read(good + '\0') == "bad_claim at claims (lst)");
  CHECK(read(good + good) == "bad_claim at claims (lst)");
  for (size_t i = 0; i < good.size(); ++i) {
    std::string other = good;
    // The lowest bit: the highest ones of the last byte of a block mean
    // nothing (RFC 1951 section 3.2.3).
    other[i] = static_cast<char>(other[i] ^ 0x01);
    CHECK(read(other) == "bad_claim at claims (lst)");
  }
  CHECK(read("plain") == "bad_claim at claims (lst)");
  for (const char* lst : {"eNrbuRgAAhcBXQ==", "eNrbuRgAAhcBXR", "eNrb uRgA", "",
                          "eNrbuRgAAhcBX+"}) {
    CAPTURE(lst);
    CHECK(world.Read(Payload(R"({"bits":1,"lst":")" + std::string(lst) +
                             "\"}")) == "bad_claim at claims (lst)");
  }
}

TEST_CASE("members that lack or are of another kind are named") {
  const World world;
  const std::string lst = R"("lst":")" + Lst("a") + "\"";
  const auto list = [&](const std::string& text) {
    return world.Read(Payload(text));
  };
  for (const char* bits : {"0", "3", "16", "-1", "1.0", "\"1\"", "1e0", "true",
                           "01", "18446744073709551617"}) {
    CAPTURE(bits);
    const std::string said =
        list(R"({"bits":)" + std::string(bits) + "," + lst + "}");
    // 01 is no JSON at all.
    const bool refused =
        said == "bad_claim at claims (bits)" || said == "malformed at claims";
    CHECK_MESSAGE(refused, said);
  }
  CHECK(list("{" + lst + "}") == "missing_claim at claims (bits)");
  CHECK(list(R"({"bits":1})") == "missing_claim at claims (lst)");
  CHECK(list(R"({"bits":1,"lst":7})") == "bad_claim at claims (lst)");
  CHECK(list("[]") == "bad_claim at claims (status_list)");
  CHECK(world.Read("{}") == "missing_claim at claims (sub)");
  CHECK(world.Read(R"({"sub":7})") == "bad_claim at claims (sub)");
  CHECK(world.Read(R"({"sub":")" + std::string(kUri) + "\"}") ==
        "missing_claim at claims (iat)");
  CHECK(world.Read("[]") == "malformed at claims");
  CHECK(world.Read(Payload(OneBit("a")) + "x") == "malformed at claims");
  for (const char* more :
       {",\"ttl\":0", ",\"ttl\":-1", ",\"ttl\":1.5", ",\"ttl\":\"60\"",
        ",\"ttl\":9007199254740991", ",\"exp\":\"x\"", ",\"exp\":-1"}) {
    CAPTURE(more);
    CHECK(world.Read(Payload(OneBit("a"), more)).starts_with("bad_claim"));
  }
  CHECK(world.Read(Payload(OneBit("a"), ",\"iat\":1")) ==
        "malformed at claims");
  CHECK(world.Read(Payload(OneBit("a"), ",\"aggregation_uri\":\"x\"")) ==
        "read");
}

// ---- The claim ----

Claims WithCustom(std::string custom) {
  Claims claims;
  claims.custom = std::move(custom);
  return claims;
}

TEST_CASE("a token's reference is read") {
  const auto read = ReadStatusReference(WithCustom(
      R"({"a":1,"status":{"status_list":{"idx":7,"uri":"https://x.example/1"}}})"));
  REQUIRE(read.ok());
  REQUIRE(read->has_value());
  CHECK(**read == StatusReference{"https://x.example/1", 7});
  for (const char* none : {"", "{}", R"({"state":{}})"}) {
    const auto absent = ReadStatusReference(WithCustom(none));
    REQUIRE(absent.ok());
    CHECK_FALSE(absent->has_value());
  }
}

TEST_CASE("a reference that can't be read is an error, not absent") {
  for (const char* list :
       {R"({"idx":-1,"uri":"u"})", R"({"idx":1.5,"uri":"u"})",
        R"({"idx":"1","uri":"u"})", R"({"idx":1e3,"uri":"u"})",
        R"({"idx":9007199254740992,"uri":"u"})", R"({"idx":1})",
        R"({"idx":99999999999999999999,"uri":"u"})", R"({"uri":"u"})",
        R"({"idx":1,"uri":""})", R"({"idx":1,"uri":7})",
        R"({"idx":1,"uri":"a\nb"})", "[]", "null"}) {
    CAPTURE(list);
    CHECK_FALSE(ReadStatusReference(WithCustom(R"({"status":{"status_list":)" +
                                               std::string(list) + "}}"))
                    .ok());
  }
  for (const char* custom :
       {R"({"status":7})", R"({"status":{}})", R"({"status":{"other":{}}})"}) {
    CAPTURE(custom);
    CHECK_FALSE(ReadStatusReference(WithCustom(custom)).ok());
  }
}

// ---- The cache ----

// Shelf is where lists are fetched from.
struct Shelf {
  World world;
  ManualClock clock{Time(kNow)};
  std::map<std::string, std::string> texts;
  int fetched = 0;
  std::unique_ptr<StatusLists> lists;

  explicit Shelf(StatusLists::Options options = {}) {
    options.uri_prefix = "https://auth.example/status/";
    options.keys = world.keys;
    options.fetch = [this](const std::string& uri) -> Result<std::string> {
      ++fetched;
      const auto found = texts.find(uri);
      if (found == texts.end()) {
        return Error{ErrorCode::kUnavailable, "no such list"};
      }
      return found->second;
    };
    auto made = StatusLists::Create(std::move(options), clock);
    REQUIRE(made.ok());
    lists = *std::move(made);
  }
  // Put signs a list of now that says `bytes`.
  void Put(const std::string& bytes, const std::string& more = "",
           const std::string& uri = kUri) {
    const std::string iat =
        std::to_string(ToSeconds(clock.Now()).time_since_epoch().count());
    texts[uri] = world.Sign(R"({"sub":")" + uri + R"(","iat":)" + iat + more +
                            R"(,"status_list":)" + OneBit(bytes) + "}");
  }
  TokenStatus Check(uint64_t index, const std::string& uri = kUri) {
    return lists->Check({uri, index});
  }
};

TEST_CASE("a list is fetched once and used for its ttl") {
  Shelf shelf;
  shelf.Put("\x01", ",\"ttl\":60");
  CHECK(shelf.Check(0) == TokenStatus::kInvalid);
  CHECK(shelf.Check(1) == TokenStatus::kValid);
  CHECK(shelf.Check(8) == TokenStatus::kUnknown);
  CHECK(shelf.fetched == 1);
  shelf.Put("\x03", ",\"ttl\":60");
  shelf.clock.Advance(std::chrono::seconds(59));
  CHECK(shelf.Check(1) == TokenStatus::kValid);
  shelf.clock.Advance(std::chrono::seconds(1));
  CHECK(shelf.Check(1) == TokenStatus::kInvalid);
  CHECK(shelf.fetched == 2);
}

TEST_CASE("a list is used no longer than the cache's bound, or its exp") {
  Shelf shelf;
  shelf.Put(std::string(1, '\0'), ",\"ttl\":86400");
  CHECK(shelf.Check(0) == TokenStatus::kValid);
  shelf.clock.Advance(std::chrono::minutes(5));
  shelf.texts.clear();
  CHECK(shelf.Check(0) == TokenStatus::kUnknown);
  shelf.clock.Advance(std::chrono::seconds(1));
  shelf.Put(std::string(1, '\0'), ",\"exp\":" + Seconds1970(400));
  CHECK(shelf.Check(0) == TokenStatus::kValid);
  shelf.clock.Advance(std::chrono::seconds(128));
  CHECK(shelf.Check(0) == TokenStatus::kValid);
  shelf.clock.Advance(std::chrono::seconds(1));
  CHECK(shelf.Check(0) == TokenStatus::kUnknown);
}

TEST_CASE("nothing is known without a list, and a dead service is spared") {
  Shelf shelf;
  CHECK(shelf.Check(0) == TokenStatus::kUnknown);
  shelf.Put("\x01");
  CHECK(shelf.Check(0) == TokenStatus::kUnknown);
  CHECK(shelf.fetched == 1);
  shelf.clock.Advance(std::chrono::seconds(1));
  CHECK(shelf.Check(0) == TokenStatus::kInvalid);
  shelf.texts[kUri] = "junk";
  shelf.clock.Advance(std::chrono::minutes(5));
  CHECK(shelf.Check(0) == TokenStatus::kUnknown);
}

TEST_CASE("a token does not choose where this host asks") {
  Shelf shelf;
  for (const char* uri :
       {"https://evil.example/status/1", "http://auth.example/status/1", ""}) {
    shelf.Put("\x01", "", uri);
    CHECK(shelf.Check(0, uri) == TokenStatus::kUnknown);
  }
  CHECK(shelf.fetched == 0);
}

TEST_CASE("the lists used least recently go") {
  StatusLists::Options options;
  options.max_lists = 2;
  Shelf shelf(std::move(options));
  const std::string uris[] = {std::string(kUri) + "a", std::string(kUri) + "b",
                              std::string(kUri) + "c"};
  for (const std::string& uri : uris) {
    shelf.Put("\x01", "", uri);
    CHECK(shelf.Check(0, uri) == TokenStatus::kInvalid);
  }
  CHECK(shelf.fetched == 3);
  CHECK(shelf.Check(0, uris[2]) == TokenStatus::kInvalid);
  CHECK(shelf.Check(0, uris[1]) == TokenStatus::kInvalid);
  CHECK(shelf.fetched == 3);
  CHECK(shelf.Check(0, uris[0]) == TokenStatus::kInvalid);
  CHECK(shelf.fetched == 4);
}

TEST_CASE("a cache without what it needs is not made") {
  const World world;
  const auto make = [&](auto change) {
    StatusLists::Options options;
    options.uri_prefix = "https://auth.example/";
    options.keys = world.keys;
    options.fetch = [](const std::string&) -> Result<std::string> {
      return std::string();
    };
    change(options);
    return StatusLists::Create(std::move(options)).ok();
  };
  CHECK(make([](StatusLists::Options&) {}));
  CHECK_FALSE(make([](StatusLists::Options& o) { o.uri_prefix.clear(); }));
  CHECK_FALSE(make([](StatusLists::Options& o) { o.fetch = nullptr; }));
  CHECK_FALSE(make([](StatusLists::Options& o) { o.keys = {}; }));
  CHECK_FALSE(make([](StatusLists::Options& o) { o.max_age = Duration(0); }));
  CHECK_FALSE(make([](StatusLists::Options& o) { o.max_lists = 0; }));
}

// ---- What this library signs ----

TEST_CASE("a list that is signed here is read here") {
  const World world;
  StatusListContent content{.uri = kUri,
                            .issued_at = kNow,
                            .expires_at = kNow + Seconds(120),
                            .ttl = Seconds(60),
                            .bytes = std::string(16384, '\0')};
  content.bytes[3] = 0x10;
  const auto text = SignStatusList(world.ring, content, Time(kNow));
  REQUIRE(text.ok());
  CHECK(text->size() < 500);
  const auto list = StatusList::Read(world.keys, kUri, *text, Time(kNow));
  REQUIRE(list.ok());
  CHECK(list->size() == 131072);
  CHECK(list->bits() == 1);
  CHECK(list->ttl() == Seconds(60));
  CHECK(list->issued_at() == kNow);
  CHECK(list->expires_at() == kNow + Seconds(120));
  CHECK(list->At(28) == 1);
  CHECK(list->At(27) == 0);
  const SigningRing access = NewRing(KeyFormat::kJwtEs256);
  CHECK_FALSE(SignStatusList(access, content, Time(kNow)).ok());
}

}  // namespace
}  // namespace signet
