#include "jwk_text.h"

#include "signet/jwk.h"
#include "strict_json.h"

// Members of the JWKs that are written, by kty:
//
//   OKP  crv: "Ed25519" | "X25519", x: point 32         [d: scalar 32]
//   EC   crv: "P-256", x: 32, y: 32                     [d: 32]
//   RSA  n, e: big endian, no leading zeros             [d, p, q, dp, dq, qi]
//   oct  k: the secret
//
// and kid; use: "sig" or "enc"; alg.

namespace signet {
namespace {

using hazmat::RsaNumbers;

void Append(std::string& out, std::string_view name, std::string_view value) {
  out += out.size() > 1 ? ",\"" : "\"";
  out += name;
  out += "\":";
  AppendJsonString(out, value);
}

void AppendBytes(std::string& out, std::string_view name, Bytes value) {
  std::string text = Base64UrlEncode(value);
  Append(out, name, text);
  Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
}

void AppendUse(std::string& out, KeyFormat format, const std::string& id) {
  Append(out, "kid", id);
  Append(out, "use", IsJwe(format) ? "enc" : "sig");
  // Ed25519 keys of PASETO and the feed have no alg of JOSE's.
  if (!JoseAlgorithm(format).empty()) {
    Append(out, "alg", JoseAlgorithm(format));
  }
}

void AppendSecret(std::string& out, const KeyMaterial& key) {
  if (InfoOf(key.format)->type != KeyType::kRsa) {
    return AppendBytes(out, "d", key.secret.bytes());
  }
  const RsaNumbers numbers = key.evp->Numbers();
  AppendBytes(out, "d", numbers.d.bytes());
  AppendBytes(out, "p", numbers.p.bytes());
  AppendBytes(out, "q", numbers.q.bytes());
  AppendBytes(out, "dp", numbers.dp.bytes());
  AppendBytes(out, "dq", numbers.dq.bytes());
  AppendBytes(out, "qi", numbers.qi.bytes());
}

}  // namespace

std::string RequiredJwkMembers(const KeyMaterial& key) {
  std::string out = "{";
  switch (InfoOf(key.format)->type) {
    case KeyType::kSymmetric:
      AppendBytes(out, "k", key.secret.bytes());
      Append(out, "kty", "oct");
      break;
    case KeyType::kEd25519:
      Append(out, "crv", "Ed25519");
      Append(out, "kty", "OKP");
      AppendBytes(out, "x", key.ed25519);
      break;
    case KeyType::kX25519:
      Append(out, "crv", "X25519");
      Append(out, "kty", "OKP");
      AppendBytes(out, "x", AsBytes(key.evp->Point()));
      break;
    case KeyType::kP256: {
      const std::string point = key.evp->Point();
      Append(out, "crv", "P-256");
      Append(out, "kty", "EC");
      AppendBytes(out, "x", AsBytes(point).first(32));
      AppendBytes(out, "y", AsBytes(point).last(32));
      break;
    }
    case KeyType::kRsa: {
      const RsaNumbers numbers = key.evp->Numbers();
      AppendBytes(out, "e", AsBytes(numbers.e));
      Append(out, "kty", "RSA");
      AppendBytes(out, "n", AsBytes(numbers.n));
      break;
    }
  }
  return out += '}';
}

std::string PublicJwk(const KeyMaterial& key, const std::string& id) {
  std::string out = RequiredJwkMembers(key);
  out.pop_back();
  AppendUse(out, key.format, id);
  return out += '}';
}

std::string WriteJwk(const VerifyKey& key) {
  return PublicJwk(KeyAccess::Of(key), key.id());
}

std::string WriteSecretJwk(const SecretKey& key) {
  const KeyMaterial& material = KeyAccess::Of(key);
  std::string out = RequiredJwkMembers(material);
  out.pop_back();
  if (!IsSymmetric(key.format())) AppendSecret(out, material);
  AppendUse(out, key.format(), key.id());
  return out += '}';
}

}  // namespace signet
