#ifndef SIGNET_SERVICE_API_AUDIT_H_
#define SIGNET_SERVICE_API_AUDIT_H_

#include "revocation-service/oauth/requests.h"

namespace signet::service {

// GetAudit: GET /v1/audit?after=N[&limit=L][&subject=S][&session=ID]
// [&client=C][&event=E], permission audit.
void GetAudit(const Services& services, const http::Request& request,
              ResponderPtr responder);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_AUDIT_H_
