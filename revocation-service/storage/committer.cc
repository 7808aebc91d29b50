#include "revocation-service/storage/committer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "signet/mutex.h"

namespace signet::service {
namespace {

using Results = std::vector<Result<Committed>>;

struct Request {
  Batch batch;
  Committer::Callback done;
  std::vector<LedgerLine> lines;
  bool urgent = false;
  Result<Committed> result =
      Error{ErrorCode::kInternal, "committing: no answer"};
};

// Answer is what a request is told.
struct Answer {
  Committer::Callback done;
  Result<Committed> result;
};
using Answers = std::vector<Answer>;

// Groups that may wait for their answers while others are committed.
constexpr size_t kMaxUnanswered = 4;

// MayHaveLogged tells whether the log may have grown: a batch whose answer is
// kUnavailable may have happened all the same.
bool MayHaveLogged(const Request& request) {
  if (request.batch.log.empty()) return false;
  return request.result.ok() ||
         request.result.error().code == ErrorCode::kUnavailable;
}

// Lines that the ledger may owe.
constexpr size_t kMaxOwed = 10'000;

bool IsConflict(const Result<Committed>& result) {
  return !result.ok() && result.error().code == ErrorCode::kConflict;
}

}  // namespace

struct Committer::Impl {
  Impl(Engine& engine_in, Options options_in)
      : engine(engine_in), options(options_in), ledger(engine_in) {
    options.max_group = std::max<size_t>(options.max_group, 1);
  }

  void Run();
  bool TakeGroup(std::vector<Request>& group);
  void CommitGroup(std::vector<Request>& group);
  void CommitAll(std::vector<Request>& group);
  void CommitPlain(const std::vector<Request*>& requests);
  std::vector<Request*> CommitNumbered(const std::vector<Request*>& requests);
  void CommitUnnumbered(const std::vector<Request*>& requests,
                        const Error& error);
  void Owe(std::vector<LedgerLine> lines);
  std::vector<Batch> NumberedBatches(const std::vector<Request*>& requests);
  void HandOver(Answers answers);
  void RunAnswers();
  bool TakeAnswers(Answers& answers);

  Engine& engine;
  Options options;
  LedgerWriter ledger;           // of the thread
  std::vector<LedgerLine> owed;  // likewise
  std::function<void()> after_group;

  mutable Mutex mutex;
  CondVar wake;
  std::deque<Request> urgent SIGNET_GUARDED_BY(mutex);
  std::deque<Request> waiting SIGNET_GUARDED_BY(mutex);
  bool stopping SIGNET_GUARDED_BY(mutex) = false;
  CondVar answers_changed;
  std::deque<Answers> unanswered SIGNET_GUARDED_BY(mutex);
  bool answering SIGNET_GUARDED_BY(mutex) = false;
  bool committed_all SIGNET_GUARDED_BY(mutex) = false;
  // Last: they use all of the above. Callbacks mint tokens, which takes as
  // long as the commit: so the next group is committed meanwhile.
  std::thread thread;
  std::thread answerer;
};

void Committer::Impl::Run() {
  std::vector<Request> group;
  while (TakeGroup(group)) CommitGroup(group);
  MutexLock lock(mutex);
  committed_all = true;
  answers_changed.NotifyAll();
}

// TakeGroup waits for work. False once the committer stops and nothing is
// left: a callback of the last group may still queue a second attempt.
bool Committer::Impl::TakeGroup(std::vector<Request>& group) {
  group.clear();
  MutexLock lock(mutex);
  while (urgent.empty() && waiting.empty()) {
    if (stopping && unanswered.empty() && !answering) return false;
    wake.Wait(mutex);
  }
  for (std::deque<Request>* queue : {&urgent, &waiting}) {
    while (!queue->empty() && group.size() < options.max_group) {
      group.push_back(std::move(queue->front()));
      queue->pop_front();
    }
  }
  return true;
}

void Committer::Impl::CommitGroup(std::vector<Request>& group) {
  CommitAll(group);
  const bool logged = std::ranges::any_of(group, MayHaveLogged);
  if (logged && after_group) after_group();
  Answers answers;
  answers.reserve(group.size());
  for (Request& request : group) {
    answers.push_back({std::move(request.done), std::move(request.result)});
  }
  HandOver(std::move(answers));
}

// CommitAll commits the group with one call of the engine, and again those
// whose lines another process was numbering at the same moment.
void Committer::Impl::CommitAll(std::vector<Request>& group) {
  constexpr int kMaxRounds = 64;
  std::vector<Request*> pending;
  pending.reserve(group.size());
  for (Request& request : group) pending.push_back(&request);
  for (int round = 0; round < kMaxRounds && !pending.empty(); ++round) {
    pending = CommitNumbered(pending);
  }
  for (Request* request : pending) {
    request->result = Error{ErrorCode::kUnavailable,
                            "committing: too many write to the ledger"};
  }
}

// NumberedBatches are those of the requests, behind one that takes the numbers
// of their lines, and before one with the lines that are owed, if any are.
std::vector<Batch> Committer::Impl::NumberedBatches(
    const std::vector<Request*>& requests) {
  std::vector<const LedgerLine*> lines;
  for (const Request* request : requests) {
    for (const LedgerLine& line : request->lines) lines.push_back(&line);
  }
  for (const LedgerLine& line : owed) lines.push_back(&line);
  std::vector<Batch> batches;
  batches.reserve(requests.size() + 2);
  batches.push_back(ledger.Reserve(lines));
  for (const Request* request : requests) {
    batches.push_back(request->batch);
    if (!request->lines.empty()) ledger.Add(request->lines, batches.back());
  }
  if (!owed.empty()) ledger.Add(owed, batches.emplace_back());
  return batches;
}

// CommitUnnumbered is for a ledger that cannot be read. A revocation matters
// more than the line that tells of it: it is committed, and the line follows
// when the ledger can be read again.
void Committer::Impl::CommitUnnumbered(const std::vector<Request*>& requests,
                                       const Error& error) {
  std::vector<Request*> able;
  for (Request* request : requests) {
    if (request->urgent || request->lines.empty()) {
      able.push_back(request);
    } else {
      request->result = error;
    }
  }
  if (!able.empty()) CommitPlain(able);
  for (Request* request : able) {
    if (request->result.ok()) Owe(std::move(request->lines));
  }
}

void Committer::Impl::Owe(std::vector<LedgerLine> lines) {
  if (lines.empty()) return;
  if (owed.empty()) {
    spdlog::critical(
        "the ledger cannot be read: revocations are committed, their lines "
        "wait in memory, and all else that has lines is refused");
  }
  if (owed.size() + lines.size() > kMaxOwed) {
    spdlog::critical("the ledger cannot be read: {} lines are lost",
                     lines.size());
    return;
  }
  std::ranges::move(lines, std::back_inserter(owed));
}

// CommitNumbered returns the requests that must be tried again: nothing of
// them has happened.
std::vector<Request*> Committer::Impl::CommitNumbered(
    const std::vector<Request*>& requests) {
  const bool numbered = std::ranges::any_of(
      requests, [](const Request* one) { return !one->lines.empty(); });
  if (!numbered) {
    CommitPlain(requests);
    return {};
  }
  if (Status begun = ledger.Begin(); !begun.ok()) {
    CommitUnnumbered(requests, begun.error());
    return {};
  }
  std::vector<Batch> batches = NumberedBatches(requests);
  Results results = engine.Commit(batches);
  results.resize(batches.size(),
                 Error{ErrorCode::kInternal, "committing: no answer"});
  ledger.Finish(results.front().ok());
  if (results.back().ok()) owed.clear();
  std::vector<Request*> again;
  for (size_t i = 0; i < requests.size(); ++i) {
    Result<Committed>& result = results[i + 1];
    if (IsConflict(results.front()) && IsConflict(result) &&
        !requests[i]->lines.empty()) {
      again.push_back(requests[i]);
    } else {
      requests[i]->result = std::move(result);
    }
  }
  return again;
}

void Committer::Impl::CommitPlain(const std::vector<Request*>& requests) {
  std::vector<Batch> batches;
  batches.reserve(requests.size());
  for (const Request* request : requests) batches.push_back(request->batch);
  Results results = engine.Commit(batches);
  results.resize(requests.size(),
                 Error{ErrorCode::kInternal, "committing: no answer"});
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i]->result = std::move(results[i]);
  }
}

// HandOver waits if too many groups wait, so that the queue of requests shows
// what the service cannot keep up with.
void Committer::Impl::HandOver(Answers answers) {
  MutexLock lock(mutex);
  while (unanswered.size() >= kMaxUnanswered) answers_changed.Wait(mutex);
  unanswered.push_back(std::move(answers));
  answers_changed.NotifyAll();
}

void Committer::Impl::RunAnswers() {
  Answers answers;
  while (TakeAnswers(answers)) {
    for (Answer& answer : answers) answer.done(std::move(answer.result));
    answers.clear();
  }
}

// TakeAnswers also says that the group before is answered.
bool Committer::Impl::TakeAnswers(Answers& answers) {
  MutexLock lock(mutex);
  if (std::exchange(answering, false) && stopping) wake.NotifyOne();
  while (unanswered.empty()) {
    if (committed_all) return false;
    answers_changed.Wait(mutex);
  }
  answers = std::move(unanswered.front());
  unanswered.pop_front();
  answering = true;
  answers_changed.NotifyAll();
  return true;
}

Committer::Committer(Engine& engine, Options options)
    : impl_(std::make_unique<Impl>(engine, options)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
  impl_->answerer = std::thread([impl = impl_.get()] { impl->RunAnswers(); });
}

Committer::~Committer() {
  {
    MutexLock lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.NotifyOne();
  impl_->thread.join();
  impl_->answerer.join();
}

// The mutex orders this write before the thread's first use of the hook: the
// thread reads it only after it took a request that was submitted later.
void Committer::AfterGroup(std::function<void()> hook) {
  MutexLock lock(impl_->mutex);
  impl_->after_group = std::move(hook);
}

void Committer::Submit(Batch batch, Callback done, bool urgent,
                       std::vector<LedgerLine> lines) {
  Impl& impl = *impl_;
  // What takes away more than it adds makes room: a sweep, with its lines of
  // the audit, and a trim, with its mark.
  const bool grows = batch.trim_log_through == 0 &&
                     batch.puts.size() + lines.size() > batch.deletes.size();
  if (!urgent && grows && impl.options.admit) {
    Status admitted = impl.options.admit();
    if (!admitted.ok()) return done(admitted.error());
  }
  MutexLock lock(impl.mutex);
  if (!urgent && impl.waiting.size() >= impl.options.max_queue) {
    lock.Unlock();
    done(Error{ErrorCode::kUnavailable, "committing: the queue is full"});
    return;
  }
  (urgent ? impl.urgent : impl.waiting)
      .push_back({.batch = std::move(batch),
                  .done = std::move(done),
                  .lines = std::move(lines),
                  .urgent = urgent});
  lock.Unlock();
  impl.wake.NotifyOne();
}

size_t Committer::queued() const {
  MutexLock lock(impl_->mutex);
  return impl_->urgent.size() + impl_->waiting.size();
}

}  // namespace signet::service
