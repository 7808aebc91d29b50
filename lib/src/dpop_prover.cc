#include "signet/dpop_prover.h"

#include <algorithm>
#include <array>

#include "dpop_text.h"
#include "jwk_text.h"
#include "jwt.h"
#include "key_material.h"
#include "request_uri.h"
#include "strict_json.h"

namespace signet {
namespace {

// More than the 96 bits that RFC 9449 section 4.2 asks for.
constexpr size_t kIdSize = 16;

Error Invalid(std::string_view problem) {
  return {ErrorCode::kInvalid, "making a DPoP proof: " + std::string(problem)};
}

// RFC 9110 section 5.6.2: tchar.
bool IsTokenCharacter(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z') || kMarks.find(c) != std::string_view::npos;
}

// RFC 9449 section 8.1: NQCHAR.
bool IsNonceCharacter(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void AppendText(std::string& out, std::string_view name,
                std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  AppendJsonString(out, value);
}

}  // namespace

Result<DpopProver> DpopProver::Create(SecretKey key, const Clock& clock) {
  if (std::ranges::find(kDpopFormats, key.format()) == std::end(kDpopFormats)) {
    return Invalid("a key of format " +
                   std::string(KeyFormatName(key.format())) +
                   " does not sign proofs");
  }
  return DpopProver(std::move(key), clock);
}

DpopProver::DpopProver(SecretKey key, const Clock& clock)
    : key_(std::move(key)), clock_(&clock) {
  header_ = R"({"typ":"dpop+jwt","alg":")";
  header_ += JoseAlgorithm(key_.format());
  header_ += R"(","jwk":)";
  header_ += RequiredJwkMembers(KeyAccess::Of(key_));
  header_ += '}';
}

Result<std::string> DpopProver::Prove(const DpopRequest& request,
                                      std::string_view nonce) const {
  if (request.method.empty() ||
      !std::ranges::all_of(request.method, IsTokenCharacter)) {
    return Invalid("the method is not a token");
  }
  const std::optional<std::string> uri = NormalizeRequestUri(request.uri);
  if (!uri) return Invalid("the URI is not absolute http or https");
  if (!std::ranges::all_of(nonce, IsNonceCharacter)) {
    return Invalid("the nonce holds characters that a nonce can't");
  }
  std::array<uint8_t, kIdSize> id;
  FillRandom(id);
  std::string claims = "{\"jti\":\"" + Base64UrlEncode(id) + '"';
  AppendText(claims, "htm", request.method);
  AppendText(claims, "htu", *uri);
  claims += ",\"iat\":";
  claims += std::to_string(ToSeconds(clock_->Now()).time_since_epoch().count());
  if (request.access_token) {
    AppendText(claims, "ath", AccessTokenHash(*request.access_token));
  }
  if (!nonce.empty()) AppendText(claims, "nonce", nonce);
  claims += '}';
  std::string proof = SignJws(key_, header_, claims);
  if (proof.size() > kMaxDpopProofLength) return Invalid("it is too long");
  return proof;
}

}  // namespace signet
