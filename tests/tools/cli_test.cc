// What golden scripts cannot say well: hostile answers, signals, full disks.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/tools/cli_process.h"
#include "tests/tools/fake_service.h"

namespace signet::testing {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("an answer that is no JSON object is unavailable, not success") {
  TempDir dir;
  for (const std::string body : {"", "[]", "<html>welcome</html>", "{\"a\":"}) {
    const FakeService service(200, body);
    const CliResult result = RunShell("signet session open --subject alice",
                                      dir.path(), service.Environment());
    INFO(body, result.err);
    CHECK(result.exit == 3);
    CHECK(result.out == "");
  }
}

TEST_CASE("a revocation is reported only if the answer says where it stands") {
  TempDir dir;
  for (const std::string body :
       {"{}", "{\"epoch\":1}", "{\"epoch\":1,\"seq\":\"2\"}",
        "{\"epoch\":-1,\"seq\":2}"}) {
    const FakeService service(200, body);
    const CliResult result = RunShell("signet revoke subject alice", dir.path(),
                                      service.Environment());
    INFO(body, result.err);
    CHECK(result.exit == 3);
    CHECK(result.out == "");
  }
}

TEST_CASE("5xx and 429 are unavailable, other 4xx are refusals") {
  TempDir dir;
  const std::pair<int, int> cases[] = {{500, 3}, {502, 3}, {503, 3}, {429, 3},
                                       {408, 3}, {400, 1}, {401, 1}, {403, 1},
                                       {404, 1}, {409, 1}, {302, 3}};
  for (const auto& [status, exit] : cases) {
    const FakeService service(status,
                              R"({"error":"e1","error_description":"d1"})");
    const CliResult result = RunShell("signet session list --subject alice",
                                      dir.path(), service.Environment());
    INFO(result.err);
    CHECK(result.exit == exit);
    CHECK(result.out == "");
    CHECK(Contains(result.err, "e1: d1"));
  }
}

TEST_CASE("a redirect is not followed: it would carry the secret elsewhere") {
  TempDir dir;
  const FakeService elsewhere(200, "{}");
  const FakeService service(
      307, "", {{"Location", elsewhere.Environment()[0].substr(11) + "/x"}});
  const CliResult result = RunShell("signet session list --subject alice",
                                    dir.path(), service.Environment());
  CHECK(result.exit == 3);
  CHECK(elsewhere.asked().empty());
}

TEST_CASE("control characters of strangers do not reach the terminal") {
  TempDir dir;
  const FakeService service(
      200,
      R"({"sessions":[{"session_id":"x","device":"a\u001b[2Jb\u009bc"}]})");
  CliResult result = RunShell("signet session list --subject alice", dir.path(),
                              service.Environment());
  CHECK(result.exit == 0);
  CHECK(Contains(result.out, "a?[2Jb?c"));

  const FakeService refusing(400, R"({"error":"\u001b[31m"})");
  result = RunShell("signet session list --subject alice", dir.path(),
                    refusing.Environment());
  CHECK(result.exit == 1);
  CHECK_FALSE(Contains(result.err, "\x1b"));
}

TEST_CASE("values are encoded into targets, not pasted") {
  TempDir dir;
  const FakeService service(200, R"({"revoked":2})");
  CHECK(RunShell("signet session end --subject 'a&except=b/..' --except 'é '",
                 dir.path(), service.Environment())
            .exit == 0);
  CHECK(RunShell("signet session end ../revocations", dir.path(),
                 service.Environment())
            .exit == 0);
  CHECK(service.asked() ==
        std::vector<std::string>{
            "DELETE /v1/sessions?subject=a%26except%3Db%2F..&except=%C3%A9%20",
            "DELETE /v1/sessions/..%2Frevocations"});
}

TEST_CASE("an id that begins with '-' is an id where one is expected") {
  TempDir dir;
  const FakeService service(200, R"({"revoked":1,"epoch":1,"seq":1})");
  const std::string id = "-hCDEFGHIJKLMNOPQRSTUA";
  for (const std::string& command :
       {"signet session end " + id, "signet revoke session " + id + " --json",
        "signet revoke token --reason x " + id,
        "signet session end --subject alice --except " + id,
        "signet session end -- " + id}) {
    const CliResult result =
        RunShell(command, dir.path(), service.Environment());
    INFO(command, result.err);
    CHECK(result.exit == 0);
  }
  CHECK(service.asked()[0] == "DELETE /v1/sessions/" + id);
  CHECK(RunShell("signet session end " + id + " " + id, dir.path(),
                 service.Environment())
            .exit == 2);
}

TEST_CASE(
    "an empty value is refused: an unset variable is not an absent flag") {
  TempDir dir;
  const FakeService service(200, R"({"revoked":1})");
  for (const std::string command :
       {"signet session end --subject alice --except \"$NONE\"",
        "signet session end \"$NONE\" --subject alice",
        "signet revoke subject \"$NONE\"", "signet token inspect \"$NONE\""}) {
    const CliResult result =
        RunShell(command, dir.path(), service.Environment());
    INFO(command, result.err);
    CHECK(result.exit == 2);
  }
  CHECK(service.asked().empty());
}

// FlagsIn lists the words of a usage text that begin with "--".
std::set<std::string> FlagsIn(const std::string& usage) {
  std::set<std::string> flags;
  for (size_t at = usage.find("--"); at != std::string::npos;
       at = usage.find("--", at + 2)) {
    const size_t end =
        usage.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
    flags.insert(usage.substr(at, end - at));
  }
  return flags;
}

TEST_CASE("every flag that a usage text names is taken by a command") {
  TempDir dir;
  const std::map<std::string, std::vector<std::string>> groups = {
      {"keys",
       {"init", "list", "show", "check", "rotate", "retire", "revoke", "export",
        "import", "rewrap"}},
      {"token", {"mint", "verify", "inspect"}},
      {"session", {"open", "list", "end"}},
      {"revoke", {"token", "subject", "all"}},
      {"feed", {"tail", "status", "verify"}},
      {"client", {"new"}}};
  for (const auto& [group, commands] : groups) {
    const std::string usage =
        RunShell("signet " + group + " --help", dir.path()).out;
    CHECK(FlagsIn(usage).size() >= 5);
    for (const std::string& flag : FlagsIn(usage)) {
      bool known = false;
      for (const std::string& command : commands) {
        // Without a value; what else is wrong does not matter.
        const CliResult result = RunShell(
            "signet " + group + " " + command + " " + flag, dir.path());
        known = known || !Contains(result.err, "unknown argument");
      }
      INFO(usage, ": ", flag);
      CHECK(known);
    }
  }
}

TEST_CASE("output that could not be written is no success") {
  TempDir dir;
  const CliResult result =
      RunShell("signet client new x --json >/dev/full", dir.path());
  CHECK(result.exit == 3);
  CHECK(Contains(result.err, "could not be written"));
}

TEST_CASE("a secret is warned about before it leaves the machine unencrypted") {
  TempDir dir;
  // Nobody listens there, so nothing is sent.
  const CliResult result = RunShell(
      "timeout 10 signet session list --subject alice --client dev "
      "--url http://0.0.0.0:1",
      dir.path(), {"SIGNET_CLIENT_SECRET=dev-secret"});
  CHECK(Contains(result.err, "in the clear"));
  CHECK(result.out == "");
}

TEST_CASE("feed tail prints what it has and exits 0 when interrupted") {
  TempDir dir;
  const FakeService service(
      200,
      R"({"epoch":7,"last":1,"entries":[{"seq":1,"kind":"all","at":"T"}]})");
  const CliResult result = RunShell(
      "signet feed tail --after 0 >out & pid=$!\n"
      "until [ -s out ]; do sleep 0.05; done\n"
      "kill -INT $pid; wait $pid",
      dir.path(), service.Environment());
  CHECK(result.exit == 0);
  CHECK(ReadWhole(dir / "out").starts_with("T  7.1  all\n"));
}

TEST_CASE("feed tail --limit stops there, within one answer") {
  TempDir dir;
  const FakeService service(
      200, R"({"epoch":7,"last":3,"entries":[{"seq":1,"kind":"token",)"
           R"("value":"a"},{"seq":2,"kind":"token","value":"b"}]})");
  const CliResult result =
      RunShell("signet feed tail --after 0 --limit 1 --json", dir.path(),
               service.Environment());
  CHECK(result.exit == 0);
  CHECK(result.out ==
        "{\"seq\":1,\"kind\":\"token\",\"value\":\"a\",\"epoch\":7}\n");
}

}  // namespace
}  // namespace signet::testing
