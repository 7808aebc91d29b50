// Clients work against a real signetd on a real store, which is killed by
// SIGKILL at random moments, again and again. What a client was told before a
// kill must be true after it:
//
//   - no session, exchange or revocation that was acknowledged is lost,
//   - a refresh token has one successor, however often and by however many it
//     is redeemed, before and after a kill,
//   - a session that was ended or revoked is never alive again,
//   - the log has no gap, and what stood at a sequence stands there for ever.
//
// SIGNET_KILLS says how often it is killed, SIGNET_SEED what the clients do
// and when it dies. Threads and the disk have a will of their own, so a seed
// gives the same plan, not the same moments.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "backend_client.h"
#include "signetd_process.h"

namespace signet::testing {
namespace {

uint32_t FromEnvironment(const char* name, uint32_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr
             ? otherwise
             : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

// Faults collects what was wrong, from many threads.
class Faults {
 public:
  void Add(std::string fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(std::move(fault));
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return faults_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> faults_;
};

// Counts say that the test has tested something.
struct Counts {
  std::atomic<int> opened{0}, exchanged{0}, repeated{0}, ended{0}, revoked{0},
      unanswered{0};
};

// Known is what its one client knows of a session.
struct Known {
  std::string id;
  std::string subject;
  std::string refresh;   // the newest that was acknowledged
  std::string previous;  // the one it came from
  std::string access;
  std::string pending;  // a successor that another request was given
  bool over = false;    // acknowledged
  bool may_be_over = false;
};

// A Client owns its sessions: nobody else uses their tokens. It stops at the
// first call that is not answered, since the service is then gone.
class Client {
 public:
  Client(uint32_t seed, Faults& faults, Counts& counts)
      : random_(seed),
        name_(std::to_string(seed)),
        faults_(faults),
        counts_(counts) {}

  // Live works until the service is gone, or somebody else may have its port.
  void Live(uint16_t port, const std::atomic<bool>& killed) {
    http_.emplace(port);
    twin_.emplace(port);
    while (!killed && Step()) {
    }
  }

  // Check compares what the client knows with what the service says, for all
  // sessions of the last life and some of before.
  void Check(uint16_t port) {
    http_.emplace(port);
    twin_.emplace(port);
    for (size_t i = 0; i < sessions_.size(); ++i) {
      if (i < checked_ && random_() % 20 != 0) continue;
      CheckOne(sessions_[i]);
    }
    checked_ = sessions_.size();
    CheckLog();
  }

 private:
  bool Step() {
    const auto choice = random_() % 100;
    if (sessions_.empty() || choice < 15) return Open();
    Known& known = sessions_[random_() % sessions_.size()];
    if (choice < 70) return Refresh(known);
    if (choice < 85) return RefreshTwice(known);
    if (choice < 92) return Repeat(known);
    if (choice < 97) return End(known);
    return RevokeSubject(known);
  }

  bool Answered(const Answer& answer) {
    // 503 is "don't know": as good as no answer, but the service lives.
    if (answer.status == 0) ++counts_.unanswered;
    return answer.status != 0;
  }

  void Fault(const Known& known, const std::string& what) {
    faults_.Add("session " + known.id + ": " + what);
  }

  bool Open() {
    Known known;
    // A subject of its own, so that a revocation ends this session alone.
    known.subject = name_ + "-" + std::to_string(sessions_.size());
    const Answer answer = http_->Open(known.subject);
    if (answer.status != 201) return Answered(answer);
    ++counts_.opened;
    known.id = answer.Text("session_id");
    known.refresh = answer.Text("refresh_token");
    known.access = answer.Text("access_token");
    sessions_.push_back(std::move(known));
    return true;
  }

  // Take notes what an exchange of the newest token was answered.
  bool Take(Known& known, const Answer& answer) {
    if (answer.status == 200) {
      if (known.over) Fault(known, "was over, and is refreshed");
      ++counts_.exchanged;
      const std::string next = answer.Text("refresh_token");
      if (!known.pending.empty() && known.pending != next) {
        Fault(known, "one token has two successors");
      }
      known.pending = next;
      known.access = answer.Text("access_token");
    } else if (answer.status == 400 && !known.over && !known.may_be_over) {
      Fault(known, "was acknowledged, and its token is refused");
    }
    return Answered(answer);
  }

  // Advance makes the successor the newest token.
  void Advance(Known& known) {
    if (known.pending.empty()) return;
    known.previous = known.refresh;
    known.refresh = std::exchange(known.pending, "");
  }

  bool Refresh(Known& known) {
    const bool answered = Take(known, http_->Refresh(known.refresh));
    Advance(known);
    return answered;
  }

  // Two tabs: both requests are under way together.
  bool RefreshTwice(Known& known) {
    Answer other;
    std::thread tab([&] { other = twin_->Refresh(known.refresh); });
    const Answer answer = http_->Refresh(known.refresh);
    tab.join();
    const bool first = Take(known, answer);
    const bool second = Take(known, other);
    Advance(known);
    return first && second;
  }

  // A retry of what was answered already.
  bool Repeat(Known& known) {
    if (known.previous.empty() || known.over || known.may_be_over) return true;
    const Answer answer = http_->Refresh(known.previous);
    if (answer.status == 200) {
      ++counts_.repeated;
      if (answer.Text("refresh_token") != known.refresh) {
        Fault(known, "a retry gives another successor");
      }
    } else if (answer.status == 400) {
      // Too many retries in a row count as theft, which is right.
      known.may_be_over = true;
    }
    return Answered(answer);
  }

  bool End(Known& known) {
    if (known.over) return true;
    const bool maybe = std::exchange(known.may_be_over, true);
    const Answer answer = http_->End(known.id);
    if (answer.status == 204) {
      ++counts_.ended;
      known.over = true;
    } else if (answer.status == 404 && !maybe) {
      Fault(known, "was acknowledged, and is not there to end");
    } else if (answer.status == 404) {
      known.over = true;
    }
    return Answered(answer);
  }

  bool RevokeSubject(Known& known) {
    known.may_be_over = true;
    const Answer answer = http_->Revoke("subject", known.subject);
    if (answer.status == 201) {
      ++counts_.revoked;
      known.over = true;
      log_[answer.body.at("seq").to_number<uint64_t>()] = known.subject;
    }
    return Answered(answer);
  }

  void CheckOne(Known& known) {
    Take(known, http_->Refresh(known.refresh));
    Advance(known);
    if (!known.over) return;
    const Answer answer = http_->Introspect(known.access);
    if (answer.status == 200 && answer.body.at("active") != false) {
      Fault(known, "was over, and its access token is active");
    }
  }

  // CheckLog reads what stands at the sequences that were acknowledged.
  void CheckLog() {
    for (const auto& [sequence, subject] : log_) {
      const Answer answer = http_->Revocations(sequence - 1, 1);
      if (answer.status == 0) return;
      const auto& entries = answer.body.at("entries").as_array();
      const bool there = entries.size() == 1 &&
                         entries[0].at("seq") == sequence &&
                         entries[0].at("value").as_string() == subject.c_str();
      if (!there) {
        faults_.Add("revocation " + std::to_string(sequence) + " of " +
                    subject + " is lost");
      }
    }
    log_.clear();
  }

  std::mt19937 random_;
  const std::string name_;
  Faults& faults_;
  Counts& counts_;
  std::optional<BackendClient> http_;
  std::optional<BackendClient> twin_;
  std::vector<Known> sessions_;
  size_t checked_ = 0;
  std::map<uint64_t, std::string> log_;
};

class KilledService {
 public:
  explicit KilledService(const TempDir& directory) : directory_(directory) {}

  SignetdProcess Start() const {
    return SignetdProcess::Start({"--dev", "--data", directory_ / "data",
                                  "--keys", directory_ / "keys", "--issuer",
                                  "http://127.0.0.1:8420"});
  }

 private:
  const TempDir& directory_;
};

TEST_CASE("what was acknowledged before a SIGKILL is true after it") {
  const uint32_t kills = FromEnvironment("SIGNET_KILLS", 8);
  const uint32_t seed = FromEnvironment("SIGNET_SEED", 20261122);
  MESSAGE("SIGNET_KILLS=" << kills << " SIGNET_SEED=" << seed);
  constexpr uint32_t kClients = 4;
  TempDir directory;
  const KilledService service(directory);
  Faults faults;
  Counts counts;
  std::vector<std::unique_ptr<Client>> clients;
  for (uint32_t i = 0; i < kClients; ++i) {
    clients.push_back(
        std::make_unique<Client>(seed * kClients + i, faults, counts));
  }
  std::mt19937 random(seed);
  for (uint32_t kill = 0; kill < kills && faults.all().empty(); ++kill) {
    SignetdProcess process = service.Start();
    REQUIRE_MESSAGE(process.ready(), process.log());
    std::vector<std::thread> checking, living;
    std::atomic<bool> killed{false};
    for (auto& client : clients) {
      checking.emplace_back(
          [&client, &process] { client->Check(process.port()); });
    }
    for (std::thread& thread : checking) thread.join();
    for (auto& client : clients) {
      living.emplace_back([&] { client->Live(process.port(), killed); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 400));
    process.Kill(SIGKILL);
    killed = true;
    for (std::thread& thread : living) thread.join();
    process.Wait();
  }
  SignetdProcess process = service.Start();
  REQUIRE_MESSAGE(process.ready(), process.log());
  for (auto& client : clients) client->Check(process.port());
  for (const std::string& fault : faults.all()) FAIL_CHECK(fault);
  MESSAGE("opened " << counts.opened.load() << ", exchanged "
                    << counts.exchanged.load() << ", repeated "
                    << counts.repeated.load() << ", ended "
                    << counts.ended.load() << ", revoked "
                    << counts.revoked.load() << ", unanswered "
                    << counts.unanswered.load());
  CHECK(counts.opened > 0);
  CHECK(counts.exchanged > 0);
  CHECK(counts.unanswered > 0);
}

}  // namespace
}  // namespace signet::testing
