// GET /status/{id}: a Status List Token, for anybody
// (draft-ietf-oauth-status-list-17 section 8).

#include <string>
#include <utility>

#include "revocation-service/feed/snapshot_worker.h"
#include "revocation-service/oauth/endpoints.h"
#include "revocation-service/oauth/requests.h"
#include "revocation-service/status/status_lists.h"
#include "signet/status_list.h"

namespace signet::service {
namespace {

constexpr std::string_view kType = "application/statuslist+jwt";

// Accepts: the only other form of a list, a CWT, is not made here.
bool Accepts(const http::Request& request) {
  if (request.CountHeader("Accept") == 0) return true;
  const std::string_view accept = request.Header("Accept");
  for (const std::string_view range :
       {kType, std::string_view("application/*"), std::string_view("*/*")}) {
    if (accept.find(range) != accept.npos) return true;
  }
  return false;
}

http::Response NotFound() {
  return ErrorResponse(404, "not_found",
                       "there is no such status list, or it is over");
}

http::Response ListResponse(StatusLists& lists, const StatusListId& id,
                            const std::string& uri,
                            std::string_view if_none_match) {
  const auto made = lists.Make(id, uri);
  if (!made && made.error().code == ErrorCode::kNotFound) return NotFound();
  if (!made) return Unavailable("the status list could not be made; try again");
  const StatusLists::Answer& answer = **made;
  const bool same = if_none_match.find(answer.etag) != if_none_match.npos;
  http::Response response;
  response.status = same ? 304 : 200;
  response.headers = {
      {"Content-Type", std::string(kType)},
      {"Cache-Control",
       "public, max-age=" + std::to_string(lists.ttl().count())},
      {"ETag", answer.etag},
      {"Vary", "Accept"},
      // Section 8.1: browsers may read it.
      {"Access-Control-Allow-Origin", "*"}};
  if (!same) response.body = answer.token;
  return response;
}

}  // namespace

Route StatusRoute(const Services& services, const std::string& path) {
  auto worker = std::make_shared<feed::SnapshotWorker>();
  return {
      "GET", path + "/status/{}", "status_list",
      [&services, worker](const http::Request& request,
                          const ResponderPtr& responder) {
        if (!Accepts(request)) {
          return responder->Send(ErrorResponse(
              406, "not_acceptable", "status lists are " + std::string(kType)));
        }
        // Section 8.4: what was is not kept.
        if (!request.query.empty()) {
          return responder->Send(ErrorResponse(
              501, "not_implemented", "there are no lists of another time"));
        }
        const std::string text =
            request.path.substr(request.path.rfind('/') + 1);
        const auto id = ParseStatusListText(text);
        if (!id || services.status_lists == nullptr) {
          return responder->Send(NotFound());
        }
        const bool queued = worker->Submit(
            [&lists = *services.status_lists, id = *id,
             uri = services.issuer + "/status/" + text, responder,
             tag = std::string(request.Header("If-None-Match"))] {
              responder->Send(ListResponse(lists, id, uri, tag));
            });
        if (!queued) {
          responder->Send(Unavailable("too many want a list; try again"));
        }
      }};
}

}  // namespace signet::service
