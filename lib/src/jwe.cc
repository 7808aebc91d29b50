// Encrypted JWTs (RFC 7516), compact serialization:
//
//   token  = base64url(header) "." base64url(encrypted key) "."
//            base64url(nonce 12) "." base64url(ciphertext) "."
//            base64url(tag 16)
//   header = {"alg":"dir","enc":"A256GCM","typ":"at+jwt","kid":"…"}
//          / {"alg":"ECDH-ES+A256KW","enc":"A256GCM","cty":"JWT","kid":"…",
//             "epk":{…}}                               ; 1024 bytes at most
//
// The content is encrypted by A256GCM, with the header's text authenticated.
// Its key is for dir the ring's key, and there is no encrypted key; for
// ECDH-ES+A256KW 32 random bytes, wrapped by AES key wrap (RFC 3394) under
//
//   SHA-256( 00000001 ‖ Z ‖ piece(alg) ‖ piece(apu) ‖ piece(apv) ‖ 00000100 )
//   piece(x) = BE32(size of x) ‖ x
//
// (RFC 7518 section 4.6.2), where Z is what epk and the ring's key agree on.
// dir holds the claims set; ECDH-ES+A256KW a signed token, for encryption to a
// public key says nothing about who did it.

#include "jwe.h"

#include <algorithm>

#include "aes.h"
#include "jose_header.h"
#include "key_material.h"
#include "token_text.h"

namespace signet {
namespace {

using hazmat::EvpKey;
using hazmat::EvpType;
using hazmat::kGcmNonceSize;
using hazmat::kGcmTagSize;

constexpr size_t kWrappedSize = 40;
constexpr size_t kMaxPartyInfo = 128;

// Parameters of other algorithms: PBES2's cost, A256GCMKW's nonce and tag.
constexpr std::string_view kRefused[] = {"p2c", "p2s", "iv", "tag"};

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kHeader, claim};
}

void AppendBigEndian(std::string& out, size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xff);
  }
}

void AppendPiece(std::string& out, std::string_view piece) {
  AppendBigEndian(out, piece.size());
  out += piece;
}

// DeriveWrappingKey is one round of the Concat KDF (SP 800-56A section 5.8.1).
bool DeriveWrappingKey(const EvpKey& own, const EvpKey& peer,
                       std::string_view apu, std::string_view apv,
                       std::span<uint8_t, 32> wrapping_key) {
  SecretBytes<32> shared;
  if (!own.Agree(peer, shared.span())) return false;
  std::string input;
  input.reserve(192 + apu.size() + apv.size());
  AppendBigEndian(input, 1);
  input += AsText(shared.span());
  AppendPiece(input, JoseAlgorithm(KeyFormat::kJweP256));
  AppendPiece(input, apu);
  AppendPiece(input, apv);
  AppendBigEndian(input, 256);
  hazmat::Sha256(wrapping_key, AsBytes(input));
  Wipe({reinterpret_cast<uint8_t*>(input.data()), input.size()});
  return true;
}

std::string EphemeralJwk(const EvpKey& key) {
  const std::string point = key.Point();
  if (key.type() == EvpType::kX25519) {
    return R"({"kty":"OKP","crv":"X25519","x":")" +
           Base64UrlEncode(AsBytes(point)) + R"("})";
  }
  return R"({"kty":"EC","crv":"P-256","x":")" +
         Base64UrlEncode(AsBytes(point).first(32)) + R"(","y":")" +
         Base64UrlEncode(AsBytes(point).last(32)) + R"("})";
}

// Encrypt writes the token around a header and an encrypted key.
std::string Encrypt(std::string_view header, Bytes encrypted_key,
                    std::span<const uint8_t, 32> content_key,
                    std::string_view plaintext) {
  std::array<uint8_t, kGcmNonceSize> nonce;
  FillRandom(nonce);
  std::string token = Base64UrlEncode(AsBytes(header));
  const std::string sealed = hazmat::AesGcmSeal(
      content_key, nonce, AsBytes(token), AsBytes(plaintext));
  const Bytes bytes = AsBytes(sealed);
  token += '.' + Base64UrlEncode(encrypted_key);
  token += '.' + Base64UrlEncode(nonce);
  token += '.' + Base64UrlEncode(bytes.first(bytes.size() - kGcmTagSize));
  return token += '.' + Base64UrlEncode(bytes.last(kGcmTagSize));
}

bool DecodeSegment(std::string_view segment, std::string& out) {
  out.resize(Base64DecodedSize(segment.size()));
  return Base64UrlDecodeTo(
      segment, {reinterpret_cast<uint8_t*>(out.data()), out.size()});
}

// DecodeCoordinate reads 32 bytes of a point.
bool DecodeCoordinate(const JsonNode& epk, std::string_view name,
                      std::span<uint8_t, 32> out) {
  const JsonNode* member = FindMember(epk, name);
  return member != nullptr && member->kind == JsonKind::kString &&
         Base64UrlDecodeTo(member->text, out);
}

bool HasText(const JsonNode& object, std::string_view name,
             std::string_view text) {
  const JsonNode* member = FindMember(object, name);
  return member != nullptr && member->kind == JsonKind::kString &&
         member->text == text;
}

// ReadEphemeral reads epk, a public key (RFC 7518 section 4.6.1.1): nothing if
// it is on no curve of ours, not on its curve, or holds a secret.
std::optional<EvpKey> ReadEphemeral(const JsonNode& epk) {
  std::array<uint8_t, 32> x;
  std::array<uint8_t, 32> y;
  if (FindMember(epk, "d") != nullptr || !DecodeCoordinate(epk, "x", x)) {
    return std::nullopt;
  }
  Result<EvpKey> key = Error{ErrorCode::kInvalid, ""};
  if (HasText(epk, "kty", "OKP") && HasText(epk, "crv", "X25519")) {
    key = EvpKey::FromX25519(x);
  } else if (HasText(epk, "kty", "EC") && HasText(epk, "crv", "P-256") &&
             DecodeCoordinate(epk, "y", y)) {
    key = EvpKey::FromP256(x, y);
  }
  if (!key) return std::nullopt;
  return *std::move(key);
}

// ReadPartyInfo reads apu or apv.
std::optional<Refusal> ReadPartyInfo(const JsonNode& header,
                                     std::string_view name, std::string& out) {
  if (FindMember(header, name) == nullptr) return std::nullopt;
  std::string_view text;
  if (auto refusal = ReadHeaderText(header, name, text)) return refusal;
  if (Base64DecodedSize(text.size()) > kMaxPartyInfo ||
      !DecodeSegment(text, out)) {
    return Refuse(RefusalCode::kBadClaim, name);
  }
  return std::nullopt;
}

// CheckContentType demands that a token is inside (RFC 7519 section 5.2).
std::optional<Refusal> CheckContentType(const JsonNode& header) {
  std::string_view type;
  if (auto refusal = ReadHeaderText(header, "cty", type)) return refusal;
  if (EqualsIgnoringCase(type, "jwt") ||
      EqualsIgnoringCase(type, "application/jwt")) {
    return std::nullopt;
  }
  return Refuse(RefusalCode::kWrongType, "cty");
}

std::span<const uint8_t, 32> ContentKeyOf(const KeyMaterial& key) {
  return key.secret.bytes().first<32>();
}

}  // namespace

std::string SealJweDir(const SecretKey& key, std::string_view claims) {
  std::string header = R"({"alg":"dir","enc":"A256GCM","typ":"at+jwt","kid":)";
  AppendJsonString(header, key.id());
  header += '}';
  return Encrypt(header, {}, ContentKeyOf(KeyAccess::Of(key)), claims);
}

std::string SealJweTo(const VerifyKey& key, std::string_view signed_token) {
  const EvpKey& recipient = *KeyAccess::Of(key).evp;
  const EvpKey ephemeral = EvpKey::Generate(recipient.type());
  std::string header =
      R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","cty":"JWT","kid":)";
  AppendJsonString(header, key.id());
  header += ",\"epk\":" + EphemeralJwk(ephemeral) + '}';

  SecretBytes<32> wrapping_key;
  SecretBytes<32> content_key;
  // A sound point of our own and a ring's never agree on zero.
  DeriveWrappingKey(ephemeral, recipient, {}, {}, wrapping_key.span());
  FillRandom(content_key.span());
  const auto wrapped =
      hazmat::AesKeyWrap(wrapping_key.span(), content_key.span());
  return Encrypt(header, wrapped, content_key.span(), signed_token);
}

std::optional<Jwe> Jwe::Split(std::string_view token) {
  std::array<std::string_view, 5> segments;
  for (size_t i = 0; i < segments.size(); ++i) {
    const size_t dot = token.find('.');
    // The last segment is the one without a dot behind it.
    if ((dot == std::string_view::npos) != (i + 1 == segments.size())) {
      return std::nullopt;
    }
    segments[i] = token.substr(0, dot);
    token.remove_prefix(dot == std::string_view::npos ? token.size() : dot + 1);
  }
  Jwe jwe;
  jwe.header_text_ = segments[0];
  if (segments[0].empty() || !DecodeSegment(segments[0], jwe.header_) ||
      !DecodeSegment(segments[1], jwe.encrypted_key_) ||
      !DecodeSegment(segments[2], jwe.nonce_) ||
      !DecodeSegment(segments[3], jwe.ciphertext_) ||
      !DecodeSegment(segments[4], jwe.tag_)) {
    return std::nullopt;
  }
  return jwe;
}

Jwe::~Jwe() {
  Wipe({reinterpret_cast<uint8_t*>(message_.data()), message_.size()});
}

std::optional<Refusal> Jwe::ReadHeader(TokenHeader& out, TokenType type) {
  JsonDocument document;
  if (header_.size() > kMaxJoseHeaderLength || !document.Parse(header_)) {
    return Refuse(RefusalCode::kMalformed, "header");
  }
  const JsonNode& root = document.root();
  if (auto refusal = FindRefused(root, kRefused)) return refusal;
  std::string_view algorithm;
  if (auto refusal = ReadHeaderText(root, "alg", algorithm)) return refusal;
  const bool direct = algorithm == JoseAlgorithm(KeyFormat::kJweDir);
  if (!direct && algorithm != JoseAlgorithm(KeyFormat::kJweP256)) {
    return Refuse(RefusalCode::kUnsupported, "alg");
  }
  std::string_view encryption;
  if (auto refusal = ReadHeaderText(root, "enc", encryption)) return refusal;
  if (encryption != "A256GCM") return Refuse(RefusalCode::kUnsupported, "enc");
  // RFC 7518 section 5.3: these are A256GCM's sizes, and no others.
  if (nonce_.size() != kGcmNonceSize || tag_.size() != kGcmTagSize) {
    return Refusal{RefusalCode::kMalformed, Stage::kFormat};
  }
  std::string_view key_id;
  if (direct) {
    if (FindMember(root, "cty") != nullptr) {
      return Refuse(RefusalCode::kUnsupported, "cty");
    }
    if (auto refusal = CheckTokenType(root, type)) return refusal;
  } else {
    if (auto refusal = CheckContentType(root)) return refusal;
    // RFC 7516 4.1.11: of whatever type, it is a string.
    std::string_view type_text;
    if (FindMember(root, "typ") != nullptr) {
      if (auto refusal = ReadHeaderText(root, "typ", type_text)) return refusal;
    }
    if (auto refusal = ReadPartyInfo(root, "apu", apu_)) return refusal;
    if (auto refusal = ReadPartyInfo(root, "apv", apv_)) return refusal;
    const JsonNode* epk = FindMember(root, "epk");
    if (epk == nullptr) return Refuse(RefusalCode::kMissingClaim, "epk");
    if (epk->kind == JsonKind::kObject) ephemeral_ = ReadEphemeral(*epk);
    if (!ephemeral_) return Refuse(RefusalCode::kBadClaim, "epk");
  }
  if (auto refusal = ReadHeaderText(root, "kid", key_id)) return refusal;
  out.algorithm = algorithm;
  out.key_id = key_id;
  return std::nullopt;
}

bool Jwe::FindContentKey(const VerifyKey& key,
                         std::span<uint8_t, 32> content_key) const {
  const KeyMaterial& material = KeyAccess::Of(key);
  if (!key.holds_secret()) return false;
  if (key.format() == KeyFormat::kJweDir) {
    std::ranges::copy(ContentKeyOf(material), content_key.begin());
    return encrypted_key_.empty();
  }
  SecretBytes<32> wrapping_key;
  const Bytes wrapped = AsBytes(encrypted_key_);
  return IsJwe(key.format()) && ephemeral_ &&
         ephemeral_->type() == material.evp->type() &&
         wrapped.size() == kWrappedSize &&
         DeriveWrappingKey(*material.evp, *ephemeral_, apu_, apv_,
                           wrapping_key.span()) &&
         hazmat::AesKeyUnwrap(wrapping_key.span(),
                              wrapped.first<kWrappedSize>(), content_key);
}

bool Jwe::Verify(const VerifyKey& key, std::string_view implicit_assertion) {
  if (!implicit_assertion.empty()) return false;
  // If the key can't be had the content is tried with a random one: all
  // failures look and cost alike (RFC 7516 section 11.5).
  SecretBytes<32> content_key;
  const bool found = FindContentKey(key, content_key.span());
  if (!found) FillRandom(content_key.span());
  std::optional<std::string> message = hazmat::AesGcmOpen(
      content_key.span(), AsBytes(nonce_).first<kGcmNonceSize>(),
      AsBytes(header_text_), AsBytes(ciphertext_),
      AsBytes(tag_).first<kGcmTagSize>());
  if (!message || !found) return false;
  message_ = *std::move(message);
  return true;
}

}  // namespace signet
