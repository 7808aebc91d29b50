#include "revocation-service/feed/publisher.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <limits>
#include <thread>

#include "revocation-service/feed/broadcaster.h"
#include "revocation-service/feed/feed_clock.h"
#include "revocation-service/feed/frame_signer.h"
#include "revocation-service/feed/log_follower.h"
#include "revocation-service/feed/snapshot_cache.h"
#include "revocation-service/feed/trim.h"
#include "revocation-service/feed/waiters.h"
#include "signet/mutex.h"

namespace signet::service {
namespace {

using Steady = std::chrono::steady_clock;

constexpr Duration kMinHeartbeat = std::chrono::milliseconds(10);
// Between two steps of a burst, for sockets to drain.
constexpr Duration kPause = std::chrono::milliseconds(10);
constexpr Duration kAlarmInterval = std::chrono::minutes(1);

// AsUnavailable: whatever kept the store from answering, nothing is known.
Error AsUnavailable(Error error) {
  error.code = ErrorCode::kUnavailable;
  return error;
}

}  // namespace

struct Publisher::Impl {
  Impl(Engine& engine_in, const Rings& rings_in, const Clock& clock_in,
       Options options_in)
      : engine(engine_in),
        rings(rings_in),
        clock(clock_in),
        options(options_in),
        feed_clock(clock_in),
        follower(engine_in, options_in.max_recent),
        snapshots(follower, clock_in, options_in.snapshot_age) {}

  // Moment is what every frame begins with: all that was acknowledged before
  // its time is in.
  struct Moment {
    Time time;
    feed::FrameSigner signer;
  };
  Result<Moment> Begin();
  Result<Time> Look();

  Result<LogAnswer> Log(const FeedPosition& after);
  Cursor Checked(Cursor cursor, const FeedPosition& after);

  // The thread.
  struct Work {
    bool stop = false;
    bool head = false;
  };
  void Run();
  Work WaitForWork(Steady::time_point otherwise);
  feed::Broadcaster::Outcome Turn(bool head);
  void NoteFailure(const Error* error);
  void FireWaiters(Steady::time_point now);
  void Notify(bool head);
  void Stop();

  Engine& engine;
  const Rings& rings;
  const Clock& clock;
  const Options options;
  feed::FeedClock feed_clock;
  feed::LogFollower follower;
  feed::SnapshotCache snapshots;
  feed::Broadcaster broadcaster;
  feed::Waiters waiters;
  feed::Verifiers verifiers;

  Mutex mutex;
  CondVar changed;
  bool stop SIGNET_GUARDED_BY(mutex) = false;
  bool dirty SIGNET_GUARDED_BY(mutex) = false;
  bool head_wanted SIGNET_GUARDED_BY(mutex) = false;
  std::optional<Monotonic> last_alarm SIGNET_GUARDED_BY(mutex);

  // Only the thread uses these.
  bool failing = false;
  // While long polls are answered: the last answer, for all who ask the same.
  struct Memo {
    FeedPosition after;
    LogAnswer answer;
  };
  std::optional<Memo> memo;
  bool memo_in_use = false;
  std::atomic<std::thread::id> thread_id{};

  std::thread thread;
};

// Look reads the time first, and then how far the log goes.
Result<Time> Publisher::Impl::Look() {
  Result<Time> time = feed_clock.Now();
  if (!time.ok()) return time;
  Status fresh = follower.Refresh(*time);
  if (!fresh.ok()) return AsUnavailable(fresh.error());
  return time;
}

Result<Publisher::Impl::Moment> Publisher::Impl::Begin() {
  Result<Time> time = Look();
  if (!time.ok()) return std::move(time).error();
  Result<feed::FrameSigner> signer = feed::FrameSigner::Create(rings, *time);
  if (!signer.ok()) return std::move(signer).error();
  return Moment{*time, std::move(*signer)};
}

Result<Publisher::LogAnswer> Publisher::Impl::Log(const FeedPosition& after) {
  Result<Moment> moment = Begin();
  if (!moment.ok()) return std::move(moment).error();
  const feed::LogFollower::Capture capture =
      follower.Take(moment->time, after, std::numeric_limits<size_t>::max());
  LogAnswer answer{.cursor = Checked(capture.cursor, after),
                   .position = capture.state.position,
                   .empty = capture.entries.entries.empty(),
                   .frames = {}};
  if (answer.cursor != Cursor::kOk) return answer;
  for (const feed::SignedFrame& signed_frame :
       moment->signer.Log(capture.state, capture.entries)) {
    AppendFrame(answer.frames, signed_frame.frame);
  }
  return answer;
}

// Checked raises the alarm for a cursor that was signed by us, or so its owner
// says, and lies where our log has not been yet.
Publisher::Cursor Publisher::Impl::Checked(Cursor cursor,
                                           const FeedPosition& after) {
  const FeedPosition ours = follower.position();
  if (cursor != Cursor::kNewEpoch || after.epoch != ours.epoch) return cursor;
  {
    MutexLock lock(mutex);
    const Monotonic now = clock.MonotonicNow();
    if (last_alarm.has_value() && now - *last_alarm < kAlarmInterval) {
      return cursor;
    }
    last_alarm = now;
  }
  spdlog::critical(
      "feed: a replica has sequence {} of epoch {}, and the log ends at {}: "
      "was the store restored from a backup without a new epoch?",
      after.sequence, after.epoch, ours.sequence);
  return cursor;
}

void Publisher::Impl::Run() {
  thread_id = std::this_thread::get_id();
  Steady::time_point heartbeat = Steady::now() + options.heartbeat;
  Steady::time_point next_asks = Steady::time_point::max();
  for (;;) {
    Work work = WaitForWork(std::min(heartbeat, next_asks));
    if (work.stop) break;
    const Steady::time_point now = Steady::now();
    const bool due = now >= heartbeat;
    const auto sent = Turn(work.head || due);
    if (due || sent.spoke) heartbeat = now + options.heartbeat;
    next_asks = sent.asks ? now + kPause : Steady::time_point::max();
    FireWaiters(now);
    snapshots.DropOld();
    if (sent.more) {
      std::this_thread::sleep_for(kPause);
      Notify(work.head);
    }
  }
  FireWaiters(Steady::time_point::max());
}

Publisher::Impl::Work Publisher::Impl::WaitForWork(
    Steady::time_point otherwise) {
  MutexLock lock(mutex);
  while (!stop && !dirty && !head_wanted) {
    const Steady::time_point until =
        verifiers.NextDeadline(waiters.NextDeadline(otherwise));
    if (Steady::now() >= until) break;
    changed.WaitUntil(mutex, until);
  }
  const Work work{.stop = stop, .head = head_wanted};
  dirty = false;
  head_wanted = false;
  return work;
}

feed::Broadcaster::Outcome Publisher::Impl::Turn(bool head) {
  feed::Broadcaster::Members members = broadcaster.All();
  Result<Moment> moment = Begin();
  NoteFailure(moment.ok() ? nullptr : &moment.error());
  if (!moment.ok()) return {};
  return broadcaster.Send(std::move(members), follower, moment->signer,
                          moment->time, head, verifiers.asking());
}

void Publisher::Impl::NoteFailure(const Error* error) {
  if (failing == (error != nullptr)) return;
  failing = error != nullptr;
  if (failing) {
    spdlog::error("feed: no head is signed, verifiers become stale: {}",
                  error->message);
  } else {
    spdlog::info("feed: heads are signed again");
  }
}

void Publisher::Impl::FireWaiters(Steady::time_point now) {
  const auto due = waiters.TakeDue(follower.position(), now);
  // All of them had asked before the first is answered, so an answer that is
  // signed from here on is fresh for each.
  memo_in_use = true;
  for (const auto& done : due) done();
  memo_in_use = false;
  memo.reset();
  verifiers.Tend(now);
}

void Publisher::Impl::Notify(bool head) {
  MutexLock lock(mutex);
  dirty = true;
  head_wanted = head_wanted || head;
  changed.NotifyOne();
}

void Publisher::Impl::Stop() {
  {
    MutexLock lock(mutex);
    stop = true;
    changed.NotifyOne();
  }
  if (thread.joinable()) thread.join();
  broadcaster.RemoveAll();
}

Publisher::Publisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Publisher::~Publisher() { impl_->Stop(); }

Result<std::unique_ptr<Publisher>> Publisher::Open(Engine& engine,
                                                   const Rings& rings,
                                                   const Clock& clock,
                                                   Options options) {
  if (options.heartbeat < kMinHeartbeat || options.max_recent == 0) {
    return Error{ErrorCode::kInvalid,
                 "feed: the heartbeat must be at least 10 ms, and at least "
                 "one recent entry must be kept"};
  }
  auto impl = std::make_unique<Impl>(engine, rings, clock, options);
  Status opened = impl->follower.Open(clock.Now());
  if (!opened.ok()) return opened.error();
  impl->broadcaster.Start(impl->follower.position());
  impl->verifiers.OnWish([wishing = impl.get()] { wishing->Notify(false); });
  std::unique_ptr<Publisher> publisher(new Publisher(std::move(impl)));
  Impl* running = publisher->impl_.get();
  if (options.threaded) {
    running->thread = std::thread([running] { running->Run(); });
  }
  return publisher;
}

Status Publisher::CatchUp() {
  Status caught_up = impl_->follower.CatchUp();
  impl_->Notify(false);
  return caught_up;
}

void Publisher::Wake() { impl_->Notify(true); }

bool Publisher::Turn(bool head) {
  const bool more = impl_->Turn(head).more;
  impl_->snapshots.DropOld();
  return more;
}

const RevocationList& Publisher::revocations() const {
  return impl_->follower.list();
}

feed::Verifiers& Publisher::verifiers() { return impl_->verifiers; }
const feed::Verifiers& Publisher::verifiers() const { return impl_->verifiers; }

FeedPosition Publisher::position() const { return impl_->follower.position(); }

Result<std::string> Publisher::Head() {
  Result<Impl::Moment> moment = impl_->Begin();
  if (!moment.ok()) return std::move(moment).error();
  return moment->signer.Head(
      impl_->follower.Take(moment->time, position(), 0).state);
}

Result<Publisher::LogAnswer> Publisher::Log(const FeedPosition& after) {
  const bool shared = impl_->thread_id.load() == std::this_thread::get_id() &&
                      impl_->memo_in_use;
  if (shared && impl_->memo.has_value() && impl_->memo->after == after) {
    return impl_->memo->answer;
  }
  Result<LogAnswer> answer = impl_->Log(after);
  if (shared && answer.ok()) impl_->memo = {after, *answer};
  return answer;
}

Result<std::shared_ptr<const Publisher::SnapshotAnswer>> Publisher::Snapshot() {
  Result<Impl::Moment> moment = impl_->Begin();
  if (!moment.ok()) return std::move(moment).error();
  return impl_->snapshots.Get(moment->signer, moment->time);
}

Result<std::string> Publisher::RingsFrameBytes() {
  Result<Impl::Moment> moment = impl_->Begin();
  if (!moment.ok()) return std::move(moment).error();
  return moment->signer.PublicRings(
      impl_->follower.Take(moment->time, position(), 0).state, impl_->rings);
}

Result<Publisher::Cursor> Publisher::CheckCursor(const FeedPosition& after) {
  Status fresh = impl_->follower.Refresh();
  if (!fresh.ok()) return AsUnavailable(fresh.error());
  return impl_->Checked(impl_->follower.Check(after), after);
}

Result<std::vector<Publisher::Numbered>> Publisher::Recent(uint64_t after,
                                                           size_t limit) {
  Result<std::vector<LogRecord>> records = impl_->engine.Tail(after, limit);
  if (!records.ok()) return std::move(records).error();
  std::vector<Numbered> entries;
  entries.reserve(records->size());
  for (const LogRecord& record : *records) {
    Result<LogEntry> entry = DecodeLogEntry(record.data);
    if (!entry.ok()) return std::move(entry).error();
    entries.push_back({record.sequence, std::move(*entry)});
  }
  return entries;
}

Result<Publisher::Known> Publisher::Refresh() {
  Result<Time> time = impl_->Look();
  if (!time.ok()) return std::move(time).error();
  return Known{*time, impl_->follower.position()};
}

void Publisher::WhenPast(const FeedPosition& after, Duration limit,
                         std::function<void()> done) {
  if (limit <= Duration::zero() || position() > after) {
    done();
    return;
  }
  impl_->waiters.Add(after, Steady::now() + limit, std::move(done));
  // The thread must learn of the deadline, and of a log that moved meanwhile.
  impl_->Notify(false);
}

void Publisher::EndWaits() {
  impl_->waiters.Close();
  impl_->verifiers.EndWaits();
  impl_->Notify(false);
}

Result<uint64_t> Publisher::Subscribe(const FeedPosition& after, Sink sink,
                                      std::shared_ptr<feed::AckMark> mark) {
  Result<Cursor> cursor = CheckCursor(after);
  if (!cursor.ok()) return std::move(cursor).error();
  if (*cursor == Cursor::kGone) {
    return Error{ErrorCode::kNotFound, "subscribing: the log was compacted"};
  }
  if (*cursor == Cursor::kNewEpoch) {
    return Error{ErrorCode::kConflict, "subscribing: of another epoch"};
  }
  const uint64_t id =
      impl_->broadcaster.Add(after, std::move(sink), std::move(mark));
  impl_->Notify(false);
  return id;
}

void Publisher::Unsubscribe(uint64_t id) { impl_->broadcaster.Remove(id); }

size_t Publisher::subscribers() const { return impl_->broadcaster.size(); }

void Publisher::Trim(Committer& committer, size_t limit,
                     std::function<void(Result<size_t>)> done,
                     const Hold& hold) {
  const Result<Time> now = impl_->feed_clock.Now();
  if (!now.ok()) return done(now.error());
  feed::TrimLog({impl_->engine, impl_->follower, committer}, hold, *now, limit,
                std::move(done));
}

}  // namespace signet::service
