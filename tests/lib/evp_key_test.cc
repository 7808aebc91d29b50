#include "evp_key.h"

#include <doctest/doctest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <thread>
#include <vector>

#include "aes.h"
#include "tests/lib/hex.h"

namespace signet::hazmat {
namespace {

template <auto kFree>
struct Deleter {
  template <class T>
  void operator()(T* value) const {
    kFree(value);
  }
};
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using BnContext = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;

std::string Decode(std::string_view text) {
  Result<std::string> bytes = Base64UrlDecode(text);
  REQUIRE(bytes.ok());
  return *bytes;
}

Number NewNumber(unsigned long word = 0) {
  Number number(BN_new());
  REQUIRE(BN_set_word(number.get(), word) == 1);
  return number;
}

std::string ToText(const BIGNUM* number) {
  std::string out(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

// Filled is a number of so many bits: its highest and its lowest are set.
std::string Filled(int bits) {
  const Number number = NewNumber(1);
  BN_set_bit(number.get(), bits - 1);
  BN_set_bit(number.get(), bits / 2);
  return ToText(number.get());
}

std::string WhyNotRsa(const std::string& n, uint64_t e) {
  RsaNumbers numbers;
  numbers.n = n;
  numbers.e = ToText(NewNumber(e).get());
  const Result<EvpKey> key = EvpKey::FromRsa(numbers);
  if (key.ok()) return "accepted";
  CHECK(key.error().code == ErrorCode::kInvalid);
  return key.error().message;
}

template <class Encode>
std::string ToDer(Encode encode, const void* key) {
  uint8_t* der = nullptr;
  const int size = encode(key, &der);
  REQUIRE(size > 0);
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::string SpkiOf(EVP_PKEY* key) {
  return ToDer(
      [key](const void*, uint8_t** der) { return i2d_PUBKEY(key, der); },
      nullptr);
}

std::string Pkcs8Of(EVP_PKEY* key) {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>
      info(EVP_PKEY2PKCS8(key));
  return ToDer(
      [&info](const void*, uint8_t** der) {
        return i2d_PKCS8_PRIV_KEY_INFO(info.get(), der);
      },
      nullptr);
}

std::string PemOf(EVP_PKEY* key, bool is_private) {
  const std::unique_ptr<BIO, Deleter<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  REQUIRE((is_private ? PEM_write_bio_PrivateKey(bio.get(), key, nullptr,
                                                 nullptr, 0, nullptr, nullptr)
                      : PEM_write_bio_PUBKEY(bio.get(), key)) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

Key NewEc(const char* curve) { return Key(EVP_EC_gen(curve)); }

std::string WhyNotSpki(std::string_view der) {
  const Result<EvpKey> key = EvpKey::FromSpki(AsBytes(der));
  if (key.ok()) return "accepted";
  CHECK(key.error().code == ErrorCode::kInvalid);
  return key.error().message;
}

std::string WhyNotPem(std::string_view text) {
  const Result<EvpKey> key = EvpKey::FromPem(text);
  if (key.ok()) return "accepted";
  CHECK(key.error().code == ErrorCode::kInvalid);
  return key.error().message;
}

constexpr std::string_view kNoKey = "not a key, or no point of its curve";

// ---- Known answers. -------------------------------------------------------

TEST_CASE("X25519 agrees as in RFC 8037 appendix A.6") {
  const std::string secret =
      Decode("XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os");
  const std::string peer =
      Decode("hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo");
  const Result<EvpKey> own =
      EvpKey::FromX25519Private(AsBytes(secret).first<32>());
  const Result<EvpKey> other = EvpKey::FromX25519(AsBytes(peer).first<32>());
  REQUIRE(own.ok());
  REQUIRE(other.ok());
  CHECK(own->Point() == Decode("3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"));
  std::array<uint8_t, 32> shared;
  REQUIRE(own->Agree(*other, shared));
  CHECK(AsText(shared) ==
        FromHex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161"
                "742"));
}

TEST_CASE("P-256 agrees as in RFC 7518 appendix C") {
  const std::string secret =
      Decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw");
  const std::string x = Decode("gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0");
  const std::string y = Decode("SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps");
  const Result<EvpKey> own =
      EvpKey::FromP256Private(AsBytes(secret).first<32>());
  const Result<EvpKey> other =
      EvpKey::FromP256(AsBytes(x).first<32>(), AsBytes(y).first<32>());
  REQUIRE(own.ok());
  REQUIRE(other.ok());
  CHECK(own->Point() ==
        Decode("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ") +
            Decode("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"));
  std::array<uint8_t, 32> shared;
  REQUIRE(own->Agree(*other, shared));
  constexpr uint8_t kShared[] = {158, 86,  217, 29,  129, 113, 53,  211,
                                 114, 131, 66,  131, 191, 132, 38,  156,
                                 251, 49,  110, 163, 218, 128, 106, 72,
                                 246, 218, 167, 121, 140, 254, 144, 196};
  CHECK(AsText(shared) == AsText(kShared));
}

TEST_CASE("ES256 verifies the signature of RFC 7515 appendix A.3") {
  const std::string x = Decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  const std::string y = Decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  Result<EvpKey> key =
      EvpKey::FromP256(AsBytes(x).first<32>(), AsBytes(y).first<32>());
  REQUIRE(key.ok());
  key->Prepare(EvpScheme::kEs256);
  const std::string_view input =
      "eyJhbGciOiJFUzI1NiJ9"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
      "NvbS9pc19yb290Ijp0cnVlfQ";
  const std::string signature = Decode(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKT"
      "UJqPP3-Kg6NU1Q");
  CHECK(key->Verify(AsBytes(input), AsBytes(signature)));
  CHECK_FALSE(key->Verify(AsBytes(input.substr(1)), AsBytes(signature)));
}

TEST_CASE("AES-256-GCM is test case 16 of its specification") {
  const std::string key = FromHex(
      "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const std::string nonce = FromHex("cafebabefacedbaddecaf888");
  const std::string plain = FromHex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95"
      "956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const std::string added = FromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string sealed = AesGcmSeal(AsBytes(key).first<32>(),
                                        AsBytes(nonce).first<kGcmNonceSize>(),
                                        AsBytes(added), AsBytes(plain));
  CHECK(sealed ==
        FromHex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1"
                "aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc"
                "6ece0f4e1768cddf8853bb2d551b"));
  const auto open = [&](std::string text, std::string_view additional) {
    const Bytes bytes = AsBytes(text);
    return AesGcmOpen(AsBytes(key).first<32>(),
                      AsBytes(nonce).first<kGcmNonceSize>(),
                      AsBytes(additional), bytes.first(bytes.size() - 16),
                      bytes.last<kGcmTagSize>());
  };
  CHECK(open(sealed, added) == plain);
  CHECK_FALSE(open(sealed, added + "x").has_value());
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(open(changed, added).has_value());
  }
  // Nothing to encrypt is encrypted, too.
  const std::string empty = AesGcmSeal(
      AsBytes(key).first<32>(), AsBytes(nonce).first<kGcmNonceSize>(), {}, {});
  CHECK(empty.size() == kGcmTagSize);
  CHECK(open(empty, "") == "");
}

TEST_CASE("AES key wrap is RFC 3394 section 4.6") {
  const std::string wrapping = FromHex(
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const std::string key = FromHex(
      "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
  std::array<uint8_t, 40> wrapped =
      AesKeyWrap(AsBytes(wrapping).first<32>(), AsBytes(key).first<32>());
  CHECK(AsText(wrapped) ==
        FromHex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f4"
                "3bfb988b9b7a02dd21"));
  std::array<uint8_t, 32> unwrapped;
  REQUIRE(AesKeyUnwrap(AsBytes(wrapping).first<32>(), wrapped, unwrapped));
  CHECK(AsText(unwrapped) == key);
  for (uint8_t& byte : wrapped) {
    byte ^= 1;
    CHECK_FALSE(
        AesKeyUnwrap(AsBytes(wrapping).first<32>(), wrapped, unwrapped));
    byte ^= 1;
  }
}

// ---- What is no key. ------------------------------------------------------

TEST_CASE("an RSA modulus has 2048 to 4096 bits and is odd") {
  CHECK(WhyNotRsa(Filled(1024), 65537) ==
        "an RSA modulus of 1024 bits, the range is 2048 to 4096");
  CHECK(WhyNotRsa(Filled(2047), 65537) ==
        "an RSA modulus of 2047 bits, the range is 2048 to 4096");
  CHECK(WhyNotRsa(Filled(2048), 65537) == "accepted");
  CHECK(WhyNotRsa(Filled(4096), 65537) == "accepted");
  CHECK(WhyNotRsa(Filled(4097), 65537) ==
        "an RSA modulus of 4097 bits, the range is 2048 to 4096");
  CHECK(WhyNotRsa(Filled(16384), 65537) ==
        "an RSA modulus of 16384 bits, the range is 2048 to 4096");
  std::string even = Filled(2048);
  even.back() = static_cast<char>(even.back() ^ 1);
  CHECK(WhyNotRsa(even, 65537) == "an even RSA modulus");
}

TEST_CASE("an RSA exponent is odd, at least 65537 and below 2^32") {
  constexpr std::string_view kWrong =
      "an RSA exponent that is even, below 65537 or above 2^32";
  for (uint64_t e :
       {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{17}, uint64_t{65535},
        uint64_t{65536}, uint64_t{65538}, uint64_t{1} << 32,
        (uint64_t{1} << 32) + 1, (uint64_t{1} << 33) + 65537, ~uint64_t{0}}) {
    CAPTURE(e);
    CHECK(WhyNotRsa(Filled(2048), e) == kWrong);
  }
  CHECK(WhyNotRsa(Filled(2048), 65539) == "accepted");
  CHECK(WhyNotRsa(Filled(2048), (uint64_t{1} << 32) - 1) == "accepted");
}

// A modulus as the flawed generator makes them is k M + (65537^a mod M), with
// M the product of the first primes.
TEST_CASE("a modulus of the ROCA flaw is refused") {
  const BnContext context(BN_CTX_new());
  const Number product = NewNumber(1);
  for (unsigned prime = 2; prime <= 167; ++prime) {
    const Number p = NewNumber(prime);
    if (BN_check_prime(p.get(), context.get(), nullptr) == 1) {
      BN_mul_word(product.get(), prime);
    }
  }
  const Number generator = NewNumber(65537);
  for (unsigned exponent : {0u, 1u, 12345u, 4'000'000'000u}) {
    const Number power = NewNumber();
    const Number a = NewNumber(exponent);
    const Number n = NewNumber(1);
    BN_mod_exp(power.get(), generator.get(), a.get(), product.get(),
               context.get());
    BN_set_bit(n.get(), 2047 - BN_num_bits(product.get()) + 1);
    BN_mul(n.get(), n.get(), product.get(), context.get());
    BN_add(n.get(), n.get(), power.get());
    REQUIRE(BN_num_bits(n.get()) == 2048);
    CHECK(WhyNotRsa(ToText(n.get()), 65537) ==
          "an RSA modulus of the ROCA flaw (CVE-2017-15361)");
    BN_add_word(n.get(), 2);
    CHECK(WhyNotRsa(ToText(n.get()), 65537) == "accepted");
  }
}

TEST_CASE("the numbers of a private RSA key belong together") {
  const EvpKey good = EvpKey::Generate(EvpType::kRsa);
  CHECK(EvpKey::FromRsaPrivate(good.Numbers()).ok());
  CHECK(EvpKey::FromRsaPrivate(good.Numbers())->Spki() == good.Spki());
  const EvpKey other = EvpKey::Generate(EvpType::kRsa);
  constexpr std::string_view kApart =
      "the parts of the private key do not belong together";
  const auto why = [&](auto member) {
    RsaNumbers numbers = good.Numbers();
    numbers.*member = std::move(other.Numbers().*member);
    const Result<EvpKey> key = EvpKey::FromRsaPrivate(numbers);
    REQUIRE_FALSE(key.ok());
    CHECK(key.error().code == ErrorCode::kInvalid);
    return key.error().message;
  };
  CHECK(why(&RsaNumbers::n) == kApart);
  CHECK(why(&RsaNumbers::d) == kApart);
  CHECK(why(&RsaNumbers::p) == kApart);
  CHECK(why(&RsaNumbers::q) == kApart);
  CHECK(why(&RsaNumbers::dp) == kApart);
  CHECK(why(&RsaNumbers::dq) == kApart);
  CHECK(why(&RsaNumbers::qi) == kApart);
}

TEST_CASE("an RSA key has two primes") {
  const std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* three = nullptr;
  REQUIRE(EVP_PKEY_keygen_init(context.get()) == 1);
  REQUIRE(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048) == 1);
  REQUIRE(EVP_PKEY_CTX_set_rsa_keygen_primes(context.get(), 3) == 1);
  REQUIRE(EVP_PKEY_generate(context.get(), &three) == 1);
  const Key owner(three);
  CHECK(EvpKey::FromPkcs8(AsBytes(Pkcs8Of(three))).error().message ==
        "an RSA key of more than two primes");
  CHECK(WhyNotPem(PemOf(three, true)) == "an RSA key of more than two primes");
  CHECK(WhyNotSpki(SpkiOf(three)) == "accepted");
}

TEST_CASE("a scalar of P-256 is between 1 and its order") {
  const std::string order = FromHex(
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const auto accepts = [](const std::string& scalar) {
    return EvpKey::FromP256Private(AsBytes(scalar).first<32>()).ok();
  };
  std::string below = order;
  below.back() = static_cast<char>(below.back() - 1);
  std::string above = order;
  above.back() = static_cast<char>(above.back() + 1);
  CHECK(accepts(std::string(31, '\0') + '\1'));
  CHECK(accepts(below));
  CHECK_FALSE(accepts(std::string(32, '\0')));
  CHECK_FALSE(accepts(order));
  CHECK_FALSE(accepts(above));
  CHECK_FALSE(accepts(std::string(32, '\xff')));
}

TEST_CASE("a point of P-256 lies on its curve") {
  const std::string good = EvpKey::Generate(EvpType::kP256).Point();
  const auto accepts = [](const std::string& point) {
    const Bytes bytes = AsBytes(point);
    return EvpKey::FromP256(bytes.first<32>(), bytes.last<32>()).ok();
  };
  CHECK(accepts(good));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string off = good;
    off[i] = static_cast<char>(off[i] ^ 1);
    CHECK_FALSE(accepts(off));
  }
  CHECK_FALSE(accepts(std::string(64, '\0')));
  CHECK_FALSE(accepts(std::string(64, '\xff')));
  CHECK_FALSE(accepts(good.substr(32) + good.substr(0, 32)));
  // x + p is x in a second spelling; so small an x needs no 33rd byte.
  const std::string p = FromHex(
      "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
  CHECK_FALSE(accepts(p + good.substr(32)));
  CHECK_FALSE(accepts(good.substr(0, 32) + p));
}

TEST_CASE("the public key of a small order is of no use to X25519") {
  const EvpKey own = EvpKey::Generate(EvpType::kX25519);
  for (std::string_view hex :
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    const std::string point = FromHex(hex);
    const Result<EvpKey> peer = EvpKey::FromX25519(AsBytes(point).first<32>());
    std::array<uint8_t, 32> shared;
    if (peer.ok()) CHECK_FALSE(own.Agree(*peer, shared));
  }
}

TEST_CASE("a SubjectPublicKeyInfo has one spelling") {
  const Key ec = NewEc(SN_X9_62_prime256v1);
  const std::string good = SpkiOf(ec.get());
  REQUIRE(WhyNotSpki(good) == "accepted");
  CHECK(WhyNotSpki(good + '\0') == "bytes behind the public key");
  CHECK(WhyNotSpki("") == kNoKey);
  for (size_t size = 1; size < good.size(); ++size) {
    CHECK(WhyNotSpki(good.substr(0, size)) == kNoKey);
  }
  for (const char* form : {"compressed", "hybrid"}) {
    REQUIRE(EVP_PKEY_set_utf8_string_param(ec.get(), "point-format", form) ==
            1);
    const std::string other = SpkiOf(ec.get());
    REQUIRE(other != good);
    CHECK(WhyNotSpki(other) == "the public key is not in canonical DER");
  }
}

TEST_CASE("a curve is named, and its parameters are not brought along") {
  const Key ec = NewEc(SN_X9_62_prime256v1);
  REQUIRE(EVP_PKEY_set_utf8_string_param(ec.get(), "encoding", "explicit") ==
          1);
  const std::string der = SpkiOf(ec.get());
  REQUIRE(der.size() > 200);
  constexpr std::string_view kBrought =
      "a key that brings the parameters of its curve";
  CHECK(WhyNotSpki(der) == kBrought);
  CHECK(WhyNotPem(PemOf(ec.get(), false)) == kBrought);
  CHECK(WhyNotPem(PemOf(ec.get(), true)) == kBrought);
}

TEST_CASE("keys of other types and curves are refused by their type") {
  for (const char* curve : {SN_secp384r1, SN_secp521r1, SN_secp256k1}) {
    const Key key = NewEc(curve);
    CHECK(WhyNotSpki(SpkiOf(key.get())) == "a key on another curve than P-256");
    CHECK(EvpKey::FromPkcs8(AsBytes(Pkcs8Of(key.get()))).error().message ==
          "a key on another curve than P-256");
  }
  for (const char* type : {"ED448", "X448"}) {
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
    CHECK(WhyNotSpki(SpkiOf(key.get())) ==
          "a key of another type than Ed25519, X25519, EC and RSA");
  }
  // An RSA key that is tied to PSS by its identifier (RFC 4055).
  const std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
  EVP_PKEY* pss = nullptr;
  REQUIRE(EVP_PKEY_keygen_init(context.get()) == 1);
  REQUIRE(EVP_PKEY_generate(context.get(), &pss) == 1);
  const Key owner(pss);
  CHECK(WhyNotSpki(SpkiOf(pss)) ==
        "a key of another type than Ed25519, X25519, EC and RSA");
}

TEST_CASE("keys come back from SubjectPublicKeyInfo and PKCS#8") {
  for (EvpType type :
       {EvpType::kEd25519, EvpType::kX25519, EvpType::kP256, EvpType::kRsa}) {
    const EvpKey key = EvpKey::Generate(type);
    CHECK(key.is_private());
    const Result<EvpKey> open = EvpKey::FromSpki(AsBytes(key.Spki()));
    REQUIRE(open.ok());
    CHECK(open->type() == type);
    CHECK_FALSE(open->is_private());
    CHECK(open->Spki() == key.Spki());
    const SecretBuffer der = key.Pkcs8();
    const Result<EvpKey> secret = EvpKey::FromPkcs8(der.bytes());
    REQUIRE(secret.ok());
    CHECK(secret->type() == type);
    CHECK(secret->is_private());
    CHECK(secret->Spki() == key.Spki());
    CHECK_FALSE(EvpKey::FromPkcs8(der.bytes().first(20)).ok());
    CHECK_FALSE(EvpKey::FromPkcs8({}).ok());
    std::string longer(AsText(der.bytes()));
    longer += '\0';
    CHECK_FALSE(EvpKey::FromPkcs8(AsBytes(longer)).ok());
  }
}

TEST_CASE("an EC key whose public half is another key's is refused") {
  const Key one = NewEc(SN_X9_62_prime256v1);
  const Key two = NewEc(SN_X9_62_prime256v1);
  const std::string point = SpkiOf(one.get()).substr(27);
  std::string der = Pkcs8Of(two.get());
  REQUIRE(EvpKey::FromPkcs8(AsBytes(der)).ok());
  const size_t at = der.size() - point.size();
  REQUIRE(der.substr(at) == SpkiOf(two.get()).substr(27));
  der.replace(at, point.size(), point);
  const Result<EvpKey> key = EvpKey::FromPkcs8(AsBytes(der));
  REQUIRE_FALSE(key.ok());
  CHECK(key.error().message ==
        "the parts of the private key do not belong together");
}

// ---- PEM. -----------------------------------------------------------------

TEST_CASE("PEM holds one key of one kind, not encrypted") {
  for (EvpType type :
       {EvpType::kEd25519, EvpType::kX25519, EvpType::kP256, EvpType::kRsa}) {
    const EvpKey key = EvpKey::Generate(type);
    const SecretBuffer der = key.Pkcs8();
    const uint8_t* at = der.bytes().data();
    const Key raw(d2i_AutoPrivateKey(nullptr, &at,
                                     static_cast<long>(der.bytes().size())));
    const std::string secret = PemOf(raw.get(), true);
    const std::string open = PemOf(raw.get(), false);
    CHECK(EvpKey::FromPem(secret)->is_private());
    CHECK(EvpKey::FromPem(secret)->Spki() == key.Spki());
    CHECK_FALSE(EvpKey::FromPem(open)->is_private());
    CHECK(EvpKey::FromPem(open)->Spki() == key.Spki());
    // White space and remarks around it do not matter (RFC 7468 section 2).
    CHECK(WhyNotPem("a remark\n" + open + "\n") == "accepted");
    for (const std::string& pem : {open, secret}) {
      CHECK(WhyNotPem(pem + "x") == "something stands behind the PEM block");
      CHECK(WhyNotPem(pem + '\0') == "something stands behind the PEM block");
    }
    CHECK(WhyNotPem(open + secret) == "not exactly one PEM block");
    CHECK(WhyNotPem(secret + open) == "not exactly one PEM block");
    CHECK(WhyNotPem(open + open) == "not exactly one PEM block");
    CHECK(WhyNotPem(open.substr(0, open.size() / 2)) ==
          "not exactly one PEM block");
  }
  CHECK(WhyNotPem("") == "not exactly one PEM block");
  CHECK(WhyNotPem("-----BEGIN CERTIFICATE-----\nMIIB\n"
                  "-----END CERTIFICATE-----\n")
            .starts_with("a PEM block that is no PUBLIC KEY, "));
  CHECK(WhyNotPem("-----BEGIN OPENSSH PRIVATE KEY-----\nMIIB\n"
                  "-----END OPENSSH PRIVATE KEY-----\n") ==
        "an OpenSSH key: ssh-keygen -p -m PKCS8 rewrites it");
  CHECK(WhyNotPem("-----BEGIN PUBLIC KEY-----\nFoo: bar\n\nMIIB\n"
                  "-----END PUBLIC KEY-----\n") == "a PEM block with headers");
  CHECK(WhyNotPem("-----BEGIN PUBLIC KEY-----\nM!IB\n"
                  "-----END PUBLIC KEY-----\n") ==
        "a PEM block that is not base64");
  CHECK(WhyNotPem("-----BEGIN PUBLIC KEY-----\nMIIB\n"
                  "-----END PUBLIC KEY-----\n") == kNoKey);
}

TEST_CASE("the older PEM blocks of EC and RSA keys are read") {
  const Key ec = NewEc(SN_X9_62_prime256v1);
  const Key rsa(EVP_RSA_gen(2048));
  for (const Key* key : {&ec, &rsa}) {
    const std::unique_ptr<BIO, Deleter<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
    REQUIRE(PEM_write_bio_PrivateKey_traditional(bio.get(), key->get(), nullptr,
                                                 nullptr, 0, nullptr,
                                                 nullptr) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    const Result<EvpKey> read =
        EvpKey::FromPem({text, static_cast<size_t>(size)});
    REQUIRE(read.ok());
    CHECK(read->is_private());
    CHECK(read->Spki() == SpkiOf(key->get()));
  }
}

TEST_CASE("an encrypted PEM is refused without asking for a passphrase") {
  const Key ec = NewEc(SN_X9_62_prime256v1);
  for (bool traditional : {false, true}) {
    const std::unique_ptr<BIO, Deleter<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
    auto* write = traditional ? PEM_write_bio_PrivateKey_traditional
                              : PEM_write_bio_PrivateKey;
    const auto* passphrase = reinterpret_cast<const unsigned char*>("secret");
    REQUIRE(write(bio.get(), ec.get(), EVP_aes_256_cbc(), passphrase, 6,
                  nullptr, nullptr) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    CHECK(WhyNotPem({text, static_cast<size_t>(size)}) ==
          "an encrypted key: decrypt it first (openssl pkey)");
  }
}

// PemAround is a block of that label and content.
std::string PemAround(const char* label, const std::string& der) {
  const std::unique_ptr<BIO, Deleter<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  REQUIRE(PEM_write_bio(bio.get(), label, "",
                        reinterpret_cast<const uint8_t*>(der.data()),
                        static_cast<long>(der.size())) > 0);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

TEST_CASE("a PEM block holds one key and no more bytes") {
  for (EvpType type : {EvpType::kEd25519, EvpType::kP256, EvpType::kRsa}) {
    const EvpKey key = EvpKey::Generate(type);
    const std::string open = key.Spki();
    const std::string secret(AsText(key.Pkcs8().bytes()));
    CHECK(WhyNotPem(PemAround("PUBLIC KEY", open)) == "accepted");
    CHECK(WhyNotPem(PemAround("PUBLIC KEY", open + open)) ==
          "bytes behind the key");
    CHECK(WhyNotPem(PemAround("PRIVATE KEY", secret)) == "accepted");
    CHECK(WhyNotPem(PemAround("PRIVATE KEY", secret + '\0')) ==
          "not a PKCS#8 private key");
    CHECK(WhyNotPem(PemAround("EC PRIVATE KEY", secret + secret)) !=
          "accepted");
  }
}

TEST_CASE("a PKCS#8 key of version 2 is refused by name") {
  // RFC 8410 section 10.3, the second example.
  CHECK(WhyNotPem("-----BEGIN PRIVATE KEY-----\n"
                  "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9E"
                  "dVhC\noB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECW"
                  "mEzf6FQbrB\nZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                  "-----END PRIVATE KEY-----\n") ==
        "a PKCS#8 key of version 2: only version 1 is read");
}

TEST_CASE("an RSA private exponent is below the modulus") {
  RsaNumbers numbers = EvpKey::Generate(EvpType::kRsa).Numbers();
  // d + (p - 1)(q - 1) does the same.
  const auto number = [](Bytes bytes) {
    return Number(
        BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  };
  const Number p = number(numbers.p.bytes());
  const Number q = number(numbers.q.bytes());
  const Number d = number(numbers.d.bytes());
  BN_sub_word(p.get(), 1);
  BN_sub_word(q.get(), 1);
  const BnContext context(BN_CTX_new());
  const Number order(BN_new());
  BN_mul(order.get(), p.get(), q.get(), context.get());
  for (int i = 0; i < 4; ++i) BN_add(d.get(), d.get(), order.get());
  numbers.d = SecretBuffer(AsBytes(ToText(d.get())));
  const Result<EvpKey> key = EvpKey::FromRsaPrivate(numbers);
  REQUIRE_FALSE(key.ok());
  CHECK(key.error().message == "an RSA private exponent above the modulus");
}

TEST_CASE("a PEM of a compressed point has the one spelling once it is read") {
  const Key ec = NewEc(SN_X9_62_prime256v1);
  const std::string spki = SpkiOf(ec.get());
  REQUIRE(EVP_PKEY_set_utf8_string_param(ec.get(), "point-format",
                                         "compressed") == 1);
  const Result<EvpKey> open = EvpKey::FromPem(PemOf(ec.get(), false));
  REQUIRE(open.ok());
  CHECK(open->Spki() == spki);
  const Result<EvpKey> secret = EvpKey::FromPem(PemOf(ec.get(), true));
  REQUIRE(secret.ok());
  CHECK(secret->Spki() == spki);
}

// ---- Signatures. ----------------------------------------------------------

EvpKey Prepared(EvpType type, EvpScheme scheme) {
  EvpKey key = EvpKey::Generate(type);
  key.Prepare(scheme);
  return key;
}

TEST_CASE("an ES256 signature is r and s, 32 bytes each and in range") {
  const EvpKey key = Prepared(EvpType::kP256, EvpScheme::kEs256);
  const std::string good = key.Sign(AsBytes("m"));
  REQUIRE(good.size() == 64);
  REQUIRE(key.Verify(AsBytes("m"), AsBytes(good)));
  const std::string zero(32, '\0');
  std::string one(32, '\0');
  one.back() = '\1';
  const std::string order = FromHex(
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const std::string most(32, '\xff');
  const std::string r = good.substr(0, 32);
  const std::string s = good.substr(32);
  for (const std::string& bad :
       {std::string(), good.substr(0, 63), good.substr(1), good + '\0',
        '\0' + good, zero + zero, zero + s, r + zero, order + s, r + order,
        most + s, r + most, most + most, one + one, s + r, zero + one,
        one + zero}) {
    CHECK_FALSE(key.Verify(AsBytes("m"), AsBytes(bad)));
  }
  // DER, which JWS does not use (RFC 7518 section 3.4).
  const std::string der = "\x30\x44\x02\x20" + r + "\x02\x20" + s;
  CHECK_FALSE(key.Verify(AsBytes("m"), AsBytes(der)));
}

TEST_CASE("an RSA signature has the modulus' size") {
  for (EvpScheme scheme : {EvpScheme::kRs256, EvpScheme::kPs256}) {
    const EvpKey key = Prepared(EvpType::kRsa, scheme);
    const std::string good = key.Sign(AsBytes("m"));
    REQUIRE(good.size() == 256);
    REQUIRE(key.Verify(AsBytes("m"), AsBytes(good)));
    CHECK_FALSE(key.Verify(AsBytes("M"), AsBytes(good)));
    for (const std::string& bad :
         {std::string(), std::string(1, '\1'), good.substr(1),
          good.substr(0, 255), good + '\0', '\0' + good, good + good,
          std::string(256, '\0'), std::string(255, '\0') + '\1',
          std::string(256, '\xff'), std::string(8000, 'x')}) {
      CHECK_FALSE(key.Verify(AsBytes("m"), AsBytes(bad)));
    }
    // One that begins with zeros is no shorter.
    for (int i = 0, found = 0; found == 0; ++i) {
      REQUIRE(i < 20'000);
      const std::string message = std::to_string(i);
      const std::string zero = key.Sign(AsBytes(message));
      if (zero[0] != '\0') continue;
      ++found;
      CHECK(key.Verify(AsBytes(message), AsBytes(zero)));
      CHECK_FALSE(key.Verify(AsBytes(message), AsBytes(zero.substr(1))));
    }
    // s + n is s to a verifier that forgets to compare it with n.
    const Number n(BN_bin2bn(AsBytes(key.Numbers().n).data(), 256, nullptr));
    const Number sum(BN_bin2bn(AsBytes(good).data(), 256, nullptr));
    BN_add(sum.get(), sum.get(), n.get());
    CHECK_FALSE(key.Verify(AsBytes("m"), AsBytes(ToText(sum.get()))));
  }
}

TEST_CASE("RS256 and PS256 do not accept each other's signatures") {
  EvpKey pkcs = Prepared(EvpType::kRsa, EvpScheme::kRs256);
  Result<EvpKey> pss = EvpKey::FromRsaPrivate(pkcs.Numbers());
  REQUIRE(pss.ok());
  pss->Prepare(EvpScheme::kPs256);
  CHECK_FALSE(pkcs.Verify(AsBytes("m"), AsBytes(pss->Sign(AsBytes("m")))));
  CHECK_FALSE(pss->Verify(AsBytes("m"), AsBytes(pkcs.Sign(AsBytes("m")))));
}

// RawRsa signs an encoded message of the caller's making.
std::string RawRsa(const EvpKey& key, const std::string& encoded) {
  const RsaNumbers numbers = key.Numbers();
  const BnContext context(BN_CTX_new());
  const Number n(BN_bin2bn(AsBytes(numbers.n).data(), 256, nullptr));
  const Number d(BN_bin2bn(numbers.d.bytes().data(),
                           static_cast<int>(numbers.d.bytes().size()),
                           nullptr));
  const Number m(BN_bin2bn(AsBytes(encoded).data(), 256, nullptr));
  const Number s = NewNumber();
  BN_mod_exp(s.get(), m.get(), d.get(), n.get(), context.get());
  std::string out(256, '\0');
  BN_bn2binpad(s.get(), reinterpret_cast<uint8_t*>(out.data()), 256);
  return out;
}

TEST_CASE("PKCS#1 v1.5 padding has one spelling") {
  const EvpKey key = Prepared(EvpType::kRsa, EvpScheme::kRs256);
  // SHA-256 of "m".
  const std::string digest = FromHex(
      "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a");
  const std::string info = FromHex("3031300d060960864801650304020105000420");
  const std::string no_null = FromHex(
      "302f300b0609608648016503040201"
      "0420");
  const std::string sha1 = FromHex("3021300906052b0e03021a05000414");
  const auto padded = [](const std::string& tail, char fill = '\xff') {
    return std::string("\0\1", 2) + std::string(253 - tail.size(), fill) +
           '\0' + tail;
  };
  const auto accepts = [&key](const std::string& encoded) {
    REQUIRE(encoded.size() == 256);
    return key.Verify(AsBytes("m"), AsBytes(RawRsa(key, encoded)));
  };
  CHECK(accepts(padded(info + digest)));
  CHECK_FALSE(accepts(padded(no_null + digest)));
  CHECK_FALSE(accepts(padded(sha1 + digest)));
  CHECK_FALSE(accepts(padded(digest)));
  CHECK_FALSE(accepts(padded(info + digest, '\0')));
  CHECK_FALSE(accepts(padded(info + digest, '\xfe')));
  CHECK_FALSE(accepts(padded(info + digest + '\0')));
  std::string type2 = padded(info + digest);
  type2[1] = '\2';
  CHECK_FALSE(accepts(type2));
  // Bleichenbacher's forgery: short padding, then the digest, then rubbish.
  std::string forged =
      std::string("\0\1", 2) + std::string(8, '\xff') + '\0' + info + digest;
  forged.resize(256, '\0');
  CHECK_FALSE(accepts(forged));
}

TEST_CASE("one key is used by many threads at once") {
  for (const auto& [type, scheme] :
       {std::pair{EvpType::kP256, EvpScheme::kEs256},
        std::pair{EvpType::kRsa, EvpScheme::kPs256}}) {
    const EvpKey key = Prepared(type, scheme);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&key, &wrong, t] {
        const std::string message = "m" + std::to_string(t);
        for (int i = 0; i < 20; ++i) {
          const std::string signature = key.Sign(AsBytes(message));
          if (!key.Verify(AsBytes(message), AsBytes(signature))) ++wrong;
          if (key.Verify(AsBytes("x"), AsBytes(signature))) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace signet::hazmat
