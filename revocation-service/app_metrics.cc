#include "revocation-service/app_metrics.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>

namespace signet::service {
namespace {

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double FreeBytes(const std::string& directory) {
  struct statvfs info = {};
  if (::statvfs(directory.c_str(), &info) != 0) return -1;
  return static_cast<double>(info.f_bavail) *
         static_cast<double>(info.f_frsize);
}

double CountKeys(const SigningRing& ring, KeyState state, Time now) {
  return static_cast<double>(std::count_if(
      ring.keys().begin(), ring.keys().end(), [&](const SigningRing::Key& key) {
        return key.schedule.StateAt(now) == state;
      }));
}

double CountAccess(const Rings& rings, KeyState state, Time now) {
  double count = 0;
  for (const Rings::Ring& ring : rings.AccessRings()) {
    count += CountKeys(*ring, state, now);
  }
  return count;
}

template <class Read>
void Add(Metrics& metrics, const char* name, const char* help, Read read) {
  metrics.Gauge(name, help, [read] { return static_cast<double>(read()); });
}

void AddServer(const http::Server& server, Metrics& metrics) {
  Add(metrics, "signet_http_connections", "Open connections.",
      [&server] { return server.stats().connections; });
  Add(metrics, "signet_http_streams", "Open event streams.",
      [&server] { return server.stats().streams; });
  Add(metrics, "signet_http_accepted_total", "Connections accepted.",
      [&server] { return server.stats().accepted; });
  Add(metrics, "signet_http_refused_connections_total",
      "Connections closed at once: too many were open.",
      [&server] { return server.stats().refused_connections; });
  Add(metrics, "signet_http_bad_requests_total",
      "Requests that the server itself refused.",
      [&server] { return server.stats().bad_requests; });
  Add(metrics, "signet_http_streams_cut_total",
      "Streams cut off because their client read too slowly.",
      [&server] { return server.stats().streams_cut; });
}

void AddFeed(const Publisher& publisher, Metrics& metrics) {
  Add(metrics, "signet_feed_subscribers", "Subscribers of the feed.",
      [&publisher] { return publisher.subscribers(); });
  Add(metrics, "signet_feed_verifiers",
      "Verifiers that follow the feed, by stream or by polling.",
      [&publisher] { return publisher.verifiers().Count(0, 0).connected; });
  Add(metrics, "signet_feed_verifiers_without_id",
      "Those of them that cannot acknowledge.",
      [&publisher] { return publisher.verifiers().Count(0, 0).without_id; });
  Add(metrics, "signet_feed_verifiers_behind",
      "Entries that the furthest behind of them has not acknowledged.",
      [&publisher] {
        return publisher.verifiers()
            .Count(publisher.position().sequence, 0)
            .furthest_behind;
      });
  Add(metrics, "signet_feed_acks_total",
      "Acknowledgements that were taken at /feed/ack.",
      [&publisher] { return publisher.verifiers().acknowledgements(); });
  Add(metrics, "signet_feed_epoch", "Epoch of the log.",
      [&publisher] { return publisher.position().epoch; });
  Add(metrics, "signet_feed_sequence", "Last sequence of the log.",
      [&publisher] { return publisher.position().sequence; });
  Add(metrics, "signet_revocations_live", "Entries of the revocation list.",
      [&publisher] { return publisher.revocations().size(); });
  Add(metrics, "signet_revocations_memory_bytes",
      "Memory of the revocation list.",
      [&publisher] { return publisher.revocations().memory_bytes(); });
}

void AddKeys(const Observed& observed, Metrics& metrics) {
  const Rings& rings = observed.rings;
  const Clock& clock = observed.clock;
  Add(metrics, "signet_ring_generation",
      "Sum of the generations of the published rings.",
      [&rings] { return rings.generation(); });
  Add(metrics, "signet_ring_refused",
      "1 while a ring's file is not taken in and an older ring is in force.",
      [&rings] { return rings.fault().empty() ? 0 : 1; });
  Add(metrics, "signet_access_keys_active",
      "Access keys that sign now: 1, unless one was revoked. Of two rings, the "
      "fewer.",
      [&] {
        double fewest = 1;
        for (const Rings::Ring& ring : rings.AccessRings()) {
          fewest = std::min(fewest,
                            CountKeys(*ring, KeyState::kActive, clock.Now()));
        }
        return fewest;
      });
  Add(metrics, "signet_access_keys_pending", "Access keys that will sign.",
      [&] { return CountAccess(rings, KeyState::kPending, clock.Now()); });
  Add(metrics, "signet_access_keys_verify_only",
      "Access keys that no longer sign and still verify.",
      [&] { return CountAccess(rings, KeyState::kVerifyOnly, clock.Now()); });
}

void AddWork(const Observed& observed, Metrics& metrics) {
  const Committer& committer = observed.committer;
  const Housekeeping& housekeeping = observed.housekeeping;
  const Verifier& verifier = observed.verifier;
  Add(metrics, "signet_committer_queue", "Batches that wait to be committed.",
      [&committer] { return committer.queued(); });
  Add(metrics, "signet_sessions_swept_total", "Expired sessions removed.",
      [&housekeeping] { return housekeeping.sessions_swept(); });
  Add(metrics, "signet_log_trimmed_total", "Log entries forgotten.",
      [&housekeeping] { return housekeeping.entries_trimmed(); });
  Add(metrics, "signet_housekeeping_failures_total",
      "Failures to reload rings, sweep or trim.",
      [&housekeeping] { return housekeeping.failures(); });
  Add(metrics, "signet_verify_accepted_total",
      "Access tokens found good at this service.",
      [&verifier] { return verifier.counters().accepted; });
  Add(metrics, "signet_verify_refused_total",
      "Access tokens refused at this service.", [&verifier] {
        const VerifierCounters counters = verifier.counters();
        return std::accumulate(std::begin(counters.refused),
                               std::end(counters.refused), uint64_t{0});
      });
}

void AddAudit(const AuditLog& audit, Metrics& metrics) {
  Add(metrics, "signet_audit_suppressed_total",
      "Refusals that the audit counted and did not write one by one.",
      [&audit] { return audit.suppressed(); });
  Add(metrics, "signet_audit_lost_total",
      "Audit lines dropped because the store took none for too long.",
      [&audit] { return audit.lost(); });
  Add(metrics, "signet_audit_trimmed_total", "Audit lines forgotten.",
      [&audit] { return audit.trimmed(); });
}

}  // namespace

void RegisterReserve(const DiskReserve& reserve, Metrics& metrics) {
  Add(metrics, "signet_store_reserve_bytes",
      "Disk that is held for revocations.",
      [&reserve] { return reserve.held_bytes(); });
  Add(metrics, "signet_store_low",
      "1 while the disk is nearly full and only revocations are taken.",
      [&reserve] { return reserve.low() ? 1 : 0; });
}

void RegisterGauges(const Observed& observed, Metrics& metrics) {
  AddServer(observed.server, metrics);
  AddFeed(observed.publisher, metrics);
  AddKeys(observed, metrics);
  AddWork(observed, metrics);
  AddAudit(observed.audit, metrics);
  Add(metrics, "signet_store_free_bytes",
      "Free space of the store's file system; -1 if it cannot be told.",
      [directory = observed.data_directory] { return FreeBytes(directory); });
  Add(metrics, "process_resident_memory_bytes", "Resident memory.",
      [] { return ResidentBytes(); });
}

}  // namespace signet::service
