// Two formats of access tokens at a real signetd, with an edge that knew of
// one when it started.

#include <doctest/doctest.h>
#include <httplib.h>

#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <thread>

#include "revocation-service/kek_place.h"
#include "revocation-service/oauth/clients.h"
#include "signet/feed.h"
#include "signet/ring_store.h"
#include "signet/verifier.h"
#include "tests/eventually.h"
#include "tests/revocation-service/backend_client.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::testing {
namespace {

constexpr const char* kIssuer = "http://127.0.0.1:8420";

std::string WebClient(const std::string& format) {
  return "[[client]]\nid = \"web\"\nsecret_digest = \"" +
         service::DigestSecret("web-secret") +
         "\"\npermissions = [\"session.open\"]\naccess_format = \"" + format +
         "\"\n";
}

// Stand is a signetd with its folders and configuration.
class Stand {
 public:
  explicit Stand(const std::string& settings = "") { Write(settings); }

  void Write(const std::string& settings) const {
    std::ofstream(dir_ / "c.toml") << settings;
  }
  std::vector<std::string> Arguments() const {
    return {"--dev",    "--data", dir_ / "data", "--keys",       dir_ / "keys",
            "--issuer", kIssuer,  "--config",    dir_ / "c.toml"};
  }
  std::unique_ptr<RingStore> Store() const {
    auto kek = service::OpenKek("file:" + dir_ / "keys/kek");
    REQUIRE(kek.ok());
    return std::make_unique<RingStore>(dir_ / "keys", std::move(*kek));
  }
  std::string path(const std::string& name) const { return dir_ / name; }

 private:
  TempDir dir_;
};

std::string OpenAsWeb(const SignetdProcess& signetd) {
  httplib::Client client("127.0.0.1", signetd.port());
  client.set_basic_auth("web", "web-secret");
  client.set_read_timeout(30);
  const auto answer =
      client.Post("/v1/sessions", R"({"subject":"bob","audience":"orders"})",
                  "application/json");
  if (!answer || answer->status != 201) return {};
  return boost::json::parse(answer->body)
      .at("access_token")
      .as_string()
      .c_str();
}

TEST_CASE("an edge learns of a second format while it runs") {
  const Stand stand;
  auto signetd = SignetdProcess::Start(stand.Arguments());
  REQUIRE_MESSAGE(signetd.ready(), signetd.log());
  FeedOptions options;
  options.services = {signetd.url()};
  options.client_id = "dev";
  options.client_secret = "dev-secret";
  options.feed_ring = *ReadPublicRing(stand.path("keys/feed.pub.json"));
  auto feed = RevocationFeed::Start(std::move(options));
  REQUIRE(feed);
  const auto edge = Verifier::Create({.issuer = kIssuer, .audience = "orders"},
                                     (*feed)->keys(), (*feed)->revocations());
  REQUIRE(edge);
  REQUIRE((*feed)->WaitUntilFresh(Seconds(30)));
  BackendClient backend(signetd.port());
  const std::string paseto = backend.Open("alice").Text("access_token");
  CHECK(edge->Verify(paseto).ok());

  // A client that names a format without a ring is refused, and told why.
  stand.Write(WebClient("jwt-es256"));
  signetd.Kill(SIGHUP);
  REQUIRE(Eventually([&] {
    return signetd.log().find(
               "client \"web\".access_format is jwt-es256, and the access "
               "rings make v4.public tokens") != std::string::npos;
  }));
  const auto ring =
      SigningRing::New({.purpose = KeyPurpose::kAccessAlt,
                        .format = KeyFormat::kJwtEs256,
                        .generation = 1,
                        .policy = DefaultPolicy(KeyPurpose::kAccessAlt)},
                       SystemClock::Shared().Now());
  REQUIRE(ring.ok());
  REQUIRE(stand.Store()->Create(*ring).ok());
  signetd.Kill(SIGHUP);
  REQUIRE(Eventually([&] {
    return signetd.log().find("configuration reloaded") != std::string::npos;
  }));
  const std::string jwt = OpenAsWeb(signetd);
  CHECK(jwt.starts_with("eyJ"));
  CHECK(Eventually([&] { return edge->Verify(jwt).ok(); }));
  CHECK(edge->Verify(backend.Open("alice").Text("access_token")).ok());
  CHECK(backend.Introspect(jwt).body.at("active") == true);

  // A revoked key of the second ring is void at the edge, as one of the first.
  REQUIRE(stand.Store()
              ->Update(KeyPurpose::kAccessAlt,
                       [&](SigningRing& changed) {
                         return changed.Revoke(ring->keys()[0].key.id(),
                                               SystemClock::Shared().Now());
                       })
              .ok());
  CHECK(Eventually([&] { return !edge->Verify(jwt).ok(); }));
  CHECK(edge->Verify(paseto).ok());
}

TEST_CASE("--dev makes the second ring that a client names") {
  const Stand stand(WebClient("jwt"));
  auto signetd = SignetdProcess::Start(stand.Arguments());
  REQUIRE_MESSAGE(signetd.ready(), signetd.log());
  CHECK(OpenAsWeb(signetd).starts_with("eyJ"));
  BackendClient backend(signetd.port());
  CHECK(backend.Open("alice").Text("access_token").starts_with("v4.public."));
}

TEST_CASE("mistakes about formats end the start with what to do") {
  const Stand stand(WebClient("jwt"));
  SignetdProcess::Start(stand.Arguments());  // makes the rings
  const auto fails_with = [&](const std::string& settings,
                              const std::string& text) {
    stand.Write(settings);
    const auto run = SignetdProcess::Run(stand.Arguments());
    const std::string log = run.first.log();
    CHECK(run.second != 0);
    CHECK_MESSAGE(log.find(text) != std::string::npos, log);
  };
  fails_with(WebClient("jwt-es256"),
             "client \"web\".access_format is jwt-es256, and the access rings "
             "make v4.public and jwt tokens");
  fails_with(WebClient("xml"), "client.access_format: \"xml\" is not");
  fails_with(WebClient("jwt") + "access_lifetime = \"20m\"\n",
             "client \"web\".access_lifetime is 20m, the access ring allows "
             "15m");
  std::filesystem::remove(stand.path("keys/access-alt.ring"));
  fails_with("", "access-alt.ring is missing");
}

}  // namespace
}  // namespace signet::testing
