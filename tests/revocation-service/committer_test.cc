#include "revocation-service/storage/committer.h"

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <thread>

#include "tests/revocation-service/faulty_engine.h"

namespace signet::service {
namespace {

// A GatedEngine holds up every commit until the gate is open, and notes the
// size of each group.
class GatedEngine final : public Engine {
 public:
  Result<std::optional<std::string>> Get(std::string_view key) override {
    return inner_->Get(key);
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    return inner_->Scan(prefix, after, limit);
  }
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override {
    MutexLock lock(mutex_);
    groups_.push_back(batches.size());
    changed_.NotifyOne();
    while (!open_) changed_.Wait(mutex_);
    return inner_->Commit(batches);
  }
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    return inner_->Tail(after, limit);
  }
  Result<uint64_t> LastSequence() override { return inner_->LastSequence(); }

  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyOne();
  }
  // WaitForCommit returns when a commit has begun.
  void WaitForCommit() {
    MutexLock lock(mutex_);
    while (groups_.empty()) changed_.Wait(mutex_);
  }
  std::vector<size_t> groups() {
    MutexLock lock(mutex_);
    return groups_;
  }

 private:
  const std::unique_ptr<Engine> inner_ = NewMemoryEngine();
  Mutex mutex_;
  CondVar changed_;
  bool open_ SIGNET_GUARDED_BY(mutex_) = false;
  std::vector<size_t> groups_ SIGNET_GUARDED_BY(mutex_);
};

// Journal notes what happened, in order, from any thread.
class Journal {
 public:
  void Note(std::string what) {
    MutexLock lock(mutex_);
    notes_.push_back(std::move(what));
  }
  // NoteResult is a callback that notes the name, or the name and the error.
  Committer::Callback NoteResult(std::string name) {
    return [this, name](Result<Committed> result) {
      Note(result.ok() ? name : name + " failed");
    };
  }
  std::vector<std::string> notes() const {
    MutexLock lock(mutex_);
    return notes_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> notes_ SIGNET_GUARDED_BY(mutex_);
};

using Notes = std::vector<std::string>;

Result<Committed> CommitAndWait(Committer& committer, Batch batch) {
  std::promise<Result<Committed>> answer;
  committer.Submit(std::move(batch), [&](Result<Committed> result) {
    answer.set_value(std::move(result));
  });
  return answer.get_future().get();
}

TEST_CASE("a batch that is answered is committed") {
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  const Batch batch{.puts = {{"a", "1"}}, .log = {"record"}};
  CHECK(CommitAndWait(committer, batch).value().last_sequence == 1);
  CHECK(engine->Get("a").value() == "1");
  CHECK(committer.queued() == 0);
}

TEST_CASE("each batch of a group has its own answer") {
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  const Batch batch{.conditions = {{"a", std::nullopt}}, .puts = {{"a", "1"}}};
  CHECK(CommitAndWait(committer, batch).ok());
  CHECK(CommitAndWait(committer, batch).error().code == ErrorCode::kConflict);
}

TEST_CASE("what waits during a commit shares the next one, up to a limit") {
  GatedEngine engine;
  Journal journal;
  {
    Committer committer(engine, {.max_group = 3});
    committer.Submit({}, journal.NoteResult("0"));
    engine.WaitForCommit();
    for (const char* name : {"1", "2", "3", "4"}) {
      committer.Submit({}, journal.NoteResult(name));
    }
    CHECK(committer.queued() == 4);
    engine.Open();
  }
  CHECK(engine.groups() == std::vector<size_t>{1, 3, 1});
  CHECK(journal.notes() == Notes{"0", "1", "2", "3", "4"});
}

TEST_CASE("an urgent batch goes before those that waited longer") {
  GatedEngine engine;
  Journal journal;
  {
    Committer committer(engine, {.max_group = 2});
    committer.Submit({}, journal.NoteResult("first"));
    engine.WaitForCommit();
    committer.Submit({}, journal.NoteResult("a"));
    committer.Submit({}, journal.NoteResult("b"));
    committer.Submit({}, journal.NoteResult("urgent"), /*urgent=*/true);
    engine.Open();
  }
  CHECK(journal.notes() == Notes{"first", "urgent", "a", "b"});
}

TEST_CASE("one batch more than the queue holds is refused, an urgent one not") {
  GatedEngine engine;
  Journal journal;
  {
    Committer committer(engine, {.max_queue = 2});
    committer.Submit({}, journal.NoteResult("first"));
    engine.WaitForCommit();
    for (const char* name : {"a", "b", "c"}) {
      committer.Submit({}, journal.NoteResult(name));
    }
    CHECK(journal.notes() == Notes{"c failed"});
    committer.Submit({}, journal.NoteResult("urgent"), /*urgent=*/true);
    CHECK(committer.queued() == 3);
    engine.Open();
  }
  CHECK(journal.notes() == Notes{"c failed", "first", "urgent", "a", "b"});
}

TEST_CASE("the hook runs after a group that logged, before its callbacks") {
  auto engine = NewMemoryEngine();
  Journal journal;
  {
    Committer committer(*engine, {});
    committer.AfterGroup([&] {
      journal.Note("hook at " + std::to_string(engine->LastSequence().value()));
    });
    committer.Submit({.puts = {{"a", ""}}}, journal.NoteResult("put"));
    committer.Submit({.log = {"1"}}, journal.NoteResult("log"));
  }
  // Whether both were one group is a matter of timing; the order is not.
  const Notes notes = journal.notes();
  CHECK((notes == Notes{"put", "hook at 1", "log"} ||
         notes == Notes{"hook at 1", "put", "log"}));
}

TEST_CASE("the hook does not run for a conflict") {
  auto engine = NewMemoryEngine();
  Journal journal;
  {
    Committer committer(*engine, {});
    committer.AfterGroup([&] { journal.Note("hook"); });
    committer.Submit({.conditions = {{"a", "absent"}}, .log = {"1"}},
                     journal.NoteResult("log"));
  }
  CHECK(journal.notes() == Notes{"log failed"});
}

TEST_CASE("the hook runs when the answer to a log record was lost") {
  FaultScript script;
  auto inner = NewMemoryEngine();
  FaultyEngine engine(*inner, script.plan());
  Journal journal;
  script.Push(Fault::kLostAnswer);
  {
    Committer committer(engine, {});
    committer.AfterGroup([&] { journal.Note("hook"); });
    committer.Submit({.log = {"1"}}, journal.NoteResult("log"));
  }
  CHECK(journal.notes() == Notes{"hook", "log failed"});
}

TEST_CASE("the destructor commits what a last callback submits") {
  auto engine = NewMemoryEngine();
  {
    Committer committer(*engine, {});
    committer.Submit({}, [&](Result<Committed>) {
      committer.Submit({.puts = {{"a", "1"}}}, [](Result<Committed>) {});
    });
  }
  CHECK(engine->Get("a").value() == "1");
}

TEST_CASE("many threads submit, and every callback runs once") {
  auto engine = NewMemoryEngine();
  std::atomic<int> answers = 0;
  {
    Committer committer(*engine, {.max_group = 7});
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 250; ++i) {
          committer.Submit({.log = {"x"}},
                           [&](Result<Committed> r) { answers += r.ok(); });
        }
      });
    }
    threads.clear();
  }
  CHECK(answers == 1000);
  CHECK(engine->LastSequence().value() == 1000);
}

}  // namespace
}  // namespace signet::service
