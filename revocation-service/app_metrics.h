#ifndef SIGNET_SERVICE_APP_METRICS_H_
#define SIGNET_SERVICE_APP_METRICS_H_

#include <string>

#include "revocation-service/audit/audit_log.h"
#include "revocation-service/feed/publisher.h"
#include "revocation-service/housekeeping.h"
#include "revocation-service/http/server.h"
#include "revocation-service/metrics.h"
#include "revocation-service/rings.h"
#include "revocation-service/storage/committer.h"
#include "revocation-service/storage/disk_reserve.h"
#include "signet/verifier.h"

namespace signet::service {

// Observed is what the gauges read: all borrowed.
struct Observed {
  const http::Server& server;
  const Publisher& publisher;
  const Committer& committer;
  const Rings& rings;
  const Housekeeping& housekeeping;
  const Verifier& verifier;
  const AuditLog& audit;
  const Clock& clock;
  std::string data_directory;
};

// RegisterReserve registers what is known of the store's disk.
void RegisterReserve(const DiskReserve& reserve, Metrics& metrics);

// RegisterGauges registers every value that is read rather than counted.
void RegisterGauges(const Observed& observed, Metrics& metrics);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_APP_METRICS_H_
