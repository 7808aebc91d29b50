#include "revocation-service/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <utility>
#include <vector>

#include "signet/mutex.h"

namespace signet::service {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::Labels;

// From a warm read to a long poll.
const Histogram::BucketBoundaries kSeconds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25,   0.5,   1,      2.5,   5,    10,    30,   60};

// A Series finds the metric of a label value without asking the family, which
// builds and hashes a map each time.
template <class Key, class Metric>
class Series {
 public:
  template <class Lookup, class Make>
  Metric& Find(const Lookup& key, const Make& make) {
    MutexLock lock(mutex_);
    auto found = metrics_.find(key);
    if (found == metrics_.end()) {
      found = metrics_.emplace(Key(key), &make()).first;
    }
    return *found->second;
  }

 private:
  Mutex mutex_;
  std::map<Key, Metric*, std::less<>> metrics_ SIGNET_GUARDED_BY(mutex_);
};

struct ReadValue {
  std::string name;
  std::string help;
  std::function<double()> read;
};

prometheus::MetricFamily Collect(const ReadValue& value) {
  prometheus::MetricFamily family;
  family.name = value.name;
  family.help = value.help;
  prometheus::ClientMetric metric;
  if (value.name.ends_with("_total")) {
    family.type = prometheus::MetricType::Counter;
    metric.counter.value = value.read();
  } else {
    family.type = prometheus::MetricType::Gauge;
    metric.gauge.value = value.read();
  }
  family.metric.push_back(std::move(metric));
  return family;
}

}  // namespace

struct Metrics::Impl {
  Family<Counter>& NewCounter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }

  // Of is the counter of an outcome.
  static Counter& Of(Family<Counter>& family,
                     Series<std::string, Counter>& series,
                     std::string_view outcome) {
    return series.Find(outcome, [&]() -> Counter& {
      return family.Add({{"outcome", std::string(outcome)}});
    });
  }

  prometheus::Registry registry;
  Family<Counter>& exchanges =
      NewCounter("signet_exchange_total", "Refresh tokens presented.");
  Family<Counter>& requests =
      NewCounter("signet_http_requests_total", "Requests answered.");
  Family<Counter>& revocations =
      NewCounter("signet_revocations_total", "Revocations accepted.");
  Family<Counter>& rate_limited = NewCounter(
      "signet_rate_limited_total", "Requests refused for their sender's rate.");
  Family<Counter>& events_sent =
      NewCounter("signet_ssf_sent_total", "Events for partners.");
  Family<Counter>& events_received =
      NewCounter("signet_ssf_received_total", "Events of transmitters.");
  Family<Counter>& event_polls =
      NewCounter("signet_ssf_polls_total", "Polls of transmitters.");
  Counter& auth_failures = NewCounter("signet_client_auth_failures_total",
                                      "Requests with wrong client credentials.")
                               .Add({});
  Counter& rollbacks =
      NewCounter("signet_store_rollbacks_total",
                 "Refresh tokens that are newer than what the store knows.")
          .Add({});
  Family<Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("signet_http_request_seconds")
          .Help("From the whole request to its answer.")
          .Register(registry);

  Series<std::string, Counter> exchange_series;
  Series<std::pair<std::string, int>, Counter> request_series;
  Series<std::string, Counter> revocation_series;
  Series<std::string, Counter> rate_limited_series;
  Series<std::string, Counter> events_sent_series;
  Series<std::string, Counter> events_received_series;
  Series<std::string, Counter> event_polls_series;
  Series<std::string, Histogram> seconds_series;
  std::vector<ReadValue> values;
};

// The outcomes of Shared Signals stand at zero from the beginning: what happens
// once a month must show as a rise.
Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  for (const char* outcome : {"sent", "acknowledged", "rejected", "lost"}) {
    CountEventsSent(outcome, 0);
  }
  for (const char* outcome : {"ended", "ignored", "refused", "failed"}) {
    Impl::Of(impl_->events_received, impl_->events_received_series, outcome);
  }
  for (const char* outcome : {"ok", "failed"}) {
    Impl::Of(impl_->event_polls, impl_->event_polls_series, outcome);
  }
}
Metrics::~Metrics() = default;

void Metrics::CountExchange(std::string_view outcome) {
  Impl::Of(impl_->exchanges, impl_->exchange_series, outcome).Increment();
}

void Metrics::CountRequest(std::string_view endpoint, int status,
                           double seconds) {
  const std::string name(endpoint);
  impl_->request_series
      .Find(std::pair(name, status),
            [&]() -> Counter& {
              return impl_->requests.Add(
                  {{"endpoint", name}, {"status", std::to_string(status)}});
            })
      .Increment();
  impl_->seconds_series
      .Find(name,
            [&]() -> Histogram& {
              return impl_->seconds.Add({{"endpoint", name}}, kSeconds);
            })
      .Observe(seconds);
}

void Metrics::CountRevocation(std::string_view kind) {
  impl_->revocation_series
      .Find(kind,
            [&]() -> Counter& {
              return impl_->revocations.Add({{"kind", std::string(kind)}});
            })
      .Increment();
}

void Metrics::CountStoreRollback() { impl_->rollbacks.Increment(); }

void Metrics::CountRateLimited(std::string_view limit) {
  impl_->rate_limited_series
      .Find(limit,
            [&]() -> Counter& {
              return impl_->rate_limited.Add({{"limit", std::string(limit)}});
            })
      .Increment();
}

void Metrics::CountEventsSent(std::string_view outcome, uint64_t count) {
  Impl::Of(impl_->events_sent, impl_->events_sent_series, outcome)
      .Increment(static_cast<double>(count));
}

void Metrics::CountEventReceived(std::string_view outcome) {
  Impl::Of(impl_->events_received, impl_->events_received_series, outcome)
      .Increment();
}

void Metrics::CountEventPoll(std::string_view outcome) {
  Impl::Of(impl_->event_polls, impl_->event_polls_series, outcome).Increment();
}

void Metrics::CountAuthFailure() { impl_->auth_failures.Increment(); }

void Metrics::Gauge(std::string name, std::string help,
                    std::function<double()> read) {
  impl_->values.push_back({std::move(name), std::move(help), std::move(read)});
}

std::string Metrics::Print() const {
  std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
  for (const ReadValue& value : impl_->values) {
    families.push_back(Collect(value));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace signet::service
