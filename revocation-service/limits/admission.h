#ifndef SIGNET_SERVICE_LIMITS_ADMISSION_H_
#define SIGNET_SERVICE_LIMITS_ADMISSION_H_

#include <optional>
#include <string>
#include <string_view>

#include "revocation-service/limits/rate_table.h"
#include "revocation-service/metrics.h"

namespace signet::service {

// LimitOptions are the rates that a caller may ask at. All but the last are
// off unless set: no number fits everybody, and a wrong one logs users out.
struct LimitOptions {
  Rate address = {};
  Rate client = {};   // that has proved who it is
  Rate subject = {};  // exchanges, and sessions opened
  // Failed authentications, and junk for tokens from those who proved nothing.
  Rate failures = {20, 200};

  bool operator==(const LimitOptions&) const = default;
};

// Admission holds the limits of the rates, in fixed memory (1 MiB), and counts
// what they refuse. Revocation never asks it. Safe from any thread.
class Admission {
 public:
  Admission(const LimitOptions& options, Metrics& metrics, const Clock& clock);

  void SetOptions(const LimitOptions& options);

  // Each is nullopt, or how long to wait: at least a second.
  std::optional<Seconds> AdmitAddress(std::string_view address);
  std::optional<Seconds> AdmitClient(std::string_view client_id);
  std::optional<Seconds> AdmitSubject(std::string_view subject);

  // Charge counts a failure against the address.
  void Charge(std::string_view address);

 private:
  std::optional<Seconds> Refuse(const std::optional<Duration>& wait,
                                std::string_view limit);

  Metrics& metrics_;
  const Clock& clock_;
  RateTable addresses_;
  RateTable clients_;
  RateTable subjects_;
  RateTable failures_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_LIMITS_ADMISSION_H_
