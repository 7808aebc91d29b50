#include <memory>
#include <utility>
#include <vector>

#include "revocation-service/api/audit.h"
#include "revocation-service/api/revocation_log.h"
#include "revocation-service/api/revocations.h"
#include "revocation-service/api/sessions.h"
#include "revocation-service/api/verifiers.h"
#include "revocation-service/oauth/endpoints.h"

namespace signet::service {

std::vector<Route> ApiRoutes(const Services& services) {
  const auto handler = [&services](auto handle) {
    return [&services, handle](const http::Request& request,
                               ResponderPtr responder) {
      handle(services, request, std::move(responder));
    };
  };
  auto worker = std::make_shared<feed::SnapshotWorker>();
  return {
      {"POST", "/v1/sessions", "session_open", handler(OpenSession)},
      {"GET", "/v1/sessions", "session_list", handler(ListSessions)},
      {"DELETE", "/v1/sessions", "session_end_many", handler(EndSessions),
       kNeverShed},
      {"GET", "/v1/sessions/{}", "session_show", handler(ShowSession)},
      {"PATCH", "/v1/sessions/{}", "session_change", handler(ChangeSession)},
      {"POST", "/v1/sessions/{}", "session_step_up", handler(StepUpSession)},
      {"DELETE", "/v1/sessions/{}", "session_end", handler(EndSession),
       kNeverShed},
      {"POST", "/v1/revocations", "revocation_new", handler(PostRevocation),
       kNeverShed},
      {"GET", "/v1/revocations", "revocation_log", handler(GetRevocations),
       kNeverShed},
      {"GET", "/v1/revocations/live", "revocation_live",
       [&services, worker](const http::Request& request,
                           ResponderPtr responder) {
         GetLiveRevocations(services, *worker, request, std::move(responder));
       },
       kNeverShed},
      {"GET", "/v1/verifiers", "verifier_list", handler(GetVerifiers)},
      {"GET", "/v1/audit", "audit", handler(GetAudit)},
  };
}

}  // namespace signet::service
