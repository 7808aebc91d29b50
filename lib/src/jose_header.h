#ifndef SIGNET_LIB_SRC_JOSE_HEADER_H_
#define SIGNET_LIB_SRC_JOSE_HEADER_H_

#include <optional>
#include <span>
#include <string_view>

#include "signet/verifier.h"
#include "strict_json.h"

// What the headers of JWS (RFC 7515) and JWE (RFC 7516) have in common. All
// refusals are of stage kHeader.
namespace signet {

// The longest header that is looked at, decoded, in bytes.
inline constexpr size_t kMaxJoseHeaderLength = 1024;

const JsonNode* FindMember(const JsonNode& object, std::string_view name);

// ReadHeaderText reads a required parameter. `name` is a literal.
std::optional<Refusal> ReadHeaderText(const JsonNode& header,
                                      std::string_view name,
                                      std::string_view& out);

// FindRefused refuses parameters that Signet does not take from a sender,
// whatever their value: `names`, and crit, b64, zip, and those that bring a
// key or the place of one, but for `taken`.
std::optional<Refusal> FindRefused(const JsonNode& header,
                                   std::span<const std::string_view> names,
                                   std::string_view taken = {});

bool EqualsIgnoringCase(std::string_view text, std::string_view lower);

// CheckTokenType demands typ at+jwt (RFC 9068 section 4), or for a plain JWT
// typ JWT (RFC 7519 section 5.1) or none.
std::optional<Refusal> CheckTokenType(const JsonNode& header,
                                      TokenType expected);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_JOSE_HEADER_H_
