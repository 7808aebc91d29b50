#ifndef SIGNET_SERVICE_METRICS_H_
#define SIGNET_SERVICE_METRICS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace signet::service {

// Metrics counts what the service does, and prints it in the Prometheus text
// format. Safe from any thread. Names stand in docs/operations.md.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // signet_exchange_total{outcome}
  void CountExchange(std::string_view outcome);
  // signet_http_requests_total{endpoint,status}; endpoint is a route's name,
  // never what a client sent.
  void CountRequest(std::string_view endpoint, int status, double seconds);
  // signet_revocations_total{kind}
  void CountRevocation(std::string_view kind);
  // signet_store_rollbacks_total: a refresh token was newer than the store.
  void CountStoreRollback();
  // signet_rate_limited_total{limit}
  void CountRateLimited(std::string_view limit);
  // signet_ssf_sent_total{outcome}: events for partners, each time they are
  // sent.
  void CountEventsSent(std::string_view outcome, uint64_t count);
  // signet_ssf_received_total{outcome}: events of transmitters.
  void CountEventReceived(std::string_view outcome);
  // signet_ssf_polls_total{outcome}: polls of transmitters.
  void CountEventPoll(std::string_view outcome);
  // signet_client_auth_failures_total
  void CountAuthFailure();

  // Gauge registers a value that is read when the metrics are printed. A name
  // that ends with _total is printed as a counter.
  // REQUIRES: called before the first Print.
  void Gauge(std::string name, std::string help, std::function<double()> read);

  std::string Print() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_METRICS_H_
