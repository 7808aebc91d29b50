// `signet session`: sessions at the service.
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "signet/url_text.h"
#include "tools/answers.h"
#include "tools/commands.h"
#include "tools/enforcing.h"
#include "tools/service_client.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kSessionUsage = R"(Usage:
    signet session open --subject S [FLAG]... [--json]
    signet session list --subject S [--json]
    signet session end ID | --subject S [--except ID] [--wait [TIME]] [--json]

open opens a session for a subject whom you have authenticated, and prints its
access token and its refresh token.
    --audience A     whom the access tokens are for; may be repeated
    --scope TEXT     scopes, separated by spaces
    --device TEXT    a label by which people know the session
    --claims JSON    an object of other claims for the access tokens
    --for CLIENT     a public client whose session it will be

list shows a subject's live sessions. end ends one session, or all of a
subject's but the one of --except: its tokens are refused from then on.
    --wait [TIME]    wait until the connected verifiers refuse them, as in
                     `signet revoke`

Flags of all, as of every command that talks to the service:
    --url URL             SIGNET_URL; default http://127.0.0.1:8420
    --client ID           SIGNET_CLIENT_ID
    --secret-file FILE    the client's secret, a file of mode 0600; or the
                          secret itself in SIGNET_CLIENT_SECRET
    --ca FILE             PEM certificates to trust, for https
)";

struct SessionFlags {
  ServiceFlags service;
  std::string id;
  std::string subject;
  std::string except;
  std::vector<std::string> audience;
  std::string scope;
  std::string device;
  std::string claims;
  std::string owner;
  std::optional<Duration> wait;
  bool as_json = false;
};

Try<json::object> ReadClaims(const std::string& text) {
  json::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (!error && value.is_object()) return value.get_object();
  return Failure{kUsage, "--claims is not one JSON object"};
}

// AddMember adds what was given: the service refuses empty members.
void AddMember(json::object& body, const char* name, const std::string& text) {
  if (!text.empty()) body[name] = text;
}

Try<std::string> OpenBody(const SessionFlags& flags) {
  json::object body;
  AddMember(body, "subject", flags.subject);
  AddMember(body, "scope", flags.scope);
  AddMember(body, "device", flags.device);
  AddMember(body, "client_id", flags.owner);
  if (!flags.audience.empty()) {
    body["audience"] =
        json::array(flags.audience.begin(), flags.audience.end());
  }
  if (!flags.claims.empty()) {
    const Try<json::object> claims = ReadClaims(flags.claims);
    if (!claims) return claims.error();
    body["claims"] = *claims;
  }
  return json::serialize(body);
}

Done Open(const SessionFlags& flags) {
  const Try<std::string> body = OpenBody(flags);
  if (!body) return body.error();
  Try<ServiceClient> service = ServiceClient::Create(flags.service);
  if (!service) return service.error();
  const Try<std::string> text = service->Send("POST", "/v1/sessions", *body);
  if (!text) return text.error();
  const Try<Answer> answer =
      Answer::Parse(*text, {{"session_id", Answer::Kind::kText},
                            {"access_token", Answer::Kind::kText},
                            {"refresh_token", Answer::Kind::kText}});
  if (!answer) return answer.error();
  if (flags.as_json) {
    PrintLine(answer->Serialize());
    return {};
  }
  Table table;
  table.Add({"session", answer->Text("session_id")});
  table.Add({"access token", answer->Text("access_token")});
  table.Add({"refresh token", answer->Text("refresh_token")});
  table.Add(
      {"expires in", FormatDuration(Seconds(answer->Number("expires_in")))});
  table.Print();
  return {};
}

void PrintSessions(const Answer& answer) {
  Table table({"SESSION", "CLIENT", "DEVICE", "SCOPE", "CREATED", "LAST SEEN",
               "EXPIRES"});
  const std::vector<Answer> sessions = answer.List("sessions");
  for (const Answer& session : sessions) {
    const auto cell = [&](const char* name) {
      const std::string text = session.Text(name);
      return text.empty() ? "-" : text;
    };
    table.Add({cell("session_id"), cell("client_id"), cell("device"),
               cell("scope"), cell("created_at"), cell("last_seen_at"),
               cell("expires_at")});
  }
  if (sessions.empty()) {
    PrintNote("no live session");
  } else {
    table.Print();
  }
}

Done List(const SessionFlags& flags) {
  Try<ServiceClient> service = ServiceClient::Create(flags.service);
  if (!service) return service.error();
  const Try<std::string> text =
      service->Send("GET", "/v1/sessions?subject=" + UrlEncode(flags.subject));
  if (!text) return text.error();
  const Try<Answer> answer =
      Answer::Parse(*text, {{"sessions", Answer::Kind::kList}});
  if (!answer) return answer.error();
  if (flags.as_json) {
    PrintLine(answer->Serialize());
  } else {
    PrintSessions(*answer);
  }
  return {};
}

Try<std::string> EndTarget(const SessionFlags& flags) {
  if (flags.id.empty() == flags.subject.empty()) {
    return Failure{kUsage, "name one session, or a subject with --subject",
                   "`signet session list --subject S` shows the ids"};
  }
  if (!flags.id.empty()) {
    if (!flags.except.empty()) {
      return Failure{kUsage, "--except goes with --subject"};
    }
    return "/v1/sessions/" + UrlEncode(flags.id);
  }
  std::string target = "/v1/sessions?subject=" + UrlEncode(flags.subject);
  if (!flags.except.empty()) target += "&except=" + UrlEncode(flags.except);
  return target;
}

// PrintEnded tells what the service answered.
Done PrintEnded(const Answer& answer, const SessionFlags& flags) {
  const uint64_t ended = answer.Number("revoked");
  const Answer verifiers = answer.Object("verifiers");
  if (flags.as_json) {
    json::object out{{"ended", ended}};
    if (flags.wait) out["verifiers"] = json::parse(verifiers.Serialize());
    PrintLine(json::serialize(out));
  } else {
    PrintLine("ended " + std::to_string(ended) +
              (ended == 1 ? " session" : " sessions"));
    if (flags.wait) PrintEnforcing(verifiers);
  }
  return flags.wait ? CheckEnforcing(verifiers) : Done();
}

Done End(const SessionFlags& flags) {
  const Try<std::string> target = EndTarget(flags);
  if (!target) return target.error();
  const auto wait = WaitOf(flags.wait);
  if (!wait) return wait.error();
  Try<ServiceClient> service = ServiceClient::Create(flags.service);
  if (!service) return service.error();
  const Try<std::string> text =
      service->Send("DELETE", AddWaitTo(*target, *wait), "", Patience(*wait));
  if (!text) return text.error();
  // 204: one session, and nothing to tell. Who waits is told more.
  const bool untold = text->empty() && !*wait;
  const Try<Answer> answer =
      Answer::Parse(untold ? R"({"revoked":1})" : *text,
                    {{"revoked", Answer::Kind::kNumber}});
  if (!answer) return answer.error();
  return PrintEnded(*answer, flags);
}

CLI::App* AddSessionCommand(CommandLine& line, CLI::App* group,
                            const char* name, Done (*run)(const SessionFlags&),
                            const std::shared_ptr<SessionFlags>& flags,
                            std::string* value = nullptr) {
  CLI::App* const command = line.Command(
      group, name, [run, flags] { return run(*flags); }, value);
  AddServiceFlags(command, flags->service);
  AddSwitch(command, "--json", flags->as_json);
  return command;
}

}  // namespace

void AddSessionCommands(CommandLine& line) {
  CLI::App* const group = line.Group("session", kSessionUsage);

  auto flags = std::make_shared<SessionFlags>();
  CLI::App* command = AddSessionCommand(line, group, "open", Open, flags);
  AddRequired(command, "--subject", flags->subject);
  AddList(command, "--audience", flags->audience);
  AddText(command, "--scope", flags->scope);
  AddText(command, "--device", flags->device);
  AddText(command, "--claims", flags->claims);
  AddText(command, "--for", flags->owner);

  flags = std::make_shared<SessionFlags>();
  command = AddSessionCommand(line, group, "list", List, flags);
  AddRequired(command, "--subject", flags->subject);

  flags = std::make_shared<SessionFlags>();
  command = AddSessionCommand(line, group, "end", End, flags, &flags->id);
  AddText(command, "--subject", flags->subject);
  AddText(command, "--except", flags->except);
  AddWait(command, flags->wait);
}

}  // namespace signet::cli
