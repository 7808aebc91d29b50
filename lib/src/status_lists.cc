#include <algorithm>
#include <map>
#include <utility>

#include "signet/mutex.h"
#include "signet/status_list.h"

namespace signet {
namespace {

Error Invalid(const char* problem) {
  return {ErrorCode::kInvalid, std::string("status lists: ") + problem};
}

// Entry is what is known of one uri.
struct Entry {
  Mutex mutex;  // held while the list is fetched
  std::optional<StatusList> list SIGNET_GUARDED_BY(mutex);
  // The list is not used from here on.
  Monotonic fresh_until SIGNET_GUARDED_BY(mutex){};
  // Nothing is fetched before: the last attempt failed.
  std::optional<Monotonic> retry_at SIGNET_GUARDED_BY(mutex);
};

}  // namespace

struct StatusLists::Impl {
  Impl(Options options_in, const Clock& clock_in)
      : options(std::move(options_in)), clock(clock_in) {}

  std::shared_ptr<Entry> Find(const std::string& uri);
  void Refresh(const std::string& uri, Entry& entry)
      SIGNET_REQUIRES(entry.mutex);
  bool IsInForce(const Entry& entry) const SIGNET_REQUIRES(entry.mutex);

  const Options options;
  const Clock& clock;

  struct Place {
    std::shared_ptr<Entry> entry;
    uint64_t used = 0;
  };
  Mutex mutex;
  std::map<std::string, Place> places SIGNET_GUARDED_BY(mutex);
  uint64_t uses SIGNET_GUARDED_BY(mutex) = 0;
};

std::shared_ptr<Entry> StatusLists::Impl::Find(const std::string& uri) {
  MutexLock lock(mutex);
  Place& place = places[uri];
  if (place.entry == nullptr) place.entry = std::make_shared<Entry>();
  place.used = ++uses;
  std::shared_ptr<Entry> entry = place.entry;
  if (places.size() > options.max_lists) {
    places.erase(std::min_element(places.begin(), places.end(),
                                  [](const auto& a, const auto& b) {
                                    return a.second.used < b.second.used;
                                  }));
  }
  return entry;
}

// A list is as fresh as when it was asked for.
void StatusLists::Impl::Refresh(const std::string& uri, Entry& entry) {
  const Monotonic asked = clock.MonotonicNow();
  entry.list.reset();
  entry.retry_at = asked + options.retry_after;
  const Result<std::string> text = options.fetch(uri);
  if (!text.ok()) return;
  auto list =
      StatusList::Read(options.keys, uri, *text, clock.Now(), options.list);
  if (!list.ok()) return;
  const Duration age = list->ttl()
                           ? std::min<Duration>(*list->ttl(), options.max_age)
                           : options.max_age;
  entry.fresh_until = asked + age;
  entry.retry_at.reset();
  entry.list = *std::move(list);
}

bool StatusLists::Impl::IsInForce(const Entry& entry) const {
  if (!entry.list || clock.MonotonicNow() >= entry.fresh_until) return false;
  const auto expires_at = entry.list->expires_at();
  return !expires_at || clock.Now() < *expires_at + options.list.clock_skew;
}

StatusLists::StatusLists(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StatusLists::~StatusLists() = default;

Result<std::unique_ptr<StatusLists>> StatusLists::Create(Options options,
                                                         const Clock& clock) {
  if (options.uri_prefix.empty()) return Invalid("the prefix of uris is empty");
  if (!options.fetch) return Invalid("there is no way to fetch");
  if (options.keys.rings().empty()) return Invalid("there are no keys");
  if (options.max_age <= Duration::zero() ||
      options.max_age > std::chrono::hours(24)) {
    return Invalid("max_age must be more than 0 and at most a day");
  }
  if (options.max_lists == 0 || options.list.max_bytes == 0) {
    return Invalid("max_lists and max_bytes must not be 0");
  }
  return std::unique_ptr<StatusLists>(
      new StatusLists(std::make_unique<Impl>(std::move(options), clock)));
}

TokenStatus StatusLists::Check(const StatusReference& reference) {
  if (!std::string_view(reference.uri).starts_with(impl_->options.uri_prefix)) {
    return TokenStatus::kUnknown;
  }
  const std::shared_ptr<Entry> entry = impl_->Find(reference.uri);
  MutexLock lock(entry->mutex);
  if (!impl_->IsInForce(*entry)) {
    const Monotonic now = impl_->clock.MonotonicNow();
    if (entry->retry_at && now < *entry->retry_at) return TokenStatus::kUnknown;
    impl_->Refresh(reference.uri, *entry);
    if (!impl_->IsInForce(*entry)) return TokenStatus::kUnknown;
  }
  const auto value = entry->list->At(reference.index);
  return value ? TokenStatusOf(*value) : TokenStatus::kUnknown;
}

}  // namespace signet
