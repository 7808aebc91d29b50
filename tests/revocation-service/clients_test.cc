#include "revocation-service/oauth/clients.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "signet/jwk.h"
#include "tests/temp_dir.h"

namespace signet::service {
namespace {

Client Confidential(std::string id) {
  Client client;
  client.secret_digest = DigestSecret("open sesame");
  client.id = std::move(id);
  return client;
}

Client Public(std::string id) {
  Client client;
  client.id = std::move(id);
  return client;
}

// Problems is the error's text, or "" if there is none.
std::string Problems(std::vector<Client> clients) {
  const auto registry = Clients::Create(std::move(clients));
  return registry ? "" : registry.error().message;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a digest is blake2b-256 of the secret, and not the secret") {
  CHECK(DigestSecret("") ==
        "blake2b-256:DldRwCblQ7Loqy6wYJnaodHl30d3j3eH-qtFzfEv46g");
  CHECK(DigestSecret("a") != DigestSecret("b"));
}

TEST_CASE("only the secret that was digested authenticates") {
  const Client client = Confidential("web");
  CHECK(Clients::CheckSecret(client, "open sesame"));
  CHECK_FALSE(Clients::CheckSecret(client, "open sesam"));
  CHECK_FALSE(Clients::CheckSecret(client, ""));
  CHECK_FALSE(Clients::CheckSecret(client, client.secret_digest));
}

TEST_CASE("a public client never authenticates by a secret") {
  CHECK_FALSE(Clients::CheckSecret(Public("app"), ""));
  CHECK_FALSE(Clients::CheckSecret(Public("app"), "x"));
}

TEST_CASE("a registry finds its clients and no others") {
  const auto registry = Clients::Create({Confidential("web"), Public("app")});
  REQUIRE(registry.ok());
  CHECK(registry->size() == 2);
  REQUIRE(registry->Find("web") != nullptr);
  CHECK(registry->Find("web")->id == "web");
  CHECK_FALSE(registry->Find("web")->is_public());
  CHECK(registry->Find("app")->is_public());
  CHECK(registry->Find("") == nullptr);
  CHECK(registry->Find("WEB") == nullptr);
}

TEST_CASE("a registry without clients is valid") {
  CHECK(Problems({}).empty());
}

TEST_CASE("every permission of the list is accepted, no other is") {
  Client client = Confidential("web");
  for (const std::string_view name : kPermissions) {
    client.permissions.insert(std::string(name));
  }
  CHECK(Problems({client}).empty());
  client.permissions.insert("session.fly");
  CHECK(Contains(Problems({client}), "session.fly"));
}

TEST_CASE("an empty or unprintable id is refused") {
  CHECK_FALSE(Problems({Confidential("")}).empty());
  CHECK_FALSE(Problems({Confidential("a\nb")}).empty());
  CHECK_FALSE(Problems({Confidential("caf\xc3\xa9")}).empty());
}

TEST_CASE("an id that stands twice is refused") {
  CHECK(Contains(Problems({Confidential("web"), Public("web")}),
                 "'web': the id stands twice"));
}

TEST_CASE("a digest in any other spelling is refused") {
  const std::string good = DigestSecret("s");
  for (const std::string& digest :
       {std::string("open sesame"), good + "=", good.substr(0, good.size() - 1),
        "sha-256:" + good.substr(12), good.substr(12), good + "A"}) {
    CAPTURE(digest);
    Client client = Confidential("web");
    client.secret_digest = digest;
    CHECK_FALSE(Problems({client}).empty());
  }
}

TEST_CASE("a client with keys is confidential, whatever their place") {
  const std::string set =
      R"({"keys":[)" +
      WriteJwk(SecretKey::Generate(KeyFormat::kJwtEs256).Public()) + "]}";
  Client inside = Public("inside");
  inside.jwks = set;
  Client filed = Public("filed");
  signet::testing::TempDir dir;
  filed.jwks_file = dir / "keys.json";
  CHECK(Contains(Problems({filed}), filed.jwks_file));
  std::ofstream(filed.jwks_file) << set;
  const auto registry = Clients::Create({inside, filed, Public("app")});
  REQUIRE(registry.ok());
  CHECK_FALSE(inside.is_public());
  CHECK_FALSE(filed.is_public());
  CHECK(registry->KeysOf(inside) != nullptr);
  CHECK(registry->KeysOf(filed) != nullptr);
  CHECK(registry->KeysOf(Public("app")) == nullptr);
  CHECK_FALSE(Clients::CheckSecret(inside, ""));
}

TEST_CASE("keys that are broken, private, or in two places are refused") {
  const std::string secret =
      R"({"keys":[)" +
      WriteSecretJwk(SecretKey::Generate(KeyFormat::kJwtEs256)) + "]}";
  for (const std::string& jwks : {std::string("x"), secret}) {
    Client client = Public("web");
    client.jwks = jwks;
    const std::string problems = Problems({client});
    CHECK(Contains(problems, "'web': jwks: "));
    client.jwks_file = "keys.json";
    CHECK(Contains(Problems({client}), "both jwks and jwks_file"));
  }
}

TEST_CASE("a client may act for public clients alone") {
  Client client = Confidential("web");
  client.may_act_for = {"app"};
  CHECK(Problems({client, Public("app")}).empty());
  CHECK(Contains(Problems({client}), "'app', which is no client"));
  CHECK(
      Contains(Problems({client, Confidential("app")}), "not a public client"));
}

TEST_CASE("a public client has no permissions and acts for nobody") {
  Client app = Public("app");
  app.permissions = {"introspect"};
  CHECK_FALSE(Problems({app}).empty());
  app.permissions.clear();
  app.may_act_for = {"other"};
  CHECK_FALSE(Problems({app, Public("other")}).empty());
}

TEST_CASE("all problems are named at once") {
  Client client = Confidential("web");
  client.permissions = {"fly"};
  client.may_act_for = {"nobody"};
  const std::string problems = Problems({client, Confidential("")});
  CHECK(Contains(problems, "fly"));
  CHECK(Contains(problems, "nobody"));
  CHECK(Contains(problems, "client ''"));
}

TEST_CASE("a client acts for itself and for those it names") {
  Client client = Confidential("web");
  client.may_act_for = {"app"};
  CHECK(client.MayActFor("web"));
  CHECK(client.MayActFor("app"));
  CHECK_FALSE(client.MayActFor("ap"));
  CHECK_FALSE(client.MayActFor(""));
}

}  // namespace
}  // namespace signet::service
