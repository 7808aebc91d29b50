// `signet feed verify`: a feed, looked at from the outside.
#include "tools/feed_verify.h"

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "tools/feed_checker.h"
#include "tools/feed_client.h"
#include "tools/files.h"
#include "tools/key_files.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

struct VerifyFlags {
  FeedFlags feed;
  std::string file;
  std::string at;
  bool as_json = false;
};

Failure NotGood(const Error& error) {
  return {kRefused, "the feed is not good: " + error.message, error.hint};
}

// TakeBody checks *( length:u32 frame ), as /feed/log and /feed/snapshot send.
Done TakeBody(FeedChecker& checker, std::string_view body) {
  while (!body.empty()) {
    size_t length = 0;
    for (size_t i = 4; i-- > 0 && body.size() >= 4;) {
      length = length << 8 | static_cast<uint8_t>(body[i]);
    }
    if (length == 0 || length > body.size() - 4) {
      return Failure{kRefused,
                     "the feed is not good: no whole frame follows frame " +
                         std::to_string(checker.summary().frames),
                     "was the capture cut off?"};
    }
    const Status taken = checker.Take(AsBytes(body.substr(4, length)));
    if (!taken) return NotGood(taken.error());
    body.remove_prefix(4 + length);
  }
  return {};
}

// TakeEvents checks server-sent events, as /feed/stream sends them. What
// follows the last line end was cut off with the capture.
Done TakeEvents(FeedChecker& checker, std::string_view text) {
  constexpr std::string_view kData = "data:";
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(kData)) continue;
    line.remove_prefix(kData.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    const Result<std::string> frame = Base64UrlDecode(line);
    const Status taken =
        frame ? checker.Take(AsBytes(*frame)) : Status(frame.error());
    if (!taken) return NotGood(taken.error());
  }
  return {};
}

bool AreEvents(std::string_view text) {
  for (const std::string_view start : {"id:", "event:", "data:", ":"}) {
    if (text.starts_with(start)) return true;
  }
  return false;
}

Done CheckFile(FeedChecker& checker, const std::string& path) {
  const Try<std::string> text = ReadPublicFile(path, kMaxSnapshotBytes);
  if (!text) return text.error();
  return AreEvents(*text) ? TakeEvents(checker, *text)
                          : TakeBody(checker, *text);
}

// A LiveCheck asks a service for all of its feed.
class LiveCheck {
 public:
  LiveCheck(FeedChecker& checker, ServiceClient& service)
      : checker_(checker), service_(service) {}

  // The rings come first: the log may be signed by a younger key than the
  // ring at hand knows. Then the log, so that the snapshot can be compared
  // with it, and what has come since.
  Done Run() {
    if (Done done = Take("/feed/rings"); !done) return done;
    Done log = Take("/feed/log");
    if (!log && !trimmed_) return log;
    if (Done done = Take("/feed/snapshot"); !done) return done;
    const FeedPosition& at = checker_.position();
    return Take("/feed/log?epoch=" + std::to_string(at.epoch) +
                "&after=" + std::to_string(at.sequence));
  }

 private:
  Done Take(const std::string& path) {
    const Try<ServiceClient::Fetched> answer = service_.Fetch(path);
    if (!answer) return answer.error();
    trimmed_ = answer->status == 410;
    if (trimmed_) return Failure{kRefused, "the log was trimmed meanwhile"};
    return TakeBody(checker_, answer->body);
  }

  FeedChecker& checker_;
  ServiceClient& service_;
  bool trimmed_ = false;
};

Done CheckLive(FeedChecker& checker, const ServiceFlags& flags) {
  Try<ServiceClient> service = ServiceClient::Create(flags);
  if (!service) return service.error();
  return LiveCheck(checker, *service).Run();
}

std::string SequenceText(const FeedChecker::Summary& summary) {
  const std::string end = std::to_string(summary.position.epoch) + "." +
                          std::to_string(summary.position.sequence);
  if (summary.entries == 0) return "nothing after " + end;
  return std::to_string(summary.first) + " to " + end + ", without a gap";
}

std::string SnapshotText(const FeedChecker::Summary& summary) {
  if (summary.snapshots == 0) return "none was seen";
  return std::to_string(summary.snapshots) + " good in itself, " +
         std::to_string(summary.compared) + " compared with the log";
}

void PrintSummary(const FeedChecker::Summary& summary) {
  Table table;
  table.Add({"frames", std::to_string(summary.frames)});
  table.Add({"signatures", "good, by the feed ring of generation " +
                               std::to_string(summary.ring_generation)});
  table.Add({"sequence", SequenceText(summary)});
  table.Add(
      {"hash chain",
       summary.from_beginning
           ? "unbroken from the beginning"
           : "unbroken from " + std::to_string(summary.first - 1) + " on"});
  table.Add({"digests",
             std::to_string(summary.digests) + " that are those of the log"});
  table.Add({"snapshots", SnapshotText(summary)});
  table.Add({"time", FormatTime(summary.first_time) + " to " +
                         FormatTime(summary.last_time) + ", never back"});
  table.Print();
}

std::string SummaryJson(const FeedChecker::Summary& summary) {
  return json::serialize(json::object{
      {"frames", summary.frames},
      {"ring_generation", summary.ring_generation},
      {"epoch", summary.position.epoch},
      {"first", summary.first},
      {"seq", summary.position.sequence},
      {"entries", summary.entries},
      {"from_beginning", summary.from_beginning},
      {"digests", summary.digests},
      {"snapshots", summary.snapshots},
      {"compared", summary.compared},
  });
}

Try<Time> MomentOf(const VerifyFlags& flags) {
  if (flags.at.empty()) return SystemClock::Shared().Now();
  const auto time = ParseTime(flags.at);
  if (flags.file.empty()) {
    return Failure{kUsage, "--at is for frames from a file"};
  }
  if (time) return Time(*time);
  return Failure{kUsage, "--at: \"" + flags.at + "\" is no time",
                 "write 2026-01-31T12:00:00Z, or seconds since 1970"};
}

Done RunVerify(const VerifyFlags& flags) {
  const Try<Time> now = MomentOf(flags);
  if (!now) return now.error();
  Try<KeyRing> ring = LoadFeedRing(flags.feed);
  if (!ring) return ring.error();
  FeedChecker checker(*std::move(ring), *now);
  Done done = flags.file.empty() ? CheckLive(checker, flags.feed.service)
                                 : CheckFile(checker, flags.file);
  if (!done) return done;
  const FeedChecker::Summary summary = checker.summary();
  if (summary.frames == 0) return Failure{kRefused, "there is no frame"};
  if (flags.as_json) {
    PrintLine(SummaryJson(summary));
  } else {
    PrintSummary(summary);
  }
  return {};
}

}  // namespace

void AddFeedVerify(CommandLine& line, CLI::App* group) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* const command =
      line.Command(group, "verify", [flags] { return RunVerify(*flags); });
  AddFeedFlags(command, flags->feed);
  AddText(command, "--file", flags->file);
  AddText(command, "--at", flags->at);
  AddSwitch(command, "--json", flags->as_json);
}

}  // namespace signet::cli
