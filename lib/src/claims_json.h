#ifndef SIGNET_LIB_SRC_CLAIMS_JSON_H_
#define SIGNET_LIB_SRC_CLAIMS_JSON_H_

#include <optional>
#include <string>
#include <string_view>

#include "signet/claims.h"
#include "signet/result.h"
#include "signet/verifier.h"
#include "strict_json.h"

namespace signet {

// ClaimsForm is how a token format spells its claims.
enum class ClaimsForm : uint8_t {
  kPaseto,    // times are RFC 3339 strings
  kJwt,       // times are NumericDate; RFC 9068 asks for more claims
  kPlainJwt,  // times are NumericDate; RFC 7519 asks for none
};

// The longest Claims::custom, in bytes.
inline constexpr size_t kMaxCustomLength = 4096;

// ReadClaims reads a claims set strictly; the grammar is in claims_json.cc.
// It fills `claims`, or returns the refusal, of stage kClaims.
std::optional<Refusal> ReadClaims(std::string_view json, ClaimsForm form,
                                  Claims& claims);

// ReadClaimsStrictly does the same by a parser, whatever the spelling. To be
// read fast and to be read slowly is one and the same.
std::optional<Refusal> ReadClaimsStrictly(std::string_view json,
                                          ClaimsForm form, Claims& claims);

// CheckClaims looks for what is missing, and at the order of the times.
std::optional<Refusal> CheckClaims(const Claims& claims, ClaimsForm form);

// ReadNumericDate reads a time of a JWT, ReadPasetoTime one of a PASETO;
// nullopt if it is none.
std::optional<EpochSeconds> ReadNumericDate(const JsonNode& node);
std::optional<EpochSeconds> ReadNumericDate(std::string_view text);
std::optional<EpochSeconds> ReadPasetoTime(std::string_view text);

// WriteClaims writes the claims set without white space. It succeeds only if
// ReadClaims would read the same claims back; kInvalid says which claim is
// wrong, and how.
Result<std::string> WriteClaims(const Claims& claims, ClaimsForm form);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_CLAIMS_JSON_H_
