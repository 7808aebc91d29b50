#include "tests/fuzz/plain_open.h"

#include <algorithm>

#include "aes.h"
#include "hazmat.h"
#include "key_material.h"

namespace signet::fuzz {
namespace {

using hazmat::EvpKey;
using hazmat::EvpType;

std::string Le64(size_t value) {
  std::string out;
  for (int i = 0; i < 8; ++i, value >>= 8) out += static_cast<char>(value);
  return out;
}

std::string Pae(const std::vector<std::string>& pieces) {
  std::string out = Le64(pieces.size());
  for (const std::string& piece : pieces) out += Le64(piece.size()) + piece;
  return out;
}

std::string SecretOf(const VerifyKey& key) {
  return std::string(AsText(KeyAccess::Of(key).secret.bytes()));
}

// Digest is keyed BLAKE2b of any size.
std::string Digest(size_t size, std::string_view key, std::string_view text) {
  std::string out(size, '\0');
  Blake2b({reinterpret_cast<uint8_t*>(out.data()), size}, AsBytes(text),
          AsBytes(key));
  return out;
}

// Usable finds the key if it may prove a token now.
const VerifyKey* Usable(const PlainWorld& world, const KeyRing& ring,
                        const std::string& id) {
  for (const RingKey& key : ring.keys()) {
    if (key.key.id() != id) continue;
    const KeySchedule& at = key.schedule;
    const Duration skew = world.policy.clock_skew;
    const bool usable = world.now + skew >= at.activates_at &&
                        (!at.retires_at || world.now - skew < *at.retires_at) &&
                        (!at.revoked_at || world.now + skew < *at.revoked_at);
    return usable ? &key.key : nullptr;
  }
  return nullptr;
}

// A member that must be a text, and not an empty one.
const std::string* Text(const PlainValue& object, std::string_view name) {
  const PlainValue* value = object.Find(name);
  if (value == nullptr || value->kind != PlainValue::kString ||
      value->text.empty()) {
    return nullptr;
  }
  return &value->text;
}

bool Is(const PlainValue& object, std::string_view name,
        std::string_view text) {
  const std::string* value = Text(object, name);
  return value != nullptr && *value == text;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// IsMedia compares media types, which may leave "application/" out.
bool IsMedia(const PlainValue& object, std::string_view member,
             const std::string& type) {
  const std::string* value = Text(object, member);
  return value != nullptr &&
         (Lower(*value) == type || Lower(*value) == "application/" + type);
}

bool HasType(const PlainWorld& world, const PlainValue& header) {
  if (world.policy.token_type == TokenType::kAccessToken) {
    return IsMedia(header, "typ", "at+jwt");
  }
  return header.Find("typ") == nullptr || IsMedia(header, "typ", "jwt");
}

std::function<bool()> IsSigned(const VerifyKey& key, std::string input,
                               std::string signature) {
  return [&key, input = std::move(input), signature = std::move(signature)] {
    return key.Verify(AsBytes(input), AsBytes(signature));
  };
}

// ---- PASETO. ----

struct PasetoParts {
  std::string body;
  std::string footer;
  std::string key_id;
};

std::optional<PasetoParts> SplitPlainPaseto(std::string_view token,
                                            std::string_view purpose) {
  const auto segments = PlainSegments(token);
  if (segments.size() != 4 || segments[0] != "v4" || segments[1] != purpose) {
    return std::nullopt;
  }
  const auto body = PlainBase64Url(segments[2]);
  const auto footer = PlainBase64Url(segments[3]);
  if (!body || !footer || body->size() < 64 || footer->size() > 512) {
    return std::nullopt;
  }
  const auto object = ParsePlainJson(*footer);
  if (!object || object->children.size() != 1 || !Text(*object, "kid")) {
    return std::nullopt;
  }
  return PasetoParts{*body, *footer, *Text(*object, "kid")};
}

std::optional<PlainOpened> OpenPublic(const PlainWorld& world,
                                      std::string_view token,
                                      std::string_view assertion) {
  const auto parts = SplitPlainPaseto(token, "public");
  if (!parts) return std::nullopt;
  const VerifyKey* key = Usable(world, world.ring, parts->key_id);
  const size_t size = parts->body.size() - 64;
  const std::string claims = parts->body.substr(0, size);
  if (key == nullptr) return std::nullopt;
  const std::string input =
      Pae({"v4.public.", claims, parts->footer, std::string(assertion)});
  return PlainOpened{parts->key_id, claims,
                     IsSigned(*key, input, parts->body.substr(size))};
}

std::optional<PlainOpened> OpenLocal(const PlainWorld& world,
                                     std::string_view token,
                                     std::string_view assertion) {
  const auto parts = SplitPlainPaseto(token, "local");
  if (!parts) return std::nullopt;
  const VerifyKey* key = Usable(world, world.ring, parts->key_id);
  if (key == nullptr) return std::nullopt;
  const std::string secret = SecretOf(*key);
  const std::string nonce = parts->body.substr(0, 32);
  const std::string text = parts->body.substr(32, parts->body.size() - 64);
  const std::string tag = parts->body.substr(parts->body.size() - 32);
  const std::string cipher =
      Digest(56, secret, "paseto-encryption-key" + nonce);
  const std::string mac =
      Digest(32, secret, "paseto-auth-key-for-aead" + nonce);
  if (Digest(32, mac,
             Pae({"v4.local.", nonce, text, parts->footer,
                  std::string(assertion)})) != tag) {
    return std::nullopt;
  }
  std::string claims(text.size(), '\0');
  hazmat::XChaCha20Xor(
      {reinterpret_cast<uint8_t*>(claims.data()), claims.size()}, AsBytes(text),
      AsBytes(cipher).subspan<32, 24>(), AsBytes(cipher).first<32>());
  return PlainOpened{parts->key_id, claims};
}

// ---- JOSE. ----

// ReadPlainHeader reads a header that holds nothing which is always refused.
std::optional<PlainValue> ReadPlainHeader(
    std::string_view segment, std::initializer_list<const char*> refused) {
  const auto text = PlainBase64Url(segment);
  if (!text || text->size() > 1024) return std::nullopt;
  auto header = ParsePlainJson(*text);
  if (!header || !Text(*header, "alg") || !Text(*header, "kid")) {
    return std::nullopt;
  }
  for (const char* name :
       {"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"}) {
    if (header->Find(name) != nullptr) return std::nullopt;
  }
  for (const char* name : refused) {
    if (header->Find(name) != nullptr) return std::nullopt;
  }
  return header;
}

std::optional<PlainOpened> OpenJws(const PlainWorld& world,
                                   std::string_view token) {
  const auto segments = PlainSegments(token);
  if (segments.size() != 3) return std::nullopt;
  const auto header = ReadPlainHeader(segments[0], {"enc"});
  const auto claims = PlainBase64Url(segments[1]);
  const auto signature = PlainBase64Url(segments[2]);
  if (!header || !claims || !signature || !HasType(world, *header)) {
    return std::nullopt;
  }
  // A content type of its own would make the payload something else.
  if (header->Find("cty") != nullptr &&
      (!Text(*header, "cty") || IsMedia(*header, "cty", "jwt"))) {
    return std::nullopt;
  }
  const std::string& kid = *Text(*header, "kid");
  const VerifyKey* key = Usable(world, world.ring, kid);
  if (key == nullptr || !Is(*header, "alg", JoseAlgorithm(key->format()))) {
    return std::nullopt;
  }
  const std::string input(token.substr(0, token.rfind('.')));
  return PlainOpened{kid, *claims, IsSigned(*key, input, *signature)};
}

struct JweParts {
  PlainValue header;
  std::string header_text;  // as it was sent
  std::string wrapped, nonce, text, tag;
};

std::optional<JweParts> SplitPlainJwe(std::string_view token) {
  const auto segments = PlainSegments(token);
  if (segments.size() != 5) return std::nullopt;
  const auto header = ReadPlainHeader(segments[0], {"p2c", "p2s", "iv", "tag"});
  if (!header || !Is(*header, "enc", "A256GCM")) return std::nullopt;
  JweParts parts{*header, std::string(segments[0]), {}, {}, {}, {}};
  std::string JweParts::*const fields[] = {&JweParts::wrapped, &JweParts::nonce,
                                           &JweParts::text, &JweParts::tag};
  for (size_t i = 0; i < 4; ++i) {
    const auto bytes = PlainBase64Url(segments[i + 1]);
    if (!bytes) return std::nullopt;
    parts.*fields[i] = *bytes;
  }
  if (parts.nonce.size() != 12 || parts.tag.size() != 16) return std::nullopt;
  return parts;
}

std::optional<std::string> OpenContent(const JweParts& parts,
                                       std::string_view content_key) {
  return hazmat::AesGcmOpen(AsBytes(content_key).first<32>(),
                            AsBytes(parts.nonce).first<12>(),
                            AsBytes(parts.header_text), AsBytes(parts.text),
                            AsBytes(parts.tag).first<16>());
}

std::optional<PlainOpened> OpenDirect(const PlainWorld& world,
                                      std::string_view token) {
  const auto parts = SplitPlainJwe(token);
  if (!parts || !Is(parts->header, "alg", "dir") || !parts->wrapped.empty() ||
      parts->header.Find("cty") != nullptr || !HasType(world, parts->header)) {
    return std::nullopt;
  }
  const std::string& kid = *Text(parts->header, "kid");
  const VerifyKey* key = Usable(world, world.ring, kid);
  if (key == nullptr) return std::nullopt;
  const auto claims = OpenContent(*parts, SecretOf(*key));
  if (!claims) return std::nullopt;
  return PlainOpened{kid, *claims};
}

std::optional<EvpKey> ReadPoint(const PlainValue* epk, EvpType type) {
  if (epk == nullptr || epk->kind != PlainValue::kObject ||
      epk->Find("d") != nullptr) {
    return std::nullopt;
  }
  const bool p256 = type == EvpType::kP256;
  if (!Is(*epk, "kty", p256 ? "EC" : "OKP") ||
      !Is(*epk, "crv", p256 ? "P-256" : "X25519")) {
    return std::nullopt;
  }
  std::string bytes[2];
  for (const char* name : {"x", "y"}) {
    if (*name == 'y' && !p256) break;
    const auto value =
        Text(*epk, name) ? PlainBase64Url(*Text(*epk, name)) : std::nullopt;
    if (!value || value->size() != 32) return std::nullopt;
    bytes[*name - 'x'] = *value;
  }
  auto key = p256 ? EvpKey::FromP256(AsBytes(bytes[0]).first<32>(),
                                     AsBytes(bytes[1]).first<32>())
                  : EvpKey::FromX25519(AsBytes(bytes[0]).first<32>());
  if (!key) return std::nullopt;
  return *std::move(key);
}

// Unwrap gives the key of the content.
std::optional<std::string> Unwrap(const JweParts& parts, const EvpKey& own) {
  const auto epk = ReadPoint(parts.header.Find("epk"), own.type());
  const auto apu = PlainPartyInfo(parts.header, "apu");
  const auto apv = PlainPartyInfo(parts.header, "apv");
  std::array<uint8_t, 32> shared;
  if (!epk || !apu || !apv || parts.wrapped.size() != 40 ||
      !own.Agree(*epk, shared)) {
    return std::nullopt;
  }
  std::array<uint8_t, 32> key;
  if (!hazmat::AesKeyUnwrap(PlainWrappingKey(shared, *apu, *apv),
                            AsBytes(parts.wrapped).first<40>(), key)) {
    return std::nullopt;
  }
  return std::string(AsText(key));
}

std::optional<PlainOpened> OpenNested(const PlainWorld& world,
                                      std::string_view token) {
  const auto parts = SplitPlainJwe(token);
  if (!parts || world.opener == nullptr ||
      !Is(parts->header, "alg", "ECDH-ES+A256KW") ||
      !IsMedia(parts->header, "cty", "jwt") ||
      (parts->header.Find("typ") != nullptr && !Text(parts->header, "typ"))) {
    return std::nullopt;
  }
  const VerifyKey* key =
      Usable(world, *world.opener, *Text(parts->header, "kid"));
  if (key == nullptr) return std::nullopt;
  const auto content_key = Unwrap(*parts, *KeyAccess::Of(*key).evp);
  if (!content_key) return std::nullopt;
  const auto inner = OpenContent(*parts, *content_key);
  return inner ? OpenJws(world, *inner) : std::nullopt;
}

}  // namespace

std::vector<std::string_view> PlainSegments(std::string_view text) {
  std::vector<std::string_view> segments;
  for (size_t dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    segments.push_back(text.substr(0, dot));
    text.remove_prefix(dot + 1);
  }
  segments.push_back(text);
  return segments;
}

std::array<uint8_t, 32> PlainWrappingKey(Bytes shared, std::string_view apu,
                                         std::string_view apv) {
  const auto be32 = [](size_t value) {
    std::string out = Le64(value).substr(0, 4);
    return std::string(out.rbegin(), out.rend());
  };
  std::string input = be32(1) + std::string(AsText(shared));
  for (const std::string_view piece :
       {std::string_view("ECDH-ES+A256KW"), apu, apv}) {
    input += be32(piece.size()) + std::string(piece);
  }
  std::array<uint8_t, 32> key;
  hazmat::Sha256(key, AsBytes(input + be32(256)));
  return key;
}

std::optional<std::string> PlainPartyInfo(const PlainValue& header,
                                          std::string_view name) {
  if (header.Find(name) == nullptr) return std::string();
  const std::string* text = Text(header, name);
  const auto bytes = text ? PlainBase64Url(*text) : std::nullopt;
  if (!bytes || bytes->size() > 128) return std::nullopt;
  return bytes;
}

std::optional<PlainOpened> PlainOpen(const PlainWorld& world,
                                     std::string_view token,
                                     std::string_view assertion) {
  const KeyFormat format = world.ring.info().format;
  if (format == KeyFormat::kPasetoV4Public) {
    return OpenPublic(world, token, assertion);
  }
  if (format == KeyFormat::kPasetoV4Local) {
    return OpenLocal(world, token, assertion);
  }
  // A JWT has no implicit assertion.
  if (!assertion.empty()) return std::nullopt;
  if (format == KeyFormat::kJweDir) return OpenDirect(world, token);
  const bool encrypted = PlainSegments(token).size() == 5;
  return encrypted ? OpenNested(world, token) : OpenJws(world, token);
}

}  // namespace signet::fuzz
