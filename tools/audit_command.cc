// `signet audit`: the audit of a service.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "signet/url_text.h"
#include "tools/answers.h"
#include "tools/commands.h"
#include "tools/service_client.h"

namespace signet::cli {
namespace {

constexpr std::string_view kAuditUsage = R"(Usage:
    signet audit [FLAG]... [--follow] [--json]

audit prints what the service recorded of sessions, exchanges, revocations,
keys and refusals, oldest first, one event a line. The client needs the
permission audit.
    --subject S     only lines about that subject
    --session ID    only lines about that session
    --by CLIENT     only what that client did, or tried
    --event NAME    only that event, such as session_ended or exchange_reuse
    --after N       begin after that line; default 0, the oldest kept
    --limit N       stop after N lines
    --follow        then wait for more, until it is interrupted
    --json          one JSON value a line

--url, --client, --secret-file and --ca are as in `signet session`.
)";

constexpr size_t kPage = 500;

struct AuditFlags {
  ServiceFlags service;
  std::string subject;
  std::string session;
  std::string by;
  std::string event;
  std::optional<uint64_t> after;
  std::optional<uint64_t> limit;
  bool follow = false;
  bool as_json = false;
};

// Reading walks through the pages, and remembers where it is.
class Reading {
 public:
  Reading(ServiceClient service, const AuditFlags& flags)
      : service_(std::move(service)),
        flags_(flags),
        after_(flags.after.value_or(0)) {}

  Done Run() {
    while (!Enough()) {
      const Try<Answer> page = Ask();
      if (page) {
        Print(*page);
        if (more_) continue;
        if (!flags_.follow) return {};
      } else if (flags_.follow && begun_ && page.error().exit == kUnavailable) {
        // A restart of the service is no reason to miss what follows it.
        PrintNote(page.error().message + "; trying again");
      } else {
        return page.error();
      }
      if (!Enough()) std::this_thread::sleep_for(Seconds(1));
    }
    return {};
  }

 private:
  bool Enough() const { return flags_.limit && printed_ >= *flags_.limit; }

  std::string Target() const {
    size_t limit = kPage;
    if (flags_.limit) limit = std::min<size_t>(limit, *flags_.limit - printed_);
    std::string target = "/v1/audit?after=" + std::to_string(after_) +
                         "&limit=" + std::to_string(limit);
    const auto add = [&target](const char* name, const std::string& value) {
      if (!value.empty()) target.append(name).append(UrlEncode(value));
    };
    add("&subject=", flags_.subject);
    add("&session=", flags_.session);
    add("&client=", flags_.by);
    add("&event=", flags_.event);
    return target;
  }

  Try<Answer> Ask() {
    const Try<std::string> text = service_.Send("GET", Target());
    if (!text) return Explain(text.error());
    return Answer::Parse(*text, {{"lines", Answer::Kind::kList},
                                 {"next", Answer::Kind::kNumber}});
  }

  // Explain: which events there are is the service's to say, for it may be of
  // another version.
  Failure Explain(const Failure& failure) const {
    constexpr std::string_view kProblem = "there is no such event; ";
    const size_t at = failure.message.find(kProblem);
    if (flags_.event.empty() || at == std::string::npos) return failure;
    return {kUsage, "there is no event \"" + flags_.event + "\"",
            failure.message.substr(at + kProblem.size())};
  }

  void Print(const Answer& page) {
    begun_ = true;
    const uint64_t next = page.Number("next");
    more_ = next != after_;
    after_ = next;
    for (const Answer& line : page.List("lines")) {
      PrintLine(flags_.as_json ? line.Serialize() : Describe(line));
      ++printed_;
    }
  }

  // Delimited puts quotes around what could be taken for more than one value.
  static std::string Delimited(const std::string& value) {
    if (value.find("  ") == std::string::npos &&
        value.find('"') == std::string::npos) {
      return value;
    }
    std::string out = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  }

  static std::string Describe(const Answer& line) {
    std::string text = std::to_string(line.Number("id"));
    text += "  " + line.Text("time") + "  " + line.Text("event");
    for (const char* name : {"client", "subject", "session_id", "target",
                             "reason", "address", "trace_id"}) {
      const std::string value = line.Text(name);
      if (value.empty()) continue;
      text.append("  ").append(name).append("=") += Delimited(value);
    }
    if (const uint64_t count = line.Number("count"); count > 1) {
      text += "  count=" + std::to_string(count);
    }
    return Printable(text);
  }

  ServiceClient service_;
  const AuditFlags& flags_;
  uint64_t after_;
  uint64_t printed_ = 0;
  bool more_ = true;
  bool begun_ = false;
};

Done Audit(const AuditFlags& flags) {
  Try<ServiceClient> service = ServiceClient::Create(flags.service);
  if (!service) return service.error();
  return Reading(std::move(*service), flags).Run();
}

}  // namespace

void AddAuditCommand(CommandLine& line) {
  auto flags = std::make_shared<AuditFlags>();
  CLI::App* const command =
      line.Alone("audit", kAuditUsage, [flags] { return Audit(*flags); });
  AddServiceFlags(command, flags->service);
  AddText(command, "--subject", flags->subject);
  AddText(command, "--session", flags->session);
  AddText(command, "--by", flags->by);
  AddText(command, "--event", flags->event);
  AddNumber(command, "--after", flags->after);
  AddNumber(command, "--limit", flags->limit);
  AddSwitch(command, "--follow", flags->follow);
  AddSwitch(command, "--json", flags->as_json);
}

}  // namespace signet::cli
