#ifndef SIGNET_SERVICE_API_REVOCATIONS_H_
#define SIGNET_SERVICE_API_REVOCATIONS_H_

#include "revocation-service/oauth/requests.h"

namespace signet::service {

// PostRevocation: POST /v1/revocations[?wait=S], permission revoke. With a
// wait it is answered when the connected verifiers enforce it, or then.
void PostRevocation(const Services& services, const http::Request& request,
                    ResponderPtr responder);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_REVOCATIONS_H_
