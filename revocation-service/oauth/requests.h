#ifndef SIGNET_SERVICE_OAUTH_REQUESTS_H_
#define SIGNET_SERVICE_OAUTH_REQUESTS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/http/form.h"
#include "revocation-service/oauth/endpoints.h"

namespace signet::service {

// What the endpoints of OAuth and of /v1 share; private to them.

using ResponderPtr = std::shared_ptr<http::Responder>;

inline constexpr std::string_view kFormType =
    "application/x-www-form-urlencoded";
inline constexpr std::string_view kJsonType = "application/json";

// InvalidRequest is 400: the request itself is wrong.
http::Response InvalidRequest(std::string_view description);

// HasMediaType tells whether the request has exactly one Content-Type, and it
// is `type`, with or without parameters.
bool HasMediaType(const http::Request& request, std::string_view type);

// ReadForm reads the parameters of a POST. RFC 6749 section 2.3.1: those of
// the body only; credentials in the query are refused. Otherwise the response
// is in the error.
Result<http::Form, http::Response> ReadForm(const http::Request& request);

// AuthenticateForm is AuthenticateClient for a form that has been read.
Result<ClientAuthentication, http::Response> AuthenticateForm(
    const Services& services, const http::Request& request,
    const http::Form& form);

// RequireFormPermission is RequirePermission for a form that has been read.
Result<ClientAuthentication, http::Response> RequireFormPermission(
    const Services& services, const http::Request& request,
    const http::Form& form, std::string_view permission);

// TokenResponse mints the access token of a grant and is the answer of RFC
// 6749 section 5.1, or of 503 if no key is active. `session_id` is added if
// it is not empty.
http::Response TokenResponse(const Services& services, int status,
                             const Grant& grant,
                             const std::string& session_id = {});

// CheckAccessToken tells whether MintAccessToken would succeed now.
Status CheckAccessToken(const Services& services, const Grant& grant);

// MintAccessToken signs the grant's claims with the ring of the moment.
Result<std::string> MintAccessToken(const Services& services,
                                    const Grant& grant);

// The handlers; OAuthRoutes says where they stand.
void HandleToken(const Services& services, const http::Request& request,
                 ResponderPtr responder);
void HandleRevoke(const Services& services, const http::Request& request,
                  ResponderPtr responder);
void HandleIntrospect(const Services& services, const http::Request& request,
                      ResponderPtr responder);
http::Response MetadataResponse(const Services& services);
// JwksResponse is the JWK set of all the rings; 404 without any.
http::Response JwksResponse(const std::vector<Rings::Ring>& rings, Time now);

// IntrospectionRing is the access ring that can sign the answers of /introspect
// (RFC 9701), so that they prove where they come from, or null.
Rings::Ring IntrospectionRing(const Rings& rings);

// IssuerPath is the path of the issuer's URL without a final slash: "/auth",
// or "" if it has none.
std::string IssuerPath(std::string_view issuer);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_OAUTH_REQUESTS_H_
