// `signet doctor`: what is wrong with an installation, and what to do.
#include <algorithm>
#include <boost/json.hpp>
#include <memory>

#include "tools/admin_client.h"
#include "tools/commands.h"
#include "tools/doctor.h"
#include "tools/files.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kDoctorUsage = R"(Usage:
    signet doctor [--config FILE] [--data DIR] [--keys DIR] [--kek SOURCE]
                  [--admin-url URL] [--backup DIR] [--json]

Looks at the configuration, the rings, the data directory, its disk, the store
in it, the clock and the running service, and says what is wrong and what to
do. Run it on signetd's machine, as signetd's user.
    --config FILE      where the directories are named; signetd reads it, so
                       it must be installed beside this program or on the path
    --data DIR         default: the configuration's, or data
    --keys DIR         default: the configuration's, or keys (SIGNET_KEYS)
    --kek SOURCE       as in `signet keys`
    --admin-url URL    signetd's operations listener: default SIGNET_ADMIN_URL,
                       the configuration's, or http://127.0.0.1:8421
    --backup DIR       reads that backup and holds it against its checksums

Exit codes:
    0  nothing is wrong; what is doubtful is printed
    1  something is wrong
    2  wrong usage
    3  nothing seems wrong, but not everything could be asked
)";

struct DoctorFlags {
  Patient patient;
  bool as_json = false;
};

const char* HealthName(Health health) {
  switch (health) {
    case Health::kGood:
      return "good";
    case Health::kDoubtful:
      return "doubtful";
    case Health::kBad:
      return "bad";
    case Health::kUnknown:
      break;
  }
  return "unknown";
}

void PrintFinding(const Finding& finding) {
  std::string line = HealthName(finding.health);
  line.resize(10, ' ');
  std::string check = finding.check;
  check.resize(std::max<size_t>(check.size(), 9), ' ');
  PrintLine(line + check + Printable(finding.message));
  if (!finding.hint.empty()) {
    PrintLine("          hint: " + Printable(finding.hint));
  }
}

void PrintJson(const Findings& findings, bool good) {
  json::array checks;
  for (const Finding& finding : findings) {
    json::object one{{"check", finding.check},
                     {"health", HealthName(finding.health)},
                     {"message", finding.message}};
    if (!finding.hint.empty()) one["hint"] = finding.hint;
    checks.push_back(std::move(one));
  }
  PrintLine(json::serialize(
      json::object{{"good", good}, {"checks", std::move(checks)}}));
}

Done Doctor(const DoctorFlags& flags) {
  Patient patient = flags.patient;
  Findings findings;
  CheckConfig(patient, findings);
  CheckKeys(patient, findings);
  CheckData(patient, findings);
  CheckStore(patient, findings);
  CheckBackup(patient, findings);
  CheckClock(findings);
  CheckService(patient, findings);
  const auto count = [&](Health health) {
    return std::ranges::count(findings, health, &Finding::health);
  };
  const auto bad = count(Health::kBad), unknown = count(Health::kUnknown);
  if (flags.as_json) {
    PrintJson(findings, bad + unknown == 0);
  } else {
    for (const Finding& finding : findings) PrintFinding(finding);
  }
  if (bad > 0) {
    return Failure{kRefused, bad == 1
                                 ? "1 thing is wrong"
                                 : std::to_string(bad) + " things are wrong"};
  }
  if (unknown > 0) {
    return Failure{kUnavailable, "not everything could be asked"};
  }
  return {};
}

}  // namespace

void AddDoctorCommand(CommandLine& line) {
  auto flags = std::make_shared<DoctorFlags>();
  CLI::App* const command =
      line.Alone("doctor", kDoctorUsage, [flags] { return Doctor(*flags); });
  AddFile(command, "--config", flags->patient.config);
  AddText(command, "--data", flags->patient.data);
  AddText(command, "--backup", flags->patient.backup);
  AddText(command, "--keys", flags->patient.keys.directory);
  AddText(command, "--kek", flags->patient.keys.kek);
  AddAdminUrl(command, flags->patient.admin_url);
  AddSwitch(command, "--json", flags->as_json);
}

}  // namespace signet::cli
