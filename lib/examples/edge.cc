// signet-edge: an HTTP server that answers GET /hello to whoever brings a good
// access token. It checks tokens in memory; logouts reach it through the feed.
// `signet-edge --help` lists its flags.
#include <httplib.h>
#include <signal.h>
#include <strings.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <map>
#include <thread>

#include "signet/feed.h"
#include "signet/ring_store.h"
#include "signet/verifier.h"

namespace json = boost::json;

static constexpr char kUsage[] = R"(Usage:
    SIGNET_CLIENT_SECRET=... signet-edge --client ID --audience A [FLAG V]...

Answers GET /hello to whoever brings a good access token, and GET /status to
all. Logouts reach it through the feed of the service.

    --service URL         the service; default http://127.0.0.1:8420
    --client ID           a client of it with the permission `feed`
    --feed-ring FILE      its public feed ring; default keys/feed.pub.json
    --issuer URL          whose tokens are good; default: the service's
    --audience A          for whom they must be
    --listen HOST:PORT    default 127.0.0.1:8430
    --state DIR           where the list is kept between runs; default: nowhere
    --poll MS             ask that often; default 0: subscribe
    --max-staleness MS    refuse when less was known for so long; default 10000
)";

[[noreturn]] static void Die(const std::string& problem) {
  std::cerr << "signet-edge: error: " << problem << std::endl;
  std::exit(2);
}

static int Number(const std::string& text) {
  int value = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value).ptr != end || text.empty()) {
    Die("\"" + text + "\" is not a number");
  }
  return value;
}

static void Reply(httplib::Response& response, int status,
                  const json::value& body) {
  response.status = status;
  response.set_content(json::serialize(body), "application/json");
}

// Hello is the part to copy: a token comes in, a verdict goes out.
static void Hello(const signet::Verifier& verifier,
                  const httplib::Request& request,
                  httplib::Response& response) {
  const std::string header = request.get_header_value("Authorization");
  if (strncasecmp(header.c_str(), "Bearer ", 7) != 0) {
    // RFC 6750 section 3.1: no error code if no token was sent.
    response.set_header("WWW-Authenticate", "Bearer");
    return Reply(response, 401, {{"error", "no token"}});
  }
  auto token = verifier.Verify(std::string_view(header).substr(7));
  if (token) {
    return Reply(
        response, 200,
        {{"hello", token->claims().subject}, {"stale", token->stale()}});
  }
  const json::value why = {{"error", token.error().ToString()}};
  if (token.error().RetryMayHelp()) {
    // The token may be good; this server does not know enough right now.
    response.set_header("Retry-After", "1");
    return Reply(response, 503, why);
  }
  response.set_header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  Reply(response, 401, why);
}

static json::value Status(const signet::FeedStatus& feed,
                          const signet::VerifierCounters& counters) {
  json::object refused;
  for (size_t i = 0; i < std::size(counters.refused); ++i) {
    const auto name = RefusalCodeName(static_cast<signet::RefusalCode>(i));
    refused[{name.data(), name.size()}] = counters.refused[i];
  }
  json::value staleness;  // null before the list was complete once
  if (feed.staleness != signet::Duration::max()) {
    staleness = feed.staleness.count();
  }
  return {{"connected", feed.connected},
          {"epoch", feed.position.epoch},
          {"sequence", feed.position.sequence},
          {"staleness_ms", staleness},
          {"entries", feed.entries},
          {"ring_generation", feed.ring_generation},
          {"frames", feed.frames},
          {"reconnects", feed.reconnects},
          {"last_error", feed.last_error},
          {"counters",
           {{"accepted", counters.accepted},
            {"accepted_stale", counters.accepted_stale},
            {"refused", refused}}}};
}

// Listen serves on HOST:PORT, or on any free port if PORT is 0.
static void Listen(httplib::Server& server, const std::string& address) {
  const size_t colon = std::min(address.rfind(':'), address.size());
  const std::string host = address.substr(0, colon);
  int port = Number(address.substr(std::min(colon + 1, address.size())));
  if (port == 0) {
    port = server.bind_to_any_port(host);
  } else if (!server.bind_to_port(host, port)) {
    port = -1;
  }
  if (port < 0) Die("cannot listen on " + address);
  std::cout << "listening on http://" << host << ":" << port << std::endl;
  server.listen_after_bind();
}

static std::map<std::string, std::string> ReadFlags(int argc, char** argv) {
  std::map<std::string, std::string> flags = {
      {"--service", "http://127.0.0.1:8420"},
      {"--client", ""},
      {"--feed-ring", "keys/feed.pub.json"},
      {"--issuer", ""},  // the service
      {"--audience", ""},
      {"--state", ""},
      {"--listen", "127.0.0.1:8430"},
      {"--poll", "0"},  // 0: subscribe
      {"--max-staleness", "10000"}};
  for (int i = 1; i < argc; i += 2) {
    if (std::string_view(argv[i]) == "--help") {
      std::cout << kUsage;
      std::exit(0);
    }
    if (!flags.contains(argv[i])) {
      Die("unknown flag " + std::string(argv[i]) + "; see --help");
    }
    if (i + 1 == argc) Die(std::string(argv[i]) + " needs a value");
    flags[argv[i]] = argv[i + 1];
  }
  if (flags["--issuer"].empty()) flags["--issuer"] = flags["--service"];
  return flags;
}

// StopAtSignal ends the server at SIGINT or SIGTERM, so that the feed writes
// down what it holds. Call it first: threads inherit what is blocked.
static void StopAtSignal(httplib::Server& server) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([&server, signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    if (!server.is_running()) std::_Exit(0);
    server.stop();
  }).detach();
}

int main(int argc, char** argv) {
  httplib::Server server;
  StopAtSignal(server);
  auto flags = ReadFlags(argc, argv);
  auto feed_ring = signet::ReadPublicRing(flags["--feed-ring"]);
  if (!feed_ring) Die(feed_ring.error().message);
  const char* secret = std::getenv("SIGNET_CLIENT_SECRET");

  // 1. Follow the feed. It brings the public ring and the revocation list.
  signet::FeedOptions options;
  options.services = {flags["--service"]};
  options.client_id = flags["--client"];
  options.client_secret = secret == nullptr ? "" : secret;
  options.feed_ring = *feed_ring;
  options.state_directory = flags["--state"];
  if (flags["--poll"] != "0") {
    options.mode = signet::FeedMode::kPoll;
    options.poll_interval = signet::Duration(Number(flags["--poll"]));
  }
  auto feed = signet::RevocationFeed::Start(options);
  if (!feed) Die(feed.error().message);

  // 2. Say what a token must be.
  signet::Policy policy;
  policy.issuer = flags["--issuer"];
  policy.audience = flags["--audience"];
  policy.max_staleness = signet::Duration(Number(flags["--max-staleness"]));
  auto verifier =
      signet::Verifier::Create(policy, (*feed)->keys(), (*feed)->revocations());
  if (!verifier) Die(verifier.error().message);

  // 3. Serve. If the service is down this server starts all the same: it works
  // from its saved state, and answers 503 to what it cannot know.
  auto fresh = (*feed)->WaitUntilFresh(signet::Seconds(5));
  if (!fresh) std::cerr << "signet-edge: " + fresh.error().message + "\n";
  // This library's server keeps a thread for each open connection.
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };
  server.set_keep_alive_max_count(10'000);
  server.set_tcp_nodelay(true);
  server.Get("/hello", [&](const auto& request, auto& response) {
    Hello(*verifier, request, response);
  });
  server.Get("/status", [&](const auto&, auto& response) {
    Reply(response, 200, Status((*feed)->status(), verifier->counters()));
  });
  Listen(server, flags["--listen"]);
}
