// Shared Signals, as a receiver: a signetd that polls another, or one that is
// played by the test.
#include <atomic>
#include <thread>

#include "tests/revocation-service/fake_transmitter.h"

namespace signet::testing {
namespace {

TEST_CASE("a logout at one service ends the sessions at another") {
  TempDir directory;
  const std::string secret = WriteSecret(directory);
  RunningSignetd a(Partner("b"));
  const std::string url = a.process().url();
  RunningSignetd b(Stanza(url, url, secret, PublishedKeys(url)));
  // The stream begins with the first poll.
  REQUIRE(
      Eventually([&] { return Metric(a, "signet_http_connections") >= 1; }));
  const auto alice = b.Open("alice");
  const auto bob = b.Open("bob");
  REQUIRE(Eventually([&] {
    Logout(a, "alice");
    return !Lives(b, alice);
  }));
  CHECK(Lives(b, bob));
  const auto audit = b.Audit("&event=revoked");
  REQUIRE(!audit.at("lines").as_array().empty());
  const json::object& line = audit.at("lines").at(0).as_object();
  CHECK(line.at("client") == json::value("ssf:" + url));
  CHECK(line.at("subject") == json::value("alice"));
  CHECK(RunningSignetd::Text(line, "reason").starts_with("session-revoked "));
  CHECK(Eventually([&] {
    return Metric(a, "signet_ssf_sent_total{outcome=\"acknowledged\"}") >= 1;
  }));
  CHECK(Metric(b, "signet_ssf_received_total{outcome=\"ended\"}") >= 1);

  // While B is away, A goes on; what was missed comes when B is back.
  b.process().Kill(SIGTERM);
  CHECK(b.process().Wait() == 0);
  Logout(a, "bob");
  b.Restart();
  CHECK(Eventually([&] { return !Lives(b, bob); }));
}

// A Detour has a port that is known before the service that it leads to.
class Detour {
 public:
  Detour() {
    const auto forward = [this](const httplib::Request& request,
                                httplib::Response& response) {
      httplib::Client client("127.0.0.1", to_);
      client.set_read_timeout(70);
      httplib::Request copy;
      copy.method = request.method;
      copy.path = request.path;
      copy.body = request.body;
      for (const char* name : {"Authorization", "Content-Type"}) {
        if (!request.has_header(name)) continue;
        copy.headers.emplace(name, request.get_header_value(name));
      }
      response.status = 503;
      if (to_ == 0) return;
      const auto answer = client.send(copy);
      if (!answer) return;
      response.status = answer->status;
      response.set_content(answer->body, "application/json");
    };
    server_.Get(".*", forward);
    server_.Post(".*", forward);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  // REQUIRES: the service that it leads to is gone.
  ~Detour() {
    server_.stop();
    thread_.join();
  }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
  }
  void LeadTo(uint16_t port) { to_ = port; }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::atomic<int> to_{0};
  std::thread thread_;
};

TEST_CASE("two services that listen to each other do not echo") {
  TempDir directory;
  const std::string secret = WriteSecret(directory);
  Detour detour;
  const std::string partners = Partner("b") + Partner("c");
  RunningSignetd a("issuer = \"http://127.0.0.1:1\"\n" + partners +
                   Stanza("http://127.0.0.1:2", detour.url(), secret,
                          PublishedKeys(detour.url())));
  RunningSignetd b("issuer = \"http://127.0.0.1:2\"\n" + partners +
                   Stanza("http://127.0.0.1:1", a.process().url(), secret,
                          PublishedKeys(a.process().url())));
  detour.LeadTo(b.process().port());
  PartnerClient at_a(a, "c");
  PartnerClient at_b(b, "c");
  at_a.Poll();
  at_b.Poll();
  const auto alice = b.Open("alice");
  REQUIRE(Eventually([&] {
    Logout(a, "alice");
    return !Lives(b, alice);
  }));
  // B does not tell on what A told it: that is A's to tell.
  CHECK(!at_a.Poll().sets.empty());
  CHECK(at_b.Poll().sets.empty());
  // The other way works as well, and is the first that A hears of B.
  const auto carol = a.Open("carol");
  REQUIRE(Eventually([&] {
    Logout(b, "carol");
    return !Lives(a, carol);
  }));
  for (const auto& [id, claims] : at_b.Poll().sets) {
    CHECK(claims.at("sub_id").at("sub") == json::value("carol"));
  }
  for (const auto& [id, claims] : at_a.Poll().sets) {
    CHECK(claims.at("sub_id").at("sub") == json::value("alice"));
  }
}

using Change = std::function<void(json::object&)>;

TEST_CASE("an event that is not as it should be is refused and ends nothing") {
  Receiving r;
  const auto alice = r.signetd.Open("alice");
  const std::string revoked(service::ssf::kSessionRevoked);
  const json::object sub_id = {
      {"format", "iss_sub"}, {"iss", r.transmitter.url()}, {"sub", "alice"}};
  const std::vector<std::pair<std::string, Change>> cases = {
      {"invalid_issuer", [](auto& c) { c["iss"] = "https://evil.example"; }},
      {"invalid_issuer", [](auto& c) { c.erase("iss"); }},
      {"invalid_audience", [](auto& c) { c["aud"] = "c"; }},
      {"invalid_audience",
       [](auto& c) {
         c["aud"] = json::array{"c", 1};
       }},
      {"invalid_audience", [](auto& c) { c.erase("aud"); }},
      {"invalid_request", [](auto& c) { c["jti"] = "other"; }},
      {"invalid_request", [](auto& c) { c.erase("iat"); }},
      {"invalid_request", [](auto& c) { c["iat"] = "now"; }},
      {"invalid_request", [](auto& c) { c["iat"] = 4'000'000'000; }},
      {"invalid_request", [](auto& c) { c["exp"] = 4'000'000'000; }},
      {"invalid_request", [](auto& c) { c["sub"] = "alice"; }},
      {"invalid_request", [](auto& c) { c.erase("events"); }},
      {"invalid_request", [](auto& c) { c["events"] = json::object(); }},
      {"invalid_request",
       [&](auto& c) {
         c["events"] = {{revoked, 1}};
       }},
      {"invalid_request",
       [&](auto& c) {
         c["events"] = {{revoked, {{"event_timestamp", 4'000'000'000}}}};
       }},
      {"invalid_request",
       [&](auto& c) {
         c["events"] = {{revoked, {{"event_timestamp", "x"}}}};
       }},
      {"invalid_request", [](auto& c) { c.erase("sub_id"); }},
      {"invalid_request", [](auto& c) { c["sub_id"] = "alice"; }},
      {"invalid_request", [](auto& c) { c["sub_id"] = json::object(); }},
      {"invalid_request",
       [](auto& c) { c["sub_id"].as_object().erase("sub"); }},
      {"invalid_request",
       [](auto& c) { c["sub_id"].as_object()["sub"] = "a\nb"; }},
      {"access_denied",
       [](auto& c) { c["sub_id"].as_object()["iss"] = "https://x.example"; }},
  };
  int number = 0;
  for (const auto& [code, change] : cases) {
    const std::string id = "case-" + std::to_string(number++);
    CAPTURE(id);
    json::object claims = r.transmitter.Claims(id);
    change(claims);
    CHECK(r.Said(id, r.transmitter.Sign(claims)) == code);
  }
  const auto good = [&](const char* id) { return r.transmitter.Claims(id); };
  CHECK(r.Said("type", r.transmitter.Sign(good("type"), "at+jwt")) ==
        "invalid_request");
  const std::string set = r.transmitter.Sign(good("set"));
  const std::string none =
      Base64UrlEncode(AsBytes(R"({"alg":"none","typ":"secevent+jwt"})"));
  CHECK(r.Said("none", none + set.substr(set.find('.'),
                                         set.rfind('.') + 1 - set.find('.'))) ==
        "invalid_request");
  std::string forged = set;
  char& first = forged[forged.rfind('.') + 1];
  first = first == 'A' ? 'B' : 'A';
  CHECK(r.Said("set", forged) == "authentication_failed");
  CHECK(r.Said("junk", "junk") == "invalid_request");
  json::object huge = good("huge");
  huge["x"] = std::string(100'000, 'x');
  CHECK(r.Said("huge", r.transmitter.Sign(huge)) == "invalid_request");
  TempDir elsewhere;
  FakeTransmitter stranger(elsewhere);  // whose key nobody knows
  CHECK(r.Said("stranger", stranger.Sign(good("stranger"))) != "ack");
  CHECK(Lives(r.signetd, alice));
  CHECK(Metric(r.signetd, "signet_ssf_received_total{outcome=\"ended\"}") == 0);
  CHECK(
      !r.signetd.Audit("&event=event_refused").at("lines").as_array().empty());
}

TEST_CASE("events that concern nothing here are taken and end nothing") {
  Receiving r;
  const auto alice = r.signetd.Open("alice");
  const json::object user = {
      {"format", "iss_sub"}, {"iss", r.transmitter.url()}, {"sub", "alice"}};
  const std::vector<json::value> others = {
      {{"format", "opaque"}, {"id", "alice"}},
      {{"format", "email"}, {"email", "alice"}},
      {{"format", "new"}},
      {{"format", "complex"},
       {"user", user},
       {"session", {{"format", "new"}, {"id", "x"}}}},
      {{"format", "complex"},
       {"user", user},
       {"session", {{"format", "opaque"}, {"id", "x"}}},
       {"device", {{"format", "opaque"}, {"id", "x"}}}},
      {{"format", "complex"}, {"session", {{"format", "opaque"}, {"id", "x"}}}},
      {{"format", "complex"}, {"tenant", user}}};
  int number = 0;
  for (const json::value& other : others) {
    const std::string id = "other-" + std::to_string(number++);
    json::object claims = r.transmitter.Claims(id);
    claims["sub_id"] = other;
    CHECK(r.Said(id, r.transmitter.Sign(claims)) == "ack");
  }
  json::object claims = r.transmitter.Claims("verify");
  claims["events"] = {
      {std::string(service::ssf::kVerification), json::object()}};
  CHECK(r.Said("verify", r.transmitter.Sign(claims)) == "ack");
  CHECK(Lives(r.signetd, alice));
  // A complex subject that is a user and nothing else is that user.
  claims = r.transmitter.Claims("user");
  claims["sub_id"] = {{"format", "complex"}, {"user", user}};
  CHECK(r.Said("user", r.transmitter.Sign(claims)) == "ack");
  CHECK(!Lives(r.signetd, alice));
}

// OneSession are the claims of a SET that ends one session of alice's.
json::object OneSession(const FakeTransmitter& transmitter,
                        const std::string& jti, const std::string& sid) {
  json::object claims = transmitter.Claims(jti);
  const json::value user = claims.at("sub_id");
  claims["sub_id"] = {{"format", "complex"},
                      {"user", user},
                      {"session", {{"format", "opaque"}, {"id", sid}}}};
  return claims;
}

TEST_CASE("where sessions are not mapped, one of a user's ends all of them") {
  Receiving r;
  const auto alice = r.signetd.Open("alice");
  const auto bob = r.signetd.Open("bob");
  json::object bad = OneSession(r.transmitter, "bad", "x");
  bad.at("sub_id").as_object()["session"] = {{"format", "opaque"}};
  CHECK(r.Said("bad", r.transmitter.Sign(bad)) == "invalid_request");
  bad.at("sub_id").as_object()["session"] = "x";
  CHECK(r.Said("bad2", r.transmitter.Sign(bad)) == "invalid_request");
  CHECK(Lives(r.signetd, alice));
  CHECK(r.Said("one", r.transmitter.Sign(
                          OneSession(r.transmitter, "one", "x"))) == "ack");
  CHECK(!Lives(r.signetd, alice));
  CHECK(Lives(r.signetd, bob));
}

json::object OpenWith(RunningSignetd& signetd, const std::string& claims) {
  const auto answer = signetd.Json(
      "/v1/sessions",
      R"({"subject":"alice","audience":"orders","claims":)" + claims + "}");
  REQUIRE(answer);
  REQUIRE_MESSAGE(answer->status == 201, answer->body);
  return json::parse(answer->body).as_object();
}

TEST_CASE("where a claim maps sessions, only those of the one end") {
  Receiving r("session_claim = \"upstream\"\n");
  const auto first = OpenWith(r.signetd, R"({"upstream":"s1"})");
  const auto twin = OpenWith(r.signetd, R"({"upstream":"s1","x":2})");
  const auto other = OpenWith(r.signetd, R"({"upstream":"s2"})");
  const auto list = OpenWith(r.signetd, R"({"upstream":["s1"]})");
  const auto plain = r.signetd.Open("alice");
  const auto end = [&](const char* jti, const char* sid) {
    return r.Said(jti, r.transmitter.Sign(OneSession(r.transmitter, jti, sid)));
  };
  CHECK(end("unknown", "s3") == "ack");
  CHECK(Lives(r.signetd, first));
  CHECK(end("known", "s1") == "ack");
  CHECK(!Lives(r.signetd, first));
  CHECK(!Lives(r.signetd, twin));
  for (const auto& session : {other, list, plain}) {
    CHECK(Lives(r.signetd, session));
  }
  // Two sessions ended, by one event.
  CHECK(Metric(r.signetd, "signet_ssf_received_total{outcome=\"ended\"}") == 1);
  const auto audit = r.signetd.Audit("&event=session_ended");
  REQUIRE(audit.at("lines").as_array().size() == 2);
  CHECK(audit.at("lines").at(0).at("client") ==
        json::value("ssf:" + r.transmitter.url()));
  // A user's event is a user's all the same.
  CHECK(r.Said("user", r.transmitter.Sign(r.transmitter.Claims("user"))) ==
        "ack");
  CHECK(!Lives(r.signetd, other));
  CHECK(!Lives(r.signetd, plain));
}

TEST_CASE("a logout of one session at one service ends it at another") {
  TempDir directory;
  const std::string secret = WriteSecret(directory);
  RunningSignetd a(Partner("b"));
  const std::string url = a.process().url();
  RunningSignetd b(Stanza(url, url, secret, PublishedKeys(url)) +
                   "session_claim = \"upstream\"\n");
  const auto there = a.Open("alice");
  const std::string sid = RunningSignetd::Text(there, "session_id");
  const auto here = OpenWith(b, R"({"upstream":")" + sid + "\"}");
  const auto elsewhere = OpenWith(b, R"({"upstream":"x"})");
  // The stream begins with the first poll.
  const auto marker = b.Open("marker");
  REQUIRE(Eventually([&] {
    Logout(a, "marker");
    return !Lives(b, marker);
  }));
  const auto answer = a.client->Delete(("/v1/sessions/" + sid).c_str(),
                                       RunningSignetd::AsDev());
  REQUIRE(answer);
  REQUIRE(answer->status == 204);
  CHECK(Eventually([&] { return !Lives(b, here); }));
  CHECK(Lives(b, elsewhere));
}

TEST_CASE("an event that comes late, or again, spares what was opened since") {
  Receiving r;
  const auto alice = r.signetd.Open("alice");
  json::object claims = r.transmitter.Claims("late");
  claims["events"] = {{std::string(service::ssf::kSessionRevoked),
                       {{"event_timestamp", FakeTransmitter::Now() - 7200}}}};
  const std::string set = r.transmitter.Sign(claims);
  CHECK(r.Said("late", set) == "ack");
  CHECK(Lives(r.signetd, alice));
}

TEST_CASE("a transmitter that fails is asked again, and ends nothing") {
  Receiving r;
  const auto alice = r.signetd.Open("alice");
  const std::vector<std::pair<int, std::string>> answers = {
      {500, "{}"}, {200, "junk"}, {200, R"({"sets":{"a":"x"},"sets":{}})"}};
  for (const auto& [status, body] : answers) {
    const int before = r.transmitter.polls();
    r.transmitter.Misbehave(status, body);
    CHECK(Eventually([&] { return r.transmitter.polls() > before; }));
  }
  CHECK(r.signetd.Admin("/readyz")->status == 200);
  CHECK(Eventually([&] {
    return Metric(r.signetd, "signet_ssf_polls_total{outcome=\"failed\"}") > 0;
  }));
  CHECK(Lives(r.signetd, alice));
  r.transmitter.Misbehave(0, "");
  CHECK(r.Said("good", r.transmitter.Sign(r.transmitter.Claims("good"))) ==
        "ack");
  CHECK(!Lives(r.signetd, alice));
  r.signetd.process().Kill(SIGTERM);
  CHECK(r.signetd.process().Wait() == 0);
}

TEST_CASE("a transmitter that is not configured well is named") {
  TempDir directory;
  const auto problem = [&](const std::string& settings) {
    std::ofstream(directory / "signetd.toml") << settings;
    const auto run = SignetdProcess::Run(
        {"--dev", "--config", directory / "signetd.toml", "--print-config"});
    return run.second == 0 ? std::string() : run.first.log();
  };
  const std::string good = Stanza("https://a.example", "https://a.example",
                                  "/s", "jwks_url = \"https://a.example/k\"");
  CHECK(problem(good) == "");
  // What is printed is read back to the same.
  const auto once = SignetdProcess::Run(
      {"--config", directory / "signetd.toml", "--print-config"});
  CHECK(once.first.output().find("https://a.example/ssf/poll") !=
        std::string::npos);
  CHECK(problem(once.first.output()) == "");
  const auto twice = SignetdProcess::Run(
      {"--config", directory / "signetd.toml", "--print-config"});
  CHECK(twice.first.output() == once.first.output());
  CHECK(problem(good + good).find("two ssf.transmitter") != std::string::npos);
  CHECK(problem(good + "colour = \"red\"").find("unknown setting") !=
        std::string::npos);
  CHECK(problem(good + "jwks_file = \"f\"").find("jwks_file or a jwks_url") !=
        std::string::npos);
  CHECK(problem(Stanza("https://a.example", "http://a.example", "/s",
                       "jwks_file = \"k\""))
            .find("not on the loopback") != std::string::npos);
  CHECK(problem("[ssf]\ntransmitter = 1\n").find("list of tables") !=
        std::string::npos);
}

}  // namespace
}  // namespace signet::testing
