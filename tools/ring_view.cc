#include "tools/ring_view.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "tools/output.h"
#include "tools/timeline.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

// KeyFormats of access rings go by the names that --format takes.
std::string FormatName(KeyFormat format) {
  return format == KeyFormat::kJwtEdDsa ? "jwt"
                                        : std::string(KeyFormatName(format));
}

json::value Moment(const std::optional<Time>& time) {
  if (!time) return nullptr;
  return json::value(MomentText(*time));
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

// Facts are lines of a name, a value and a remark.
class Facts {
 public:
  void Add(std::string name, std::string value, std::string remark = {}) {
    Table::Row row = {std::move(name), std::move(value)};
    if (!remark.empty()) row.push_back(std::move(remark));
    table_.Add(std::move(row));
  }
  void Add(std::string name, const std::optional<Time>& moment, Time now) {
    if (!moment) return;
    Add(std::move(name), MomentText(*moment),
        *moment > now ? "in " + FormatAbout(*moment - now)
                      : FormatAbout(now - *moment) + " ago");
  }
  void Print() const { table_.Print("  "); }

 private:
  Table table_;
};

// VerifyOnlyTime is how long a key of the ring verifies after it has signed.
Duration VerifyOnlyTime(const RotationPolicy& policy) {
  return std::max(policy.max_token_life, policy.verifier_refresh) +
         policy.clock_skew;
}

void PrintRingFacts(const SigningRing& ring, const std::string& path) {
  const RingInfo& info = ring.info();
  const RotationPolicy& policy = info.policy;
  PrintLine(std::string(KeyPurposeName(info.purpose)) + " ring");
  Facts facts;
  facts.Add("file", path);
  facts.Add("format", FormatName(info.format));
  facts.Add("generation", std::to_string(info.generation), "changes so far");
  facts.Add("verifier refresh", FormatDuration(policy.verifier_refresh),
            "how old a verifier's copy of the ring may be");
  facts.Add("max token life", FormatDuration(policy.max_token_life),
            "the longest life of a token");
  facts.Add("clock skew", FormatDuration(policy.clock_skew),
            "how far clocks may disagree");
  facts.Add("lead", FormatDuration(policy.LeastLead()),
            "how long a new key is pending at least");
  facts.Add("verify-only", FormatDuration(VerifyOnlyTime(policy)),
            "how long an old key verifies at least");
  facts.Print();
}

void PrintKeyFacts(const SigningRing::Key& key, Time now) {
  const KeySchedule& schedule = key.schedule;
  PrintLine("key " + key.key.id());
  Facts facts;
  facts.Add("state", std::string(KeyStateName(schedule.StateAt(now))));
  facts.Add("made", schedule.created_at, now);
  facts.Add("accepted from", schedule.ready_at, now);
  facts.Add("signs from", schedule.activates_at, now);
  facts.Add("signs until", schedule.verify_only_at, now);
  facts.Add("verifies until", schedule.retires_at, now);
  facts.Add("revoked", schedule.revoked_at, now);
  if (schedule.longest_life > Duration::zero()) {
    facts.Add("longest token", FormatDuration(schedule.longest_life),
              "under a policy that has been shortened since");
  }
  if (schedule.lead_waived) {
    facts.Add("forced", "start", "it signed before all verifiers knew it");
  }
  if (schedule.tail_waived) {
    facts.Add("forced", "end", "it retired before its last token had expired");
  }
  facts.Print();
}

}  // namespace

std::string MomentText(Time moment) {
  std::string text = FormatTime(moment);
  const std::string ms =
      std::to_string(1000 + moment.time_since_epoch().count() % 1000);
  text.back() = '.';
  return text + ms.substr(1) + "Z";
}

std::string ShortId(const std::string& id) {
  const size_t text = id.starts_with("k4.") ? 7 : 0;
  return id.size() <= text + 8 ? id : id.substr(0, text + 8) + "...";
}

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
  if (ring.keys().size() < 2) return;
  std::vector<TimelineRow> rows;
  for (const SigningRing::Key& key : ring.keys()) {
    rows.push_back({wide ? key.key.id() : ShortId(key.key.id()), key.schedule});
  }
  for (const std::string& line :
       DrawTimeline(rows, now, TerminalWidth() - 2, TerminalStyle())) {
    PrintLine("  " + line);
  }
}

void PrintChanges(const SigningRing& ring, Time now) {
  PrintEvents(ComingEvents(ring, now), now, "");
}

void PrintEvents(const std::vector<RingEvent>& events, Time now,
                 std::string_view indent) {
  Table table;
  for (const RingEvent& event : events) {
    const char* what = "signs from";
    if (event.becomes == KeyState::kVerifyOnly) what = "signs until";
    if (event.becomes == KeyState::kRetired) what = "verifies until";
    table.Add({ShortId(event.key_id), what, FormatTime(event.when),
               "in " + FormatAbout(event.when - now)});
  }
  table.Print(indent);
}

void PrintDetails(const SigningRing& ring, const std::string& path, Time now,
                  const std::string& key_id) {
  PrintRingFacts(ring, path);
  for (const SigningRing::Key& key : ring.keys()) {
    if (key_id.empty() || key.key.id() == key_id) PrintKeyFacts(key, now);
  }
}

std::string DetailsJson(const SigningRing& ring, Time now,
                        const std::string& key_id) {
  json::object object = RingObject(ring, now);
  const RotationPolicy& policy = ring.info().policy;
  object["lead_ms"] = policy.LeastLead().count();
  object["verify_only_ms"] = VerifyOnlyTime(policy).count();
  json::array keys;
  for (const SigningRing::Key& key : ring.keys()) {
    if (!key_id.empty() && key.key.id() != key_id) continue;
    json::object details = KeyObject(key, now);
    details["ready_at"] = Moment(key.schedule.ready_at);
    details["longest_life_ms"] = key.schedule.longest_life.count();
    details["lead_waived"] = key.schedule.lead_waived;
    details["tail_waived"] = key.schedule.tail_waived;
    keys.push_back(std::move(details));
  }
  object["keys"] = std::move(keys);
  return json::serialize(object);
}

}  // namespace signet::cli
