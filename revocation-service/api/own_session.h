#ifndef SIGNET_SERVICE_API_OWN_SESSION_H_
#define SIGNET_SERVICE_API_OWN_SESSION_H_

#include <optional>
#include <string_view>

#include "revocation-service/oauth/requests.h"

namespace signet::service {

// Shared by the handlers of /v1/sessions; private to them.

using FoundSession = Result<std::optional<Session>, http::Response>;

// FindOwn finds a live session that the caller may use. One that it may not
// is as absent as one that never was: nullopt.
FoundSession FindOwn(const Services& services, const Client& caller,
                     std::string_view id_text);

// IdInPath is what stands behind the last '/' of the request's path.
std::string_view IdInPath(const http::Request& request);

http::Response NoSuchSession();

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_OWN_SESSION_H_
