#ifndef SIGNET_SERVICE_API_REVOCATION_LOG_H_
#define SIGNET_SERVICE_API_REVOCATION_LOG_H_

#include <memory>

#include "revocation-service/feed/snapshot_worker.h"
#include "revocation-service/oauth/requests.h"

namespace signet::service {

// GetRevocations: GET /v1/revocations, permission feed: the log as JSON, for
// people and for verifiers in other languages.
void GetRevocations(const Services& services, const http::Request& request,
                    ResponderPtr responder);

// GetLiveRevocations: GET /v1/revocations/live, permission feed: what is live,
// page by page, for who begins. The pages are made by the worker.
void GetLiveRevocations(const Services& services, feed::SnapshotWorker& worker,
                        const http::Request& request, ResponderPtr responder);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_REVOCATION_LOG_H_
