#include "signet/jwk.h"

#include <algorithm>

#include "jose_header.h"
#include "jwk_text.h"
#include "jwk_use.h"
#include "key_material.h"
#include "ring_access.h"
#include "ring_rules.h"
#include "strict_json.h"

namespace signet {
namespace {

using hazmat::EvpKey;
using hazmat::RsaNumbers;

// The most members of a set that are looked at, and the most keys.
constexpr size_t kMaxSetMembers = 4096;
constexpr size_t kMaxSetKeys = 100;
constexpr size_t kMaxSetSize = 1u << 20;
// The longest kid that a ring takes over.
constexpr size_t kMaxKeyIdLength = 256;

Error Unsupported(std::string_view member) {
  return {ErrorCode::kUnsupported,
          "JWK: member " + std::string(member) +
              " names something that is not supported"};
}

// Decode reads a required member of base64url: `size` bytes, any number if 0.
Result<SecretBuffer> Decode(const JsonNode& jwk, std::string_view name,
                            size_t size) {
  Result<std::string_view> text = JwkText(jwk, name);
  if (!text) return text.error();
  if (text->empty()) return JwkInvalid(name, "is missing");
  Result<std::string> bytes = Base64UrlDecode(*text);
  if (!bytes) return JwkInvalid(name, "is not canonical base64url");
  SecretBuffer out(AsBytes(*bytes));
  Wipe({reinterpret_cast<uint8_t*>(bytes->data()), bytes->size()});
  if (size != 0 && out.bytes().size() != size) {
    return JwkInvalid(name, "does not have " + std::to_string(size) + " bytes");
  }
  return out;
}

// Number reads a required integer: RFC 7518 section 2 allows no leading zero.
Result<SecretBuffer> Number(const JsonNode& jwk, std::string_view name) {
  Result<SecretBuffer> out = Decode(jwk, name, 0);
  if (out && (out->bytes().empty() || out->bytes().front() == 0)) {
    return JwkInvalid(name, "has a leading zero");
  }
  return out;
}

// HasPrivateMember: any one of them is enough to compute an RSA key's rest
// (RFC 7518 sections 6.2.2, 6.3.2 and 6.4), and priv is the secret of an AKP
// key, which is not read but may leak.
bool HasPrivateMember(const JsonNode& jwk) {
  for (const std::string_view name :
       {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}) {
    if (FindMember(jwk, name) != nullptr) return true;
  }
  return false;
}

Result<KeyType> TypeOf(const JsonNode& jwk) {
  Result<std::string_view> kty = JwkText(jwk, "kty");
  if (!kty) return kty.error();
  if (kty->empty()) return JwkInvalid("kty", "is missing");
  if (*kty == "RSA") return KeyType::kRsa;
  if (*kty == "oct") return KeyType::kSymmetric;
  if (*kty != "OKP" && *kty != "EC") return Unsupported("kty");
  Result<std::string_view> crv = JwkText(jwk, "crv");
  if (!crv) return crv.error();
  if (crv->empty()) return JwkInvalid("crv", "is missing");
  if (*kty == "EC" && *crv == "P-256") return KeyType::kP256;
  if (*kty == "OKP" && *crv == "Ed25519") return KeyType::kEd25519;
  if (*kty == "OKP" && *crv == "X25519") return KeyType::kX25519;
  return Unsupported("crv");
}

// FormatByAlgorithm finds the format of a JWK that says its own alg.
std::optional<KeyFormat> FormatByAlgorithm(std::string_view alg, KeyType type) {
  for (const KeyFormat format :
       {KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256, KeyFormat::kJwtRs256,
        KeyFormat::kJwtPs256, KeyFormat::kJwtHs256, KeyFormat::kJweDir,
        KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    if (JoseAlgorithm(format) == alg && InfoOf(format)->type == type) {
      return format;
    }
  }
  return std::nullopt;
}

// A256GCM as `alg` of a key for dir is how RFC 7520 section 3.6 spells it;
// "Ed25519" is RFC 9864's name for what EdDSA does with that curve.
bool Agrees(std::string_view alg, KeyFormat format) {
  return alg == JoseAlgorithm(format) ||
         (alg == "A256GCM" && format == KeyFormat::kJweDir) ||
         (alg == "Ed25519" && format == KeyFormat::kJwtEdDsa);
}

Result<KeyFormat> ChooseFormat(const JsonNode& jwk, KeyType type,
                               std::optional<KeyFormat> wanted) {
  Result<std::string_view> alg = JwkText(jwk, "alg");
  if (!alg) return alg.error();
  if (wanted) {
    if (InfoOf(*wanted)->type != type) {
      return JwkInvalid(
          "kty",
          "is not that of a " + std::string(KeyFormatName(*wanted)) + " key");
    }
    if (!alg->empty() && !Agrees(*alg, *wanted)) {
      return JwkInvalid(
          "alg",
          "is not that of a " + std::string(KeyFormatName(*wanted)) + " key");
    }
    return *wanted;
  }
  if (alg->empty() && type == KeyType::kEd25519) return KeyFormat::kJwtEdDsa;
  if (alg->empty())
    return JwkInvalid("alg", "is missing, and no format is given");
  const std::optional<KeyFormat> format = FormatByAlgorithm(*alg, type);
  if (!format) return Unsupported("alg");
  return *format;
}

// KeyId reads kid; empty if there is none.
Result<std::string_view> KeyId(const JsonNode& jwk) {
  Result<std::string_view> kid = JwkText(jwk, "kid");
  if (kid && (kid->size() > kMaxKeyIdLength || !IsPlainText(*kid))) {
    return JwkInvalid("kid", "is too long, or not plain text");
  }
  return kid;
}

struct Described {
  KeyType type;
  KeyFormat format;
};

Result<Described> Describe(const JsonNode& jwk, std::optional<KeyFormat> wanted,
                           JwkHalf half) {
  Result<KeyType> type = TypeOf(jwk);
  if (!type) return type.error();
  Result<KeyFormat> format = ChooseFormat(jwk, *type, wanted);
  if (!format) return format.error();
  if (Status use = CheckJwkUse(jwk, *format, half); !use) return use.error();
  return Described{*type, *format};
}

Error Named(const Error& error) {
  return {error.code, "JWK: " + error.message, error.hint};
}

Result<RsaNumbers> ReadRsa(const JsonNode& jwk, bool is_private) {
  RsaNumbers out;
  Result<SecretBuffer> n = Number(jwk, "n");
  if (!n) return n.error();
  Result<SecretBuffer> e = Number(jwk, "e");
  if (!e) return e.error();
  out.n = AsText(n->bytes());
  out.e = AsText(e->bytes());
  if (!is_private) return out;
  if (FindMember(jwk, "oth") != nullptr) return Unsupported("oth");
  struct Field {
    const char* name;
    SecretBuffer RsaNumbers::*value;
  };
  for (const Field& field :
       {Field{"d", &RsaNumbers::d}, Field{"p", &RsaNumbers::p},
        Field{"q", &RsaNumbers::q}, Field{"dp", &RsaNumbers::dp},
        Field{"dq", &RsaNumbers::dq}, Field{"qi", &RsaNumbers::qi}}) {
    Result<SecretBuffer> value = Number(jwk, field.name);
    if (!value) return value.error();
    out.*field.value = *std::move(value);
  }
  return out;
}

Result<EvpKey> ReadP256Point(const JsonNode& jwk) {
  Result<SecretBuffer> x = Decode(jwk, "x", 32);
  if (!x) return x.error();
  Result<SecretBuffer> y = Decode(jwk, "y", 32);
  if (!y) return y.error();
  Result<EvpKey> key =
      EvpKey::FromP256(x->bytes().first<32>(), y->bytes().first<32>());
  if (!key) return Named(key.error());
  return key;
}

Result<VerifyKey> ReadPublic(const JsonNode& jwk, Described key) {
  if (key.type == KeyType::kRsa) {
    Result<RsaNumbers> numbers = ReadRsa(jwk, false);
    if (!numbers) return numbers.error();
    Result<EvpKey> evp = EvpKey::FromRsa(*numbers);
    if (!evp) return Named(evp.error());
    return KeyAccess::PublicFromEvp(key.format, *std::move(evp));
  }
  if (key.type == KeyType::kP256) {
    Result<EvpKey> evp = ReadP256Point(jwk);
    if (!evp) return evp.error();
    return KeyAccess::PublicFromEvp(key.format, *std::move(evp));
  }
  Result<SecretBuffer> x = Decode(jwk, "x", 32);
  if (!x) return x.error();
  if (key.type == KeyType::kEd25519) {
    Result<VerifyKey> made = VerifyKey::Create(key.format, x->bytes());
    return made ? std::move(made) : Result<VerifyKey>(Named(made.error()));
  }
  Result<EvpKey> evp = EvpKey::FromX25519(x->bytes().first<32>());
  if (!evp) return Named(evp.error());
  return KeyAccess::PublicFromEvp(key.format, *std::move(evp));
}

Result<SecretKey> ReadSecret(const JsonNode& jwk, Described key) {
  if (key.type == KeyType::kRsa) {
    Result<RsaNumbers> numbers = ReadRsa(jwk, true);
    if (!numbers) return numbers.error();
    Result<EvpKey> evp = EvpKey::FromRsaPrivate(*numbers);
    if (!evp) return Named(evp.error());
    return KeyAccess::FromEvp(key.format, *std::move(evp));
  }
  const bool symmetric = key.type == KeyType::kSymmetric;
  Result<SecretBuffer> bytes =
      Decode(jwk, symmetric ? "k" : "d", symmetric ? 0 : 32);
  if (!bytes) return bytes.error();
  Result<SecretKey> secret = SecretKey::FromSecret(key.format, bytes->bytes());
  if (!secret) return Named(secret.error());
  if (symmetric) return secret;
  // The public half that the JWK names must be the secret's.
  Result<VerifyKey> named = ReadPublic(jwk, key);
  if (!named) return named.error();
  if (named->bytes().size() != secret->Public().bytes().size() ||
      !ConstantTimeEqual(named->bytes(), secret->Public().bytes())) {
    return JwkInvalid("d", "does not belong to the public half");
  }
  return secret;
}

Status ParseObject(std::string_view json, JsonDocument& document) {
  if (document.Parse(json)) return {};
  return Error{ErrorCode::kInvalid,
               "JWK: not one JSON object, or a member is repeated"};
}

Error LeakedKey() {
  return {ErrorCode::kInvalid,
          "JWK: a private or symmetric key where a public one is due"};
}

// ReadMember reads one key of a set, or nothing if it is of no use for
// `format`.
Result<std::optional<VerifyKey>> ReadMember(const JsonNode& jwk,
                                            KeyFormat format) {
  if (jwk.kind != JsonKind::kObject)
    return JwkInvalid("keys", "holds no objects");
  if (HasPrivateMember(jwk)) return LeakedKey();
  Result<Described> described = Describe(jwk, format, JwkHalf::kPublic);
  if (!described) return std::optional<VerifyKey>();
  Result<VerifyKey> key = ReadPublic(jwk, *described);
  if (!key) return key.error();
  Result<std::string_view> kid = KeyId(jwk);
  if (!kid) return kid.error();
  if (kid->empty()) return std::optional<VerifyKey>(*std::move(key));
  return std::optional<VerifyKey>(key->WithId(std::string(*kid)));
}

}  // namespace

Result<VerifyKey> ReadJwk(std::string_view json,
                          std::optional<KeyFormat> format) {
  JsonDocument document;
  if (Status ok = ParseObject(json, document); !ok) return ok.error();
  const JsonNode& jwk = document.root();
  if (HasPrivateMember(jwk)) return LeakedKey();
  Result<Described> described = Describe(jwk, format, JwkHalf::kPublic);
  if (!described) return described.error();
  if (described->type == KeyType::kSymmetric) return LeakedKey();
  if (Result<std::string_view> kid = KeyId(jwk); !kid) return kid.error();
  return ReadPublic(jwk, *described);
}

Result<SecretKey> ReadSecretJwk(std::string_view json,
                                std::optional<KeyFormat> format) {
  JsonDocument document;
  if (Status ok = ParseObject(json, document); !ok) return ok.error();
  Result<Described> described =
      Describe(document.root(), format, JwkHalf::kSecret);
  if (!described) return described.error();
  if (Result<std::string_view> kid = KeyId(document.root()); !kid) {
    return kid.error();
  }
  return ReadSecret(document.root(), *described);
}

Result<VerifyKey> ReadPem(std::string_view text, KeyFormat format) {
  Result<EvpKey> key = EvpKey::FromPem(text);
  if (!key) return key.error();
  return KeyAccess::PublicFromEvp(format, *std::move(key));
}

Result<SecretKey> ReadSecretPem(std::string_view text, KeyFormat format) {
  Result<EvpKey> key = EvpKey::FromPem(text);
  if (!key) return key.error();
  return KeyAccess::FromEvp(format, *std::move(key));
}

Result<KeyRing> ReadJwks(std::string_view json, KeyFormat format,
                         uint64_t generation) {
  if (InfoOf(format) == nullptr || !IsJws(format) || IsSymmetric(format)) {
    return Error{ErrorCode::kInvalid,
                 "JWK set: the key format is not one that a set publishes"};
  }
  if (generation < 1 || generation > kMaxGeneration) {
    return Error{ErrorCode::kInvalid,
                 "JWK set: the generation is not between 1 and 2^53 - 1"};
  }
  JsonDocument document;
  if (json.size() > kMaxSetSize || !document.Parse(json, kMaxSetMembers)) {
    return Error{ErrorCode::kInvalid,
                 "JWK set: not one JSON object, too large, or a member is "
                 "repeated"};
  }
  const JsonNode* array = FindMember(document.root(), "keys");
  if (array == nullptr || array->kind != JsonKind::kArray) {
    return Error{ErrorCode::kInvalid, "JWK set: member keys is not an array"};
  }
  std::vector<RingKey> keys;
  size_t seen = 0;
  for (const JsonNode& jwk : JsonChildren(*array)) {
    if (++seen > kMaxSetKeys) {
      return Error{ErrorCode::kInvalid, "JWK set: more than 100 keys"};
    }
    Result<std::optional<VerifyKey>> key = ReadMember(jwk, format);
    if (!key) return key.error();
    // From the beginning of time on it verifies, and it never signs.
    if (*key) {
      keys.push_back({**std::move(key), {.verify_only_at = Time()}});
    }
  }
  return RingAccess::FromSet(format, generation, std::move(keys));
}

}  // namespace signet
