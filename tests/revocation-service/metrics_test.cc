#include "revocation-service/metrics.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace signet::service {
namespace {

bool Has(const Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.Print()).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("each count appears under its name and labels") {
  Metrics metrics;
  metrics.CountExchange("rotated");
  metrics.CountExchange("rotated");
  metrics.CountExchange("reuse_recent");
  metrics.CountRevocation("session");
  metrics.CountAuthFailure();
  CHECK(Has(metrics, "signet_exchange_total{outcome=\"rotated\"} 2"));
  CHECK(Has(metrics, "signet_exchange_total{outcome=\"reuse_recent\"} 1"));
  CHECK(Has(metrics, "signet_revocations_total{kind=\"session\"} 1"));
  CHECK(Has(metrics, "signet_client_auth_failures_total 1"));
  CHECK(Has(metrics, "# TYPE signet_exchange_total counter"));
}

TEST_CASE("requests are counted by endpoint and status, and timed") {
  Metrics metrics;
  metrics.CountRequest("token", 200, 0.002);
  metrics.CountRequest("token", 400, 0.2);
  metrics.CountRequest("revoke", 200, 100);
  CHECK(Has(metrics,
            "signet_http_requests_total{endpoint=\"token\",status=\"200\"} 1"));
  CHECK(Has(metrics,
            "signet_http_requests_total{endpoint=\"token\",status=\"400\"} 1"));
  CHECK(
      Has(metrics, "signet_http_request_seconds_count{endpoint=\"token\"} 2"));
  CHECK(Has(metrics,
            "signet_http_request_seconds_bucket{"
            "endpoint=\"token\",le=\"0.0025\"} 1"));
  CHECK(Has(metrics,
            "signet_http_request_seconds_bucket{"
            "endpoint=\"revoke\",le=\"60\"} 0"));
  CHECK(Has(metrics,
            "signet_http_request_seconds_bucket{"
            "endpoint=\"revoke\",le=\"+Inf\"} 1"));
}

TEST_CASE("gauges are read when printed, and _total makes a counter") {
  Metrics metrics;
  double value = 1;
  metrics.Gauge("signet_x", "X.", [&value] { return value; });
  metrics.Gauge("signet_y_total", "Y.", [] { return 7.0; });
  CHECK(Has(metrics, "signet_x 1"));
  value = 2.5;
  CHECK(Has(metrics, "signet_x 2.5"));
  CHECK(Has(metrics, "# TYPE signet_x gauge"));
  CHECK(Has(metrics, "# TYPE signet_y_total counter"));
  CHECK(Has(metrics, "signet_y_total 7"));
}

TEST_CASE("a label value cannot break out of its line") {
  Metrics metrics;
  metrics.CountExchange("a\"\n} 1");
  CHECK(Has(metrics, "signet_exchange_total{outcome=\"a\\\"\\n} 1\"} 1"));
}

TEST_CASE("counts from many threads add up") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 1000; ++i) {
        metrics.CountRequest("token", 200 + i % 3, 0.001);
        if (i % 100 == 0) (void)metrics.Print();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(Has(metrics,
            "signet_http_request_seconds_count{endpoint=\"token\"} 4000"));
}

}  // namespace
}  // namespace signet::service
