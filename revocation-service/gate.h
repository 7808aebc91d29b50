#ifndef SIGNET_SERVICE_GATE_H_
#define SIGNET_SERVICE_GATE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "revocation-service/audit/audit_log.h"
#include "revocation-service/http/server.h"
#include "revocation-service/limits/admission.h"
#include "revocation-service/limits/client_address.h"
#include "signet/mutex.h"

namespace signet::service {

// RequestLines says which requests leave a line in the log.
enum class RequestLines : uint8_t { kNone, kFailed, kAll };
RequestLines ParseRequestLines(std::string_view name);

// AnsweredRequest is what the log says of a request.
struct AnsweredRequest {
  std::string method;
  std::string endpoint;  // the route's name
  std::string address;
  std::string trace;
  int status = 0;
  double seconds = 0;
};

// A Gate is what each request to the public listener passes before its
// endpoint: it finds out who is behind a proxy, sheds what comes too often,
// and logs answers. Parts are borrowed. Safe from any thread.
class Gate {
 public:
  Gate(Proxies proxies, RequestLines lines, Admission& admission,
       AuditLog& audit, const Clock& clock);

  // SetProxies and SetLines hold for the requests that come from now on.
  void SetProxies(Proxies proxies) SIGNET_EXCLUDES(mutex_);
  void SetLines(RequestLines lines) { lines_ = lines; }

  // Enter sets the request's `remote` to the client's address.
  void Enter(http::Request& request) const SIGNET_EXCLUDES(mutex_);

  // Shed is 429 if the address has asked too often.
  std::optional<http::Response> Shed(const http::Request& request);

  // Answered logs the request, if it is one of those that are logged. Of
  // failures no more than some a second are.
  void Answered(const AnsweredRequest& request) SIGNET_EXCLUDES(mutex_);

 private:
  bool MayLogFailure() SIGNET_EXCLUDES(mutex_);

  std::atomic<RequestLines> lines_;
  Admission& admission_;
  AuditLog& audit_;
  const Clock& clock_;

  mutable Mutex mutex_;
  std::shared_ptr<const Proxies> proxies_ SIGNET_GUARDED_BY(mutex_);
  int64_t second_ SIGNET_GUARDED_BY(mutex_) = 0;
  uint32_t logged_ SIGNET_GUARDED_BY(mutex_) = 0;  // in that second
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_GATE_H_
