#include "revocation-service/limits/admission.h"

#include <algorithm>

#include "revocation-service/limits/client_address.h"

namespace signet::service {

Admission::Admission(const LimitOptions& options, Metrics& metrics,
                     const Clock& clock)
    : metrics_(metrics),
      clock_(clock),
      addresses_(options.address),
      clients_(options.client),
      subjects_(options.subject),
      failures_(options.failures) {}

void Admission::SetOptions(const LimitOptions& options) {
  addresses_.SetRate(options.address);
  clients_.SetRate(options.client);
  subjects_.SetRate(options.subject);
  failures_.SetRate(options.failures);
}

std::optional<Seconds> Admission::Refuse(const std::optional<Duration>& wait,
                                         std::string_view limit) {
  if (!wait) return std::nullopt;
  metrics_.CountRateLimited(limit);
  // RFC 9110 section 10.2.3: Retry-After is in whole seconds.
  return std::max(std::chrono::ceil<Seconds>(*wait), Seconds(1));
}

std::optional<Seconds> Admission::AdmitAddress(std::string_view address) {
  const std::string key = AddressKey(address);
  const Monotonic now = clock_.MonotonicNow();
  if (auto wait = Refuse(failures_.Look(key, now), "failures")) return wait;
  return Refuse(addresses_.Take(key, now), "address");
}

std::optional<Seconds> Admission::AdmitClient(std::string_view client_id) {
  return Refuse(clients_.Take(client_id, clock_.MonotonicNow()), "client");
}

std::optional<Seconds> Admission::AdmitSubject(std::string_view subject) {
  return Refuse(subjects_.Take(subject, clock_.MonotonicNow()), "subject");
}

void Admission::Charge(std::string_view address) {
  failures_.Charge(AddressKey(address), clock_.MonotonicNow());
}

}  // namespace signet::service
