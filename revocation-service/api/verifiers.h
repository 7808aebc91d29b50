#ifndef SIGNET_SERVICE_API_VERIFIERS_H_
#define SIGNET_SERVICE_API_VERIFIERS_H_

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
