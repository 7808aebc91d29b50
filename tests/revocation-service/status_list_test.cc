// Status lists of access tokens, as a relying party sees them that knows
// nothing of Signet's feed.

#include "signet/status_list.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/feed/wire.h"
#include "revocation-service/status/status_lists.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::Catcher;
using testing::DescriptionOf;
using testing::HeaderOf;
using testing::JsonOf;
using testing::MakeRequest;
using testing::ServiceUnderTest;
using testing::TextOf;

std::shared_ptr<const Clients> ClientsWithLists() {
  Client dev = testing::MakeClient(
      "dev", {"session.open", "session.end", "revoke", "introspect"}, {"app"});
  dev.limits.status_list = true;
  Client app = testing::MakePublicClient("app");
  auto clients = Clients::Create({std::move(dev), std::move(app)});
  REQUIRE(clients.ok());
  return std::make_shared<const Clients>(*std::move(clients));
}

struct World {
  explicit World(KeyFormat format = KeyFormat::kJwtEdDsa)
      : service({.format = format,
                 .clients = ClientsWithLists(),
                 .statements = true}) {}

  std::string Open(const std::string& subject, const std::string& more = "") {
    last = service.Open(subject, R"(,"audience":"orders")" + more);
    return TextOf(last, "access_token");
  }

  std::optional<StatusReference> Reference(const std::string& token) {
    const auto verified = service.verifier->Verify(token);
    REQUIRE_MESSAGE(verified.ok(), verified.error().ToString());
    const auto reference = ReadStatusReference(verified->claims());
    REQUIRE(reference.ok());
    return *reference;
  }

  http::Response Get(const std::string& uri, http::Headers headers = {}) {
    const std::string path =
        uri.substr(std::string("https://auth.example").size());
    return service.Call(MakeRequest("GET", path, std::move(headers)));
  }

  // Bit is what the list says that is served now.
  int Bit(const StatusReference& reference) {
    const http::Response response = Get(reference.uri);
    REQUIRE_MESSAGE(response.status == 200, response.body);
    const Time now = service.clock.Now();
    const auto keys =
        JwsKeys::Parse(service.rings->statements()->Public().Jwks(now));
    REQUIRE(keys.ok());
    const auto list =
        StatusList::Read(*keys, reference.uri, response.body, now);
    REQUIRE_MESSAGE(list.ok(), list.error().ToString());
    CHECK(list->size() == kStatusListSize);
    const auto bit = list->At(reference.index);
    REQUIRE(bit.has_value());
    return *bit;
  }

  void Revoke(const std::string& kind, const std::string& value) {
    const std::string member =
        kind == "all" ? "" : R"(,"value":")" + value + "\"";
    const http::Response response = service.Json(
        "dev", "/v1/revocations", R"({"kind":")" + kind + "\"" + member + "}");
    REQUIRE_MESSAGE(response.status == 201, response.body);
  }

  ServiceUnderTest service;
  boost::json::object last;
};

TEST_CASE("tokens have a place in a list if their client asks for it") {
  World world;
  const auto reference = world.Reference(world.Open("alice"));
  REQUIRE(reference.has_value());
  CHECK(reference->uri.starts_with("https://auth.example/status/"));
  CHECK(reference->index < kStatusListSize);
  CHECK(world.Bit(*reference) == 0);
  CHECK_FALSE(world.Reference(world.Open("alice", R"(,"client_id":"app")"))
                  .has_value());
}

TEST_CASE("a PASETO has the claim, too, and custom claims stay") {
  World world(KeyFormat::kPasetoV4Public);
  const std::string token = world.Open("alice", R"(,"claims":{"a":["x"]})");
  const auto reference = world.Reference(token);
  REQUIRE(reference.has_value());
  const auto verified = world.service.verifier->Verify(token);
  CHECK(verified->claims().custom.starts_with(R"({"a":["x"],"status":)"));
  CHECK(world.Reference(world.Open("bob", R"(,"claims":{})")).has_value());
}

TEST_CASE("a claim status of the backend's own is refused beside a list") {
  World world;
  const http::Response response = world.service.Json(
      "dev", "/v1/sessions",
      R"({"subject":"a","audience":"orders","claims":{"status":1}})");
  CHECK(response.status == 400);
}

TEST_CASE("every kind of revocation sets the bits of the tokens it voids") {
  for (const std::string kind :
       {"token", "session", "subject", "client", "key", "all"}) {
    CAPTURE(kind);
    World world;
    const std::string token = world.Open("alice");
    const auto voided = world.Reference(token);
    const auto claims = world.service.verifier->Verify(token);
    const auto other = world.Reference(world.Open("bob"));
    std::string value = kind == "token"     ? claims->claims().token_id
                        : kind == "session" ? claims->claims().session_id
                        : kind == "subject" ? "alice"
                        : kind == "client"  ? "dev"
                        : kind == "key"     ? claims->key_id()
                                            : "";
    CHECK(world.Bit(*voided) == 0);
    world.Revoke(kind, value);
    // A list of a moment ago may be served again.
    world.service.clock.Advance(std::chrono::seconds(6));
    CHECK(world.Bit(*voided) == 1);
    const bool broad = kind == "client" || kind == "key" || kind == "all";
    CHECK(world.Bit(*other) == (broad ? 1 : 0));
    if (kind == "key") continue;
    const auto later = world.Reference(world.Open("carol"));
    world.service.clock.Advance(std::chrono::seconds(6));
    CHECK(world.Bit(*later) == 0);
  }
}

TEST_CASE("a cutoff in the past spares the session's later token") {
  World world;
  const auto early = world.Reference(world.Open("alice"));
  world.service.clock.Advance(std::chrono::seconds(60));
  const auto refreshed =
      JsonOf(world.service.Refresh(TextOf(world.last, "refresh_token")));
  const auto late = world.Reference(TextOf(refreshed, "access_token"));
  CHECK(*early != *late);
  const auto answer = world.service.Json(
      "dev", "/v1/revocations",
      R"({"kind":"client","value":"dev","not_before":"2025-11-22T00:00:30Z"})");
  REQUIRE(answer.status == 201);
  CHECK(world.Bit(*early) == 1);
  CHECK(world.Bit(*late) == 0);
}

TEST_CASE("the tokens of an exchange, a retry and a step-up are registered") {
  World world;
  const auto opened = world.Reference(world.Open("alice"));
  const std::string refresh = TextOf(world.last, "refresh_token");
  std::set<uint64_t> places = {opened->index};
  for (int i = 0; i < 3; ++i) {
    const auto answer = JsonOf(world.service.Refresh(refresh));
    const auto reference = world.Reference(TextOf(answer, "access_token"));
    REQUIRE(reference.has_value());
    CHECK(world.Bit(*reference) == 0);
    places.insert(reference->index);
  }
  CHECK(places.size() == 4);
  const http::Response stepped = world.service.Json(
      "dev", "/v1/sessions/" + TextOf(world.last, "session_id"), "{}");
  REQUIRE_MESSAGE(stepped.status == 201, stepped.body);
  const auto reference =
      world.Reference(TextOf(JsonOf(stepped), "access_token"));
  world.service.clock.Advance(std::chrono::seconds(6));
  CHECK(world.Bit(*reference) == 0);
  CHECK(world.Bit(*opened) == 1);
}

TEST_CASE("a list that was served before is no older than the staleness") {
  World world;
  const auto reference = world.Reference(world.Open("alice"));
  CHECK(world.Bit(*reference) == 0);
  world.Revoke("subject", "alice");
  const std::string body = world.Get(reference->uri).body;
  const Seconds ttl = world.service.status_lists->ttl();
  CHECK(ttl == Seconds(54));
  world.service.clock.Advance(std::chrono::seconds(6));
  CHECK(world.Get(reference->uri).body != body);
  CHECK(world.Bit(*reference) == 1);
}

TEST_CASE("lists are cached by what HTTP has for it") {
  World world;
  const auto reference = world.Reference(world.Open("alice"));
  const http::Response response = world.Get(reference->uri);
  CHECK(HeaderOf(response, "Content-Type") == "application/statuslist+jwt");
  CHECK(HeaderOf(response, "Cache-Control") == "public, max-age=54");
  const std::string etag = HeaderOf(response, "ETag");
  const http::Response same =
      world.Get(reference->uri, {{"If-None-Match", etag}});
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  world.Revoke("subject", "alice");
  world.service.clock.Advance(std::chrono::seconds(6));
  CHECK(world.Get(reference->uri, {{"If-None-Match", etag}}).status == 200);
  for (const char* accept :
       {"application/statuslist+jwt", "*/*", "application/*;q=0.5"}) {
    CHECK(world.Get(reference->uri, {{"Accept", accept}}).status == 200);
  }
  CHECK(world.Get(reference->uri, {{"Accept", "application/statuslist+cwt"}})
            .status == 406);
  CHECK(world.Get(reference->uri + "?time=1763769600").status == 501);
}

TEST_CASE("a list that is unknown, or nobody's, is 404") {
  World world;
  world.Open("alice");
  const std::string base = "https://auth.example/status/";
  const EpochSeconds now = ToSeconds(world.service.clock.Now());
  const StatusListId unknown{.retires_at = now + Seconds(60), .opened_at = now};
  for (const std::string& id :
       {std::string("x"), std::string(22, 'A'), StatusListText(unknown)}) {
    CAPTURE(id);
    CHECK(world.Get(base + id).status == 404);
  }
}

TEST_CASE("nothing is known: 503, never a list") {
  World world;
  const auto reference = world.Reference(world.Open("alice"));
  CHECK(world.Bit(*reference) == 0);
  world.service.fault = Fault::kUnavailable;
  const http::Response response = world.Get(reference->uri);
  CHECK(response.status == 503);
  CHECK(HeaderOf(response, "Retry-After") == "1");
  ServiceUnderTest without(
      {.format = KeyFormat::kJwtEdDsa, .clients = ClientsWithLists()});
  const auto token =
      TextOf(without.Open("a", R"(,"audience":"orders")"), "access_token");
  const auto verified = without.verifier->Verify(token);
  const auto unsigned_list = ReadStatusReference(verified->claims());
  CHECK(
      without
          .Call(MakeRequest(
              "GET",
              (*unsigned_list)->uri.substr(sizeof "https://auth.example" - 1)))
          .status == 503);
}

size_t Records(ServiceUnderTest& service) {
  return service.memory->Scan(kStatusPrefix, "", 1000)->size();
}

TEST_CASE("a list and its records are gone when its last token has died") {
  World world;
  const auto reference = world.Reference(world.Open("alice"));
  world.Open("bob");
  CHECK(Records(world.service) == 2);
  world.service.clock.Advance(std::chrono::minutes(10));
  CHECK(*world.service.status_lists->Sweep(100) == 0);
  CHECK(world.Bit(*reference) == 0);
  // The clock does not jump: an hour passes in minutes.
  for (int i = 0; i < 60; ++i) {
    world.service.clock.Advance(std::chrono::minutes(1));
    (void)world.service.status_lists->Sweep(1);
  }
  CHECK(Records(world.service) == 0);
  CHECK(world.Get(reference->uri).status == 404);
}

TEST_CASE("a clock that jumps ahead takes no list away for an hour") {
  World world;
  world.Open("alice");
  ServiceUnderTest& service = world.service;
  CHECK(*service.status_lists->Sweep(100) == 0);
  service.clock.SetWall(service.clock.Now() + std::chrono::hours(24));
  CHECK(*service.status_lists->Sweep(100) == 0);
  CHECK(Records(service) == 1);
}

TEST_CASE("what a restore has lost is invalid, and what it knows is as it is") {
  World world;
  ServiceUnderTest& service = world.service;
  const auto lost = world.Reference(world.Open("alice"));
  const auto known = world.Reference(world.Open("bob"));
  REQUIRE(lost->uri == known->uri);
  const std::string text = known->uri.substr(known->uri.rfind('/') + 1);
  const auto id = ParseStatusListText(text);
  REQUIRE(id.has_value());
  // As restore.cc does: the epoch is the second of the restore.
  feed::FieldWriter epoch;
  epoch.Integer(static_cast<uint32_t>(
      ToSeconds(service.clock.Now()).time_since_epoch().count() + 1));
  const Batch restore{
      .puts = {{std::string(feed::kEpochKey), epoch.Take()}},
      .deletes = {StatusKey({*id, static_cast<uint32_t>(lost->index)})}};
  REQUIRE(service.memory->Commit({&restore, 1}).front().ok());
  auto publisher =
      Publisher::Open(*service.memory, *service.rings, service.clock, {});
  REQUIRE(publisher.ok());
  StatusLists lists({*service.memory, *service.committer, **publisher,
                     *service.rings, service.clock});
  const auto made = lists.Make(*id, known->uri);
  REQUIRE(made.ok());
  const Time now = service.clock.Now();
  const auto keys =
      JwsKeys::Parse(service.rings->statements()->Public().Jwks(now));
  const auto list = StatusList::Read(*keys, known->uri, (*made)->token, now);
  REQUIRE(list.ok());
  CHECK(list->At(lost->index) == 1);
  CHECK(list->At(known->index) == 0);
}

TEST_CASE("no place is given twice, and neighbours are strangers") {
  StatusPlaces places;
  const EpochSeconds now{Seconds(1'763'769'600)};
  const auto take = [&](EpochSeconds at) {
    return places.Take(at, at + Seconds(600), Seconds(900), EpochSeconds{});
  };
  std::set<StatusListId> lists;
  std::set<uint32_t> indexes;
  uint32_t near = 0;
  uint32_t before = 0;
  for (uint32_t i = 0; i < kStatusListSize; ++i) {
    const StatusSlot slot = take(now);
    lists.insert(slot.list);
    indexes.insert(slot.index);
    near += slot.index - before + 8 < 16;
    before = slot.index;
  }
  CHECK(lists.size() == 1);
  CHECK(indexes.size() == kStatusListSize);
  CHECK(near < 200);
  const StatusListId full = *lists.begin();
  const StatusSlot next = take(now);
  CHECK(next.list != full);
  CHECK(take(now + StatusPlaces::kOpenFor).list != next.list);
  CHECK(take(now - Seconds(1)).list != next.list);
}

TEST_CASE("a list outlives every token in it") {
  StatusPlaces places;
  const EpochSeconds now{Seconds(1'763'769'600)};
  for (const int life : {60, 900, 86'400, 60, 90'000, 4'000'000}) {
    const EpochSeconds dead_at = now + Seconds(life);
    CHECK(places.Take(now, dead_at, Seconds(900), EpochSeconds{})
              .list.retires_at >= dead_at);
  }
  // None is opened before the epoch, below which places without a record are
  // those of tokens that a restore has lost.
  StatusPlaces restored;
  CHECK(restored.Take(now, now + Seconds(60), Seconds(60), now + Seconds(9))
            .list.opened_at == now + Seconds(9));
}

TEST_CASE("texts and records are read as they were written, and no others") {
  const StatusListId id{.retires_at = EpochSeconds(Seconds(1'763'769'600)),
                        .opened_at = EpochSeconds(Seconds(1'763'760'000)),
                        .random = {1, 2, 3, 4, 5, 6, 7, 8}};
  CHECK(ParseStatusListText(StatusListText(id)) == id);
  CHECK_FALSE(ParseStatusListText(StatusListText(id) + "A").has_value());
  const StatusSlot slot{id, kStatusListSize - 1};
  CHECK(ParseStatusKey(StatusKey(slot)) == slot);
  CHECK_FALSE(ParseStatusKey(StatusKey({id, kStatusListSize})).has_value());
  CHECK_FALSE(ParseStatusKey(StatusKey(slot) + "x").has_value());
  CHECK_FALSE(ParseStatusKey("l/").has_value());
  TokenIdentity token;
  token.token.fill(1);
  token.key.fill(5);
  token.has_token = token.has_session = token.has_client = true;
  token.issued_at = EpochSeconds(Seconds(1'763'769'600));
  const std::string bytes = EncodeStatusEntry(token);
  const auto read = DecodeStatusEntry(bytes);
  REQUIRE(read.ok());
  CHECK(EncodeStatusEntry(*read) == bytes);
  CHECK_FALSE(DecodeStatusEntry(bytes + "x").ok());
  CHECK_FALSE(DecodeStatusEntry(bytes.substr(1)).ok());
  CHECK_FALSE(DecodeStatusEntry("").ok());
}

}  // namespace
}  // namespace signet::service
