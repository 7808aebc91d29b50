#include "revocation-service/app_routes.h"

#include <string>
#include <utility>

namespace signet::service {
namespace {

void Append(std::vector<Route> more, std::vector<Route>& routes) {
  for (Route& route : more) routes.push_back(std::move(route));
}

http::Response PlainText(std::string body, std::string type) {
  return {200, {{"Content-Type", std::move(type)}}, std::move(body)};
}

}  // namespace

std::vector<Route> PublicRoutes(const Services& services,
                                std::shared_ptr<ssf::Streams> streams) {
  std::vector<Route> routes = OAuthRoutes(services);
  Append(ApiRoutes(services), routes);
  Append(FeedRoutes(services), routes);
  Append(SsfRoutes(services, std::move(streams)), routes);
  return routes;
}

std::vector<Route> OperationsRoutes(Readiness& readiness, Backups& backups,
                                    const Metrics& metrics) {
  using Out = std::shared_ptr<http::Responder>;
  return {
      {"GET", "/healthz", "healthz",
       [](const http::Request&, Out out) {
         out->Send(PlainText("ok\n", "text/plain"));
       }},
      {"GET", "/readyz", "readyz",
       [&readiness](const http::Request&, Out out) {
         readiness.Answer(std::move(out));
       }},
      {"POST", "/backup", "backup",
       [&backups](const http::Request&, Out out) {
         backups.Make(std::move(out));
       }},
      {"DELETE", "/backup", "backup",
       [&backups](const http::Request&, Out out) { backups.Remove(*out); }},
      {"GET", "/metrics", "metrics",
       [&metrics](const http::Request&, Out out) {
         out->Send(PlainText(metrics.Print(), "text/plain; version=0.0.4"));
       }},
  };
}

}  // namespace signet::service
