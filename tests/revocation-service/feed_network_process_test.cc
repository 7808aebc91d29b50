// Bounded staleness on real parts: a real signetd, edges behind networks that
// fail, and an oracle that asks each edge about a user who was logged out.
//
//   - After the bound no edge accepts that user's token, whatever is broken.
//   - Cut off, an edge says stale about the others.
//   - Healed, it is fresh again, and knows of the logout.
//
// Edges whose links are cut live in network namespaces of their own: a thread
// that has entered one makes the feed, whose threads stay in it. Where the
// machine does not allow that, those are left out and the test says so.

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "backend_client.h"
#include "signet/feed.h"
#include "signet/ring_store.h"
#include "signet/verifier.h"
#include "signetd_process.h"
#include "tests/eventually.h"

namespace signet::testing {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kIssuer = "http://127.0.0.1:8420";
// A heartbeat comes every 2 s.
constexpr Duration kBound = std::chrono::seconds(4);
// Clocks are cut to whole milliseconds, so an age may read as much too young.
constexpr Duration kCut = std::chrono::milliseconds(1);

bool Shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

// A TcpProxy copies between its clients and a port of this machine, one
// thread for each, until it is frozen: then it copies nothing and closes
// nothing.
class TcpProxy {
 public:
  explicit TcpProxy(uint16_t to) : to_(to) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&any), sizeof(any)) ==
            0);
    REQUIRE(listen(listener_, 16) == 0);
    socklen_t size = sizeof(any);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&any), &size);
    port_ = ntohs(any.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~TcpProxy() {
    stop_ = true;
    acceptor_.join();
    for (std::thread& copier : copiers_) copier.join();
    close(listener_);
  }

  uint16_t port() const { return port_; }
  void Freeze(bool frozen) { frozen_ = frozen; }

 private:
  static constexpr int kTick = 20;  // ms

  void Accept() {
    while (!stop_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (frozen_ || poll(&waiting, 1, kTick) <= 0) {
        if (frozen_) Pause();
        continue;
      }
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) copiers_.emplace_back([this, client] { Copy(client); });
    }
  }
  static void Pause() {
    std::this_thread::sleep_for(std::chrono::milliseconds(kTick));
  }

  void Copy(int client) {
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(to_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool open =
        connect(server, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
    while (open && !stop_) {
      if (frozen_) {
        Pause();
        continue;
      }
      pollfd waiting[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (poll(waiting, 2, kTick) <= 0) continue;
      open = (waiting[0].revents == 0 || Move(client, server)) &&
             (waiting[1].revents == 0 || Move(server, client));
    }
    close(client);
    close(server);
  }
  static bool Move(int from, int to) {
    char buffer[16'384];
    const ssize_t count = recv(from, buffer, sizeof(buffer), 0);
    return count > 0 &&
           send(to, buffer, static_cast<size_t>(count), MSG_NOSIGNAL) == count;
  }

  const uint16_t to_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<bool> frozen_{false};
  std::thread acceptor_;
  std::vector<std::thread> copiers_;  // the acceptor's, then the destructor's
};

// A CachingProxy asks the service for what it does not hold, and while it is
// `old` answers from what it holds, as a broken cache does.
class CachingProxy {
 public:
  explicit CachingProxy(uint16_t to) : to_(to) {
    server_.Get("/feed/.*", [this](const httplib::Request& request,
                                   httplib::Response& response) {
      Serve(request, response);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    REQUIRE(Eventually([this] { return server_.is_running(); }));
  }
  ~CachingProxy() {
    server_.stop();
    thread_.join();
  }

  uint16_t port() const { return static_cast<uint16_t>(port_); }
  void SetOld(bool old) { old_ = old; }
  uint64_t replayed() const { return replayed_; }

 private:
  void Serve(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex_);
    const auto held = store_.find(request.path);
    if (old_ && held != store_.end()) {
      ++replayed_;
      return response.set_content(held->second, "application/octet-stream");
    }
    httplib::Client client("127.0.0.1", to_);
    const auto answer = client.Get(
        request.target.c_str(),
        {{"Authorization", request.get_header_value("Authorization")}});
    response.status = answer ? answer->status : 502;
    if (answer && answer->has_header("Location")) {
      response.set_header("Location", answer->get_header_value("Location"));
    }
    if (!answer || answer->status != 200) return;
    store_[request.path] = answer->body;
    response.set_content(answer->body, "application/octet-stream");
  }

  const uint16_t to_;
  int port_ = 0;
  std::atomic<bool> old_{false};
  std::atomic<uint64_t> replayed_{0};
  std::mutex mutex_;
  std::map<std::string, std::string> store_;
  httplib::Server server_;
  std::thread thread_;
};

// A Namespace is a network of its own with one link to this machine's.
class Namespace {
 public:
  explicit Namespace(int number)
      : name_("signet" + std::to_string(getpid() % 100'000) + "n" +
              std::to_string(number)),
        near_("sg" + std::to_string(getpid() % 100'000) + "a" +
              std::to_string(number)),
        prefix_("10." + std::to_string(200 + number) + "." +
                std::to_string(getpid() % 250) + ".") {
    made_ = Shell("ip netns add " + name_);
    works_ = made_ &&
             Shell("ip link add " + near_ + " type veth peer name eth0 netns " +
                   name_) &&
             Shell("ip addr add " + prefix_ + "1/30 dev " + near_) &&
             Shell("ip link set " + near_ + " up") &&
             In("ip addr add " + prefix_ + "2/30 dev eth0") &&
             In("ip link set eth0 up");
  }
  ~Namespace() {
    if (works_) Shell("ip link del " + near_);
    if (made_) Shell("ip netns del " + name_);
  }

  bool works() const { return works_; }
  std::string address() const { return prefix_ + "1"; }
  void SetLink(bool up) {
    CHECK(Shell("ip link set " + near_ + (up ? " up" : " down")));
  }
  // Drop loses every packet on the way to the edge, silently.
  void Drop(bool drop) {
    const std::string what = drop ? "add" : "del";
    if (Shell("tc qdisc " + what + " dev " + near_ + " root netem loss 100%")) {
      return;
    }
    CHECK(In("ip route " + what + " blackhole " + address() + "/32"));
  }
  // Enter moves the calling thread, and what it starts, into it.
  bool Enter() const {
    const int place =
        open(("/var/run/netns/" + name_).c_str(), O_RDONLY | O_CLOEXEC);
    const bool entered = place >= 0 && setns(place, CLONE_NEWNET) == 0;
    if (place >= 0) close(place);
    return entered;
  }

 private:
  bool In(const std::string& command) const {
    return Shell("ip netns exec " + name_ + " " + command);
  }

  const std::string name_, near_, prefix_;
  bool made_ = false;
  bool works_ = false;
};

// An Edge verifies as an edge service does.
class Edge {
 public:
  Edge(std::string name, const std::string& url, const std::string& keys,
       FeedMode mode, const Namespace* place = nullptr)
      : name_(std::move(name)) {
    FeedOptions options;
    options.services = {url};
    options.client_id = "dev";
    options.client_secret = "dev-secret";
    options.feed_ring = *ReadPublicRing(keys + "/feed.pub.json");
    options.mode = mode;
    options.poll_interval = Duration(100);
    options.timeout = std::chrono::seconds(3);
    options.max_backoff = Duration(300);
    std::thread([&] {
      if (place != nullptr && !place->Enter()) return;
      auto feed = RevocationFeed::Start(std::move(options));
      if (feed) feed_ = std::move(feed).value();
    }).join();
    REQUIRE(feed_ != nullptr);
    Policy policy;
    policy.issuer = kIssuer;
    policy.audience = "orders";
    policy.max_staleness = kBound;
    verifier_.emplace(
        Verifier::Create(policy, feed_->keys(), feed_->revocations()).value());
  }

  const std::string& name() const { return name_; }
  bool Accepts(const std::string& token) const {
    return verifier_->Verify(token).ok();
  }
  bool Says(const std::string& token, RefusalCode code) const {
    const auto verdict = verifier_->Verify(token);
    return !verdict && verdict.error().code == code;
  }

 private:
  const std::string name_;
  std::unique_ptr<RevocationFeed> feed_;
  std::optional<Verifier> verifier_;
};

// A Stand is a signetd, which can be killed and started again on its port.
struct Stand {
  Stand() { Start("127.0.0.1:0"); }
  void Start(const std::string& listen) {
    process.emplace(SignetdProcess::Start({"--dev", "--data", dir / "data",
                                           "--keys", dir / "keys", "--issuer",
                                           kIssuer, "--listen", listen}));
    REQUIRE_MESSAGE(process->ready(), process->log());
  }
  void KillAndRestart() {
    const std::string listen = "127.0.0.1:" + std::to_string(process->port());
    process->Kill(SIGKILL);
    process->Wait();
    Start(listen);
  }
  TempDir dir;
  std::optional<SignetdProcess> process;
};

using Edges = std::vector<std::unique_ptr<Edge>>;

bool AllOf(const Edges& edges, const std::function<bool(const Edge&)>& what) {
  return std::ranges::all_of(edges, [&](const auto& e) { return what(*e); });
}

// CheckBound asks every edge about a token that was acknowledged as revoked
// at `revoked`, until the bound is well over. Time is read before the edge is
// asked: a slow machine makes the check no stricter.
void CheckBound(const Edges& edges, const std::string& token,
                Steady::time_point revoked) {
  while (Steady::now() < revoked + kBound + kCut + std::chrono::seconds(1)) {
    for (const auto& edge : edges) {
      const bool over = Steady::now() > revoked + kBound + kCut;
      const bool accepted = edge->Accepts(token);
      CHECK_MESSAGE(!(over && accepted),
                    edge->name() << " accepts what was revoked too long ago");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST_CASE(
    "no edge accepts a logged-out user beyond the bound, whatever fails") {
  Stand stand;
  const std::string keys = stand.dir / "keys";
  const uint16_t port = stand.process->port();
  TcpProxy steady(port), freezing(port);
  CachingProxy caching(port);
  Namespace cut(1), lossy(2);
  const auto url = [](const std::string& host, uint16_t to) {
    return "http://" + host + ":" + std::to_string(to);
  };

  Edges sound, troubled;
  const auto add = [&](Edges& edges, const std::string& name,
                       const std::string& at, const Namespace* place) {
    for (FeedMode mode : {FeedMode::kSubscribe, FeedMode::kPoll}) {
      edges.push_back(std::make_unique<Edge>(
          name + (mode == FeedMode::kPoll ? " (polling)" : " (subscribed)"), at,
          keys, mode, place));
    }
  };
  add(sound, "sound", url("127.0.0.1", port), nullptr);
  add(troubled, "frozen", url("127.0.0.1", freezing.port()), nullptr);
  troubled.push_back(std::make_unique<Edge>(
      "cached", url("127.0.0.1", caching.port()), keys, FeedMode::kPoll));
  const bool namespaces = cut.works() && lossy.works();
  if (namespaces) {
    add(troubled, "cut", url(cut.address(), steady.port()), &cut);
    add(troubled, "lossy", url(lossy.address(), steady.port()), &lossy);
  } else {
    std::printf(
        "skipped: edges in network namespaces, which need root, CAP_SYS_ADMIN "
        "and CAP_NET_ADMIN\n");
  }

  BackendClient backend(port);
  const std::string good = backend.Open("alice").Text("access_token");
  const std::string victim = backend.Open("mallory").Text("access_token");
  const auto accepts_both = [&](const Edge& edge) {
    return edge.Accepts(good) && edge.Accepts(victim);
  };
  for (const Edges* edges : {&sound, &troubled}) {
    for (const auto& edge : *edges) {
      CAPTURE(edge->name());
      CHECK(Eventually([&] { return accepts_both(*edge); }));
    }
  }

  const auto trouble = [&](bool on) {
    freezing.Freeze(on);
    caching.SetOld(on);
    if (!namespaces) return;
    cut.SetLink(!on);
    lossy.Drop(on);
  };
  trouble(true);
  REQUIRE(backend.Revoke("subject", "mallory").status == 201);
  CheckBound(troubled, victim, Steady::now());
  for (const auto& edge : sound) {
    CAPTURE(edge->name());
    CHECK(Eventually([&] { return edge->Accepts(good); }));
    CHECK(
        Eventually([&] { return edge->Says(victim, RefusalCode::kRevoked); }));
  }
  for (const auto& edge : troubled) {
    CAPTURE(edge->name());
    CHECK(Eventually([&] { return edge->Says(good, RefusalCode::kStale); }));
    CHECK_FALSE(edge->Accepts(victim));
  }
  CHECK(caching.replayed() > 0);

  trouble(false);
  for (const auto& edge : troubled) {
    CAPTURE(edge->name());
    CHECK(Eventually([&] { return edge->Accepts(good); }));
    CHECK(
        Eventually([&] { return edge->Says(victim, RefusalCode::kRevoked); }));
  }

  // Acknowledged, and killed in the same moment.
  const std::string second = backend.Open("trudy").Text("access_token");
  REQUIRE(backend.Revoke("subject", "trudy").status == 201);
  const auto revoked = Steady::now();
  stand.KillAndRestart();
  CheckBound(troubled, second, revoked);
  for (const Edges* edges : {&sound, &troubled}) {
    CHECK(Eventually([&] {
      return AllOf(*edges, [&](const Edge& edge) {
        return edge.Accepts(good) && edge.Says(second, RefusalCode::kRevoked);
      });
    }));
  }
}

}  // namespace
}  // namespace signet::testing
