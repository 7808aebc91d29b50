#include "authenticator.h"

#include <algorithm>
#include <utility>

#include "claims_json.h"
#include "jwe.h"
#include "jwt.h"
#include "live_ring_access.h"
#include "paseto.h"
#include "paseto_local.h"
#include "policy_checks.h"
#include "revocation_query.h"
#include "token_text.h"

namespace signet {
namespace {

Refusal Refuse(RefusalCode code, Stage stage, std::string_view claim = {}) {
  return {code, stage, claim};
}

}  // namespace

// Input is a token text on its way through Authenticate.
struct Authenticator::Input {
  std::string_view text;
  std::string_view assertion;
  // The whole text, if `text` was encrypted in it, and the key that opened it.
  std::string_view whole;
  KnownKey opened_by = {};
};

template <class Token>
std::optional<Refusal> Authenticator::CheckKey(const LiveRing& keys,
                                               KeyPurpose purpose, Token& token,
                                               const TokenHeader& header,
                                               std::string_view assertion,
                                               Time now,
                                               FoundKey& found) const {
  auto current = LiveRingAccess::Read(keys);
  if (!current || !current->Serves(purpose)) {
    return Refuse(RefusalCode::kNoKeys, Stage::kKey);
  }
  // The format is the ring's, and so is every key's of it.
  const auto rings = current->rings();
  if (std::none_of(rings.begin(), rings.end(), [](const KeyRing& one) {
        return Token::MadeBy(one.info().format);
      })) {
    return Refuse(RefusalCode::kWrongAlgorithm, Stage::kKey);
  }
  const LiveKey* live = current->Find(header.key_id);
  if (live == nullptr) {
    return Refuse(RefusalCode::kUnknownKey, Stage::kKey, "kid");
  }
  found = {{live->identity, live->standing}, live->revocation_id};
  // RFC 8725 3.1: the algorithm is the key's; the header must agree. With two
  // rings the key may also be one that makes other tokens.
  const KeyFormat format = live->key->key.format();
  if (!Token::MadeBy(format) || !Token::AgreesWith(header, format)) {
    return Refuse(RefusalCode::kWrongAlgorithm, Stage::kKey, "alg");
  }
  if (!live->key->schedule.MayVerify(now, policy_.clock_skew)) {
    return Refuse(RefusalCode::kKeyNotUsable, Stage::kKey, "kid");
  }
  if (!token.Verify(live->key->key, assertion)) {
    return Refuse(RefusalCode::kBadSignature, Stage::kSignature);
  }
  return std::nullopt;
}

template <class Token>
std::optional<Refusal> Authenticator::Authenticate(const Input& input,
                                                   Candidate& candidate) const {
  std::optional<Token> token = Token::Split(input.text);
  if (!token) return Refuse(RefusalCode::kMalformed, Stage::kFormat);
  TokenHeader header;
  if (auto refusal = token->ReadHeader(header, policy_.token_type)) {
    return refusal;
  }
  return FinishToken(*token, std::move(header), input, candidate);
}

std::optional<Refusal> Authenticator::AuthenticateJwe(
    const Input& input, Candidate& candidate) const {
  std::optional<Jwe> jwe = Jwe::Split(input.text);
  if (!jwe) return Refuse(RefusalCode::kMalformed, Stage::kFormat);
  TokenHeader header;
  if (auto refusal = jwe->ReadHeader(header, policy_.token_type))
    return refusal;
  if (!jwe->nested()) {
    return FinishToken(*jwe, std::move(header), input, candidate);
  }
  if (decryption_ == nullptr) return Refuse(RefusalCode::kNoKeys, Stage::kKey);
  FoundKey opener;
  if (auto refusal =
          CheckKey(*decryption_, KeyPurpose::kEncryption, *jwe, header,
                   input.assertion, candidate.moment.now, opener)) {
    if (refusal->code == RefusalCode::kUnknownKey) {
      LiveRingAccess::AnnounceUnknownKey(*decryption_);
    }
    return refusal;
  }
  // One signed token, and no further wrapping.
  if (ClassifyToken(jwe->message()) != TokenKind::kJwt) {
    return Refuse(RefusalCode::kUnsupported, Stage::kFormat);
  }
  return Authenticate<Jws>({.text = jwe->message(),
                            .assertion = input.assertion,
                            .whole = input.text,
                            .opened_by = opener.key},
                           candidate);
}

template <class Token>
std::optional<Refusal> Authenticator::FinishToken(Token& token,
                                                  TokenHeader header,
                                                  const Input& input,
                                                  Candidate& candidate) const {
  FoundKey& key = candidate.key;
  if (auto refusal = CheckKey(ring_, KeyPurpose::kAccess, token, header,
                              input.assertion, candidate.moment.now, key)) {
    // Outside of CheckKey no guard is held, and the hook may publish.
    if (refusal->code == RefusalCode::kUnknownKey) {
      LiveRingAccess::AnnounceUnknownKey(ring_);
    }
    return refusal;
  }
  auto draft = remembers_ ? AuthenticToken::Make(input.whole, input.assertion)
                          : AuthenticToken::Make({}, {});
  draft->key_id = std::move(header.key_id);
  draft->proven_by = key.key;
  draft->opened_by = input.opened_by;
  draft->key_revocation_id = key.revocation_id;
  if (auto refusal = ReadClaims(
          token.message(), Token::Form(policy_.token_type), draft->claims)) {
    return refusal;
  }
  draft->suits_policy = !CheckParties(policy_, draft->claims);
  if (remembers_ && revocations_ != nullptr) {
    draft->identity = draft->Identify();
    draft->listed_at =
        RevocationQuery::PlaceOf(*revocations_, *draft->identity);
  }
  candidate.token = AuthenticToken::Share(std::move(draft));
  return std::nullopt;
}

std::optional<Refusal> Authenticator::Prove(std::string_view text,
                                            std::string_view assertion,
                                            Candidate& candidate) const {
  const Input input{.text = text, .assertion = assertion, .whole = text};
  switch (ClassifyToken(text)) {
    case TokenKind::kPasetoV4Public:
      return Authenticate<Paseto>(input, candidate);
    case TokenKind::kPasetoV4Local:
      return Authenticate<PasetoLocal>(input, candidate);
    case TokenKind::kJwt:
      return Authenticate<Jws>(input, candidate);
    case TokenKind::kJwe:
      return AuthenticateJwe(input, candidate);
    case TokenKind::kUnsupported:
      return Refuse(RefusalCode::kUnsupported, Stage::kFormat);
    case TokenKind::kMalformed:
      break;
  }
  return Refuse(RefusalCode::kMalformed, Stage::kFormat);
}

}  // namespace signet
