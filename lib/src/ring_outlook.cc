#include "signet/ring_outlook.h"

#include <algorithm>
#include <tuple>

#include "time_text.h"

namespace signet {

namespace {

std::string KeyText(const SigningRing::Key& key) {
  return "key " + key.key.id();
}

// LastSigner is the key that was the last to sign until `now`, or null.
const SigningRing::Key* LastSigner(const SigningRing& ring, Time now) {
  const SigningRing::Key* last = nullptr;
  for (const SigningRing::Key& key : ring.keys()) {
    if (key.schedule.activates_at <= now) last = &key;
  }
  return last;
}

const SigningRing::Key* FirstPending(const SigningRing& ring, Time now) {
  for (const SigningRing::Key& key : ring.keys()) {
    if (key.schedule.StateAt(now) == KeyState::kPending) return &key;
  }
  return nullptr;
}

RingFinding NoActiveKey(const SigningRing& ring, Time now) {
  RingFinding finding{RingProblem::kNoActiveKey, {}, "no key signs"};
  if (const SigningRing::Key* last = LastSigner(ring, now)) {
    finding.key_id = last->key.id();
    if (last->schedule.revoked_at) {
      finding.message += ": " + KeyText(*last) + " was revoked at " +
                         FormatMoment(*last->schedule.revoked_at);
    }
  }
  if (const SigningRing::Key* next = FirstPending(ring, now)) {
    finding.message += "; " + KeyText(*next) + " will from " +
                       FormatMoment(next->schedule.activates_at);
  }
  return finding;
}

std::optional<Time> LatestStep(const KeySchedule& s) {
  return std::max(std::optional(s.created_at), s.revoked_at);
}

}  // namespace

std::string_view RingProblemName(RingProblem problem) {
  switch (problem) {
    case RingProblem::kNoActiveKey:
      return "no-active-key";
    case RingProblem::kKeyTooOld:
      return "key-too-old";
    case RingProblem::kClockBehind:
      return "clock-behind";
  }
  return {};
}

std::vector<RingEvent> ComingEvents(const SigningRing& ring, Time now) {
  std::vector<RingEvent> events;
  for (const SigningRing::Key& key : ring.keys()) {
    const KeySchedule& s = key.schedule;
    const auto add = [&](KeyState becomes, const std::optional<Time>& when) {
      // A revoked key changes no more.
      if (!when || *when <= now || (s.revoked_at && *s.revoked_at <= *when)) {
        return;
      }
      events.push_back({*when, key.key.id(), becomes});
    };
    add(KeyState::kActive, s.activates_at);
    add(KeyState::kVerifyOnly, s.verify_only_at);
    add(KeyState::kRetired, s.retires_at);
  }
  std::ranges::stable_sort(events, {}, &RingEvent::when);
  return events;
}

std::vector<RingFinding> FindProblems(const SigningRing& ring, Time now,
                                      std::optional<Duration> max_age) {
  std::vector<RingFinding> findings;
  const SigningRing::Key* active = ring.Active(now);
  if (active == nullptr) {
    findings.push_back(NoActiveKey(ring, now));
  } else if (max_age && now - active->schedule.activates_at > *max_age &&
             FirstPending(ring, now) == nullptr) {
    findings.push_back({RingProblem::kKeyTooOld, active->key.id(),
                        KeyText(*active) + " signs since " +
                            FormatMoment(active->schedule.activates_at) +
                            ", longer than the limit of " +
                            FormatDuration(*max_age) +
                            ", and no key is pending"});
  }
  const Duration skew = ring.info().policy.clock_skew;
  for (const SigningRing::Key& key : ring.keys()) {
    const std::optional<Time> step = LatestStep(key.schedule);
    if (*step <= now + skew) continue;
    findings.push_back({RingProblem::kClockBehind, key.key.id(),
                        "the clock is behind: it is " + FormatMoment(now) +
                            ", and " + KeyText(key) +
                            " was made or revoked "
                            "at " +
                            FormatMoment(*step)});
  }
  return findings;
}

}  // namespace signet
