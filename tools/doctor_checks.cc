#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "signet/ring_outlook.h"
#include "tools/admin_client.h"
#include "tools/doctor.h"
#include "tools/files.h"
#include "tools/run_program.h"
#include "tools/store_copy.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

// Setting finds a line `NAME = VALUE  # …` of --print-config in a table, or
// before the first; a text comes without its quotes.
std::optional<std::string> Setting(const std::string& printed,
                                   const std::string& name,
                                   const std::string& table = "") {
  std::istringstream lines(printed);
  std::string here;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) here = line.substr(1, line.find(']') - 1);
    if (here != table || !line.starts_with(name + " = ")) continue;
    std::string value = line.substr(name.size() + 3);
    value.resize(std::min(value.size(), value.find("  # ")));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return std::nullopt;
}

void FillIn(const std::string& printed, Patient& patient) {
  if (patient.data.empty()) {
    patient.data = Setting(printed, "data").value_or("data");
  }
  if (patient.keys.directory.empty()) {
    patient.keys.directory = Setting(printed, "keys").value_or("keys");
  }
  if (patient.keys.kek.empty()) {
    patient.keys.kek = Setting(printed, "kek").value_or("");
  }
  patient.has_store = Setting(printed, "engine") != "memory";
  const auto listen = Setting(printed, "listen", "admin");
  if (patient.admin_url.empty() && listen && !listen->ends_with(":0") &&
      FromEnvironment("SIGNET_ADMIN_URL").empty()) {
    const bool tls =
        !Setting(printed, "tls_certificate", "admin").value_or("").empty();
    patient.admin_url = (tls ? "https://" : "http://") + *listen;
  }
  const std::string bytes = Setting(printed, "disk_reserve_bytes").value_or("");
  std::from_chars(bytes.data(), bytes.data() + bytes.size(),
                  patient.reserve_bytes);
}

// ReportLines makes a finding of each line that signetd wrote.
void ReportLines(const std::string& check, const std::string& output,
                 Findings& findings) {
  constexpr std::string_view kName = "signetd: ";
  constexpr std::string_view kHint = "hint: ";
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kHint)) {
      findings.back().hint = line.substr(kHint.size());
      continue;
    }
    if (line.starts_with(kName)) line = line.substr(kName.size());
    findings.push_back({Health::kBad, check, line});
  }
}

void CheckRing(RingStore& store, KeyPurpose purpose, Findings& findings) {
  const std::string name(KeyPurposeName(purpose));
  const Result<SigningRing> ring = store.Load(purpose);
  if (!ring) {
    const Failure failure = RingFailure(ring.error(), purpose);
    findings.push_back(
        {failure.exit == kUnavailable ? Health::kUnknown : Health::kBad, "keys",
         failure.message, failure.hint});
    return;
  }
  const auto problems =
      FindProblems(*ring, SystemClock::Shared().Now(), std::nullopt);
  for (const RingFinding& found : problems) {
    findings.push_back({Health::kBad, "keys", name + ": " + found.message,
                        "`signet keys check " + name + "` says more"});
  }
  if (problems.empty()) {
    findings.push_back(
        {Health::kGood, "keys", "the " + name + " ring is fine"});
  }
}

// CheckOwners: root can read every ring, and signetd only its own user's.
void CheckOwners(const std::string& directory, Findings& findings) {
  std::map<uid_t, std::string> rings;  // one of each owner's
  for (const KeyPurpose purpose :
       {KeyPurpose::kAccess, KeyPurpose::kAccessAlt, KeyPurpose::kRefresh,
        KeyPurpose::kFeed, KeyPurpose::kStatements}) {
    const std::string name = std::string(KeyPurposeName(purpose)) + ".ring";
    struct stat info = {};
    if (::stat((directory + "/" + name).c_str(), &info) == 0) {
      rings.emplace(info.st_uid, name);
    }
  }
  if (rings.size() < 2) return;
  std::string owners;
  for (const auto& [user, ring] : rings) {
    if (!owners.empty()) owners += ", ";
    owners += ring + " to " + std::to_string(user);
  }
  findings.push_back({Health::kBad, "keys",
                      "the rings belong to different users: " + owners,
                      "chown all of " + directory + " to signetd's user"});
}

// CheckMode: who has sessions, and what unlocks the keys, is nobody else's
// business.
bool CheckMode(const std::string& check, const std::string& path,
               Findings& findings) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) {
    findings.push_back(
        {Health::kBad, check, path + ": " + std::strerror(errno)});
    return false;
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    findings.push_back({Health::kBad, check,
                        path + " can be read by others than its owner",
                        "chmod go= " + path});
    return false;
  }
  if (::access(path.c_str(), W_OK) != 0) {
    findings.push_back({Health::kBad, check,
                        path + " cannot be written by this user",
                        "run this as signetd's user, or chown " + path});
    return false;
  }
  return true;
}

void CheckSpace(const Patient& patient, Findings& findings) {
  struct statvfs info = {};
  if (::statvfs(patient.data.c_str(), &info) != 0) return;
  const uint64_t free =
      static_cast<uint64_t>(info.f_bavail) * uint64_t{info.f_frsize};
  const std::string text = std::to_string(free >> 20) + " MiB are free";
  if (free < patient.reserve_bytes) {
    findings.push_back({Health::kBad, "disk",
                        text + ": sessions and refreshes are refused",
                        "make room on the disk of " + patient.data});
  } else if (free < 4 * patient.reserve_bytes) {
    findings.push_back({Health::kDoubtful, "disk", text + ", which is little",
                        "make room on the disk of " + patient.data});
  } else {
    findings.push_back({Health::kGood, "disk", text});
  }
}

// FaultsOf reads the faults of a /readyz that is not ready.
std::vector<std::string> FaultsOf(const std::string& body) {
  std::vector<std::string> faults;
  json::error_code failed;
  const json::value parsed = json::parse(body, failed);
  const json::object* const object = parsed.if_object();
  const json::value* const list =
      object == nullptr ? nullptr : object->if_contains("faults");
  if (list == nullptr || !list->is_array()) return {"it is not ready"};
  for (const json::value& fault : list->get_array()) {
    if (fault.is_string()) faults.emplace_back(fault.get_string().c_str());
  }
  return faults;
}

}  // namespace

void CheckConfig(Patient& patient, Findings& findings) {
  if (patient.config.empty()) {
    if (patient.keys.directory.empty()) {
      patient.keys.directory = FromEnvironment("SIGNET_KEYS");
    }
    if (patient.keys.kek.empty()) {
      patient.keys.kek = FromEnvironment("SIGNET_KEK_SOURCE");
    }
    FillIn("", patient);
    return;
  }
  const Try<ProgramResult> result =
      RunProgram({FindSignetd(), "--config", patient.config, "--print-config"});
  if (!result) {
    findings.push_back({Health::kUnknown, "config", result.error().message,
                        "install signetd beside this program"});
  } else if (result->exit != 0) {
    ReportLines("config", result->output, findings);
  } else {
    findings.push_back(
        {Health::kGood, "config", patient.config + " can be used"});
  }
  FillIn(result && result->exit == 0 ? result->output : "", patient);
}

// Verifiers may read public halves, but nobody else may plant one.
void CheckKeys(const Patient& patient, Findings& findings) {
  const std::string& path = patient.keys.directory;
  struct stat info = {};
  if (::stat(path.c_str(), &info) == 0 &&
      (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    findings.push_back({Health::kBad, "keys",
                        path + " can be written by others than its owner",
                        "chmod go-w " + path});
  }
  CheckOwners(path, findings);
  if (patient.keys.kek.starts_with("credential:")) {
    findings.push_back({Health::kUnknown, "keys",
                        "the key-encryption key is systemd's " +
                            patient.keys.kek + ", so the rings stay closed",
                        "--kek file:PATH, with the PATH of LoadCredential= in "
                        "the unit"});
    return;
  }
  const Try<std::unique_ptr<RingStore>> store = OpenStore(patient.keys);
  if (!store) {
    findings.push_back(
        {Health::kBad, "keys", store.error().message, store.error().hint});
    return;
  }
  for (const KeyPurpose purpose :
       {KeyPurpose::kAccess, KeyPurpose::kRefresh, KeyPurpose::kFeed}) {
    CheckRing(**store, purpose, findings);
  }
  // These a service may have.
  for (const KeyPurpose purpose :
       {KeyPurpose::kAccessAlt, KeyPurpose::kStatements}) {
    if (::stat((*store)->RingPath(purpose).c_str(), &info) != 0) continue;
    CheckRing(**store, purpose, findings);
  }
}

void CheckData(const Patient& patient, Findings& findings) {
  if (!patient.has_store) return;
  if (!CheckMode("data", patient.data, findings)) return;
  findings.push_back(
      {Health::kGood, "data", patient.data + " is for its owner alone"});
  CheckSpace(patient, findings);
}

void CheckBackup(const Patient& patient, Findings& findings) {
  if (patient.backup.empty()) return;
  const Try<Manifest> manifest = ReadManifest(patient.backup);
  const Done whole =
      manifest ? CheckFiles(*manifest, patient.backup) : Done(manifest.error());
  if (!whole) {
    findings.push_back(
        {Health::kBad, "backup", whole.error().message, whole.error().hint});
  } else if (!manifest->HasDigests()) {
    findings.push_back({Health::kDoubtful, "backup",
                        patient.backup + " has no checksums: only sizes are "
                                         "checked",
                        "make a new one with `signet backup`"});
  } else {
    findings.push_back(
        {Health::kGood, "backup",
         patient.backup + " is whole, taken at " + manifest->taken_at});
  }
}

void CheckStore(const Patient& patient, Findings& findings) {
  if (!patient.has_store) return;
  const Try<ProgramResult> result =
      RunProgram({FindSignetd(), "--data", patient.data, "--check-store"});
  if (!result) {
    findings.push_back({Health::kUnknown, "store", result.error().message,
                        "install signetd beside this program"});
  } else if (result->exit != 0) {
    ReportLines("store", result->output, findings);
  } else {
    std::string line = result->output;
    line.resize(std::min(line.size(), line.find('\n')));
    findings.push_back({Health::kGood, "store", line});
  }
}

// Nobody can tell that a clock is right; the kernel knows whether somebody
// sets it.
void CheckClock(Findings& findings) {
  struct timex state = {};
  const int answer = ::adjtimex(&state);
  if (answer < 0) return;
  if (answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    findings.push_back({Health::kDoubtful, "clock",
                        "nothing keeps the clock right",
                        "run an NTP client; keys and tokens go by the clock"});
  } else {
    findings.push_back({Health::kGood, "clock", "it is kept right"});
  }
}

void CheckService(const Patient& patient, Findings& findings) {
  const std::string url = AdminUrl(patient.admin_url);
  const Try<AdminAnswer> answer = AskAdmin(url, "GET", "/readyz", Seconds(10));
  if (!answer) {
    findings.push_back({Health::kUnknown, "service", answer.error().message,
                        answer.error().hint});
  } else if (answer->status == 200) {
    findings.push_back({Health::kGood, "service", url + " is ready"});
  } else {
    for (const std::string& fault : FaultsOf(answer->body)) {
      std::string message = url;
      message.append(": ").append(fault);
      findings.push_back({Health::kBad, "service", std::move(message),
                          "signetd's log says more"});
    }
  }
}

}  // namespace signet::cli
