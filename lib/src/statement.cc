// Statements, JWS in compact serialization:
//
//   statement = base64url(header) "." base64url(payload) "."
//               base64url(signature)      ; 4 MiB at most
//   header    = {"alg":"ES256","typ":"secevent+jwt","kid":"<JWK thumbprint>"}
//               ; 1024 bytes at most
//
// Minted headers are exactly as above. Read ones may order the members freely,
// lack the kid, and hold unknown members, but for those that jose_header.cc
// lists.

#include "signet/statement.h"

#include <algorithm>

#include "jose_header.h"
#include "jws_signer.h"

namespace signet {
namespace {

constexpr std::string_view kApplication = "application/";

Error Invalid(std::string problem) {
  return {ErrorCode::kInvalid, "signing a statement: " + std::move(problem)};
}

Refusal Refuse(RefusalCode code, Stage stage, std::string_view claim = {}) {
  return {code, stage, claim};
}

bool IsOfType(std::string_view type, std::string_view expected) {
  if (type.size() > kApplication.size() &&
      EqualsIgnoringCase(type.substr(0, kApplication.size()), kApplication)) {
    type.remove_prefix(kApplication.size());
  }
  return EqualsIgnoringCase(type, expected);
}

struct Header {
  std::string_view algorithm;
  std::string_view key_id;  // may be empty
};

std::optional<Refusal> ReadHeader(const JsonNode& root,
                                  std::string_view expected, Header& header) {
  constexpr std::string_view kRefused[] = {"enc"};
  if (auto refusal = FindRefused(root, kRefused)) return refusal;
  std::string_view type;
  if (auto refusal = ReadHeaderText(root, "typ", type)) return refusal;
  if (!IsOfType(type, expected)) {
    return Refuse(RefusalCode::kWrongType, Stage::kHeader, "typ");
  }
  if (auto refusal = ReadHeaderText(root, "alg", header.algorithm)) {
    return refusal;
  }
  // RFC 8725 3.1: neither none nor a MAC is among them.
  if (std::ranges::find(kJwsAlgorithms, header.algorithm) ==
      std::end(kJwsAlgorithms)) {
    return Refuse(RefusalCode::kUnsupported, Stage::kHeader, "alg");
  }
  if (FindMember(root, "kid") == nullptr) return std::nullopt;
  return ReadHeaderText(root, "kid", header.key_id);
}

}  // namespace

Result<std::string> SignStatement(const SigningRing& ring,
                                  std::string_view type,
                                  std::string_view payload, Time now) {
  if (ring.info().purpose != KeyPurpose::kStatements) {
    return Invalid("the ring is not one for statements");
  }
  const SigningRing::Key* active = ring.Active(now);
  if (active == nullptr) {
    return Error{ErrorCode::kUnavailable,
                 "signing a statement: no key of the ring is active"};
  }
  const SecretKey& key = active->key;
  std::string statement = SignJws(
      key, JwtHeader(key.id(), JoseAlgorithm(key.format()), type), payload);
  if (statement.size() > kMaxStatementLength) {
    return Invalid("it would be " + std::to_string(statement.size()) +
                   " bytes long, the limit is " +
                   std::to_string(kMaxStatementLength));
  }
  return statement;
}

Result<std::string, Refusal> ReadStatement(const JwsKeys& keys,
                                           std::string_view type,
                                           std::string_view text) {
  if (text.size() > kMaxStatementLength) {
    return Refuse(RefusalCode::kTooLong, Stage::kLength);
  }
  const std::optional<Jws> jws = Jws::Split(text);
  if (!jws) return Refuse(RefusalCode::kMalformed, Stage::kFormat);
  JsonDocument document;
  if (jws->header().size() > kMaxJoseHeaderLength ||
      !document.Parse(jws->header())) {
    return Refuse(RefusalCode::kMalformed, Stage::kHeader, "header");
  }
  Header header;
  if (auto refusal = ReadHeader(document.root(), type, header)) return *refusal;
  switch (FindSigner(*jws, header.algorithm, header.key_id, keys)) {
    case JwsSigner::kFound:
      return std::string(jws->message());
    case JwsSigner::kNone:
      return Refuse(RefusalCode::kBadSignature, Stage::kSignature);
    case JwsSigner::kUnknownKey:
      break;
  }
  return Refuse(RefusalCode::kUnknownKey, Stage::kKey, "kid");
}

}  // namespace signet
