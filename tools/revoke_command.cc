// `signet revoke`: adds an entry to the revocation list.
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "signet/revocation.h"
#include "tools/answers.h"
#include "tools/commands.h"
#include "tools/enforcing.h"
#include "tools/service_client.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kRevokeUsage = R"(Usage:
    signet revoke token JTI [--reason TEXT] [--wait [TIME]] [--json]
    signet revoke session ID
    signet revoke subject S [--not-before TIME]
    signet revoke client ID [--not-before TIME]
    signet revoke key ID [--not-before TIME]
    signet revoke all --yes [--not-before TIME]

Nothing is ever un-revoked. The command returns once the revocation is durable
and prints its place in the log, EPOCH.SEQUENCE: an edge whose position is
there or later refuses what was revoked.

token and session name one thing. The others void every token issued before
TIME, by default all that were issued until now; a key's, whatever their date.
subject ends the subject's sessions too; client and all stop the refresh
tokens of the sessions that they void. all logs everyone out.

    --not-before TIME    2026-01-31T12:00:00Z, or seconds since 1970
    --reason TEXT        for people who read the log
    --wait [TIME]        wait until the connected verifiers enforce it, at most
                         that long, 10s unless said, and print how many do and
                         how fast; exit code 3 if some did not say so in time:
                         the revocation holds, and of these nothing is known
    --yes                yes, everyone

--url, --client, --secret-file and --ca are as in `signet session`.
)";

struct RevokeFlags {
  ServiceFlags service;
  RevocationKind kind = RevocationKind::kToken;
  std::string value;
  std::string not_before;
  std::string reason;
  std::optional<Duration> wait;
  bool yes = false;
  bool as_json = false;
};

Try<std::string> RevokeBody(const RevokeFlags& flags) {
  const std::string kind(RevocationKindName(flags.kind));
  json::object body{{"kind", kind}};
  if (flags.kind != RevocationKind::kAll) {
    if (flags.value.empty()) {
      return Failure{kUsage, "name the " + kind + " to revoke"};
    }
    body["value"] = flags.value;
  } else if (!flags.yes) {
    return Failure{kUsage, "this logs everyone out",
                   "if that is what you want, say `signet revoke all --yes`"};
  }
  if (!flags.not_before.empty()) {
    const auto time = ParseTime(flags.not_before);
    if (!time) {
      return Failure{kUsage,
                     "--not-before: \"" + flags.not_before + "\" is no time",
                     "write 2026-01-31T12:00:00Z, or seconds since 1970"};
    }
    body["not_before"] = FormatTime(*time);
  }
  if (!flags.reason.empty()) body["reason"] = flags.reason;
  return json::serialize(body);
}

Done Revoke(const RevokeFlags& flags) {
  const Try<std::string> body = RevokeBody(flags);
  if (!body) return body.error();
  const auto wait = WaitOf(flags.wait);
  if (!wait) return wait.error();
  Try<ServiceClient> service = ServiceClient::Create(flags.service);
  if (!service) return service.error();
  const Try<std::string> text = service->Send(
      "POST", AddWaitTo("/v1/revocations", *wait), *body, Patience(*wait));
  if (!text) return text.error();
  const Try<Answer> answer = Answer::Parse(
      *text,
      {{"epoch", Answer::Kind::kNumber}, {"seq", Answer::Kind::kNumber}});
  if (!answer) return answer.error();
  if (flags.as_json) {
    PrintLine(answer->Serialize());
  } else {
    PrintLine(std::to_string(answer->Number("epoch")) + "." +
              std::to_string(answer->Number("seq")));
  }
  if (!*wait) return {};
  const Answer verifiers = answer->Object("verifiers");
  if (!flags.as_json) PrintEnforcing(verifiers);
  return CheckEnforcing(verifiers);
}

}  // namespace

void AddRevokeCommands(CommandLine& line) {
  CLI::App* const group = line.Group("revoke", kRevokeUsage);
  for (const RevocationKind kind :
       {RevocationKind::kToken, RevocationKind::kSession,
        RevocationKind::kSubject, RevocationKind::kClient, RevocationKind::kKey,
        RevocationKind::kAll}) {
    const bool all = kind == RevocationKind::kAll;
    auto flags = std::make_shared<RevokeFlags>();
    flags->kind = kind;
    CLI::App* const command = line.Command(
        group, std::string(RevocationKindName(kind)),
        [flags] { return Revoke(*flags); }, all ? nullptr : &flags->value);
    AddServiceFlags(command, flags->service);
    AddText(command, "--reason", flags->reason);
    AddWait(command, flags->wait);
    AddSwitch(command, "--json", flags->as_json);
    if (all) AddSwitch(command, "--yes", flags->yes);
    if (IsCutoff(kind)) AddText(command, "--not-before", flags->not_before);
  }
}

}  // namespace signet::cli
