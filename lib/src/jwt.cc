// JWT access tokens (RFC 7515, 7519, 8037, 9068), compact serialization:
//
//   token  = base64url(header) "." base64url(claims) "." base64url(signature)
//   header = {"alg":"EdDSA","typ":"at+jwt","kid":"<JWK thumbprint>"}
//            ; 1024 bytes at most
//
// The signature is Ed25519, 64 bytes, over the text before the last dot.
// Minted headers are exactly as above. Read headers may order the members
// freely and hold unknown ones, which are ignored (RFC 7515 section 4), but
// for those that kRefused lists.

#include "jwt.h"

#include <algorithm>

#include "strict_json.h"
#include "token_text.h"

namespace signet {
namespace {

constexpr std::string_view kAlgorithm = "EdDSA";  // RFC 8037 section 3.1

// Parameters that Signet refuses by design, whatever their value.
constexpr std::string_view kRefused[] = {
    "crit",  // RFC 7515 4.1.11: no extension is understood, so none may be
             // critical; an empty list is forbidden anyway
    "b64",   // RFC 7797 7: not for JWTs
    "zip",   // RFC 7516 4.1.3: a JWE's; nothing is inflated
    "enc",   // RFC 7516 4.1.2: a JWE's
    "jwk",   // a key, or the place of one, of the sender's choice
    "jku",
    "x5u",
    "x5c",
    "x5t",
    "x5t#S256",
};

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kHeader, claim};
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) {
                      if (a >= 'A' && a <= 'Z') a = static_cast<char>(a + 32);
                      return a == b;
                    });
}

// RFC 9068 4: typ is at+jwt or application/at+jwt. RFC 7515 4.1.9: media
// types compare without regard to case.
bool IsAccessTokenType(std::string_view type) {
  return EqualsIgnoringCase(type, "at+jwt") ||
         EqualsIgnoringCase(type, "application/at+jwt");
}

std::optional<Refusal> FindRefused(const JsonNode& root) {
  for (const JsonNode& member : JsonChildren(root)) {
    for (std::string_view name : kRefused) {
      if (member.name == name) return Refuse(RefusalCode::kUnsupported, name);
    }
  }
  return std::nullopt;
}

const JsonNode* FindMember(const JsonNode& root, std::string_view name) {
  for (const JsonNode& member : JsonChildren(root)) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

// ReadText reads a required parameter. `name` is a literal.
std::optional<Refusal> ReadText(const JsonNode& root, std::string_view name,
                                std::string_view& out) {
  const JsonNode* member = FindMember(root, name);
  if (member == nullptr) return Refuse(RefusalCode::kMissingClaim, name);
  if (member->kind != JsonKind::kString || member->text.empty()) {
    return Refuse(RefusalCode::kBadClaim, name);
  }
  out = member->text;
  return std::nullopt;
}

std::optional<Refusal> CheckType(const JsonNode& root) {
  const JsonNode* type = FindMember(root, "typ");
  if (type != nullptr && type->kind != JsonKind::kString) {
    return Refuse(RefusalCode::kBadClaim, "typ");
  }
  if (type == nullptr || !IsAccessTokenType(type->text)) {
    return Refuse(RefusalCode::kWrongType, "typ");
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
  Signature signature = key.Sign(AsBytes(token));
  token += '.';
  return token += Base64UrlEncode(signature);
}

std::string JwtHeader(std::string_view key_id) {
  std::string header = "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":";
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

std::optional<Refusal> Jws::ReadHeader(TokenHeader& out) const {
  JsonDocument document;
  if (header_size_ > kMaxJwtHeaderLength || !document.Parse(header())) {
    return Refuse(RefusalCode::kMalformed, "header");
  }
  const JsonNode& root = document.root();
  if (auto refusal = FindRefused(root)) return refusal;
  std::string_view algorithm;
  if (auto refusal = ReadText(root, "alg", algorithm)) return refusal;
  // RFC 8725 3.2: "none" is never accepted, however it is written.
  if (EqualsIgnoringCase(algorithm, "none")) {
    return Refuse(RefusalCode::kUnsupported, "alg");
  }
  if (auto refusal = CheckType(root)) return refusal;
  // RFC 7515 4.1.4 makes kid optional; here nobody tries keys in turn.
  std::string_view key_id;
  if (auto refusal = ReadText(root, "kid", key_id)) return refusal;
  out.algorithm = algorithm;
  out.key_id = key_id;
  return std::nullopt;
}

bool Jws::AgreesWith(const TokenHeader& header) {
  return header.algorithm == kAlgorithm;
}

bool Jws::Verify(const VerifyKey& key,
                 std::string_view implicit_assertion) const {
  if (!implicit_assertion.empty()) return false;
  std::string_view signature =
      std::string_view(decoded_).substr(header_size_ + payload_size_);
  return key.Verify(AsBytes(signing_input_), AsBytes(signature));
}

}  // namespace signet
