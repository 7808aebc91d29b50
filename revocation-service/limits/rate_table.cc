#include "revocation-service/limits/rate_table.h"

#include <algorithm>
#include <cstring>

#include "signet/primitives.h"

namespace signet::service {
namespace {

using std::chrono::microseconds;

int64_t MicrosOf(Monotonic now) {
  return std::chrono::duration_cast<microseconds>(now.time_since_epoch())
      .count();
}

}  // namespace

RateTable::RateTable(Rate rate, size_t entries)
    : rate_(rate), sets_(entries / kWays), entries_(entries) {
  FillRandom(hash_key_);
}

void RateTable::SetRate(Rate rate) {
  MutexLock lock(mutex_);
  rate_ = rate;
}

RateTable::Place RateTable::PlaceOf(std::string_view key) const {
  std::array<uint8_t, 16> digest{};
  Blake2b(digest, AsBytes(key), hash_key_);
  uint64_t set = 0;
  Place place;
  std::memcpy(&set, digest.data(), sizeof set);
  std::memcpy(&place.tag, digest.data() + sizeof set, sizeof place.tag);
  place.first = set % sets_ * kWays;
  place.tag |= 1;
  return place;
}

RateTable::Entry* RateTable::Find(const Place& place) {
  for (size_t i = place.first; i < place.first + kWays; ++i) {
    if (entries_[i].tag == place.tag) return &entries_[i];
  }
  return nullptr;
}

RateTable::Entry& RateTable::FindOrTakeOver(const Place& place, Micros now) {
  if (Entry* entry = Find(place)) {
    entry->full_at = std::max(entry->full_at, now);
    return *entry;
  }
  const auto first =
      entries_.begin() + static_cast<std::ptrdiff_t>(place.first);
  const auto least = std::min_element(
      first, first + kWays,
      [](const Entry& a, const Entry& b) { return a.full_at < b.full_at; });
  least->tag = place.tag;
  least->full_at = std::max(least->full_at, now);
  return *least;
}

RateTable::Micros RateTable::Interval() const {
  return std::max<Micros>(1'000'000 / rate_.per_second, 1);
}

std::optional<Duration> RateTable::Wait(Micros full_at, Micros now) const {
  const Micros room = Interval() * std::max<uint32_t>(rate_.burst, 1);
  const Micros wait = std::max(full_at, now) + Interval() - room - now;
  if (wait <= 0) return std::nullopt;
  return std::chrono::ceil<Duration>(microseconds(wait));
}

std::optional<Duration> RateTable::Take(std::string_view key, Monotonic now) {
  const Place place = PlaceOf(key);
  MutexLock lock(mutex_);
  if (rate_.per_second == 0) return std::nullopt;
  const Micros at = MicrosOf(now);
  Entry& entry = FindOrTakeOver(place, at);
  const auto wait = Wait(entry.full_at, at);
  if (!wait) entry.full_at += Interval();
  return wait;
}

std::optional<Duration> RateTable::Look(std::string_view key, Monotonic now) {
  const Place place = PlaceOf(key);
  MutexLock lock(mutex_);
  if (rate_.per_second == 0) return std::nullopt;
  const Entry* entry = Find(place);
  if (entry == nullptr) return std::nullopt;
  return Wait(entry->full_at, MicrosOf(now));
}

void RateTable::Charge(std::string_view key, Monotonic now) {
  const Place place = PlaceOf(key);
  MutexLock lock(mutex_);
  if (rate_.per_second == 0) return;
  const Micros at = MicrosOf(now);
  Entry& entry = FindOrTakeOver(place, at);
  const Micros most = at + Interval() * std::max<uint32_t>(rate_.burst, 1);
  entry.full_at =
      std::max(entry.full_at, std::min(most, entry.full_at + Interval()));
}

}  // namespace signet::service
