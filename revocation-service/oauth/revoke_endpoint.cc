// POST /revoke: RFC 7009.

#include <optional>
#include <string>
#include <utility>

#include "revocation-service/oauth/requests.h"
#include "revocation-service/oauth/security.h"

namespace signet::service {
namespace {

// What a token names, if it is one of ours and still matters.
struct Target {
  std::string client_id;
  std::optional<SessionId> session;  // of a refresh token
  std::string token_id;              // of an access token
};

// RFC 7009 section 2.2: success is 200, and the body is ignored.
http::Response Done() {
  return {200, {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}}, ""};
}

// RFC 7009 section 2.2.1: "the client must assume the token still exists".
http::Response NotDone() {
  return Unavailable("the token could not be revoked; try again");
}

// An access token that is refused has nothing left to revoke, unless this
// service cannot tell (no ring, no list) or it will become valid later.
bool MayStillMatter(const Refusal& refusal) {
  return refusal.code == RefusalCode::kNoKeys ||
         refusal.code == RefusalCode::kStale ||
         refusal.code == RefusalCode::kNotYetValid;
}

// FindTarget looks for a refresh token, then for an access token: RFC 7009
// section 2.1 lets the server ignore token_type_hint, and a wrong one must
// not hide the token. nullopt: the token is not valid. Error: don't know.
Result<std::optional<Target>> FindTarget(const Services& services,
                                         std::string_view token) {
  auto found = services.sessions.FindByRefreshToken(token);
  if (!found) return found.error();
  if (found->has_value()) {
    const Session& session = (*found)->session;
    return std::optional<Target>({session.client_id, session.id, {}});
  }
  const auto verified = services.verifier.Verify(token);
  if (verified) {
    const Claims& claims = verified->claims();
    return std::optional<Target>({claims.client_id, {}, claims.token_id});
  }
  if (MayStillMatter(verified.error())) {
    return Error{ErrorCode::kUnavailable, verified.error().ToString()};
  }
  return std::optional<Target>();
}

void Revoke(const Services& services, const Target& target, const Origin& actor,
            ResponderPtr responder) {
  const RevocationKind kind =
      target.session ? RevocationKind::kSession : RevocationKind::kToken;
  auto done = [&services, kind, responder](const Result<Revoked>& revoked) {
    if (revoked) {
      services.metrics.CountRevocation(RevocationKindName(kind));
      return responder->Send(Done());
    }
    // kNotFound: the session ended in the meantime.
    const bool gone = revoked.error().code == ErrorCode::kNotFound;
    responder->Send(gone ? Done() : NotDone());
  };
  if (target.session) {
    // RFC 7009 section 2.1: with the refresh token go the access tokens of
    // its grant.
    return services.sessions.End(*target.session, "revoked", actor,
                                 std::move(done));
  }
  // Section 2.1: an access token MAY take its refresh token along. It does
  // not: who wants to end the session revokes the refresh token.
  services.sessions.Revoke({.kind = kind,
                            .value = target.token_id,
                            .not_before = {},
                            .reason = "revoked",
                            .actor = actor},
                           std::move(done));
}

// RFC 7009 section 2.1: a token of another client is refused. A public client
// proves nothing, so it is not told that there is such a token.
http::Response NotYours(const ClientAuthentication& caller) {
  if (!caller.proven) return Done();
  return InvalidRequest("the token was issued to another client");
}

}  // namespace

void HandleRevoke(const Services& services, const http::Request& request,
                  ResponderPtr responder) {
  const Result<http::Form, http::Response> form = ReadForm(request);
  if (!form) return responder->Send(form.error());
  const auto caller = AuthenticateForm(services, request, *form);
  if (!caller) return responder->Send(caller.error());
  if (!form->Has("token")) {
    return responder->Send(InvalidRequest("token is missing"));
  }
  const auto target = FindTarget(services, form->Get("token"));
  if (!target) return responder->Send(NotDone());
  // RFC 7009 section 2.2: an invalid token is answered 200.
  if (!target->has_value()) return responder->Send(Done());
  if ((*target)->client_id != caller->client->id) {
    return responder->Send(NotYours(*caller));
  }
  if (!(*target)->session && (*target)->token_id.empty()) {
    // RFC 7009 section 2.2.1: a token without a jti has no name to revoke.
    return responder->Send(ErrorResponse(400, "unsupported_token_type",
                                         "this access token carries no jti"));
  }
  Revoke(services, **target, OriginOf(request, caller->client->id),
         std::move(responder));
}

}  // namespace signet::service
