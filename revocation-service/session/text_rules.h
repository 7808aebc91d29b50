#ifndef SIGNET_SERVICE_SESSION_TEXT_RULES_H_
#define SIGNET_SERVICE_SESSION_TEXT_RULES_H_

#include <string_view>

// Shared by the sessions and the endpoints: what texts may be.
namespace signet::service {

// IsPlainText: valid UTF-8 (RFC 3629) without control characters.
bool IsPlainText(std::string_view text);

// IsName: plain text of 1 to 255 bytes. What names a subject, a client, a
// token or a key.
bool IsName(std::string_view text);

// IsScope: empty, or scope tokens with one space between them (RFC 6749
// section 3.3).
bool IsScope(std::string_view scope);

// ScopeIncludes tells whether every token of `part` is one of `whole`.
// REQUIRES: IsScope of both.
bool ScopeIncludes(std::string_view whole, std::string_view part);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_TEXT_RULES_H_
