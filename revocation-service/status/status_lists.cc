#include "revocation-service/status/status_lists.h"

#include <algorithm>
#include <future>

#include "signet/primitives.h"
#include "signet/status_list.h"

namespace signet::service {
namespace {

constexpr size_t kPage = 4096;

Error NoSuchList() {
  return {ErrorCode::kNotFound, "there is no such status list"};
}

// Slack is the part of the staleness that a list may be behind when it is
// handed out.
Duration Slack(Duration staleness) {
  return std::max<Duration>(staleness / 10, std::chrono::seconds(1));
}

void SetBit(uint32_t index, std::string& bits) {
  char& byte = bits[index / 8];
  byte =
      static_cast<char>(static_cast<unsigned char>(byte) | (1u << (index % 8)));
}

void ClearBit(uint32_t index, std::string& bits) {
  char& byte = bits[index / 8];
  byte = static_cast<char>(static_cast<unsigned char>(byte) &
                           ~(1u << (index % 8)));
}

std::string EtagOf(std::string_view token) {
  std::array<uint8_t, 16> digest{};
  Blake2b(digest, AsBytes(token));
  return '"' + Base64UrlEncode(digest) + '"';
}

}  // namespace

Seconds StatusLists::ttl() const {
  return std::chrono::floor<Seconds>(parts_.staleness -
                                     Slack(parts_.staleness));
}

// With nothing new in the log a list stays as it is, and is signed again in
// time for its exp to lie beyond its ttl. While much is revoked it is made
// again only now and then: it costs a walk over its records.
bool StatusLists::IsGood(const Made& made, const Publisher::Known& known,
                         const std::string& key_id) const {
  const Duration age = known.time - made.time;
  if (made.key_id != key_id || age < Duration::zero()) return false;
  if (made.position == known.position) return age < ttl();
  return age < Slack(parts_.staleness);
}

// After a restore a token of before may have no record any more, but it is
// void with all others: places without a record are then invalid, as no list
// of before is in use any more. Otherwise they are nobody's.
Result<std::string> StatusLists::Bits(const StatusListId& id,
                                      const Publisher::Known& known) const {
  const EpochSeconds epoch{Seconds(known.position.epoch)};
  const char nobodys = id.opened_at < epoch ? '\xff' : '\0';
  std::string bits(kStatusListSize / 8, nobodys);
  const std::string prefix = StatusListPrefix(id);
  const RevocationList& revocations = parts_.publisher.revocations();
  std::string after;
  for (;;) {
    const auto page = parts_.engine.Scan(prefix, after, kPage);
    if (!page.ok()) return page.error();
    if (page->empty() && after.empty()) return NoSuchList();
    for (const KeyValue& pair : *page) {
      const auto slot = ParseStatusKey(pair.key);
      const auto token = DecodeStatusEntry(pair.value);
      if (!token.ok()) return token.error();
      if (!slot) return Error{ErrorCode::kCorrupt, "a malformed status key"};
      if (revocations.IsRevoked(*token)) {
        SetBit(slot->index, bits);
      } else {
        ClearBit(slot->index, bits);
      }
    }
    if (page->size() < kPage) return bits;
    after = page->back().key;
  }
}

Result<StatusLists::Made> StatusLists::Sign(const StatusListId& id,
                                            const std::string& uri,
                                            const SigningRing& ring,
                                            const Publisher::Known& known) {
  Result<std::string> bits = Bits(id, known);
  if (!bits.ok()) return bits.error();
  const EpochSeconds issued_at = ToSeconds(known.time);
  const auto token = SignStatusList(ring,
                                    {.uri = uri,
                                     .issued_at = issued_at,
                                     .expires_at = issued_at + 2 * ttl(),
                                     .ttl = ttl(),
                                     .bytes = std::move(*bits)},
                                    known.time);
  if (!token.ok()) return token.error();
  Made made{.answer = nullptr,
            .position = known.position,
            .time = known.time,
            .key_id = ring.Active(known.time)->key.id()};
  made.answer = std::make_shared<const Answer>(Answer{*token, EtagOf(*token)});
  return made;
}

Result<std::shared_ptr<const StatusLists::Answer>> StatusLists::Make(
    const StatusListId& id, const std::string& uri) {
  const auto known = parts_.publisher.Refresh();
  if (!known.ok()) return known.error();
  if (known->time >= id.retires_at) return NoSuchList();
  const Rings::Ring ring = parts_.rings.statements();
  const SigningRing::Key* key =
      ring == nullptr ? nullptr : ring->Active(known->time);
  if (key == nullptr) {
    return Error{ErrorCode::kUnavailable, "no statements key is active"};
  }
  {
    MutexLock lock(mutex_);
    const auto found = made_.find(id);
    if (found != made_.end() && IsGood(found->second, *known, key->key.id())) {
      return found->second.answer;
    }
  }
  Result<Made> made = Sign(id, uri, *ring, *known);
  if (!made.ok()) return made.error();
  MutexLock lock(mutex_);
  made_[id] = *made;
  // The first of the map is the first to be over.
  if (made_.size() > kMaxMade) made_.erase(made_.begin());
  return made->answer;
}

Result<size_t> StatusLists::Sweep(size_t limit) {
  if (watch_.MustPause()) return size_t{0};
  const EpochSeconds now = ToSeconds(parts_.clock.Now());
  {
    MutexLock lock(mutex_);
    std::erase_if(made_, [now](const auto& made) {
      return made.first.retires_at <= now;
    });
  }
  const auto page = parts_.engine.Scan(kStatusPrefix, swept_.After(now), limit);
  if (!page.ok()) return page.error();
  Batch batch;
  EpochSeconds retired_at{};
  for (const KeyValue& pair : *page) {
    const auto slot = ParseStatusKey(pair.key);
    if (!slot) return Error{ErrorCode::kCorrupt, "a malformed status key"};
    if (slot->list.retires_at > now) break;
    batch.deletes.push_back(pair.key);
    retired_at = slot->list.retires_at;
  }
  const size_t count = batch.deletes.size();
  if (count == 0) return size_t{0};
  std::string last = batch.deletes.back();
  std::promise<Status> promise;
  parts_.committer.Submit(std::move(batch), [&](Result<Committed> result) {
    promise.set_value(result.ok() ? Status() : Status(result.error()));
  });
  const Status done = promise.get_future().get();
  if (!done.ok()) return done.error();
  swept_.Advance(std::move(last), retired_at);
  return count;
}

}  // namespace signet::service
