// `signet feed`: watch the revocation feed.
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "tools/answers.h"
#include "tools/commands.h"
#include "tools/feed_client.h"
#include "tools/feed_verify.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kFeedUsage = R"(Usage:
    signet feed tail [--after N] [--limit N] [--json]
    signet feed status [--wait TIME] [--json]
    signet feed verify [--file FILE [--at TIME]] [--json]

tail prints revocations as they come, one a line, until it is interrupted: when
it was accepted and how many seconds ago, its place in the log (EPOCH.SEQUENCE),
what is revoked, why.
    --after N    begin after that sequence, 0 being the first; default: what
                 comes from now on
    --limit N    stop after N revocations
    --json       one JSON value a line

status reads the signed feed as a verifier does, and says where it stands, how
many verifiers follow it, and who has not acknowledged what it was asked for.
    --wait TIME         for acknowledgements of where it stands: default 2s
    --keys DIR          where the feed's public ring is: default keys, or
                        SIGNET_KEYS
    --feed-ring FILE    the ring itself: default DIR/feed.pub.json

verify looks at a feed with the public ring alone: signatures, a sequence
without a gap, an unbroken hash chain, times that never go back, and the
digests of heads and snapshots against the log. It names the first frame that
is not good, and what is wrong with it: exit code 1.
    --file FILE         frames as curl saves them from /feed/log, /feed/snapshot
                        or /feed/stream, instead of asking the service; several
                        answers may stand one behind the other
    --at TIME           when the keys must have been good; default: now

--url, --client, --secret-file and --ca are as in `signet session`.
)";

// The service holds a long poll that long; the answer has a little longer.
constexpr Seconds kWait(30);
constexpr Duration kPause(100);
constexpr Seconds kCensusWait(2);
constexpr Seconds kLongestCensusWait(55);

struct TailFlags {
  ServiceFlags service;
  std::optional<uint64_t> after;
  std::optional<uint64_t> limit;
  bool as_json = false;
};

// Tail follows the log, and remembers where it is.
class Tail {
 public:
  Tail(ServiceClient service, const TailFlags& flags)
      : service_(std::move(service)), flags_(flags) {}

  Done Run() {
    if (const Done begun = Begin(); !begun) return begun;
    while (!Enough()) {
      const Try<Answer> answer = Ask(after_, kWait);
      if (answer) {
        Print(*answer);
      } else if (answer.error().exit == kUnavailable) {
        // A restart of the service is no reason to miss what follows it.
        PrintNote(answer.error().message + "; trying again");
        std::this_thread::sleep_for(Seconds(1));
      } else {
        return Explain(answer.error());
      }
    }
    return {};
  }

 private:
  // Begin finds the place to start from. Whatever is wrong shows here.
  Done Begin() {
    constexpr uint64_t kEnd = std::numeric_limits<int64_t>::max();
    const Try<Answer> answer = Ask(flags_.after.value_or(kEnd), Seconds(0));
    if (!answer) return Explain(answer.error());
    epoch_ = answer->Number("epoch");
    after_ = flags_.after.value_or(answer->Number("last"));
    if (flags_.after) Print(*answer);
    return {};
  }

  Try<Answer> Ask(uint64_t after, Seconds wait) {
    const Try<std::string> text =
        service_.Send("GET",
                      "/v1/revocations?after=" + std::to_string(after) +
                          "&wait=" + std::to_string(wait.count()),
                      "", wait + Seconds(10));
    if (!text) return text.error();
    return Answer::Parse(*text, {{"epoch", Answer::Kind::kNumber},
                                 {"last", Answer::Kind::kNumber},
                                 {"entries", Answer::Kind::kList}});
  }

  static Failure Explain(Failure failure) {
    if (failure.hint.empty() && failure.exit == kRefused) {
      failure.hint = "leave out --after to see what comes from now on";
    }
    return failure;
  }

  void Print(const Answer& answer) {
    if (const uint64_t epoch = answer.Number("epoch"); epoch != epoch_) {
      PrintNote("the service's store was restored: epoch " +
                std::to_string(epoch) + " begins");
      epoch_ = epoch;
      after_ = 0;
      return;  // the answer was to a question of the old epoch
    }
    const uint64_t before = printed_;
    for (const Answer& entry : answer.List("entries")) {
      const uint64_t sequence = entry.Number("seq");
      if (Enough() || sequence <= after_) continue;
      after_ = sequence;
      ++printed_;
      PrintLine(flags_.as_json ? Json(entry) : Line(entry));
    }
    // An answer without news is one that was waited for; if it was not, this
    // keeps the loop from spinning.
    if (printed_ == before) std::this_thread::sleep_for(kPause);
  }

  // Json puts the epoch in, without which a sequence names nothing.
  std::string Json(const Answer& entry) const {
    json::value value = json::parse(entry.Serialize());
    value.as_object()["epoch"] = epoch_;
    if (const auto lag = LagOf(entry)) {
      value.as_object()["lag_s"] = lag->count();
    }
    return json::serialize(value);
  }

  // LagOf is how long ago it was accepted, in the whole seconds of the log.
  static std::optional<Seconds> LagOf(const Answer& entry) {
    const auto at = ParseTime(entry.Text("at"));
    if (!at) return std::nullopt;
    const auto lag =
        std::chrono::floor<Seconds>(SystemClock::Shared().Now() - Time(*at));
    return std::max(lag, Seconds(0));
  }

  std::string Line(const Answer& entry) const {
    const auto lag = LagOf(entry);
    std::string line =
        entry.Text("at") + (lag ? " +" + FormatAbout(*lag) : "") + "  " +
        std::to_string(epoch_) + "." + std::to_string(entry.Number("seq")) +
        "  " + entry.Text("kind");
    const std::string value = entry.Text("value");
    if (!value.empty()) line += " " + value;
    const std::string not_before = entry.Text("not_before");
    if (!not_before.empty()) line += " before " + not_before;
    const std::string reason = entry.Text("reason");
    if (!reason.empty()) line += "  (" + reason + ")";
    return Printable(line);
  }

  bool Enough() const { return flags_.limit && printed_ >= *flags_.limit; }

  ServiceClient service_;
  const TailFlags& flags_;
  uint64_t epoch_ = 0;
  uint64_t after_ = 0;
  uint64_t printed_ = 0;
};

Done RunTail(const TailFlags& flags) {
  Try<ServiceClient> service = ServiceClient::Create(flags.service);
  if (!service) return service.error();
  // Interruption is how a tail ends, and nothing is left to tidy up: whole
  // lines have been written.
  std::signal(SIGINT, [](int) { ::_exit(kOk); });
  return Tail(*std::move(service), flags).Run();
}

struct StatusFlags {
  FeedFlags feed;
  std::optional<Duration> wait;
  bool as_json = false;
};

// AskCensus asks the service who follows it, once all have been asked where
// they stand.
Try<Answer> AskCensus(const StatusFlags& flags) {
  const Seconds wait =
      std::chrono::ceil<Seconds>(flags.wait.value_or(kCensusWait));
  if (wait > kLongestCensusWait) {
    return Failure{kUsage, "--wait is " + FormatDuration(wait) +
                               ", the limit is " +
                               FormatDuration(kLongestCensusWait)};
  }
  Try<ServiceClient> service = ServiceClient::Create(flags.feed.service);
  if (!service) return service.error();
  const Try<std::string> text =
      service->Send("GET", "/v1/verifiers?wait=" + std::to_string(wait.count()),
                    "", wait + Seconds(10));
  if (!text) return text.error();
  return Answer::Parse(*text, {{"connected", Answer::Kind::kNumber},
                               {"verifiers", Answer::Kind::kList}});
}

// PrintCensus says how many follow, and names those who are behind.
void PrintCensus(const Answer& census, Table& table) {
  const uint64_t connected = census.Number("connected");
  const uint64_t without = census.Number("without_id");
  const Answer acknowledged = census.Object("acknowledged");
  table.Add(
      {"verifiers", std::to_string(connected) +
                        (without == 0 ? ""
                                      : ", of them " + std::to_string(without) +
                                            " without an id")});
  table.Add({"acknowledged",
             std::to_string(acknowledged.Number("enforcing")) + " of " +
                 std::to_string(acknowledged.Number("connected"))});
  table.Add({"furthest behind",
             std::to_string(census.Number("furthest_behind")) + " entries"});
  for (const Answer& verifier : census.List("verifiers")) {
    if (verifier.Number("behind") == 0) continue;
    table.Add(
        {"behind",
         verifier.Text("client") + " " + verifier.Text("address") + " by " +
             verifier.Text("transport") + ": " +
             std::to_string(verifier.Number("behind")) + " entries, heard of " +
             FormatAbout(
                 Duration(static_cast<int64_t>(verifier.Number("seen_ms")))) +
             " ago"});
  }
}

void PrintStatus(const FeedStatus& status, const Answer& census) {
  Table table;
  table.Add({"epoch", std::to_string(status.position.epoch)});
  table.Add({"sequence", std::to_string(status.position.sequence)});
  table.Add({"entries", std::to_string(status.entries)});
  table.Add({"staleness", FormatDuration(status.staleness)});
  table.Add({"ring generation", std::to_string(status.ring_generation)});
  PrintCensus(census, table);
  table.Print();
}

std::string StatusJson(const FeedStatus& status, const Answer& census) {
  return json::serialize(json::object{
      {"epoch", status.position.epoch},
      {"sequence", status.position.sequence},
      {"entries", status.entries},
      {"staleness_ms", status.staleness.count()},
      {"ring_generation", status.ring_generation},
      {"census", json::parse(census.Serialize())},
  });
}

Done RunStatus(const StatusFlags& flags) {
  const Try<std::unique_ptr<RevocationFeed>> feed = StartFeed(flags.feed);
  if (!feed) return feed.error();
  const FeedStatus status = (*feed)->status();
  const Try<Answer> census = AskCensus(flags);
  if (!census) return census.error();
  if (flags.as_json) {
    PrintLine(StatusJson(status, *census));
  } else {
    PrintStatus(status, *census);
  }
  return {};
}

}  // namespace

void AddFeedCommands(CommandLine& line) {
  CLI::App* const group = line.Group("feed", kFeedUsage);

  auto tail = std::make_shared<TailFlags>();
  CLI::App* command =
      line.Command(group, "tail", [tail] { return RunTail(*tail); });
  AddServiceFlags(command, tail->service);
  AddNumber(command, "--after", tail->after);
  AddNumber(command, "--limit", tail->limit);
  AddSwitch(command, "--json", tail->as_json);

  auto status = std::make_shared<StatusFlags>();
  command =
      line.Command(group, "status", [status] { return RunStatus(*status); });
  AddFeedFlags(command, status->feed);
  AddDuration(command, "--wait", status->wait);
  AddSwitch(command, "--json", status->as_json);

  AddFeedVerify(line, group);
}

}  // namespace signet::cli
