// POST /token with grant_type=refresh_token (RFC 6749 section 6).

#include <algorithm>
#include <string>
#include <utility>

#include "revocation-service/log.h"
#include "revocation-service/oauth/requests.h"
#include "revocation-service/oauth/security.h"

namespace signet::service {
namespace {

constexpr std::string_view kNonceHeader = "DPoP-Nonce";

// What a request asks for, and the DPoP-Nonce that its answer will carry.
struct TokenRequest {
  ExchangeRequest exchange;
  std::string new_nonce;  // empty: none
};

// WorthALine tells the outcomes that somebody should look at; the others are
// counted, and cost no line that a client could provoke at will.
bool WorthALine(const ExchangeResult& result) {
  const ExchangeOutcome outcome = result.outcome;
  if (outcome == ExchangeOutcome::kReplayed) return !result.reason.empty();
  return outcome == ExchangeOutcome::kReuseRecent ||
         outcome == ExchangeOutcome::kReuseStale ||
         outcome == ExchangeOutcome::kFromTheFuture;
}

void Record(const Services& services, const Origin& origin, bool proven,
            const ExchangeResult& result) {
  AuditExchange(services, origin, proven, result);
  const std::string_view name = ExchangeOutcomeName(result.outcome);
  if (!name.empty()) services.metrics.CountExchange(name);
  if (result.outcome == ExchangeOutcome::kFromTheFuture) {
    services.metrics.CountStoreRollback();
  }
  if (result.outcome == ExchangeOutcome::kReuseRecent ||
      result.outcome == ExchangeOutcome::kReuseStale) {
    services.metrics.CountRevocation(
        RevocationKindName(RevocationKind::kSession));
  }
  if (WorthALine(result)) {
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
    case ExchangeOutcome::kBadTarget:
      // RFC 8707 section 2.
      return ErrorResponse(400, "invalid_target",
                           "the resource is not an audience of the session");
    case ExchangeOutcome::kRateLimited:
      return TooManyRequests(result.retry_after);
    case ExchangeOutcome::kFromTheFuture:
    case ExchangeOutcome::kUnavailable:
      break;
  }
  // Never invalid_grant: a client forgets its session on that.
  return Unavailable("the session could not be read; try again");
}

// ReadRetryKey reads the Idempotency-Key. It proves a retry for hours, so one
// that could be guessed is refused.
Result<std::string, http::Response> ReadRetryKey(const http::Request& request) {
  const size_t count = request.CountHeader("Idempotency-Key");
  if (count == 0) return std::string();
  const std::string_view key = request.Header("Idempotency-Key");
  const bool visible = std::all_of(key.begin(), key.end(),
                                   [](char c) { return c > ' ' && c < 0x7f; });
  if (count > 1 || key.size() < 16 || key.size() > 255 || !visible) {
    return InvalidRequest(
        "Idempotency-Key must stand once, with 16 to 255 visible characters");
  }
  return std::string(key);
}

http::Response RefuseProof(const Services& services,
                           const DpopRefusal& refusal) {
  const std::string_view error = refusal.OAuthError();
  if (error.empty()) {
    return Unavailable("too many DPoP proofs at once; try again");
  }
  if (error != "use_dpop_nonce") {
    // RFC 9449 section 5.
    return ErrorResponse(
        400, "invalid_dpop_proof",
        "the DPoP proof is not accepted: " + refusal.ToString());
  }
  // RFC 9449 section 8.
  std::string nonce = services.proofs.NewNonce();
  if (nonce.empty()) return Unavailable("no nonce can be made; try again");
  http::Response response = ErrorResponse(
      400, error, "the DPoP proof must carry the nonce of DPoP-Nonce");
  response.headers.emplace_back(kNonceHeader, std::move(nonce));
  return response;
}

// IsOurs tells, without I/O, whether the refresh token was made here.
bool IsOurs(const Services& services, std::string_view refresh_token) {
  return ParseRefreshToken(refresh_token, *services.rings.refresh(),
                           services.clock.Now())
      .has_value();
}

// AddProof binds the request to the key of its DPoP proof, if it has one.
Result<void, http::Response> AddProof(const Services& services,
                                      const http::Request& request,
                                      const Client& client,
                                      TokenRequest& token) {
  // Anybody can make proofs: with junk they would fill the replay memory. The
  // exchange refuses it.
  if (!IsOurs(services, token.exchange.refresh_token)) return {};
  auto proof = services.proofs.CheckDpop(request);
  if (!proof) return RefuseProof(services, proof.error());
  if (proof->has_value()) {
    token.exchange.dpop_jkt = (*proof)->jkt();
    // RFC 9449 section 8.2.
    if ((*proof)->wants_new_nonce()) {
      token.new_nonce = services.proofs.NewNonce();
    }
  } else if (client.require_dpop) {
    // RFC 9449 section 5.2.
    return RefuseProof(services, {DpopRefusalCode::kAbsent});
  }
  return {};
}

Result<TokenRequest, http::Response> ReadToken(const Services& services,
                                               const http::Request& request) {
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
  auto retry_key = ReadRetryKey(request);
  if (!retry_key) return retry_key.error();
  TokenRequest token;
  token.exchange = {.refresh_token = std::string(form->Get("refresh_token")),
                    .client_id = caller->client->id,
                    .proven = caller->proven,
                    .scope = std::string(form->Get("scope")),
                    .resource = std::string(form->Get("resource")),
                    .idempotency_key = std::move(retry_key).value(),
                    .limits = caller->client->limits,
                    .origin = OriginOf(request, caller->client->id)};
  auto proven = AddProof(services, request, *caller->client, token);
  if (!proven) return proven.error();
  return token;
}

}  // namespace

void HandleToken(const Services& services, const http::Request& request,
                 ResponderPtr responder) {
  Result<TokenRequest, http::Response> token = ReadToken(services, request);
  if (!token) return responder->Send(std::move(token).error());
  const Origin origin = token->exchange.origin;
  const bool proven = token->exchange.proven;
  services.sessions.Exchange(
      std::move(token->exchange),
      [&services, origin, proven, nonce = std::move(token->new_nonce),
       responder](const ExchangeResult& result) {
        Record(services, origin, proven, result);
        http::Response response = AnswerExchange(services, result);
        if (!nonce.empty()) response.headers.emplace_back(kNonceHeader, nonce);
        responder->Send(std::move(response));
      });
}

}  // namespace signet::service
