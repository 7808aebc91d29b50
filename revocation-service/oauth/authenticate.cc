#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "revocation-service/http/message.h"
#include "revocation-service/oauth/endpoints.h"
#include "revocation-service/oauth/requests.h"
#include "revocation-service/oauth/security.h"
#include "signet/primitives.h"

namespace signet::service {
namespace {

using Authentication = Result<ClientAuthentication, http::Response>;

constexpr std::string_view kBearer = "Bearer ";

struct Credentials {
  std::string id;
  std::string secret;
};

// IsBearer tells whether the request brings an assertion in its Authorization
// header: only one without a form may, since a form has a place for it.
bool IsBearer(const http::Request& request) {
  return !HasMediaType(request, kFormType) &&
         http::EqualsIgnoringCase(
             request.Header("Authorization").substr(0, kBearer.size()),
             kBearer);
}

// AfterScheme is what follows the scheme and its spaces (RFC 9110 section 11.4:
// one or more).
std::string_view AfterScheme(std::string_view header) {
  const size_t scheme = std::min(header.find(' '), header.size());
  return header.substr(
      std::min(header.find_first_not_of(' ', scheme), header.size()));
}

// Refuser makes the 401 of RFC 6749 section 5.2. The challenge belongs to a
// client that tried the Authorization header, or that tried nothing: one that
// sent its credentials in a form would take it for the answer.
class Refuser {
 public:
  enum class By { kHeader, kForm };

  Refuser(const Services& services, const http::Request& request, By by)
      : services_(services),
        challenge_(by == By::kHeader),
        challenge_text_(IsBearer(request) ? "Bearer realm=\"signet\""
                                          : "Basic realm=\"signet\"") {}

  http::Response Refuse(std::string_view description) const {
    services_.metrics.CountAuthFailure();
    http::Response response = ErrorResponse(401, "invalid_client", description);
    if (challenge_) {
      response.headers.emplace_back("WWW-Authenticate", challenge_text_);
    }
    return response;
  }

 private:
  const Services& services_;
  const bool challenge_;
  const std::string_view challenge_text_;
};

// ParseBasic reads RFC 7617 credentials whose halves are form-encoded, as RFC
// 6749 section 2.3.1 asks. nullopt: they are not in that form.
std::optional<Credentials> ParseBasic(std::string_view header) {
  const size_t scheme = std::min(header.find(' '), header.size());
  const std::string_view token = AfterScheme(header);
  if (!http::EqualsIgnoringCase(header.substr(0, scheme), "Basic") ||
      token.empty()) {
    return std::nullopt;
  }
  const Result<std::string> text = Base64Decode(token);
  if (!text) return std::nullopt;
  const size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  auto id = http::FormDecode(std::string_view(*text).substr(0, colon));
  auto secret = http::FormDecode(std::string_view(*text).substr(colon + 1));
  if (!id || !secret) return std::nullopt;
  return Credentials{std::move(*id), std::move(*secret)};
}

// CheckCredentials finds the client and proves it by its secret.
Authentication CheckCredentials(const Services& services,
                                const Refuser& refuser,
                                const Credentials& credentials) {
  std::shared_ptr<const Clients> registry = services.clients();
  const Client* client = registry->Find(credentials.id);
  // One answer for an unknown client and a wrong secret.
  if (client == nullptr || !Clients::CheckSecret(*client, credentials.secret)) {
    return refuser.Refuse("client authentication failed");
  }
  return ClientAuthentication{std::move(registry), client, true};
}

Authentication AuthenticateBasic(const Services& services,
                                 const Refuser& refuser,
                                 const http::Request& request,
                                 const http::Form& form) {
  if (request.CountHeader("Authorization") > 1) {
    return InvalidRequest("the Authorization header stands twice");
  }
  // RFC 6749 section 2.3: one method per request.
  if (form.Has("client_secret")) {
    return InvalidRequest("use one method of client authentication, not two");
  }
  const std::optional<Credentials> credentials =
      ParseBasic(request.Header("Authorization"));
  if (!credentials) {
    return refuser.Refuse(
        "the Authorization header must be Basic, with the "
        "form-encoded client id and secret");
  }
  if (form.Has("client_id") && form.Get("client_id") != credentials->id) {
    return InvalidRequest("client_id is not the client that authenticates");
  }
  return CheckCredentials(services, refuser, *credentials);
}

Authentication AuthenticatePublic(const Services& services,
                                  const Refuser& refuser,
                                  std::string_view client_id) {
  std::shared_ptr<const Clients> registry = services.clients();
  const Client* client = registry->Find(client_id);
  // RFC 6749 section 3.2.1: only a client without credentials may identify
  // itself by client_id alone.
  if (client == nullptr || !client->is_public()) {
    return refuser.Refuse("client authentication failed");
  }
  return ClientAuthentication{std::move(registry), client, false};
}

// CheckAssertion finds the client that the assertion names, or `client_id` if
// that is not empty, and proves it by its keys.
Authentication CheckAssertion(const Services& services, const Refuser& refuser,
                              std::string_view assertion,
                              std::string client_id) {
  if (client_id.empty()) client_id = UnverifiedClientId(assertion);
  std::shared_ptr<const Clients> registry = services.clients();
  const Client* client = registry->Find(client_id);
  const JwsKeys* keys = client == nullptr ? nullptr : registry->KeysOf(*client);
  // One answer for an unknown client, one without keys, and a wrong key.
  if (keys == nullptr) return refuser.Refuse("client authentication failed");
  const auto proven =
      services.proofs.CheckAssertion(assertion, client_id, *keys);
  if (proven) return ClientAuthentication{std::move(registry), client, true};
  switch (proven.error().code) {
    case AssertionRefusalCode::kUnknown:
      return Unavailable(
          proven.error().claim == "jti"
              ? "too many client assertions at once; try again"
              : "the client assertion is older than this process; make one");
    case AssertionRefusalCode::kUnknownKey:
    case AssertionRefusalCode::kBadSignature:
      return refuser.Refuse("client authentication failed");
    default:
      // RFC 7521 section 4.2.1.
      return refuser.Refuse("the client assertion is not accepted: " +
                            proven.error().ToString());
  }
}

Authentication AuthenticateAssertion(const Services& services,
                                     const Refuser& refuser,
                                     const http::Form& form) {
  if (!form.Has("client_assertion") || !form.Has("client_assertion_type")) {
    return InvalidRequest(
        "client_assertion and client_assertion_type belong together");
  }
  if (form.Get("client_assertion_type") != kClientAssertionType) {
    return refuser.Refuse("the client_assertion_type is not supported");
  }
  return CheckAssertion(services, refuser, form.Get("client_assertion"),
                        std::string(form.Get("client_id")));
}

Authentication CheckPermission(const Services& services,
                               const http::Request& request,
                               Authentication authentication,
                               std::string_view permission) {
  if (!authentication) return authentication;
  if (!authentication->proven) {
    return Refuser(services, request, Refuser::By::kForm)
        .Refuse("a public client may not do this; authenticate");
  }
  if (!authentication->client->Has(permission)) {
    AuditRefusal(services, AuditEvent::kPermissionDenied,
                 OriginOf(request, authentication->client->id),
                 std::string(permission));
    return ErrorResponse(
        403, "unauthorized_client",
        "the client lacks the permission " + std::string(permission));
  }
  return authentication;
}

// ClaimedClient is the client id that the request names, whoever sent it.
std::string ClaimedClient(const http::Request& request,
                          const http::Form& form) {
  const auto basic = ParseBasic(request.Header("Authorization"));
  return basic ? basic->id : std::string(form.Get("client_id"));
}

// Identify finds out who sends the request.
Authentication Identify(const Services& services, const http::Request& request,
                        const http::Form& form) {
  const bool has_header = request.CountHeader("Authorization") > 0;
  const bool in_form = form.Has("client_id") || form.Has("client_secret") ||
                       form.Has("client_assertion");
  const Refuser refuser(
      services, request,
      in_form && !has_header ? Refuser::By::kForm : Refuser::By::kHeader);
  if (form.Has("client_assertion") || form.Has("client_assertion_type")) {
    if (has_header || form.Has("client_secret")) {
      return InvalidRequest(
          "use one method of client authentication, not "
          "two");
    }
    return AuthenticateAssertion(services, refuser, form);
  }
  if (has_header) return AuthenticateBasic(services, refuser, request, form);
  if (!form.Has("client_id")) {
    return refuser.Refuse("the request does not say which client sends it");
  }
  if (!form.Has("client_secret")) {
    return AuthenticatePublic(services, refuser, form.Get("client_id"));
  }
  return CheckCredentials(services, refuser,
                          {std::string(form.Get("client_id")),
                           std::string(form.Get("client_secret"))});
}

}  // namespace

Authentication AuthenticateForm(const Services& services,
                                const http::Request& request,
                                const http::Form& form) {
  constexpr int kUnauthorized = 401;
  Authentication identified = Identify(services, request, form);
  if (!identified) {
    if (identified.error().status == kUnauthorized) {
      OnAuthenticationFailed(services, request, ClaimedClient(request, form));
    }
    return identified;
  }
  // Anybody can send a public client's id, so it has no rate of its own.
  if (!identified->proven) return identified;
  if (auto shed = ShedClient(services, request, identified->client->id)) {
    return std::move(*shed);
  }
  return identified;
}

Authentication AuthenticateClient(const Services& services,
                                  const http::Request& request) {
  if (!HasMediaType(request, kFormType)) {
    if (!IsBearer(request)) {
      return AuthenticateForm(services, request, http::Form());
    }
    if (request.CountHeader("Authorization") > 1) {
      return InvalidRequest("the Authorization header stands twice");
    }
    return CheckAssertion(services,
                          Refuser(services, request, Refuser::By::kHeader),
                          AfterScheme(request.Header("Authorization")), "");
  }
  const Result<http::Form> form = http::Form::Parse(request.body);
  if (!form) return InvalidRequest(form.error().message);
  return AuthenticateForm(services, request, *form);
}

Authentication RequirePermission(const Services& services,
                                 const http::Request& request,
                                 std::string_view permission) {
  return CheckPermission(services, request,
                         AuthenticateClient(services, request), permission);
}

Authentication RequireFormPermission(const Services& services,
                                     const http::Request& request,
                                     const http::Form& form,
                                     std::string_view permission) {
  return CheckPermission(services, request,
                         AuthenticateForm(services, request, form), permission);
}

}  // namespace signet::service
