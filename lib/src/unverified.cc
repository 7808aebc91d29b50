#include "signet/unverified.h"

#include "jwe.h"
#include "jwt.h"
#include "paseto.h"
#include "paseto_local.h"
#include "strict_json.h"
#include "token_text.h"

namespace signet {
namespace {

Error Invalid(std::string_view problem) {
  return {ErrorCode::kInvalid, "inspecting a token: " + std::string(problem)};
}

bool IsJsonObject(std::string_view text) {
  JsonDocument document;
  return document.Parse(text);
}

// KeyIdIn returns the member `kid`, or nothing: a label for people.
std::string KeyIdIn(std::string_view json) {
  JsonDocument document;
  if (!document.Parse(json)) return {};
  for (const JsonNode& member : JsonChildren(document.root())) {
    if (member.name == "kid" && member.kind == JsonKind::kString &&
        IsPlainText(member.text)) {
      return std::string(member.text);
    }
  }
  return {};
}

Result<UnverifiedToken> InspectPaseto(std::string_view token) {
  auto paseto = Paseto::Split(token);
  if (!paseto) return Invalid("not a canonical v4.public token");
  if (!IsJsonObject(paseto->message())) {
    return Invalid("its payload is not one strict JSON object");
  }
  if (!IsPlainText(paseto->footer())) {
    return Invalid("its footer is not UTF-8 without control characters");
  }
  UnverifiedToken result;
  result.format = "v4.public";
  result.footer = paseto->footer();
  result.key_id = KeyIdIn(paseto->footer());
  result.claims = paseto->message();
  return result;
}

Result<UnverifiedToken> InspectJwt(std::string_view token) {
  auto jws = Jws::Split(token);
  if (!jws) return Invalid("not a canonical JWT");
  if (!IsJsonObject(jws->header())) {
    return Invalid("its header is not one strict JSON object");
  }
  if (!IsJsonObject(jws->message())) {
    return Invalid("its payload is not one strict JSON object");
  }
  UnverifiedToken result;
  result.format = "jwt";
  result.header = jws->header();
  result.key_id = KeyIdIn(jws->header());
  result.claims = jws->message();
  return result;
}

// Of an encrypted token only the outside can be seen.
Result<UnverifiedToken> InspectPasetoLocal(std::string_view token) {
  auto paseto = PasetoLocal::Split(token);
  if (!paseto) return Invalid("not a canonical v4.local token");
  if (!IsPlainText(paseto->footer())) {
    return Invalid("its footer is not UTF-8 without control characters");
  }
  UnverifiedToken result;
  result.format = "v4.local";
  result.footer = paseto->footer();
  result.key_id = KeyIdIn(paseto->footer());
  return result;
}

Result<UnverifiedToken> InspectJwe(std::string_view token) {
  auto jwe = Jwe::Split(token);
  if (!jwe) return Invalid("not a canonical JWE with A256GCM");
  if (!IsJsonObject(jwe->header())) {
    return Invalid("its header is not one strict JSON object");
  }
  UnverifiedToken result;
  result.format = "jwe";
  result.header = jwe->header();
  result.key_id = KeyIdIn(jwe->header());
  return result;
}

}  // namespace

Result<UnverifiedToken> InspectUnverified(std::string_view token) {
  if (token.size() > kMaxTokenLength) {
    return Invalid("longer than " + std::to_string(kMaxTokenLength) + " bytes");
  }
  switch (ClassifyToken(token)) {
    case TokenKind::kPasetoV4Public:
      return InspectPaseto(token);
    case TokenKind::kJwt:
      return InspectJwt(token);
    case TokenKind::kPasetoV4Local:
      return InspectPasetoLocal(token);
    case TokenKind::kJwe:
      return InspectJwe(token);
    case TokenKind::kUnsupported:
      return Error{ErrorCode::kUnsupported,
                   "inspecting a token: another PASETO version"};
    case TokenKind::kMalformed:
      break;
  }
  return Invalid("not a token");
}

}  // namespace signet
