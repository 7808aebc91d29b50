#ifndef SIGNET_SERVICE_API_VERIFIERS_H_
#define SIGNET_SERVICE_API_VERIFIERS_H_

#include <memory>
#include <optional>
#include <string_view>

#include "revocation-service/oauth/requests.h"

namespace boost::json {
class object;
}  // namespace boost::json

namespace signet::service {

// The longest wait for acknowledgements, in seconds; below
// ServerOptions::response_timeout, so that the answer still gets out.
inline constexpr uint64_t kMaxAckWait = 55;

// ParseVerifierId reads 16 bytes in base64url.
std::optional<feed::VerifierId> ParseVerifierId(std::string_view text);

// DescribeReport says how many of how many enforce a revocation.
boost::json::object DescribeReport(const feed::Verifiers::Report& report);

// AckWait is a caller's wish to be answered when the connected verifiers
// enforce what it revokes, or after a limit: `?wait=S` of a call that revokes.
struct AckWait {
  std::shared_ptr<feed::Verifiers::Wait> wait;  // null: it does not wait
  Seconds limit{};
};

// BeginAckWait reads it from the query. Call it before the commit: see
// Verifiers::Begin.
Result<AckWait, http::Response> BeginAckWait(const Services& services,
                                             const http::Form& query);

// SendWhenEnforced answers with `body`, which says in `epoch` and `seq` where
// the revocation stands. Whoever waits gets who enforces it, too.
void SendWhenEnforced(const Services& services, const AckWait& wait, int status,
                      boost::json::object body, const ResponderPtr& responder);

// DescribePlace is `epoch` and `seq` of what was revoked.
boost::json::object DescribePlace(const Services& services,
                                  const Revoked& revoked);

// PostAck: POST /feed/ack, permission feed: a verifier of the caller has a
// position in force.
void PostAck(const Services& services, const http::Request& request,
             ResponderPtr responder);

// GetVerifiers: GET /v1/verifiers?[wait=S][&limit=L], permission feed: who
// follows the feed, and how far each has got.
void GetVerifiers(const Services& services, const http::Request& request,
                  ResponderPtr responder);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_VERIFIERS_H_
