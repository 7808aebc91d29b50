#ifndef SIGNET_SERVICE_API_REVOCATIONS_H_
#define SIGNET_SERVICE_API_REVOCATIONS_H_

#include "revocation-service/oauth/requests.h"

namespace signet::service {

// PostRevocation: POST /v1/revocations, permission revoke.
void PostRevocation(const Services& services, const http::Request& request,
                    ResponderPtr responder);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_REVOCATIONS_H_
