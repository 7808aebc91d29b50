// JWT access tokens (RFC 7515, 7519, 8037, 9068), compact serialization:
//
//   token  = base64url(header) "." base64url(claims) "." base64url(signature)
//   header = {"alg":"EdDSA","typ":"at+jwt","kid":"<JWK thumbprint>"}
//            ; 1024 bytes at most
//
// The signature, or the HMAC, is over the text before the last dot. alg is
// the one that belongs to the key (keys.h): EdDSA, ES256, RS256, PS256, HS256.
// Minted headers are exactly as above. Read headers may order the members
// freely and hold unknown ones, which are ignored (RFC 7515 section 4), but
// for those that jose_header.cc lists.

#include "jwt.h"

#include "jose_header.h"
#include "token_text.h"

namespace signet {
namespace {

// A JWE's parameter (RFC 7516 section 4.1.2).
constexpr std::string_view kRefused[] = {"enc"};

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kHeader, claim};
}

// CheckContentType: a payload that is a token again (RFC 7519 section 5.2) is
// no claims set, whatever it looks like.
std::optional<Refusal> CheckContentType(const JsonNode& header) {
  if (FindMember(header, "cty") == nullptr) return std::nullopt;
  std::string_view type;
  if (auto refusal = ReadHeaderText(header, "cty", type)) return refusal;
  if (EqualsIgnoringCase(type, "jwt") ||
      EqualsIgnoringCase(type, "application/jwt")) {
    return Refuse(RefusalCode::kUnsupported, "cty");
  }
  return std::nullopt;
}

// DecodeSegment decodes one segment into `out` and moves behind it.
bool DecodeSegment(std::string_view segment, std::span<uint8_t>& out) {
  size_t size = Base64DecodedSize(segment.size());
  if (segment.empty() || !Base64UrlDecodeTo(segment, out.first(size))) {
    return false;
  }
  out = out.subspan(size);
  return true;
}

}  // namespace

std::string SignJws(const SecretKey& key, std::string_view header,
                    std::string_view payload) {
  std::string token = Base64UrlEncode(AsBytes(header));
  token.reserve(token.size() + payload.size() * 4 / 3 + 92);
  token += '.';
  token += Base64UrlEncode(AsBytes(payload));
  const std::string signature = key.Sign(AsBytes(token));
  token += '.';
  return token += Base64UrlEncode(AsBytes(signature));
}

std::string JwtHeader(std::string_view key_id, std::string_view algorithm,
                      std::string_view type) {
  std::string header = "{\"alg\":\"";
  header.append(algorithm).append("\",\"typ\":\"").append(type);
  header += "\",\"kid\":";
  AppendJsonString(header, key_id);
  return header += '}';
}

std::optional<Jws> Jws::Split(std::string_view token) {
  size_t first = token.find('.');
  size_t second = token.rfind('.');
  if (first == second) return std::nullopt;
  std::string_view header = token.substr(0, first);
  std::string_view payload = token.substr(first + 1, second - first - 1);
  std::string_view signature = token.substr(second + 1);

  Jws jws;
  jws.signing_input_ = token.substr(0, second);
  jws.header_size_ = Base64DecodedSize(header.size());
  jws.payload_size_ = Base64DecodedSize(payload.size());
  jws.decoded_.resize(jws.header_size_ + jws.payload_size_ +
                      Base64DecodedSize(signature.size()));
  std::span<uint8_t> out(reinterpret_cast<uint8_t*>(jws.decoded_.data()),
                         jws.decoded_.size());
  // A dot inside the payload is no base64url: more segments fail here.
  if (!DecodeSegment(header, out) || !DecodeSegment(payload, out) ||
      !DecodeSegment(signature, out)) {
    return std::nullopt;
  }
  return jws;
}

std::string_view Jws::header() const {
  return std::string_view(decoded_).substr(0, header_size_);
}

std::string_view Jws::message() const {
  return std::string_view(decoded_).substr(header_size_, payload_size_);
}

std::optional<Refusal> Jws::ReadHeader(TokenHeader& out, TokenType type) const {
  JsonDocument document;
  if (header_size_ > kMaxJoseHeaderLength || !document.Parse(header())) {
    return Refuse(RefusalCode::kMalformed, "header");
  }
  const JsonNode& root = document.root();
  if (auto refusal = FindRefused(root, kRefused)) return refusal;
  std::string_view algorithm;
  if (auto refusal = ReadHeaderText(root, "alg", algorithm)) return refusal;
  // RFC 8725 3.2: "none" is never accepted, however it is written.
  if (EqualsIgnoringCase(algorithm, "none")) {
    return Refuse(RefusalCode::kUnsupported, "alg");
  }
  if (auto refusal = CheckTokenType(root, type)) return refusal;
  if (auto refusal = CheckContentType(root)) return refusal;
  // RFC 7515 4.1.4 makes kid optional; here nobody tries keys in turn.
  std::string_view key_id;
  if (auto refusal = ReadHeaderText(root, "kid", key_id)) return refusal;
  out.algorithm = algorithm;
  out.key_id = key_id;
  return std::nullopt;
}

bool Jws::AgreesWith(const TokenHeader& header, KeyFormat format) {
  return header.algorithm == JoseAlgorithm(format);
}

bool Jws::Verify(const VerifyKey& key,
                 std::string_view implicit_assertion) const {
  if (!implicit_assertion.empty()) return false;
  std::string_view signature =
      std::string_view(decoded_).substr(header_size_ + payload_size_);
  return key.Verify(AsBytes(signing_input_), AsBytes(signature));
}

}  // namespace signet
