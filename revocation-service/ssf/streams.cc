#include "revocation-service/ssf/streams.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/ssf/event.h"
#include "signet/primitives.h"
#include "signet/statement.h"

namespace signet::service::ssf {
namespace {

// Log records that are looked at together: as many events may wait behind one
// that a partner does not acknowledge.
constexpr size_t kPage = 1000;
constexpr int kMaxConflicts = 16;

std::string NewNoticeId() {
  std::array<uint8_t, 16> random{};
  FillRandom(random);
  return Base64UrlEncode(random);
}

// RFC 8935 section 2.4: the registered codes. A text of a partner's own choice
// does not get into the audit.
std::string_view KnownCode(std::string_view code) {
  for (const std::string_view known :
       {"invalid_request", "invalid_key", "invalid_issuer", "invalid_audience",
        "authentication_failed", "access_denied"}) {
    if (code == known) return known;
  }
  return "other";
}

// Fold moves `done` over what is dealt with.
void Fold(const std::vector<Publisher::Numbered>& page, StreamState& state) {
  for (const Publisher::Numbered& numbered : page) {
    if (numbered.sequence <= state.done) continue;
    if (IsEvent(numbered.entry) &&
        !state.out_of_order.contains(numbered.sequence)) {
      return;
    }
    state.out_of_order.erase(numbered.sequence);
    state.done = numbered.sequence;
  }
}

}  // namespace

// Window is a stream's state and the part of the log that comes next.
struct Streams::Window {
  StreamState state;
  std::vector<Publisher::Numbered> page;  // after state.done
  bool more = false;                      // the log goes on behind the page
  bool lost = false;                      // and something before it is gone
};

struct Streams::Update {
  Origin origin;
  Change change;
  Done done;
  int conflicts = 0;
};

bool Streams::HasKey() const {
  const Rings::Ring ring = parts_.rings.statements();
  return ring != nullptr && ring->Active(parts_.clock.Now()) != nullptr;
}

// SkipLost goes on where the log now begins.
Status Streams::SkipLost(Window& window) {
  const auto stored = feed::LoadCheckpoint(parts_.engine);
  if (!stored.ok()) return stored.error();
  const uint64_t begin = stored->checkpoint.sequence;
  if (begin <= window.state.done) {
    return Error{ErrorCode::kCorrupt, "reading a stream: its log is not there"};
  }
  window.state.done = begin;
  std::erase_if(window.state.out_of_order,
                [begin](uint64_t sequence) { return sequence <= begin; });
  window.lost = true;
  return {};
}

Result<Streams::Window> Streams::Look(StreamState state) {
  Window window;
  window.state = std::move(state);
  for (;;) {
    auto page = parts_.publisher.Recent(window.state.done, kPage);
    if (!page.ok() && page.error().code == ErrorCode::kNotFound) {
      Status skipped = SkipLost(window);
      if (!skipped.ok()) return skipped.error();
      continue;
    }
    if (!page.ok()) return page.error();
    Fold(*page, window.state);
    window.more = page->size() == kPage;
    const bool dealt_with =
        page->empty() || page->back().sequence == window.state.done;
    if (dealt_with && window.more) continue;
    std::erase_if(*page, [&](const Publisher::Numbered& numbered) {
      return numbered.sequence <= window.state.done;
    });
    window.page = std::move(*page);
    return window;
  }
}

Result<StreamState> Streams::Fresh() {
  const Result<uint64_t> last = parts_.engine.LastSequence();
  if (!last.ok()) return last.error();
  return StreamState{.done = *last, .out_of_order = {}, .notices = {}};
}

void Streams::Start(const Origin& origin, Change change, Done done) {
  auto update = std::make_shared<Update>(
      Update{origin, std::move(change), std::move(done)});
  Attempt(update);
}

void Streams::Attempt(const std::shared_ptr<Update>& update) {
  const std::string key = std::string(kStreamPrefix) + update->origin.client;
  auto stored = parts_.engine.Get(key);
  if (!stored.ok()) return update->done(stored.error());
  Result<StreamState> state =
      stored->has_value() ? DecodeStreamState(**stored) : Fresh();
  if (!state.ok()) return update->done(state.error());
  auto window = Look(std::move(*state));
  if (!window.ok()) return update->done(window.error());
  StreamState after = window->state;
  std::vector<LedgerLine> lines;
  if (window->lost) {
    AuditLine line = MakeAuditLine(AuditEvent::kEventsLost, parts_.clock.Now(),
                                   update->origin);
    lines.push_back(ToLedger(line));
    Post({Notice::Kind::kUpdated, NewNoticeId(), ToSeconds(parts_.clock.Now()),
          "events were forgotten before this stream had them"},
         after);
  }
  update->change(*window, after, lines);
  Fold(window->page, after);
  std::string bytes = EncodeStreamState(after);
  if (*stored == bytes) return update->done({});
  Batch batch{.conditions = {{key, *stored}}, .puts = {{key, bytes}}};
  // Urgent, as revocations are: what waits for an acknowledgement are more of
  // them.
  parts_.committer.Submit(
      std::move(batch),
      [this, update, window = std::move(*window),
       after](const Result<Committed>& committed) {
        if (committed.ok()) {
          Count(window, after);
          return update->done({});
        }
        if (committed.error().code == ErrorCode::kConflict &&
            ++update->conflicts < kMaxConflicts) {
          return Attempt(update);
        }
        update->done(committed.error());
      },
      /*urgent=*/true, std::move(lines));
}

void Streams::Count(const Window& before, const StreamState& after) {
  if (before.lost) {
    spdlog::error("ssf: a stream was away for so long that events are lost");
    parts_.metrics.CountEventsSent("lost", 1);
  }
  uint64_t acknowledged = 0;
  for (const Publisher::Numbered& numbered : before.page) {
    if (!IsEvent(numbered.entry)) continue;
    const uint64_t sequence = numbered.sequence;
    const bool was = before.state.out_of_order.contains(sequence);
    const bool is =
        sequence <= after.done || after.out_of_order.contains(sequence);
    if (is && !was) ++acknowledged;
  }
  if (acknowledged > 0) {
    parts_.metrics.CountEventsSent("acknowledged", acknowledged);
  }
}

void Streams::Note(const Receipt& receipt, const Origin& origin,
                   const Window& window, StreamState& state,
                   std::vector<LedgerLine>& lines) {
  std::set<std::string_view> ids(receipt.acknowledged.begin(),
                                 receipt.acknowledged.end());
  for (const auto& [id, code] : receipt.rejected) ids.insert(id);
  if (ids.empty()) return;
  std::set<std::string> known;
  std::erase_if(state.notices, [&](const Notice& notice) {
    return ids.contains(notice.id) && known.insert(notice.id).second;
  });
  const uint32_t epoch = parts_.publisher.position().epoch;
  for (const Publisher::Numbered& numbered : window.page) {
    if (!IsEvent(numbered.entry)) continue;
    std::string id = EventId(epoch, numbered.sequence, numbered.entry);
    if (!ids.contains(id)) continue;
    if (!state.out_of_order.insert(numbered.sequence).second) continue;
    known.insert(std::move(id));
  }
  for (const auto& [id, code] : receipt.rejected) {
    if (!known.contains(id)) continue;
    AuditLine line =
        MakeAuditLine(AuditEvent::kEventRejected, parts_.clock.Now(), origin);
    line.target = "event " + id;
    line.reason = KnownCode(code);
    lines.push_back(ToLedger(line));
  }
}

void Streams::Take(const Origin& origin, Receipt receipt, Done done) {
  // Of the attempt that is committed; others count anew.
  const auto rejected = std::make_shared<size_t>(0);
  Start(
      origin,
      [this, origin, rejected, receipt = std::move(receipt)](
          const Window& window, StreamState& state,
          std::vector<LedgerLine>& lines) {
        const size_t before = lines.size();
        Note(receipt, origin, window, state, lines);
        *rejected = lines.size() - before;
      },
      [this, rejected, done = std::move(done)](Status status) {
        if (status.ok() && *rejected > 0) {
          parts_.metrics.CountEventsSent("rejected", *rejected);
        }
        done(std::move(status));
      });
}

void Streams::AskVerification(const Origin& origin, std::string state_text,
                              Done done) {
  Start(
      origin,
      [this, text = std::move(state_text)](const Window&, StreamState& state,
                                           std::vector<LedgerLine>&) {
        Post({Notice::Kind::kVerification, NewNoticeId(),
              ToSeconds(parts_.clock.Now()), text},
             state);
      },
      std::move(done));
}

Result<Delivery> Streams::Read(const std::string& client_id, size_t limit) {
  auto stored = parts_.engine.Get(std::string(kStreamPrefix) + client_id);
  if (!stored.ok()) return stored.error();
  if (!stored->has_value()) return Delivery();
  Result<StreamState> state = DecodeStreamState(**stored);
  if (!state.ok()) return state.error();
  const auto window = Look(std::move(*state));
  if (!window.ok()) return window.error();
  const Rings::Ring ring = parts_.rings.statements();
  if (ring == nullptr) {
    return Error{ErrorCode::kUnavailable, "there is no statements ring"};
  }
  const Stream stream{parts_.issuer, client_id, StreamIdOf(client_id)};
  const uint32_t epoch = parts_.publisher.position().epoch;
  Delivery delivery{.sets = {}, .more = window->more};
  const auto add = [&](std::string id, const std::string& payload) -> Status {
    auto set = SignStatement(*ring, kEventType, payload, parts_.clock.Now());
    if (!set.ok()) return set.error();
    delivery.sets.emplace_back(std::move(id), std::move(*set));
    return {};
  };
  for (const Notice& notice : window->state.notices) {
    if (delivery.sets.size() == limit) break;
    Status added = add(notice.id, NoticePayload(stream, notice));
    if (!added.ok()) return added.error();
  }
  for (const auto& [sequence, entry] : window->page) {
    if (!IsEvent(entry)) continue;
    if (window->state.out_of_order.contains(sequence)) continue;
    if (delivery.sets.size() >= limit) {
      delivery.more = true;
      break;
    }
    const std::string id = EventId(epoch, sequence, entry);
    Status added = add(id, EventPayload(stream, id, entry));
    if (!added.ok()) return added.error();
  }
  if (!delivery.sets.empty()) {
    parts_.metrics.CountEventsSent("sent", delivery.sets.size());
  }
  return delivery;
}

bool Streams::Later(std::function<void()> job) {
  MutexLock lock(mutex_);
  if (closed_) return false;
  if (worker_ == nullptr) worker_ = std::make_unique<feed::SnapshotWorker>();
  return worker_->Submit(std::move(job));
}

void Streams::EndWaits() { ending_ = true; }

void Streams::Close() {
  std::unique_ptr<feed::SnapshotWorker> worker;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    worker = std::move(worker_);
  }
}

Result<uint64_t> Streams::FirstNeeded() {
  uint64_t first = UINT64_MAX;
  const auto clients = parts_.clients();
  std::string after;
  for (;;) {
    constexpr size_t kScanPage = 256;
    auto page = parts_.engine.Scan(kStreamPrefix, after, kScanPage);
    if (!page.ok()) return page.error();
    for (const KeyValue& pair : *page) {
      const Client* client = clients->Find(
          std::string_view(pair.key).substr(kStreamPrefix.size()));
      if (client == nullptr || !client->Has("ssf")) continue;
      const Result<StreamState> state = DecodeStreamState(pair.value);
      if (!state.ok()) return state.error();
      first = std::min(first, state->done);
    }
    if (page->size() < kScanPage) return first;
    after = page->back().key;
  }
}

}  // namespace signet::service::ssf
