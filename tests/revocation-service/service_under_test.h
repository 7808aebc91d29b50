#ifndef SIGNET_TESTS_SERVICE_UNDER_TEST_H_
#define SIGNET_TESTS_SERVICE_UNDER_TEST_H_

#include <doctest/doctest.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "revocation-service/feed/publisher.h"
#include "revocation-service/oauth/endpoints.h"
#include "revocation-service/rings.h"
#include "revocation-service/routes.h"
#include "revocation-service/session/session_store.h"
#include "revocation-service/status/status_lists.h"
#include "revocation-service/storage/committer.h"
#include "revocation-service/storage/engine.h"
#include "signet/mutex.h"
#include "signet/ring_store.h"
#include "signet/verifier.h"
#include "tests/revocation-service/faulty_engine.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::service::testing {

using signet::testing::TempDir;

// A Catcher is a Responder that keeps the answer for a test to wait for.
class Catcher final : public http::Responder {
 public:
  void Send(http::Response response) override {
    MutexLock lock(mutex_);
    ++sent_;
    response_ = std::move(response);
    condition_.NotifyAll();
  }
  std::shared_ptr<http::EventStream> Stream(http::Response) override {
    return nullptr;
  }

  bool Answered() {
    MutexLock lock(mutex_);
    return response_.has_value();
  }
  int sent() {
    MutexLock lock(mutex_);
    return sent_;
  }
  // Wait returns the answer, or one of status 0 after ten seconds.
  http::Response Wait() {
    MutexLock lock(mutex_);
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!response_ && std::chrono::steady_clock::now() < deadline) {
      condition_.WaitFor(mutex_, std::chrono::milliseconds(20));
    }
    return response_.value_or(http::Response{0, {}, ""});
  }

 private:
  Mutex mutex_;
  CondVar condition_;
  std::optional<http::Response> response_;
  int sent_ = 0;
};

inline std::string HeaderOf(const http::Response& response,
                            std::string_view name) {
  std::string value;
  for (const auto& [key, text] : response.headers) {
    if (key != name) continue;
    CHECK_MESSAGE(value.empty(), "the header stands twice: " << name);
    value = text;
  }
  return value;
}

inline boost::json::object JsonOf(const http::Response& response) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(response.body, error);
  if (error || !value.is_object()) {
    FAIL_CHECK("not a JSON object: " << response.body);
    return {};
  }
  return value.as_object();
}

inline std::string TextOf(const boost::json::object& object,
                          std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return "";
  return std::string(value->get_string().c_str());
}

inline int64_t NumberOf(const boost::json::object& object,
                        std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_number()) return -1;
  return value->to_number<int64_t>();
}

inline std::string ErrorOf(const http::Response& response) {
  return TextOf(JsonOf(response), "error");
}
inline std::string DescriptionOf(const http::Response& response) {
  return TextOf(JsonOf(response), "error_description");
}

inline http::Request MakeRequest(std::string method, std::string target,
                                 http::Headers headers = {},
                                 std::string body = "") {
  http::Request request;
  request.method = std::move(method);
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != target.npos) request.query = target.substr(mark + 1);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.remote = "127.0.0.1";
  return request;
}

// Basic is the header of client_secret_basic for texts that need no encoding.
inline std::pair<std::string, std::string> Basic(std::string_view id,
                                                 std::string_view secret) {
  const std::string text = std::string(id) + ":" + std::string(secret);
  std::string encoded = Base64UrlEncode(AsBytes(text));
  for (char& c : encoded) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (encoded.size() % 4 != 0) encoded += '=';
  return {"Authorization", "Basic " + encoded};
}

inline Client MakeClient(std::string id, std::vector<std::string> permissions,
                         std::vector<std::string> may_act_for = {}) {
  Client client;
  client.secret_digest = DigestSecret(id + "-secret");
  client.id = std::move(id);
  client.permissions.insert(permissions.begin(), permissions.end());
  client.may_act_for.insert(may_act_for.begin(), may_act_for.end());
  return client;
}

inline Client MakePublicClient(std::string id) {
  Client client;
  client.id = std::move(id);
  return client;
}

inline std::shared_ptr<const Clients> TestClients() {
  auto clients = Clients::Create({
      MakeClient("dev",
                 {"session.open", "session.read", "session.end", "revoke",
                  "introspect", "feed"},
                 {"app"}),
      MakeClient("other", {"session.open", "session.read", "session.end"}),
      MakeClient("gate", {"introspect"}),
      MakeClient("feeder", {"feed"}),
      MakeClient("idler", {}),
      MakePublicClient("app"),
      MakePublicClient("rival"),
  });
  REQUIRE(clients.ok());
  return std::make_shared<const Clients>(std::move(clients).value());
}

// ServiceUnderTest is the whole service below the HTTP server, on the memory
// engine and a manual clock. Its clients: `dev` may do everything and act for
// the public `app`; `other` may open, read and end its own sessions; `gate`
// may introspect; `feeder` may read the feed; `idler` may nothing; `app` and
// `rival` are public. The secret of each is its id and "-secret".
class ServiceUnderTest {
 public:
  struct Options {
    KeyFormat format = KeyFormat::kPasetoV4Public;
    std::string issuer = "https://auth.example";
    SessionLimits limits = {};
    ProofOptions proofs = {};
    std::shared_ptr<const Clients> clients = nullptr;  // else TestClients
    bool statements = false;            // there is a ring of statements
    std::optional<KeyFormat> alt = {};  // there is a second access ring
  };

  ServiceUnderTest() : ServiceUnderTest(Options()) {}
  explicit ServiceUnderTest(const Options& options) {
    OpenRings(options);
    auto opened = Publisher::Open(engine, *rings, clock, {});
    REQUIRE(opened.ok());
    publisher = std::move(opened).value();
    committer = std::make_unique<Committer>(engine, Committer::Options{});
    committer->AfterGroup([this] { (void)publisher->CatchUp(); });
    sessions = std::make_unique<SessionStore>(
        engine, *committer, [this] { return rings->refresh(); }, options.limits,
        clock);
    sessions->RegisterTokens(
        [this](auto format) { return rings->AccessOf(format); },
        [this] { return publisher->position().epoch; });
    status_lists = std::make_unique<StatusLists>(
        StatusLists::Parts{engine, *committer, *publisher, *rings, clock});
    auto checker =
        Verifier::Create({.issuer = options.issuer,
                          .audience = "",
                          .any_audience = true,
                          .caller_checks_binding = true},
                         rings->live_access(), publisher->revocations(), clock);
    REQUIRE(checker.ok());
    verifier.emplace(std::move(checker).value());
    proofs =
        Proofs::Create(options.proofs, options.issuer, *rings, clock).value();
    services.emplace(
        Services{*sessions, *publisher, *rings, *verifier, *proofs, metrics,
                 clock, options.issuer,
                 [all = options.clients ? options.clients : TestClients()] {
                   return all;
                 }});
    services->status_lists = status_lists.get();
    std::vector<Route> routes = OAuthRoutes(*services);
    for (Route& route : ApiRoutes(*services)) {
      routes.push_back(std::move(route));
    }
    router = std::make_unique<Router>(std::move(routes), metrics);
  }
  ~ServiceUnderTest() {
    router.reset();
    status_lists.reset();
    sessions.reset();
    committer.reset();
  }

  std::shared_ptr<Catcher> Start(http::Request request) {
    auto catcher = std::make_shared<Catcher>();
    router->Handle(std::move(request), catcher);
    return catcher;
  }
  http::Response Call(http::Request request) {
    return Start(std::move(request))->Wait();
  }

  // Form posts a form; Json a JSON body with the client's Basic credentials.
  http::Response Form(const std::string& target, const std::string& body,
                      http::Headers headers = {}) {
    headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return Call(MakeRequest("POST", target, std::move(headers), body));
  }
  http::Response Json(const std::string& client, const std::string& target,
                      const std::string& body) {
    return Call(MakeRequest("POST", target,
                            {Basic(client, client + "-secret"),
                             {"Content-Type", "application/json"}},
                            body));
  }
  http::Response Send(const std::string& method, const std::string& client,
                      const std::string& target) {
    return Call(
        MakeRequest(method, target, {Basic(client, client + "-secret")}));
  }

  // Open opens a session as `dev` and returns the answer's members. `more`
  // is appended to the request's: R"(,"client_id":"app")".
  boost::json::object Open(const std::string& subject,
                           const std::string& more = "") {
    const http::Response response = Json(
        "dev", "/v1/sessions", "{\"subject\":\"" + subject + "\"" + more + "}");
    CHECK_MESSAGE(response.status == 201, response.body);
    return JsonOf(response);
  }

  static constexpr const char* kAsDev =
      "client_id=dev&client_secret=dev-secret";
  http::Response Refresh(const std::string& token,
                         const std::string& as = kAsDev) {
    return Form("/token",
                "grant_type=refresh_token&refresh_token=" + token + "&" + as);
  }
  // Introspect is what `dev` learns of a token.
  boost::json::object Introspect(const std::string& token) {
    const http::Response response =
        Form("/introspect", "token=" + token + "&" + kAsDev);
    CHECK_MESSAGE(response.status == 200, response.body);
    return JsonOf(response);
  }
  bool IsActive(const std::string& token) {
    return Introspect(token).at("active").as_bool();
  }

  TempDir directory;
  ManualClock clock{Time(std::chrono::seconds(1'763'769'600))};
  // What becomes of the engine's calls, and of its commits.
  std::atomic<Fault> fault{Fault::kNone};
  std::atomic<Fault> commit_fault{Fault::kNone};
  std::unique_ptr<Engine> memory = NewMemoryEngine();
  FaultyEngine engine{
      *memory, [this](EngineCall call) {
        const Fault at_commit = commit_fault;
        const bool commits = call == EngineCall::kCommit;
        return commits && at_commit != Fault::kNone ? at_commit : fault.load();
      }};
  std::unique_ptr<Rings> rings;
  Metrics metrics;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<SessionStore> sessions;
  std::unique_ptr<StatusLists> status_lists;
  std::optional<Verifier> verifier;
  std::unique_ptr<Proofs> proofs;
  std::optional<Services> services;
  std::unique_ptr<Router> router;

 private:
  void OpenRings(const Options& options) {
    auto kek = KeyEncryptionKey::CreateFile(directory / "kek");
    REQUIRE(kek.ok());
    auto store =
        std::make_unique<RingStore>(directory.path(), std::move(kek).value());
    for (auto [purpose, format] :
         {std::pair{KeyPurpose::kAccess, options.format},
          std::pair{KeyPurpose::kRefresh, KeyFormat::kRefreshMac},
          std::pair{KeyPurpose::kFeed, KeyFormat::kFeedEd25519},
          std::pair{KeyPurpose::kStatements, KeyFormat::kJwtEs256},
          std::pair{KeyPurpose::kAccessAlt,
                    options.alt.value_or(KeyFormat::kJwtEs256)}}) {
      if (purpose == KeyPurpose::kStatements && !options.statements) continue;
      if (purpose == KeyPurpose::kAccessAlt && !options.alt) continue;
      auto ring = SigningRing::New({.purpose = purpose,
                                    .format = format,
                                    .generation = 1,
                                    .policy = DefaultPolicy(purpose)},
                                   clock.Now());
      REQUIRE(ring.ok());
      REQUIRE(store->Create(*ring).ok());
    }
    auto opened = Rings::Open(std::move(store));
    REQUIRE(opened.ok());
    rings = std::move(opened).value();
  }
};

}  // namespace signet::service::testing

#endif  // SIGNET_TESTS_SERVICE_UNDER_TEST_H_
