// POST /token with grant_type=refresh_token (RFC 6749 section 6).

#include <string>
#include <utility>

#include "revocation-service/log.h"
#include "revocation-service/oauth/requests.h"
#include "revocation-service/oauth/security.h"

namespace signet::service {
namespace {

// WorthALine tells the outcomes that somebody should look at; the others are
// counted, and cost no line that a client could provoke at will.
bool WorthALine(ExchangeOutcome outcome) {
  return outcome == ExchangeOutcome::kReuseRecent ||
         outcome == ExchangeOutcome::kReuseStale ||
         outcome == ExchangeOutcome::kFromTheFuture;
}

void Record(const Services& services, const Origin& origin, bool proven,
            const ExchangeResult& result) {
  AuditExchange(services, origin, proven, result);
  services.metrics.CountExchange(ExchangeOutcomeName(result.outcome));
  if (result.outcome == ExchangeOutcome::kReuseRecent ||
      result.outcome == ExchangeOutcome::kReuseStale) {
    services.metrics.CountRevocation(
        RevocationKindName(RevocationKind::kSession));
  }
  if (WorthALine(result.outcome)) {
    LogWarning("exchange",
               {{"client", origin.client},
                {"outcome", std::string(ExchangeOutcomeName(result.outcome))},
                {"reason", result.reason},
                {"address", origin.address},
                {"trace_id", origin.trace}});
  }
}

http::Response AnswerExchange(const Services& services,
                              const ExchangeResult& result) {
  switch (result.outcome) {
    case ExchangeOutcome::kRotated:
    case ExchangeOutcome::kReplayed:
      if (!result.grant) break;
      return TokenResponse(services, 200, *result.grant);
    case ExchangeOutcome::kReuseRecent:
    case ExchangeOutcome::kReuseStale:
    case ExchangeOutcome::kExpired:
    case ExchangeOutcome::kIdle:
    case ExchangeOutcome::kRevoked:
    case ExchangeOutcome::kClientMismatch:
    case ExchangeOutcome::kMalformed:
      // RFC 6749 section 5.2: one code for all; which one it was is between
      // the metrics and the log.
      return ErrorResponse(400, "invalid_grant",
                           "the refresh token is not valid");
    case ExchangeOutcome::kBadScope:
      return ErrorResponse(400, "invalid_scope",
                           "the scope exceeds what was granted");
    case ExchangeOutcome::kRateLimited:
      return TooManyRequests(result.retry_after);
    case ExchangeOutcome::kFromTheFuture:
    case ExchangeOutcome::kUnavailable:
      break;
  }
  // Never invalid_grant: a client forgets its session on that.
  return Unavailable("the session could not be read; try again");
}

Result<ExchangeRequest, http::Response> ReadExchange(
    const Services& services, const http::Request& request) {
  const Result<http::Form, http::Response> form = ReadForm(request);
  if (!form) return form.error();
  const auto caller = AuthenticateForm(services, request, *form);
  if (!caller) return caller.error();
  if (!form->Has("grant_type")) {
    return InvalidRequest("grant_type is missing");
  }
  if (form->Get("grant_type") != "refresh_token") {
    return ErrorResponse(400, "unsupported_grant_type",
                         "the only grant_type here is refresh_token");
  }
  if (!form->Has("refresh_token")) {
    return InvalidRequest("refresh_token is missing");
  }
  return ExchangeRequest{
      .refresh_token = std::string(form->Get("refresh_token")),
      .client_id = caller->client->id,
      .proven = caller->proven,
      .scope = std::string(form->Get("scope")),
      .origin = OriginOf(request, caller->client->id)};
}

}  // namespace

void HandleToken(const Services& services, const http::Request& request,
                 ResponderPtr responder) {
  Result<ExchangeRequest, http::Response> exchange =
      ReadExchange(services, request);
  if (!exchange) return responder->Send(std::move(exchange).error());
  const Origin origin = exchange->origin;
  const bool proven = exchange->proven;
  services.sessions.Exchange(
      std::move(exchange).value(),
      [&services, origin, proven, responder](const ExchangeResult& result) {
        Record(services, origin, proven, result);
        responder->Send(AnswerExchange(services, result));
      });
}

}  // namespace signet::service
