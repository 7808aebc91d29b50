#ifndef SIGNET_SERVICE_ROUTES_H_
#define SIGNET_SERVICE_ROUTES_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/http/server.h"
#include "revocation-service/metrics.h"

namespace signet::service {

// Route is one endpoint. A path may end in "{}": one more segment, which the
// handler finds behind the last '/' of Request::path.
struct Route {
  std::string method;
  std::string path;
  std::string name;  // for metrics: "token"
  std::function<void(const http::Request&, std::shared_ptr<http::Responder>)>
      handle;
  // Revocation and the feed are served however often they are asked for.
  bool never_shed = false;
};

inline constexpr bool kNeverShed = true;

class Gate;

// Router finds the route of a request: 404 and 405 with Allow otherwise, HEAD
// for every GET, and counts every answer in the metrics. Each request belongs
// to a trace: that of its traceparent header (W3C Trace Context), or a new
// one. The answer names it in Trace-Id. The gate, if any, is borrowed.
class Router {
 public:
  Router(std::vector<Route> routes, Metrics& metrics, Gate* gate = nullptr);
  ~Router();

  void Handle(http::Request request,
              std::shared_ptr<http::Responder> responder) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// JsonResponse has Content-Type application/json, Cache-Control no-store and
// Pragma no-cache (RFC 6749 section 5.1).
http::Response JsonResponse(int status, std::string body);

// ErrorResponse is the JSON error of RFC 6749 section 5.2; characters that the
// section forbids in a description are replaced.
http::Response ErrorResponse(int status, std::string_view error,
                             std::string_view description);

// TooManyRequests is 429 with Retry-After (RFC 6585 section 4).
http::Response TooManyRequests(Seconds retry_after);

// Unavailable is 503 with Retry-After: "don't know" is an answer of its own.
http::Response Unavailable(std::string_view description);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_ROUTES_H_
