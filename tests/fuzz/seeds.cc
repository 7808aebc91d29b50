// Writes the seeds of every fuzz target: fuzz_seeds DIRECTORY makes
// DIRECTORY/<target>/<n>. They are made from valid inputs by the library
// itself, so that none is stale.
#include "tests/fuzz/seeds.h"

#include <iostream>

#include "claims_json.h"
#include "feed_body.h"
#include "feed_state.h"
#include "ring_file.h"
#include "signet/feed_frame.h"
#include "signet/jwk.h"
#include "signet/paserk.h"
#include "signet/timestamp.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Claims GoodClaims() {
  Claims claims;
  claims.issuer = "https://login.example";
  claims.subject = "alice";
  claims.audience = {"orders"};
  claims.issued_at = kNow;
  claims.expires_at = kNow + minutes(5);
  claims.token_id = "AAAAAAAAAAAAAAAAAAAAAA";
  claims.client_id = "app";
  claims.scope = "read write";
  claims.session_id = "BBBBBBBBBBBBBBBBBBBBBA";
  return claims;
}

std::vector<Claims> SomeClaims() {
  std::vector<Claims> some(6, GoodClaims());
  some[1].audience = {"orders", "billing"};
  some[1].not_before = kNow + minutes(1);
  some[2].cnf_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  some[2].custom = R"({"role":"clerk","limits":[1,2.5e3,-0,true,null,{}]})";
  some[3].subject = "z\u00fcrich\u2028\U0001f600";
  some[3].expires_at = some[3].issued_at + hours(1);
  some[5].expires_at = some[5].issued_at + hours(1) + Seconds(1);
  some[4].issuer = "https://other.example";
  some[4].expires_at = some[4].issued_at + hours(2);
  return some;
}

// IsRsa: whether the parts of such a secret belong together takes so long to
// find out that few seeds, or none, are made of them.
bool IsRsa(KeyFormat format) {
  return format == KeyFormat::kJwtRs256 || format == KeyFormat::kJwtPs256;
}

// The origins of verify.cc, in its order, and the keys of their wrappers.
constexpr KeyFormat kOrigins[] = {
    KeyFormat::kPasetoV4Public, KeyFormat::kJwtEdDsa, KeyFormat::kPasetoV4Local,
    KeyFormat::kJwtHs256,       KeyFormat::kJweDir,   KeyFormat::kJwtEs256,
    KeyFormat::kJwtRs256,       KeyFormat::kJwtPs256, KeyFormat::kJwtEdDsa,
    KeyFormat::kJwtHs256};

std::string Text(KeyFormat format, const Claims& claims) {
  return *WriteClaims(
      claims, IsPaseto(format) ? ClaimsForm::kPaseto : ClaimsForm::kJwt);
}

// Choices are the first bytes of an input of verify.cc.
std::string Choices(size_t origin, uint8_t how, uint8_t policy = 0,
                    uint8_t clock = 0, uint8_t revocations = 0,
                    uint8_t age = 0) {
  std::string out;
  for (const uint8_t byte :
       {static_cast<uint8_t>(origin), how, policy, clock, revocations, age}) {
    out += static_cast<char>(byte);
  }
  return out;
}

// AddToken adds one token, whole and in parts, where texts of its kind go.
void AddToken(Corpus& corpus, KeyFormat format, const Claims& claims) {
  const SecretKey key = FixedKey(format, 2);
  const std::string text = Text(format, claims);
  const std::string header = GoodHeader(key);
  const std::string token = Forge(key, header, text);
  const std::string parts = header + std::string(kZero) + text;
  corpus.Add("unverified", "t" + token);
  if (IsPaseto(format)) {
    corpus.Add("paseto_text", token);
    corpus.Add("paseto_text", parts);
    corpus.Add("unverified", "p" + parts);
    corpus.Add("base64", token.substr(10, token.find('.', 10) - 10));
  } else if (IsJws(format)) {
    corpus.Add("jwt_text", "t" + token);
    corpus.Add("jwt_text", "b" + parts);
    corpus.Add("unverified", "j" + parts);
  } else {
    corpus.Add("jwe_text", "t" + token);
    corpus.Add("jwe_text", "h" + header);
  }
}

void AddWrapped(Corpus& corpus, KeyFormat format) {
  const VerifyKey to = FixedKey(format, 2).Public();
  const SecretKey key = FixedKey(KeyFormat::kJwtEdDsa, 2);
  const std::string inner =
      Forge(key, GoodHeader(key), Text(key.format(), GoodClaims()));
  const std::string header = GoodWrapper(to);
  const std::string with_parties =
      header.substr(0, header.size() - 1) + R"(,"apu":"QQ","apv":"Qg"})";
  for (const std::string& one : {header, with_parties}) {
    corpus.Add("jwe_text", "h" + one);
    const std::string token = ForgeWrapped(to, one, inner);
    corpus.Add("jwe_text", "t" + token);
    corpus.Add("unverified", "t" + token);
  }
}

// AddVerdictsOf adds a token of every origin in every form that verify.cc
// takes: the active key, its own header and wrapper, spoilt, and whole.
void AddVerdictsOf(Corpus& corpus, const Claims& claims) {
  for (size_t origin = 0; origin < std::size(kOrigins); ++origin) {
    const KeyFormat format = kOrigins[origin];
    const std::string text = Text(format, claims);
    const SecretKey key = FixedKey(format, 2);
    const std::string own = GoodHeader(key) + std::string(kZero);
    corpus.Add("verify", Choices(origin, 0x01) + text);
    corpus.Add("verify", Choices(origin, 0x09) + own + text);
    corpus.Add("verify", Choices(origin, 0x41) + text);
    corpus.Add("verify", Choices(origin, 0x81) + text);
    corpus.Add("verify", Choices(origin, 0x11) + text);
    corpus.Add("verify", Choices(origin, 0x01, 12, 1, 7, 1) + text);
    corpus.Add("verify", Choices(origin, 0xc1) + Forge(key, own, text));
    if (origin < 8) continue;
    const auto wrapper =
        origin == 8 ? KeyFormat::kJweP256 : KeyFormat::kJweX25519;
    const VerifyKey to = FixedKey(wrapper, 2).Public();
    corpus.Add("verify", Choices(origin, 0x0d) + own + GoodWrapper(to) +
                             std::string(kZero) + text);
    corpus.Add("verify", Choices(origin, 0x21) + text);
  }
}

void AddTokens(Corpus& corpus) {
  for (const Claims& claims : SomeClaims()) {
    const std::string paseto = *WriteClaims(claims, ClaimsForm::kPaseto);
    const std::string jwt = *WriteClaims(claims, ClaimsForm::kJwt);
    corpus.Add("claims", "p" + paseto);
    corpus.Add("claims", "j" + jwt);
    corpus.Add("claims", "n" + jwt);
    corpus.Add("json", paseto);
    corpus.Add("json", jwt);
    for (size_t i = 0; i < 8; ++i) AddToken(corpus, kOrigins[i], claims);
  }
  AddVerdictsOf(corpus, GoodClaims());
  AddWrapped(corpus, KeyFormat::kJweP256);
  AddWrapped(corpus, KeyFormat::kJweX25519);
}

// AddVerdicts adds good tokens at every moment that verify.cc knows, under
// policies of each kind, and against lists of each age and kind of entry.
void AddVerdicts(Corpus& corpus) {
  auto add = [&corpus](const Claims& claims, uint8_t policy, uint8_t clock,
                       uint8_t revocations, uint8_t age) {
    for (const size_t origin : {0, 1, 2, 4, 9}) {
      corpus.Add("verify", Choices(origin, 1, policy, clock, revocations, age) +
                               Text(kOrigins[origin], claims));
    }
  };
  for (const Claims& claims : SomeClaims()) {
    for (uint8_t clock = 0; clock < 20; ++clock) {
      corpus.Add("verify",
                 Choices(3, 1, 5, clock) + Text(KeyFormat::kJwtHs256, claims));
    }
  }
  for (uint8_t choice = 0; choice < 6; ++choice) {
    add(GoodClaims(), 0, 0, static_cast<uint8_t>(1 << choice), 0);
    for (const uint8_t policy : std::initializer_list<uint8_t>{0, 8, 16}) {
      add(GoodClaims(), policy, 0, 0, choice);
    }
  }
  // Plain JWTs, with a type and without.
  const std::string text = Text(KeyFormat::kJwtEdDsa, GoodClaims());
  const std::string id = FixedKey(KeyFormat::kJwtEdDsa, 2).id();
  for (const char* type : {R"("typ":"JWT",)", ""}) {
    corpus.Add("verify", Choices(1, 0x09, 24) + R"({"alg":"EdDSA",)" + type +
                             R"("kid":")" + id + "\"}" + std::string(kZero) +
                             text);
  }
}

// ---- Keys. ----

// AddJwks has one choice for each format, in the order of kAllFormats, as
// jwk.cc takes it; 0 for none, and 0x40 for whole sets.
void AddJwks(Corpus& corpus) {
  for (size_t i = 0; i < std::size(kAllFormats); ++i) {
    const KeyFormat format = kAllFormats[i];
    const SecretKey key = FixedKey(format, 2);
    const std::string choice(1, static_cast<char>(i + 1));
    if (!IsRsa(format)) {
      corpus.Add("jwk", choice + WriteSecretJwk(key));
      corpus.Add("jwk", std::string(kZero) + WriteSecretJwk(key));
    }
    if (IsSymmetric(format)) continue;
    corpus.Add("jwk", choice + WriteJwk(key.Public()));
    corpus.Add("jwk", std::string(kZero) + WriteJwk(key.Public()));
    if (!IsJws(format)) continue;
    // The byte that stands for this format modulo 13, with 0x40 in it.
    uint8_t whole = 0x40;
    while (whole % (std::size(kAllFormats) + 1) != i + 1) ++whole;
    corpus.Add("jwk", std::string(1, static_cast<char>(whole)) +
                          FixedRing(format).Public().Jwks(Time(kNow)));
  }
}

std::string Pem(std::string_view label, std::string_view der) {
  std::string body = Base64UrlEncode(AsBytes(der));
  for (char& c : body) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (body.size() % 4 != 0) body += '=';
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (size_t at = 0; at < body.size(); at += 64) {
    out += body.substr(at, 64) + "\n";
  }
  return out + "-----END " + std::string(label) + "-----\n";
}

void AddKeyTexts(Corpus& corpus) {
  // RFC 8410 section 10: Ed25519; what precedes the key is all its DER.
  const std::string ed_public =
      "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21" + std::string(kZero);
  const std::string ed_secret = "\x30\x2e\x02\x01" + std::string(kZero) +
                                "\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
  for (size_t i = 0; i < std::size(kAllFormats); ++i) {
    const KeyFormat format = kAllFormats[i];
    const SecretKey key = FixedKey(format, 2);
    const std::string secret(AsText(key.ExposeSecret()));
    const auto choice = [i](uint8_t mode) {
      uint8_t byte = static_cast<uint8_t>(mode << 6);
      while (byte % std::size(kAllFormats) != i) ++byte;
      return std::string(1, static_cast<char>(byte));
    };
    if (!IsRsa(format)) {
      corpus.Add("key_text", choice(2) + secret);
      corpus.Add("key_text", choice(3) + Base64UrlEncode(AsBytes(secret)));
      corpus.Add("key_text", choice(3) + WriteSecretJwk(key));
    }
    if (IsSymmetric(format)) continue;
    std::string spki(AsText(key.Public().bytes()));
    corpus.Add("key_text", choice(1) + spki);
    if (spki.size() == 32) spki = ed_public + spki;
    corpus.Add("key_text", choice(0) + Pem("PUBLIC KEY", spki));
    if (format == KeyFormat::kJwtPs256) continue;
    const std::string pkcs8 = IsRsa(format) ? secret : ed_secret + secret;
    corpus.Add("key_text", choice(0) + Pem("PRIVATE KEY", pkcs8));
    if (IsRsa(format)) continue;
    corpus.Add("key_text", choice(3) + Pem("PRIVATE KEY", pkcs8));
  }
}

void AddPaserks(Corpus& corpus) {
  const SecretKey key = FixedKey(KeyFormat::kPasetoV4Public, 1);
  const auto seed = key.ExposeSecret().first<32>();
  const paserk::PasswordCost cheap{1, 8 << 10};
  const VerifyKey recipient =
      SecretKey::FromSecret(KeyFormat::kPasetoV4Public, kKek)->Public();
  const VerifyKey open = key.Public();
  const auto point = open.bytes().first<32>();
  for (const std::string& text :
       {paserk::EncodePublic(point), paserk::ExposeLocal(seed),
        paserk::ExposeSecret(seed), paserk::PublicId(point),
        paserk::LocalId(seed), paserk::SecretId(seed),
        paserk::WrapLocal(seed, kKek), paserk::WrapSecret(seed, kKek),
        *paserk::WrapLocalWithPassword(seed, "correct horse", cheap),
        *paserk::WrapSecretWithPassword(seed, "correct horse", cheap),
        *paserk::Seal(seed, recipient.bytes().first<32>())}) {
    corpus.Add("paserk_text", text);
  }
  for (char type = 0; type < 7; ++type) {
    corpus.Add("paserk_text",
               std::string(1, type) + "\x10 any thirty-two bytes of a key ..");
  }
  corpus.Add("key_text", "\xcc" + paserk::ExposeSecret(seed));
  corpus.Add("key_text", "\xcd" + paserk::ExposeLocal(seed));
}

// ---- What comes with requests. ----

void AddRequests(Corpus& corpus) {
  const std::string claims =
      R"({"jti":"a1","htm":"POST","htu":"https://server.example/token",)"
      R"("iat":1795341600})";
  // As dpop.cc numbers them.
  struct Choice {
    uint8_t number;
    KeyFormat format;
  };
  for (const Choice& choice :
       {Choice{0, KeyFormat::kJwtEdDsa}, Choice{1, KeyFormat::kJwtEs256},
        Choice{3, KeyFormat::kJwtRs256}, Choice{7, KeyFormat::kJwtPs256}}) {
    const uint8_t i = choice.number;
    const SecretKey key = FixedKey(choice.format, 5);
    const std::string header = R"({"typ":"dpop+jwt","alg":")" +
                               std::string(JoseAlgorithm(key.format())) +
                               R"(","jwk":)" + WriteJwk(key.Public()) + "}";
    corpus.Add("dpop", std::string(1, static_cast<char>(i)) + claims);
    corpus.Add("dpop", std::string(1, static_cast<char>(i + 8)) + header +
                           std::string(kZero) + claims);
    corpus.Add("dpop", "t" + Forge(key, header, claims));
  }
  for (const char* field :
       {"__Host-token=abc.def", "a=b; __Host-token=v4.public.AA; c", "",
        "__Host-token=a; __Host-token=b", "__host-token=a;=;;", "x",
        "__Host-token=\"a\"", "__Host-token = a"}) {
    corpus.Add("cookie", field);
  }
  for (const char* uri :
       {"https://server.example/token", "HTTPS://Server.Example:443/a/../b?q#f",
        "http://[::1]:8080/%7Euser/%2f", "https://a.example",
        "http://127.0.0.1:80/./x//y", "https://user@a.example/"}) {
    corpus.Add("request_uri", uri);
  }
}

void AddStatusLists(Corpus& corpus) {
  const std::string head =
      R"({"sub":"https://server.example/status/1","iat":1795341600,)";
  const std::string list =
      R"("status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}})";
  const auto add = [&](char choice, const std::string& text) {
    corpus.Add("status_list", std::string(1, choice) + text);
  };
  add(0, head + list);
  add(0, head + R"("exp":1795341660,"ttl":60,)" + list);
  add(0, head + R"("status_list":{"bits":2,"lst":"eNo76fITAAPfAgc"}})");
  add(1, *Base64UrlDecode("eNrbuRgAAhcBXQ"));
  add(1, *Base64UrlDecode("eNo76fITAAPfAgc"));
  add(2, R"({"status":{"status_list":{"idx":0,"uri":"https://a.example"}}})");
  add(3, "eyJhbGciOiJFZERTQSIsInR5cCI6InN0YXR1c2xpc3Qrand0In0.e30.AA");
}

void AddTexts(Corpus& corpus) {
  corpus.Add("json", R"({"a":"\u00fc\ud83d\ude00\n","b":[[[]]],"c":-1.5E+7})");
  corpus.Add("json", " {\t\"a\" : { } ,\n\"b\" : false\r} ");
  for (const char* text : {"", "-_8", "AAAA", "+/8=", "AA==", "AAA="}) {
    corpus.Add("base64", text);
  }
  corpus.Add("timestamp", FormatTimestamp(kNow));
  corpus.Add("timestamp", FormatTimestamp(Time(kNow) + Duration(7)));
  corpus.Add("timestamp", "2024-02-29T23:59:59.123456789+05:30");
  corpus.Add("timestamp", "1970-01-01T00:00:00-00:00");
  corpus.Add("timestamp", "9999-12-31T23:59:59.999Z");

  std::string stream = ": hello\r\nid: 1.2\r\ndata: AAAA\r\n\r\n";
  corpus.Add("feed_events", "\x03" + stream + "data:BBBB\n\ndata: end\n\n");
  corpus.Add("feed_events", "\x1e" + stream + "data: A\ndata: B\n\n");
}

void AddRings(Corpus& corpus) {
  for (const KeyFormat format : kAllFormats) {
    SigningRing ring = FixedRing(format);
    for (int revoked = 0; revoked < 2; ++revoked) {
      if (!IsRsa(format)) {
        const std::string file = WriteRingFile(ring, kKek, std::nullopt);
        corpus.Add("ring_file", "r" + file);
        corpus.Add("ring_file", "d" + file.substr(0, file.find("sum: ")));
      }
      if (!IsSymmetric(format)) {
        corpus.Add("public_ring", ring.Public().Serialize());
      }
      if (revoked == 1) break;
      const std::string id = ring.keys()[1].key.id();
      FUZZ_CHECK(ring.Revoke(id, Time(kNow)).ok());
    }
  }
  KdfParams kdf;
  kdf.salt[0] = 9;
  const std::string file =
      WriteRingFile(FixedRing(KeyFormat::kRefreshMac), kKek, kdf);
  corpus.Add("ring_file", "d" + file.substr(0, file.find("sum: ")));
}

void AddFrames(Corpus& corpus) {
  const SigningRing ring = FixedRing(KeyFormat::kFeedEd25519);
  for (size_t each : {size_t{0}, size_t{1}, size_t{5}}) {
    RevocationList list;
    const std::vector<Revocation> entries = SomeEntries(each);
    list.Apply(entries);
    const FeedHead head{
        {2, entries.size() + 10}, Time(kNow), list.DigestAt(Time(kNow)), 9};
    const SnapshotFrame snapshot{head, {1, 2, 3}, list.Entries(Time(kNow))};
    std::vector<Frame> frames = {HeadFrame{head, {7}}, snapshot};
    if (each > 0) frames.emplace_back(BatchFrame{head, 8, {5}, entries});
    frames.emplace_back(RingsFrame{
        head, {FixedRing(KeyFormat::kPasetoV4Public).Public(), ring.Public()}});
    std::string answer = "s";
    for (const Frame& frame : frames) {
      std::string body(1, static_cast<char>(TypeOf(frame)));
      EncodeBody(frame, body);
      corpus.Add("feed_body", body);
      corpus.Add("feed_frame", body);
      const std::string text = EncodeFrame(frame, ring.keys()[1].key);
      corpus.Add("feed_frame", "r" + text);
      AppendFrame(answer, text);
    }
    corpus.Add("feed_frame", answer);
    const std::string state = EncodeFeedState({snapshot, kNow + minutes(3)});
    corpus.Add("feed_state", "r" + state);
    constexpr size_t kMagic = 20;
    corpus.Add("feed_state",
               "b" + state.substr(kMagic, state.size() - kMagic - 32));
  }
  const std::string_view steps("\0\1\2\0\0\2\3\0\1\0\4\5\1\0\7\1\2\0\x08\0",
                               20);
  corpus.Add("replica", steps);
  corpus.Add("replica", std::string(steps) + std::string(steps));
}

void AddAssertions(Corpus& corpus) {
  const SecretKey key = FixedKey(KeyFormat::kJwtEdDsa, 5);
  const std::string head = R"({"iss":"app","sub":"app","jti":"a1","exp":)";
  for (const char* audience :
       {R"("https://server.example")", R"(["https://server.example"])"}) {
    const std::string claims = head + "1795341900,\"aud\":" + audience +
                               R"(,"iat":1795341600,"nbf":1795341600})";
    for (const char* type :
         {"", R"(,"typ":"JWT")", R"(,"typ":"client-authentication+jwt")"}) {
      const std::string header =
          R"({"alg":"EdDSA","kid":")" + key.id() + "\"" + type + "}";
      corpus.Add("client_assertion",
                 "\4" + header + std::string(kZero) + claims);
      corpus.Add("client_assertion", "\2" + Forge(key, header, claims));
    }
    corpus.Add("client_assertion", std::string(kZero) + claims);
  }
}

}  // namespace
}  // namespace signet::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds DIRECTORY\n";
    return 2;
  }
  signet::fuzz::Corpus corpus(argv[1]);
  signet::fuzz::AddTokens(corpus);
  signet::fuzz::AddVerdicts(corpus);
  signet::fuzz::AddJwks(corpus);
  signet::fuzz::AddKeyTexts(corpus);
  signet::fuzz::AddPaserks(corpus);
  signet::fuzz::AddRequests(corpus);
  signet::fuzz::AddStatusLists(corpus);
  signet::fuzz::AddTexts(corpus);
  signet::fuzz::AddRings(corpus);
  signet::fuzz::AddFrames(corpus);
  signet::fuzz::AddAssertions(corpus);
  signet::fuzz::AddServiceSeeds(corpus);
}
