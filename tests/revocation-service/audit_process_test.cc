// The audit and the log of a real signetd.
#include <doctest/doctest.h>

#include <sstream>
#include <vector>

#include "revocation-service/oauth/clients.h"
#include "signet/ring_store.h"
#include "tests/revocation-service/operations_fixture.h"

namespace signet::testing {
namespace {

namespace json = boost::json;
using Strings = std::vector<std::string>;

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kParent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Strings EventsOf(const json::object& page) {
  Strings events;
  for (const json::value& line : page.at("lines").as_array()) {
    events.push_back(RunningSignetd::Text(line.as_object(), "event"));
  }
  return events;
}

TEST_CASE(
    "a session's whole life is in the audit, before and after a restart") {
  RunningSignetd signetd;
  const auto opened = signetd.Open("alice");
  const std::string refresh = RunningSignetd::Text(opened, "refresh_token");
  const std::string session = RunningSignetd::Text(opened, "session_id");
  const auto rotated = signetd.Form(
      "/token", "grant_type=refresh_token&refresh_token=" + refresh,
      {{"traceparent", kParent}});
  REQUIRE(rotated);
  REQUIRE(rotated->status == 200);
  CHECK(rotated->get_header_value("Trace-Id") == kTrace);
  const auto ended =
      signetd.client->Delete("/v1/sessions/" + session, signetd.AsDev());
  REQUIRE(ended);
  CHECK(ended->status == 204);
  signetd.Open("bob");

  const Strings life = {"session_opened", "exchange_rotated", "session_ended"};
  const auto check = [&] {
    const json::object page = signetd.Audit("&subject=alice");
    CHECK(EventsOf(page) == life);
    CHECK(EventsOf(signetd.Audit("&session=" + session)) == life);
    const json::object& line = page.at("lines").at(1).as_object();
    CHECK(RunningSignetd::Text(line, "trace_id") == kTrace);
    CHECK(RunningSignetd::Text(line, "address") == "127.0.0.1");
    CHECK(RunningSignetd::Text(line, "client") == "dev");
    CHECK(RunningSignetd::Text(line, "session_id") == session);
  };
  check();
  signetd.Restart();
  check();
}

TEST_CASE("refusals are audited soon, and no line holds a token or a secret") {
  RunningSignetd signetd;
  const auto opened = signetd.Open("alice");
  const std::string refresh = RunningSignetd::Text(opened, "refresh_token");
  signetd.Form("/token", "grant_type=refresh_token&refresh_token=srt1.junk");
  signetd.As("/token", "grant_type=refresh_token&refresh_token=" + refresh +
                           "&client_id=dev&client_secret=wrong-secret");
  // Somebody pasted a secret where the id belongs.
  signetd.As("/token", "client_id=pasted-secret&client_secret=wrong-secret");
  signetd.Json("/v1/revocations", R"({"kind":"key","value":"kid-1"})");
  CHECK(Eventually([&] {
    return EventsOf(signetd.Audit("&event=authentication_failed")).size() ==
               2 &&
           EventsOf(signetd.Audit("&event=exchange_refused")).size() == 1;
  }));
  CHECK(EventsOf(signetd.Audit("&event=revoked")).size() == 1);
  CHECK(EventsOf(signetd.Audit("&event=started")).size() == 1);
  const std::string all = json::serialize(signetd.Audit());
  for (const std::string& secret :
       {refresh, RunningSignetd::Text(opened, "access_token"),
        std::string("wrong-secret"), std::string("dev-secret"),
        std::string("pasted-secret"), std::string("srt1.")}) {
    CHECK(all.find(secret) == std::string::npos);
  }
}

TEST_CASE("changed keys and reloaded configurations are audited") {
  RunningSignetd signetd;
  signetd.process().Kill(SIGHUP);
  CHECK(Eventually([&] {
    return EventsOf(signetd.Audit("&event=config_reloaded")).size() == 1;
  }));
  auto kek = KeyEncryptionKey::FromFile(signetd.path("keys/kek"));
  REQUIRE(kek.ok());
  RingStore store(signetd.path("keys"), *std::move(kek));
  const Time now = SystemClock::Shared().Now();
  for (const KeyPurpose purpose :
       {KeyPurpose::kAccess, KeyPurpose::kRefresh, KeyPurpose::kStatements}) {
    const size_t before = EventsOf(signetd.Audit("&event=keys_changed")).size();
    REQUIRE(store
                .Update(purpose,
                        [now](SigningRing& ring) { return ring.Rotate(now); })
                .ok());
    CHECK(Eventually([&] {
      return EventsOf(signetd.Audit("&event=keys_changed")).size() > before;
    }));
  }
  const json::object changed =
      signetd.Audit("&event=keys_changed").at("lines").at(0).as_object();
  CHECK(RunningSignetd::Text(changed, "client") == "signetd");
  CHECK(RunningSignetd::Text(changed, "target") == "generation 3");
  std::ofstream(signetd.path("signetd.toml")) << "nonsense = true\n";
  signetd.process().Kill(SIGHUP);
  CHECK(Eventually([&] {
    return EventsOf(signetd.Audit("&event=config_refused")).size() == 1;
  }));
}

TEST_CASE("the audit takes its own permission, and says what is wrong") {
  RunningSignetd signetd("[[client]]\nid = \"blind\"\nsecret_digest = \"" +
                         service::DigestSecret("blind-secret") +
                         "\"\npermissions = [\"session.read\"]\n");
  const auto status = [&](const std::string& target) {
    const auto answer = signetd.Get(target);
    REQUIRE(answer);
    return answer->status;
  };
  CHECK(status("/v1/audit") == 200);
  CHECK(status("/v1/audit?after=1&limit=1&event=session_opened") == 200);
  for (const char* bad :
       {"after=x", "after=-1", "limit=0", "limit=1001", "event=nothing",
        "session=short", "subjekt=alice", "subject="}) {
    CAPTURE(bad);
    CHECK(status(std::string("/v1/audit?") + bad) == 400);
  }
  CHECK(signetd.client->Get("/v1/audit")->status == 401);
  const auto blind = signetd.client->Get(
      "/v1/audit",
      {httplib::make_basic_authentication_header("blind", "blind-secret")});
  REQUIRE(blind);
  CHECK(blind->status == 403);
  CHECK(blind->body.find("lines") == std::string::npos);
  CHECK(Eventually([&] {
    return EventsOf(signetd.Audit("&event=permission_denied&client=blind"))
               .size() == 1;
  }));
  const std::string unknown = signetd.Get("/v1/audit?event=nothing")->body;
  CHECK(unknown.find("known are session_opened, session_ended") !=
        std::string::npos);
}

TEST_CASE("each line of a json log is an object, with the request's trace") {
  RunningSignetd signetd("[log]\nformat = \"json\"\nrequests = \"all\"\n");
  signetd.Form("/token", "grant_type=x", {{"traceparent", kParent}});
  const auto found = [&] {
    std::istringstream log(signetd.process().log());
    bool seen = false;
    for (std::string line; std::getline(log, line);) {
      // What is still being written has no end yet.
      if (log.eof()) break;
      json::error_code error;
      const json::value value = json::parse(line, error);
      REQUIRE_MESSAGE(!error, line);
      const json::object& object = value.as_object();
      CHECK(object.contains("time"));
      CHECK(object.contains("level"));
      CHECK(object.contains("message") != object.contains("event"));
      seen = seen || (RunningSignetd::Text(object, "event") == "request" &&
                      RunningSignetd::Text(object, "trace_id") == kTrace &&
                      RunningSignetd::Text(object, "endpoint") == "token" &&
                      RunningSignetd::Text(object, "status") == "400");
    }
    return seen;
  };
  CHECK(Eventually(found));
}

TEST_CASE("a reload changes what the audit, the proxies and the log do") {
  RunningSignetd signetd;
  const auto first = signetd.Open("alice");
  const auto address_of = [&](const std::string& subject) {
    signetd.Json("/v1/sessions",
                 "{\"subject\":\"" + subject + "\",\"audience\":\"orders\"}");
    const auto lines = signetd.Audit("&subject=" + subject).at("lines");
    return lines.as_array().empty()
               ? std::string()
               : RunningSignetd::Text(lines.as_array()[0].as_object(),
                                      "address");
  };
  CHECK(address_of("bob") == "127.0.0.1");
  std::ofstream(signetd.path("signetd.toml"))
      << "[audit]\nkeep_exchanges = 0\n"
      << "[proxy]\ntrusted = \"127.0.0.1\"\n"
      << "[log]\nformat = \"json\"\nrequests = \"all\"\n";
  signetd.process().Kill(SIGHUP);
  REQUIRE(Eventually([&] {
    return EventsOf(signetd.Audit("&event=config_reloaded")).size() == 1;
  }));
  // Nothing that was asked for waits for a restart.
  CHECK(signetd.process().log().find("after a restart") == std::string::npos);
  // A proxy is believed now.
  const auto opened = signetd.client->Post(
      "/v1/sessions",
      {httplib::make_basic_authentication_header("dev", "dev-secret"),
       {"X-Forwarded-For", "192.0.2.7"}},
      R"({"subject":"carol","audience":"orders"})", "application/json");
  REQUIRE(opened);
  CHECK(opened->status == 201);
  const json::object line =
      signetd.Audit("&subject=carol").at("lines").at(0).as_object();
  CHECK(RunningSignetd::Text(line, "address") == "192.0.2.7");
  // Exchanges leave no line any more.
  signetd.Form("/token", "grant_type=refresh_token&refresh_token=" +
                             RunningSignetd::Text(first, "refresh_token"));
  CHECK(EventsOf(signetd.Audit("&event=exchange_rotated")).empty());
  // And each line of the log is an object.
  CHECK(Eventually([&] {
    return signetd.process().log().find("\"endpoint\":\"token\"") !=
           std::string::npos;
  }));
}

TEST_CASE("a request without a trace, or with a bad one, gets a new one") {
  RunningSignetd signetd;
  const auto trace = [&](const httplib::Headers& headers) {
    const auto answer = signetd.client->Get("/.well-known/jwks.json", headers);
    REQUIRE(answer);
    return answer->get_header_value("Trace-Id");
  };
  const std::string one = trace({});
  CHECK(one.size() == 32);
  CHECK(trace({}) != one);
  CHECK(trace({{"traceparent", "00-zz"}}).size() == 32);
  // Which of two would it be?
  CHECK(trace({{"traceparent", kParent}, {"traceparent", kParent}}) != kTrace);
}

}  // namespace
}  // namespace signet::testing
