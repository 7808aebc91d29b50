#ifndef SIGNET_SERVICE_SSF_SSF_ROUTES_H_
#define SIGNET_SERVICE_SSF_SSF_ROUTES_H_

#include <memory>
#include <vector>

#include "revocation-service/oauth/endpoints.h"
#include "revocation-service/ssf/streams.h"

namespace signet::service {

// SsfRoutes: /.well-known/ssf-configuration, /ssf/poll, /ssf/stream,
// /ssf/status, /ssf/verify.
std::vector<Route> SsfRoutes(const Services& services,
                             std::shared_ptr<ssf::Streams> streams);

namespace ssf {

// ParseReceipt reads the body of a poll (RFC 8936 section 2.4).
struct PollRequest {
  size_t max_events = 0;
  bool return_immediately = false;
  Receipt receipt;
};
Result<PollRequest> ParsePoll(std::string_view body);

}  // namespace ssf
}  // namespace signet::service

#endif  // SIGNET_SERVICE_SSF_SSF_ROUTES_H_
