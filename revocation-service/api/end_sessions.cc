// DELETE /v1/sessions/{id}[?wait=S] and
// DELETE /v1/sessions?subject=S[&except=ID][&wait=S].

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "revocation-service/api/input.h"
#include "revocation-service/api/own_session.h"
#include "revocation-service/api/sessions.h"
#include "revocation-service/api/verifiers.h"
#include "revocation-service/oauth/security.h"
#include "signet/mutex.h"

namespace signet::service {
namespace {

namespace json = boost::json;

http::Response NotEnded() {
  return Unavailable("it is not known whether all have ended; try again");
}

void SendEnded(const Services& services, const AckWait& wait,
               const Revoked& revoked, const ResponderPtr& responder) {
  json::object body = DescribePlace(services, revoked);
  body["revoked"] = revoked.sessions_ended;
  SendWhenEnforced(services, wait, 200, std::move(body), responder);
}

// EndEach ends several sessions, each in a commit of its own, and answers
// once all of them are done. A retry after a failure ends the rest.
class EndEach : public std::enable_shared_from_this<EndEach> {
 public:
  EndEach(const Services& services, size_t count, AckWait wait,
          ResponderPtr responder)
      : services_(services),
        pending_(count),
        wait_(std::move(wait)),
        responder_(std::move(responder)) {}

  void Start(const std::vector<SessionId>& ids, const Origin& actor) {
    if (ids.empty()) return Answer(false, {});
    for (const SessionId& id : ids) {
      services_.sessions.End(
          id, "logout", actor,
          [self = shared_from_this()](const Result<Revoked>& revoked) {
            self->OnDone(revoked);
          });
    }
  }

 private:
  void OnDone(const Result<Revoked>& revoked) {
    if (revoked) {
      services_.metrics.CountRevocation(
          RevocationKindName(RevocationKind::kSession));
    }
    std::optional<Revoked> total;
    bool failed = false;
    {
      MutexLock lock(mutex_);
      Add(revoked);
      if (--pending_ > 0) return;
      total = total_;
      failed = failed_;
    }
    Answer(failed, *total);
  }

  void Add(const Result<Revoked>& revoked) SIGNET_REQUIRES(mutex_) {
    if (revoked) {
      total_.sessions_ended += revoked->sessions_ended;
      total_.sequence = std::max(total_.sequence, revoked->sequence);
    } else if (revoked.error().code != ErrorCode::kNotFound) {
      failed_ = true;  // kNotFound: it ended in the meantime
    }
  }

  void Answer(bool failed, const Revoked& total) {
    if (failed) return responder_->Send(NotEnded());
    SendEnded(services_, wait_, total, responder_);
  }

  const Services& services_;
  Mutex mutex_;
  size_t pending_ SIGNET_GUARDED_BY(mutex_);
  Revoked total_ SIGNET_GUARDED_BY(mutex_);
  bool failed_ SIGNET_GUARDED_BY(mutex_) = false;
  const AckWait wait_;
  const ResponderPtr responder_;
};

// What DELETE ?subject= asks for, once it has been allowed.
struct EndRequest {
  ClientAuthentication caller;
  std::string subject;
  std::optional<SessionId> except;
  Origin origin;
  AckWait wait;
};

// ReadExcept demands that the session to keep exists and is the subject's: a
// mistake there would end the very session that the user is in.
Result<std::optional<SessionId>, http::Response> ReadExcept(
    const Services& services, const Client& caller, const http::Form& query) {
  if (!query.Has("except")) return std::optional<SessionId>();
  const FoundSession kept = FindOwn(services, caller, query.Get("except"));
  if (!kept) return kept.error();
  if (!kept->has_value() || (*kept)->subject != query.Get("subject")) {
    return NoSuchSession();
  }
  return std::optional<SessionId>((*kept)->id);
}

Result<EndRequest, http::Response> ReadEndRequest(
    const Services& services, const http::Request& request) {
  auto caller = RequirePermission(services, request, "session.end");
  if (!caller) return caller.error();
  const auto query = ParseQuery(request.query, {"subject", "except", "wait"});
  if (!query) return InvalidRequest(query.error().message);
  if (!query->Has("subject")) return InvalidRequest("subject is missing");
  auto except = ReadExcept(services, *caller->client, *query);
  if (!except) return except.error();
  auto wait = BeginAckWait(services, *query);
  if (!wait) return wait.error();
  Origin origin = OriginOf(request, caller->client->id);
  return EndRequest{std::move(*caller), std::string(query->Get("subject")),
                    *except, std::move(origin), std::move(*wait)};
}

// EndOfEveryClient is for callers that may revoke whatever they like.
void EndOfEveryClient(const Services& services, const EndRequest& request,
                      ResponderPtr responder) {
  const RevocationKind kind =
      request.except ? RevocationKind::kSession : RevocationKind::kSubject;
  auto done = [&services, kind, wait = request.wait,
               responder](const Result<Revoked>& revoked) {
    if (!revoked && revoked.error().code == ErrorCode::kInvalid) {
      return responder->Send(InvalidRequest(revoked.error().message));
    }
    if (!revoked) return responder->Send(NotEnded());
    services.metrics.CountRevocation(RevocationKindName(kind));
    SendEnded(services, wait, *revoked, responder);
  };
  const Origin& actor = request.origin;
  if (request.except) {
    return services.sessions.EndOthers(request.subject, *request.except, actor,
                                       std::move(done));
  }
  services.sessions.Revoke({.kind = kind,
                            .value = request.subject,
                            .not_before = {},
                            .reason = "logout",
                            .actor = actor},
                           std::move(done));
}

void EndOwn(const Services& services, const EndRequest& request,
            ResponderPtr responder) {
  const auto sessions = services.sessions.List(request.subject);
  if (!sessions) return responder->Send(NotEnded());
  std::vector<SessionId> ids;
  for (const Session& session : *sessions) {
    if (!request.caller.client->MayActFor(session.client_id)) continue;
    if (session.id != request.except) ids.push_back(session.id);
  }
  std::make_shared<EndEach>(services, ids.size(), request.wait,
                            std::move(responder))
      ->Start(ids, request.origin);
}

}  // namespace

http::Response NoSuchSession() {
  return ErrorResponse(404, "not_found", "there is no such session");
}

std::string_view IdInPath(const http::Request& request) {
  const std::string_view path = request.path;
  return path.substr(path.rfind('/') + 1);
}

FoundSession FindOwn(const Services& services, const Client& caller,
                     std::string_view id_text) {
  const std::optional<SessionId> id = ParseSessionId(id_text);
  if (!id) return std::optional<Session>();
  auto found = services.sessions.Find(*id);
  if (!found) return Unavailable("the session could not be read; try again");
  if (found->has_value() && !caller.MayActFor((*found)->client_id)) {
    return std::optional<Session>();
  }
  return std::move(found).value();
}

void EndSession(const Services& services, const http::Request& request,
                ResponderPtr responder) {
  const auto caller = RequirePermission(services, request, "session.end");
  if (!caller) return responder->Send(caller.error());
  const FoundSession found =
      FindOwn(services, *caller->client, IdInPath(request));
  if (!found) return responder->Send(found.error());
  if (!found->has_value()) return responder->Send(NoSuchSession());
  const auto query = ParseQuery(request.query, {"wait"});
  if (!query) return responder->Send(InvalidRequest(query.error().message));
  const auto wait = BeginAckWait(services, *query);
  if (!wait) return responder->Send(wait.error());
  services.sessions.End(
      (*found)->id, "logout", OriginOf(request, caller->client->id),
      [&services, wait = *wait, responder](const Result<Revoked>& revoked) {
        if (!revoked) {
          const bool gone = revoked.error().code == ErrorCode::kNotFound;
          return responder->Send(gone ? NoSuchSession() : NotEnded());
        }
        services.metrics.CountRevocation(
            RevocationKindName(RevocationKind::kSession));
        if (wait.wait != nullptr) {
          return SendEnded(services, wait, *revoked, responder);
        }
        responder->Send({204, {{"Cache-Control", "no-store"}}, ""});
      });
}

void EndSessions(const Services& services, const http::Request& request,
                 ResponderPtr responder) {
  const auto end = ReadEndRequest(services, request);
  if (!end) return responder->Send(end.error());
  if (end->caller.client->Has("revoke")) {
    return EndOfEveryClient(services, *end, std::move(responder));
  }
  EndOwn(services, *end, std::move(responder));
}

}  // namespace signet::service
