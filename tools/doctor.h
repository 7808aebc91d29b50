#ifndef SIGNET_TOOLS_DOCTOR_H_
#define SIGNET_TOOLS_DOCTOR_H_

#include <string>
#include <vector>

#include "tools/key_files.h"

namespace signet::cli {

// What `signet doctor` finds, one check after the other.

enum class Health {
  kGood,
  kDoubtful,  // works now; somebody should look
  kBad,
  kUnknown,  // nobody answered
};

struct Finding {
  Health health = Health::kGood;
  std::string check;  // "data", "clock", …
  std::string message;
  std::string hint = {};
};

// Patient is what is looked at. The config, if there is one, decides what the
// flags leave open.
struct Patient {
  std::string config;
  std::string data;
  KeyFlags keys;
  std::string admin_url;
  std::string backup;  // empty: none
  uint64_t reserve_bytes = 64 << 20;
  bool has_store = true;  // the memory engine has none
};

using Findings = std::vector<Finding>;

// CheckConfig asks signetd to read the file, and fills in what it says.
void CheckConfig(Patient& patient, Findings& findings);
void CheckKeys(const Patient& patient, Findings& findings);
void CheckData(const Patient& patient, Findings& findings);
void CheckStore(const Patient& patient, Findings& findings);
void CheckBackup(const Patient& patient, Findings& findings);
void CheckClock(Findings& findings);
void CheckService(const Patient& patient, Findings& findings);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_DOCTOR_H_
