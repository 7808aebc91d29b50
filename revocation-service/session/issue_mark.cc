#include "revocation-service/session/issue_mark.h"

#include <algorithm>

#include "revocation-service/session/store_core.h"

namespace signet::service {
namespace {

constexpr char kKey[] = "m/issued";
constexpr Seconds kLead = std::chrono::minutes(1);
// For so long is a raise that is on its way not tried by others, too.
constexpr Seconds kPatience{2};

}  // namespace

Status IssueMark::Cover(EpochSeconds issued_at, const Cutoffs& cutoffs,
                        Time now, Batch& batch) {
  // A later date is that of a session opened before the clock was set back: a
  // cutoff for others must not follow it.
  if (issued_at > now && issued_at <= cutoffs.latest) {
    StoredCutoff ahead{std::string(kAheadKey)};
    if (Status read = ahead.Read(engine_); !read.ok()) return read;
    if (ahead.at() < issued_at) ahead.Raise(issued_at, batch);
  }
  MutexLock lock(mutex_);
  exact_ = std::max(exact_, issued_at);
  if (issued_at + kLead / 2 <= stored_) return {};
  if (issued_at <= std::min(stored_, patience_)) return {};
  StoredCutoff mark(kKey);
  if (Status read = mark.Read(engine_); !read.ok()) return read;
  stored_ = mark.at();
  if (issued_at + kLead / 2 <= stored_) return {};
  patience_ = issued_at + kPatience;
  mark.Raise(issued_at + kLead, batch);
  return {};
}

EpochSeconds IssueMark::Latest() {
  MutexLock lock(mutex_);
  StoredCutoff mark(kKey);
  if (mark.Read(engine_).ok()) stored_ = mark.at();
  return std::max(exact_, stored_);
}

}  // namespace signet::service
