#include "tools/ring_view.h"

#include <algorithm>
#include <boost/json.hpp>

#include "tools/output.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

// KeyFormats of access rings go by the names that --format takes.
std::string FormatName(KeyFormat format) {
  return format == KeyFormat::kJwtEdDsa ? "jwt"
                                        : std::string(KeyFormatName(format));
}

// Moment writes RFC 3339 with milliseconds, as the ring's file does.
json::value Moment(const std::optional<Time>& time) {
  if (!time) return nullptr;
  std::string text = FormatTime(*time);
  const std::string ms =
      std::to_string(1000 + time->time_since_epoch().count() % 1000);
  text.back() = '.';
  return json::value(text + ms.substr(1) + "Z");
}

json::object KeyObject(const SigningRing::Key& key, Time now) {
  const KeySchedule& schedule = key.schedule;
  json::object object;
  object["id"] = key.key.id();
  object["state"] = std::string(KeyStateName(schedule.StateAt(now)));
  object["created_at"] = Moment(schedule.created_at);
  object["activates_at"] = Moment(schedule.activates_at);
  object["verify_only_at"] = Moment(schedule.verify_only_at);
  object["retires_at"] = Moment(schedule.retires_at);
  object["revoked_at"] = Moment(schedule.revoked_at);
  return object;
}

json::object RingObject(const SigningRing& ring, Time now) {
  const RingInfo& info = ring.info();
  json::array keys;
  for (const SigningRing::Key& key : ring.keys()) {
    keys.push_back(KeyObject(key, now));
  }
  json::object object;
  object["purpose"] = std::string(KeyPurposeName(info.purpose));
  object["format"] = FormatName(info.format);
  object["generation"] = info.generation;
  object["verifier_refresh_ms"] = info.policy.verifier_refresh.count();
  object["max_token_life_ms"] = info.policy.max_token_life.count();
  object["clock_skew_ms"] = info.policy.clock_skew.count();
  object["keys"] = std::move(keys);
  return object;
}

// ShortId is enough of a key id to tell a ring's keys apart.
std::string ShortId(const std::string& id) {
  const size_t text = id.starts_with("k4.") ? 7 : 0;
  return id.size() <= text + 8 ? id : id.substr(0, text + 8) + "...";
}

// View is a key's present: since and until when, and what comes then.
struct View {
  KeyState state = KeyState::kPending;
  Time since{};
  std::optional<Time> until;
  std::string_view next;
};

View ViewAt(const KeySchedule& schedule, Time now) {
  const KeyState state = schedule.StateAt(now);
  switch (state) {
    case KeyState::kPending:
      return {state, schedule.created_at, schedule.activates_at, "signs"};
    case KeyState::kActive:
      return {state, schedule.activates_at, schedule.verify_only_at,
              "stops signing"};
    case KeyState::kVerifyOnly:
      return {state, *schedule.verify_only_at, schedule.retires_at, "retires"};
    case KeyState::kRetired:
      return {state, *schedule.retires_at, std::nullopt, ""};
    case KeyState::kRevoked:
      return {state, *schedule.revoked_at, std::nullopt, ""};
  }
  return {};
}

std::string NextText(const View& view, Time now) {
  if (!view.until) return "-";
  return std::string(view.next) + " in " + FormatAbout(*view.until - now);
}

}  // namespace

std::string RingJson(const SigningRing& ring, Time now) {
  return json::serialize(RingObject(ring, now));
}

std::string RingsJson(const std::vector<SigningRing>& rings, Time now) {
  json::array array;
  for (const SigningRing& ring : rings) array.push_back(RingObject(ring, now));
  return json::serialize(json::object{{"rings", std::move(array)}});
}

void PrintRing(const SigningRing& ring, Time now, bool wide) {
  const RingInfo& info = ring.info();
  PrintLine(std::string(KeyPurposeName(info.purpose)) + ": " +
            FormatName(info.format) + ", generation " +
            std::to_string(info.generation) + ", verifier refresh " +
            FormatDuration(info.policy.verifier_refresh) + ", max token life " +
            FormatDuration(info.policy.max_token_life) + ", clock skew " +
            FormatDuration(info.policy.clock_skew));
  Table table({"KEY", "STATE", "SINCE", "UNTIL", "NEXT"});
  for (const SigningRing::Key& key : ring.keys()) {
    const View view = ViewAt(key.schedule, now);
    table.Add({wide ? key.key.id() : ShortId(key.key.id()),
               std::string(KeyStateName(view.state)), FormatTime(view.since),
               view.until ? FormatTime(*view.until) : "-",
               NextText(view, now)});
  }
  table.Print("  ");
}

void PrintChanges(const SigningRing& ring, Time now) {
  struct Change {
    Time when;
    std::string id;
    std::string what;
  };
  std::vector<Change> changes;
  for (const SigningRing::Key& key : ring.keys()) {
    const KeySchedule& schedule = key.schedule;
    if (schedule.StateAt(now) == KeyState::kRevoked) continue;
    const auto add = [&](const char* what, std::optional<Time> when) {
      if (!when || *when <= now) return;
      changes.push_back({*when, ShortId(key.key.id()), what});
    };
    add("signs from", schedule.activates_at);
    add("signs until", schedule.verify_only_at);
    add("verifies until", schedule.retires_at);
  }
  std::stable_sort(
      changes.begin(), changes.end(),
      [](const Change& a, const Change& b) { return a.when < b.when; });
  Table table;
  for (const Change& change : changes) {
    table.Add({change.id, change.what, FormatTime(change.when),
               "in " + FormatAbout(change.when - now)});
  }
  table.Print();
}

}  // namespace signet::cli
