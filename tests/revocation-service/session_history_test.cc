// Many threads exchange, retry, replay and end the same sessions; what they
// saw must be what a sequential store could have answered.
//
// The history of each session is checked for linearizability by the search of
// Wing and Gong: is there an order of the operations, in which each takes
// effect at one moment between its call and its answer, that the sequential
// specification allows? An operation that was answered "unavailable" may have
// taken effect or not.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <thread>
#include <unordered_set>

#include "tests/revocation-service/session_fixture.h"
#include "tests/revocation-service/temporary_directory.h"

namespace signet::service {
namespace {

using Outcome = ExchangeOutcome;

constexpr size_t kMaxOperations = 60;  // of one session: bits of a mask

struct Operation {
  bool is_end = false;  // also of a step-up: the session is another then
  bool is_patch = false;
  std::string device = {};     // that it wrote, or that its answer shows
  uint32_t presented = 0;      // the generation; of an exchange
  std::string successor = {};  // of an exchange that succeeded
  // The answer. Of an end: kRotated means that it ended the session, kRevoked
  // that there was none.
  Outcome outcome = Outcome::kUnavailable;
  uint64_t called = 0;
  uint64_t answered = 0;
};

// Model is the sequential specification of one session. Time stands still, so
// the grace window is open for ever, or was never open.
struct Model {
  uint32_t generation = 1;
  bool over = false;
  std::string device = {};

  Outcome Apply(const Operation& operation, bool has_grace) {
    if (over) return Outcome::kRevoked;
    if (operation.is_patch) {
      device = operation.device;
      return Outcome::kRotated;
    }
    if (operation.is_end) {
      over = true;
      return Outcome::kRotated;
    }
    if (operation.presented > generation) return Outcome::kFromTheFuture;
    if (operation.presented == generation) {
      ++generation;
      return Outcome::kRotated;
    }
    const bool recent = operation.presented + 1 == generation;
    if (recent && has_grace) return Outcome::kReplayed;
    over = true;
    return recent ? Outcome::kReuseRecent : Outcome::kReuseStale;
  }

  // Shows tells whether the answer shows the session as it is.
  bool Shows(const Operation& operation) const {
    return operation.successor.empty() || operation.device == device;
  }
};

// A Linearizer searches for an order.
class Linearizer {
 public:
  Linearizer(const std::vector<Operation>& history, bool has_grace)
      : history_(history), has_grace_(has_grace) {}

  bool Search() { return Search(Model(), 0); }

 private:
  bool Search(const Model& model, uint64_t done) {
    const uint64_t earliest = EarliestAnswer(done);
    if (earliest == kNever) return true;
    if (!seen_.insert(Fingerprint(model, done)).second) return false;
    for (size_t i = 0; i < history_.size(); ++i) {
      if ((done >> i & 1) || history_[i].called > earliest) continue;
      if (Try(model, done, i)) return true;
    }
    return false;
  }

  bool Try(Model model, uint64_t done, size_t i) {
    const Operation& operation = history_[i];
    const uint64_t next = done | uint64_t{1} << i;
    const bool unknown = operation.outcome == Outcome::kUnavailable;
    if (unknown && Search(model, next)) return true;
    const Outcome outcome = model.Apply(operation, has_grace_);
    if (!unknown && outcome != operation.outcome) return false;
    return model.Shows(operation) && Search(model, next);
  }

  // The next operation must have been called before this moment.
  uint64_t EarliestAnswer(uint64_t done) const {
    uint64_t earliest = kNever;
    for (size_t i = 0; i < history_.size(); ++i) {
      if (done >> i & 1) continue;
      earliest = std::min(earliest, history_[i].answered);
    }
    return earliest;
  }

  static std::string Fingerprint(const Model& model, uint64_t done) {
    return std::to_string(done) + ' ' + std::to_string(model.generation) +
           (model.over ? "x" : "") + ' ' + model.device;
  }

  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  const std::vector<Operation>& history_;
  const bool has_grace_;
  std::unordered_set<std::string> seen_;
};

// A Shared is one session that many threads work on: the tokens that are
// known, by generation, and what was done.
class Shared {
 public:
  explicit Shared(const Grant& grant) : id(grant.session.id) {
    tokens_[1] = grant.refresh_token;
  }

  const SessionId id;

  // Pick chooses a token: mostly the newest, sometimes one that is `behind`.
  std::pair<uint32_t, std::string> Pick(uint32_t behind) {
    MutexLock lock(mutex_);
    auto it = std::prev(tokens_.end());
    while (behind-- > 0 && it != tokens_.begin()) --it;
    return *it;
  }
  bool Reserve() {
    MutexLock lock(mutex_);
    return reserved_++ < kMaxOperations;
  }
  void Add(Operation operation) {
    MutexLock lock(mutex_);
    if (!operation.successor.empty() && !operation.is_end) {
      tokens_[operation.presented + 1] = operation.successor;
    }
    history_.push_back(std::move(operation));
  }
  std::vector<Operation> history() {
    MutexLock lock(mutex_);
    return history_;
  }

 private:
  Mutex mutex_;
  std::map<uint32_t, std::string> tokens_ SIGNET_GUARDED_BY(mutex_);
  std::vector<Operation> history_ SIGNET_GUARDED_BY(mutex_);
  size_t reserved_ SIGNET_GUARDED_BY(mutex_) = 0;
};

// A Workload is the threads that work on some sessions.
class Workload {
 public:
  Workload(SessionFixture& fixture, uint32_t seed, int sessions, bool has_grace)
      : fixture_(fixture), seed_(seed), has_grace_(has_grace) {
    for (int i = 0; i < sessions; ++i) {
      shared_.push_back(std::make_unique<Shared>(Open(i)));
    }
  }

  void Run(int threads, int operations) {
    std::vector<std::jthread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([this, t, operations] {
        std::mt19937 random(seed_ * 31 + static_cast<uint32_t>(t));
        for (int i = 0; i < operations; ++i) Step(random);
      });
    }
  }

  void Check() {
    for (const auto& shared : shared_) {
      const std::vector<Operation> history = shared->history();
      INFO("seed " << seed_ << ", " << history.size() << " operations");
      CHECK(Linearizer(history, has_grace_).Search());
      CheckSuccessors(history);
      CheckLiveToken(*shared, history);
    }
  }

 private:
  // Opening may meet a planned fault too.
  Grant Open(int i) {
    while (true) {
      auto grant = fixture_.TryOpen(
          {.subject = "subject " + std::to_string(i), .client_id = "app"});
      if (grant.ok()) return *grant;
    }
  }

  void Step(std::mt19937& random) {
    Shared& shared = *shared_[random() % shared_.size()];
    if (!shared.Reserve()) return;
    const uint32_t choice = random() % 128;
    if (choice <= 1) return End(shared);
    if (choice == 127) return StepUp(shared);
    if (choice >= 112) return Patch(shared, std::to_string(random()));
    // Now and then a retry; seldom a token that is older. A retry without
    // grace ends the session, so there are fewer.
    const uint32_t retries = has_grace_ ? 40 : 4;
    const uint32_t behind = choice == 2 ? 2 : choice < retries ? 1 : 0;
    const auto [generation, token] = shared.Pick(behind);
    Exchange(shared, generation, token);
  }

  void Exchange(Shared& shared, uint32_t generation, const std::string& token) {
    Operation operation{.presented = generation, .successor = {}};
    operation.called = ++now_;
    const ExchangeResult result = fixture_.Exchange(token);
    operation.answered = ++now_;
    operation.outcome = result.outcome;
    if (result.grant) {
      operation.successor = result.grant->refresh_token;
      operation.device = result.grant->session.device;
    }
    shared.Add(std::move(operation));
  }

  void Patch(Shared& shared, const std::string& device) {
    Operation operation{.is_patch = true, .device = device};
    operation.called = ++now_;
    const auto result = fixture_.Change(shared.id, {.device = device});
    operation.answered = ++now_;
    operation.outcome = OutcomeOf(result);
    shared.Add(std::move(operation));
  }

  // The new session is not worked on: it must be there, once, and show what
  // was written to the old one.
  void StepUp(Shared& shared) {
    Operation operation{.is_end = true};
    operation.called = ++now_;
    const auto result =
        fixture_.StepUp({.id = shared.id, .scope = "admin", .is_public = true});
    operation.answered = ++now_;
    operation.outcome = OutcomeOf(result);
    if (result.ok()) {
      operation.successor = result->refresh_token;
      operation.device = result->session.device;
    }
    shared.Add(std::move(operation));
  }

  void End(Shared& shared) {
    Operation operation{.is_end = true};
    operation.called = ++now_;
    const auto result = fixture_.End(shared.id);
    operation.answered = ++now_;
    operation.outcome = OutcomeOf(result);
    shared.Add(std::move(operation));
  }

  template <typename Answer>
  static Outcome OutcomeOf(const Result<Answer>& result) {
    if (result.ok()) return Outcome::kRotated;
    return result.error().code == ErrorCode::kNotFound ? Outcome::kRevoked
                                                       : Outcome::kUnavailable;
  }

  // Of each generation there is exactly one successor.
  void CheckSuccessors(const std::vector<Operation>& history) {
    std::map<uint32_t, std::set<std::string>> successors;
    for (const Operation& operation : history) {
      if (operation.successor.empty() || operation.is_end) continue;
      successors[operation.presented].insert(operation.successor);
    }
    for (const auto& [generation, tokens] : successors) {
      CHECK(tokens.size() == 1);
    }
  }

  // In the end at most one token is live, and none once the session is over.
  void CheckLiveToken(Shared& shared, const std::vector<Operation>& history) {
    std::set<std::string> live;
    bool over = false;
    for (const Operation& operation : history) {
      const bool reuse = operation.outcome == Outcome::kReuseRecent ||
                         operation.outcome == Outcome::kReuseStale;
      const bool ended =
          operation.is_end && operation.outcome == Outcome::kRotated;
      over = over || reuse || ended;
      if (operation.successor.empty()) continue;
      if (operation.is_end) {
        const auto stepped = FindByToken(operation.successor);
        CHECK((stepped && stepped->distance == 0));
        continue;
      }
      const auto found = FindByToken(operation.successor);
      if (found && found->distance == 0) live.insert(operation.successor);
    }
    CHECK(live.size() <= 1);
    if (over) {
      CHECK(live.empty());
      CHECK(IsRevoked(shared.id));
    }
  }

  std::optional<SessionStore::Found> FindByToken(const std::string& token) {
    while (true) {
      auto found = fixture_.store.FindByRefreshToken(token);
      if (found.ok()) return *found;
    }
  }

  bool IsRevoked(const SessionId& id) {
    for (const LogEntry& entry : fixture_.Log()) {
      if (entry.revocation.id == id) return true;
    }
    return false;
  }

  SessionFixture& fixture_;
  const uint32_t seed_;
  const bool has_grace_;
  std::vector<std::unique_ptr<Shared>> shared_;
  std::atomic<uint64_t> now_ = 0;
};

SessionLimits LimitsOf(bool has_grace) {
  SessionLimits limits;
  limits.max_graces = std::numeric_limits<uint32_t>::max();
  if (!has_grace) limits.grace = Duration::zero();
  return limits;
}

void RunOver(SessionFixture& fixture, uint32_t seed, bool has_grace,
             int operations) {
  Workload workload(fixture, seed, 12, has_grace);
  workload.Run(/*threads=*/4, operations);
  workload.Check();
}

// Seeds are 1 to `count`, or SIGNET_SEED alone: a failure names its seed. It
// gives the same plan and the same faults, not the same moments.
std::vector<uint32_t> Seeds(uint32_t count) {
  if (const char* text = std::getenv("SIGNET_SEED")) {
    return {static_cast<uint32_t>(std::strtoul(text, nullptr, 10))};
  }
  std::vector<uint32_t> seeds(count);
  std::iota(seeds.begin(), seeds.end(), 1);
  return seeds;
}

TEST_CASE("a history over memory is one that a sequential store could give") {
  for (const uint32_t seed : Seeds(20)) {
    const bool has_grace = seed % 2 == 0;
    SessionFixture fixture(LimitsOf(has_grace));
    RunOver(fixture, seed, has_grace, 150);
  }
}

TEST_CASE("a history over rocksdb is one that a sequential store could give") {
  for (const uint32_t seed : Seeds(4)) {
    const bool has_grace = seed % 2 == 0;
    TemporaryDirectory directory;
    SessionFixture fixture(LimitsOf(has_grace),
                           OpenRocksDbEngine(directory.path("db")).value());
    RunOver(fixture, seed, has_grace, 150);
  }
}

// OwningFaultyEngine is a FaultyEngine that owns what it wraps.
class OwningFaultyEngine final : public Engine {
 public:
  OwningFaultyEngine(std::unique_ptr<Engine> inner, FaultyEngine::Plan plan)
      : inner_(std::move(inner)), faulty_(*inner_, std::move(plan)) {}

  Result<std::optional<std::string>> Get(std::string_view key) override {
    return faulty_.Get(key);
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    return faulty_.Scan(prefix, after, limit);
  }
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override {
    return faulty_.Commit(batches);
  }
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    return inner_->Tail(after, limit);
  }
  Result<uint64_t> LastSequence() override { return inner_->LastSequence(); }

 private:
  const std::unique_ptr<Engine> inner_;
  FaultyEngine faulty_;
};

TEST_CASE("a history with lost writes and answers is one of a sequential one") {
  for (const uint32_t seed : Seeds(20)) {
    const bool has_grace = seed % 2 == 0;
    SessionFixture fixture(LimitsOf(has_grace),
                           std::make_unique<OwningFaultyEngine>(
                               NewMemoryEngine(), SeededFaults(seed, 8, 12)));
    RunOver(fixture, seed, has_grace, 150);
  }
}

TEST_CASE("the same over rocksdb") {
  for (const uint32_t seed : Seeds(4)) {
    const bool has_grace = seed % 2 == 0;
    TemporaryDirectory directory;
    SessionFixture fixture(LimitsOf(has_grace),
                           std::make_unique<OwningFaultyEngine>(
                               OpenRocksDbEngine(directory.path("db")).value(),
                               SeededFaults(seed, 8, 12)));
    RunOver(fixture, seed, has_grace, 150);
  }
}

TEST_CASE("the checker refuses a second rotation of one generation") {
  const std::vector<Operation> history = {{.presented = 1,
                                           .successor = "a",
                                           .outcome = Outcome::kRotated,
                                           .called = 1,
                                           .answered = 2},
                                          {.presented = 1,
                                           .successor = "b",
                                           .outcome = Outcome::kRotated,
                                           .called = 3,
                                           .answered = 4}};
  CHECK_FALSE(Linearizer(history, true).Search());
}

TEST_CASE("the checker refuses an exchange that lost a change") {
  std::vector<Operation> history = {{.is_patch = true,
                                     .device = "laptop",
                                     .outcome = Outcome::kRotated,
                                     .called = 1,
                                     .answered = 2},
                                    {.presented = 1,
                                     .successor = "a",
                                     .outcome = Outcome::kRotated,
                                     .called = 3,
                                     .answered = 4}};
  CHECK_FALSE(Linearizer(history, true).Search());
  history[1].called = 1;  // it was under way at the same time
  CHECK(Linearizer(history, true).Search());
  // A second step-up of one session.
  const Operation step{.is_end = true,
                       .successor = "b",
                       .outcome = Outcome::kRotated,
                       .called = 5,
                       .answered = 6};
  CHECK_FALSE(Linearizer({step, step}, true).Search());
}

TEST_CASE("the checker refuses a success that began after an end") {
  std::vector<Operation> history = {{.is_end = true,
                                     .successor = {},
                                     .outcome = Outcome::kRotated,
                                     .called = 1,
                                     .answered = 3},
                                    {.presented = 1,
                                     .successor = "a",
                                     .outcome = Outcome::kRotated,
                                     .called = 4,
                                     .answered = 5}};
  CHECK_FALSE(Linearizer(history, true).Search());
  history[1].called = 2;  // it was under way at the same time
  CHECK(Linearizer(history, true).Search());
}

}  // namespace
}  // namespace signet::service
