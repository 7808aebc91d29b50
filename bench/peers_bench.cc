// The same work by other libraries: libjwt and cjose, from Debian. A peer
// takes a token apart, checks its signature and reads its claims. Each row
// stands against OpenSSL's raw check of the same bytes with a parsed key; where
// Signet verifies the algorithm too, AddOurs puts it beside them.

#include <cjose/cjose.h>
#include <jansson.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>
#include <memory>

#include "bench/paired.h"
#include "bench/setup.h"

namespace signet::bench {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* value) const {
    kFree(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Json = std::unique_ptr<json_t, Free<json_decref>>;
using Jwk = std::unique_ptr<cjose_jwk_t, Free<cjose_jwk_release>>;

// Algorithm is one JWS algorithm with a fresh key, in the shapes that the
// libraries want it.
struct Algorithm {
  std::string name;  // "rs256"
  jwt_alg_t jwt_algorithm;
  Key key;                      // null for HMAC
  std::string secret = {};      // of HMAC
  std::string jwk = {};         // the half that verifies
  std::string public_pem = {};  // the same, or the secret
  std::string token = {};
};

std::string Pem(const Key& key, bool with_secret) {
  BIO* const out = BIO_new(BIO_s_mem());
  if (with_secret) {
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr,
                             nullptr);
  } else {
    PEM_write_bio_PUBKEY(out, key.get());
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(out);
  return pem;
}

// Number is a parameter of the key as base64url of at least `size` bytes.
std::string Number(const Key& key, const char* name, size_t size) {
  BIGNUM* number = nullptr;
  Require(EVP_PKEY_get_bn_param(key.get(), name, &number) == 1, name);
  const size_t needed = static_cast<size_t>(BN_num_bytes(number));
  std::vector<uint8_t> bytes(std::max(size, needed));
  BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
  BN_free(number);
  return Base64UrlEncode(bytes);
}

void Mint(Algorithm& algorithm, const std::string& signing_key) {
  const Claims claims = TypicalClaims();
  jwt_t* jwt = nullptr;
  Require(jwt_new(&jwt) == 0, "jwt_new");
  jwt_add_grant(jwt, "iss", claims.issuer.c_str());
  jwt_add_grant(jwt, "sub", claims.subject.c_str());
  jwt_add_grant(jwt, "aud", claims.audience.front().c_str());
  jwt_add_grant_int(jwt, "exp", claims.expires_at.time_since_epoch().count());
  jwt_add_grant_int(jwt, "iat", claims.issued_at.time_since_epoch().count());
  jwt_add_grant(jwt, "jti", claims.token_id.c_str());
  jwt_add_grant(jwt, "client_id", claims.client_id.c_str());
  jwt_add_grant(jwt, "scope", claims.scope.c_str());
  jwt_add_grant(jwt, "sid", claims.session_id.c_str());
  const auto* key = reinterpret_cast<const unsigned char*>(signing_key.data());
  Require(jwt_set_alg(jwt, algorithm.jwt_algorithm, key,
                      static_cast<int>(signing_key.size())) == 0,
          "jwt_set_alg");
  char* text = jwt_encode_str(jwt);
  Require(text != nullptr, "jwt_encode_str");
  algorithm.token = text;
  std::free(text);
  jwt_free(jwt);
}

Algorithm MakeRs256() {
  Algorithm made{"rs256", JWT_ALG_RS256, Key(EVP_RSA_gen(2048))};
  made.jwk = R"({"kty":"RSA","n":")" +
             Number(made.key, OSSL_PKEY_PARAM_RSA_N, 256) + R"(","e":")" +
             Number(made.key, OSSL_PKEY_PARAM_RSA_E, 1) + R"("})";
  made.public_pem = Pem(made.key, false);
  Mint(made, Pem(made.key, true));
  return made;
}

Algorithm MakeEs256() {
  Algorithm made{"es256", JWT_ALG_ES256, Key(EVP_EC_gen("P-256"))};
  made.jwk = R"({"kty":"EC","crv":"P-256","x":")" +
             Number(made.key, OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
             Number(made.key, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + R"("})";
  made.public_pem = Pem(made.key, false);
  Mint(made, Pem(made.key, true));
  return made;
}

Algorithm MakeHs256() {
  Algorithm made{"hs256", JWT_ALG_HS256, nullptr};
  made.secret.resize(32);
  FillRandom({reinterpret_cast<uint8_t*>(made.secret.data()), 32});
  made.jwk =
      R"({"kty":"oct","k":")" + Base64UrlEncode(AsBytes(made.secret)) + R"("})";
  made.public_pem = made.secret;
  Mint(made, made.secret);
  return made;
}

// RawCheck is OpenSSL alone, over the token's signing input, with everything
// parsed and kept that can be.
std::function<bool()> RawCheck(const Algorithm& algorithm) {
  const auto input = std::make_shared<std::string>(
      algorithm.token.substr(0, algorithm.token.rfind('.')));
  const auto signature = std::make_shared<std::vector<uint8_t>>(512);
  size_t size = signature->size();
  if (algorithm.key == nullptr) {
    const std::shared_ptr<EVP_MAC> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                       EVP_MAC_free);
    const std::shared_ptr<EVP_MAC_CTX> context(EVP_MAC_CTX_new(mac.get()),
                                               EVP_MAC_CTX_free);
    std::string digest = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(),
                                         0),
        OSSL_PARAM_construct_end()};
    Require(EVP_MAC_init(context.get(), AsBytes(algorithm.secret).data(),
                         algorithm.secret.size(), parameters) == 1,
            "EVP_MAC_init");
    return [mac, context, input, signature] {
      size_t got = 0;
      return EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1 &&
             EVP_MAC_update(context.get(), AsBytes(*input).data(),
                            input->size()) == 1 &&
             EVP_MAC_final(context.get(), signature->data(), &got, 32) == 1;
    };
  }
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr,
                             algorithm.key.get()) == 1 &&
              EVP_DigestSign(context.get(), signature->data(), &size,
                             AsBytes(*input).data(), input->size()) == 1,
          "EVP_DigestSign");
  signature->resize(size);
  return [context, input, signature, key = algorithm.key.get()] {
    EVP_MD_CTX_reset(context.get());
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                                key) == 1 &&
           EVP_DigestVerify(context.get(), signature->data(), signature->size(),
                            AsBytes(*input).data(), input->size()) == 1;
  };
}

// libjwt parses the key anew for every token: its interface knows no other way.
std::function<bool()> Libjwt(const Algorithm& algorithm) {
  return [&algorithm] {
    jwt_t* jwt = nullptr;
    if (jwt_decode(&jwt, algorithm.token.c_str(),
                   AsBytes(algorithm.public_pem).data(),
                   static_cast<int>(algorithm.public_pem.size())) != 0) {
      return false;
    }
    const bool good = jwt_get_alg(jwt) == algorithm.jwt_algorithm &&
                      kIssuer == jwt_get_grant(jwt, "iss") &&
                      kAudience == jwt_get_grant(jwt, "aud") &&
                      jwt_get_grant_int(jwt, "exp") > ::time(nullptr);
    jwt_free(jwt);
    return good;
  };
}

std::function<bool()> Cjose(const Algorithm& algorithm) {
  cjose_err error{};
  const std::shared_ptr<cjose_jwk_t> key(
      cjose_jwk_import(algorithm.jwk.data(), algorithm.jwk.size(), &error),
      cjose_jwk_release);
  Require(key != nullptr, "cjose_jwk_import");
  return [&algorithm, key] {
    cjose_err problem{};
    cjose_jws_t* const jws = cjose_jws_import(algorithm.token.data(),
                                              algorithm.token.size(), &problem);
    if (jws == nullptr) return false;
    uint8_t* text = nullptr;
    size_t size = 0;
    bool good = cjose_jws_verify(jws, key.get(), &problem) &&
                cjose_jws_get_plaintext(jws, &text, &size, &problem);
    if (good) {
      const Json claims(
          json_loadb(reinterpret_cast<const char*>(text), size, 0, nullptr));
      const auto text_of = [&](const char* name) {
        return std::string_view(
            json_string_value(json_object_get(claims.get(), name)));
      };
      good = text_of("iss") == kIssuer && text_of("aud") == kAudience &&
             json_integer_value(json_object_get(claims.get(), "exp")) >
                 ::time(nullptr);
    }
    cjose_jws_release(jws);
    return good;
  };
}

// Row prints what a library takes, against OpenSSL alone.
void Row(const Algorithm& algorithm, const std::string& library,
         const std::function<bool()>& work) {
  const std::function<bool()> raw = RawCheck(algorithm);
  Require(work(), library + " refuses a good token");
  Require(raw(), "OpenSSL refuses a good signature");
  Compare(
      "peer_" + library + "_" + algorithm.name, "openssl verify", 20,
      [&](int) { Keep(work()); }, [&](int) { Keep(raw()); });
}

// AddOurs prints Signet's cold verify of a JWT against each peer's. `peers` do
// the same algorithm, or the nearest that they have.
void AddOurs(
    KeyFormat format, const std::string& name,
    const std::vector<std::pair<std::string, std::function<bool()>>>& peers) {
  const SigningRing ring = NewRing(format);
  const LiveRing live(ring.Public());
  const RevocationList empty;
  Policy policy = AnyAgePolicy();
  policy.cache_bytes = 0;
  const Verifier verifier = Require(Verifier::Create(policy, live, empty));
  const std::string token = Require(Issuer(ring).Mint(TypicalClaims()));
  Require(verifier.Verify(token).ok(), "a good token is refused");
  for (const auto& [peer, work] : peers) {
    Compare(
        "verify_" + name + "_vs_" + peer.substr(0, peer.find(' ')), peer, 20,
        [&](int) { Keep(verifier.Verify(token).ok()); },
        [&](int) { Keep(work()); });
  }
}

void Run() {
  const Algorithm rs256 = MakeRs256(), es256 = MakeEs256(), hs256 = MakeHs256();
  for (const Algorithm* algorithm : {&rs256, &es256, &hs256}) {
    Row(*algorithm, "libjwt", Libjwt(*algorithm));
    Row(*algorithm, "cjose", Cjose(*algorithm));
  }
  // Neither peer knows EdDSA in Debian 12: ES256 is the nearest.
  AddOurs(KeyFormat::kJwtEdDsa, "jwt_eddsa",
          {{"libjwt ES256", Libjwt(es256)}, {"cjose ES256", Cjose(es256)}});
}

}  // namespace
}  // namespace signet::bench

int main() { signet::bench::Run(); }
