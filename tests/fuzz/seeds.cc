// Writes the seeds of every fuzz target: fuzz_seeds DIRECTORY makes
// DIRECTORY/<target>/<n>. They are made from valid inputs by the library
// itself, so that none is stale.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "claims_json.h"
#include "feed_body.h"
#include "feed_state.h"
#include "jwt.h"
#include "paserk.h"
#include "paseto.h"
#include "ring_file.h"
#include "signet/feed_frame.h"
#include "signet/timestamp.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class Corpus {
 public:
  explicit Corpus(std::filesystem::path root) : root_(std::move(root)) {}

  void Add(const std::string& target, std::string_view bytes) {
    const auto folder = root_ / target;
    std::filesystem::create_directories(folder);
    const std::string name = std::to_string(counts_[target]++);
    std::ofstream(folder / name, std::ios::binary) << bytes;
  }

 private:
  std::filesystem::path root_;
  std::map<std::string, int> counts_;
};

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

void AddTokens(Corpus& corpus) {
  const std::string_view zero("\0", 1);
  for (const Claims& claims : SomeClaims()) {
    const std::string paseto = *WriteClaims(claims, ClaimsForm::kPaseto);
    const std::string jwt = *WriteClaims(claims, ClaimsForm::kJwt);
    corpus.Add("claims", "p" + paseto);
    corpus.Add("claims", "j" + jwt);
    corpus.Add("json", paseto);
    corpus.Add("json", jwt);

    const SecretKey v4 = FixedKey(KeyFormat::kPasetoV4Public, 2);
    const SecretKey ed = FixedKey(KeyFormat::kJwtEdDsa, 2);
    const std::string footer = PasetoFooter(v4.id());
    const std::string header = JwtHeader(ed.id());
    const std::string v4_text = SignPaseto(v4, paseto, footer, {});
    const std::string jwt_text = SignJws(ed, header, jwt);
    corpus.Add("paseto_text", v4_text);
    corpus.Add("paseto_text", footer + std::string(zero) + paseto);
    corpus.Add("jwt_text", "t" + jwt_text);
    corpus.Add("jwt_text", "b" + header + std::string(zero) + jwt);
    corpus.Add("unverified", "t" + v4_text);
    corpus.Add("unverified", "t" + jwt_text);
    corpus.Add("unverified", "j" + header + std::string(zero) + jwt);
    corpus.Add("unverified", "p" + footer + std::string(zero) + paseto);
    corpus.Add("base64", v4_text.substr(10, v4_text.find('.', 10) - 10));

    // Choices: the active key, no spoiling; clock, age and policy plain.
    const std::string_view plain("\0\0\0\0", 4);
    corpus.Add("verify", "\x02" + std::string(plain) + paseto);
    corpus.Add("verify", "\x03" + std::string(plain) + jwt);
    corpus.Add("verify", "\x0a" + std::string(plain) + footer +
                             std::string(zero) + paseto);
    corpus.Add("verify",
               "\x0b" + std::string(plain) + header + std::string(zero) + jwt);
    corpus.Add("verify", "\x42" + std::string(plain) + paseto);
    corpus.Add("verify", "\x83" + std::string(plain) + jwt);
    corpus.Add("verify", "\xc2" + std::string(plain) + v4_text);
    corpus.Add("verify", "\xc3" + std::string(plain) + jwt_text);
    corpus.Add("verify", "\x02\x0c\x01\x07\x01" + paseto);
  }
}

// AddVerdicts adds good tokens at every moment that verify.cc knows, under
// policies of each kind, and against lists of each age and kind of entry.
void AddVerdicts(Corpus& corpus) {
  auto add = [&corpus](const Claims& claims, uint8_t policy, uint8_t clock,
                       uint8_t revocations, uint8_t age) {
    for (const uint8_t jwt : {0, 1}) {
      std::string seed;
      for (const uint8_t choice :
           {static_cast<uint8_t>(2 + jwt), policy, clock, revocations, age}) {
        seed += static_cast<char>(choice);
      }
      const auto form = jwt == 1 ? ClaimsForm::kJwt : ClaimsForm::kPaseto;
      corpus.Add("verify", seed + *WriteClaims(claims, form));
    }
  };
  for (const Claims& claims : SomeClaims()) {
    for (uint8_t clock = 0; clock < 20; ++clock) {
      add(claims, 4, clock, 0, 0);
      add(claims, 5, clock, 0, 0);
    }
  }
  for (uint8_t choice = 0; choice < 6; ++choice) {
    add(GoodClaims(), 0, 0, static_cast<uint8_t>(1 << choice), 0);
    for (const uint8_t policy : {0, 8, 16}) {
      add(GoodClaims(), policy, 0, 0, choice);
    }
  }
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

  const SecretKey key = FixedKey(KeyFormat::kPasetoV4Public, 1);
  corpus.Add("paserk_text", paserk::EncodePublic(key.Public().bytes()));
  corpus.Add("paserk_text", paserk::WrapLocal(key.ExposeSecret(), kKek));
  std::array<uint8_t, 64> pair{};
  corpus.Add("paserk_text", paserk::WrapSecret(pair, kKek));
  corpus.Add("paserk_text", key.Public().id());
  corpus.Add("paserk_text", "\x10 any thirty-two bytes of a key ..");

  std::string stream = ": hello\r\nid: 1.2\r\ndata: AAAA\r\n\r\n";
  corpus.Add("feed_events", "\x03" + stream + "data:BBBB\n\ndata: end\n\n");
  corpus.Add("feed_events", "\x1e" + stream + "data: A\ndata: B\n\n");
}

void AddRings(Corpus& corpus) {
  struct Kind {
    KeyPurpose purpose;
    KeyFormat format;
  };
  for (const Kind& kind :
       {Kind{KeyPurpose::kAccess, KeyFormat::kPasetoV4Public},
        Kind{KeyPurpose::kAccess, KeyFormat::kJwtEdDsa},
        Kind{KeyPurpose::kFeed, KeyFormat::kFeedEd25519},
        Kind{KeyPurpose::kRefresh, KeyFormat::kRefreshMac}}) {
    SigningRing ring = FixedRing(kind.purpose, kind.format);
    for (int revoked = 0; revoked < 2; ++revoked) {
      const std::string file = WriteRingFile(ring, kKek, std::nullopt);
      corpus.Add("ring_file", "r" + file);
      corpus.Add("ring_file", "d" + file.substr(0, file.find("sum: ")));
      if (!IsSymmetric(kind.format)) {
        corpus.Add("public_ring", ring.Public().Serialize());
      }
      if (revoked == 1) break;
      const std::string id = ring.keys()[1].key.id();
      FUZZ_CHECK(ring.Revoke(id, Time(kNow)).ok());
    }
  }
  KdfParams kdf;
  kdf.salt[0] = 9;
  const std::string file = WriteRingFile(
      FixedRing(KeyPurpose::kRefresh, KeyFormat::kRefreshMac), kKek, kdf);
  corpus.Add("ring_file", "d" + file.substr(0, file.find("sum: ")));
}

std::vector<Revocation> SomeEntries(size_t each) {
  std::vector<Revocation> entries;
  for (uint8_t kind = 1; kind <= 6; ++kind) {
    for (size_t n = 0; n < each; ++n) {
      Revocation entry;
      entry.kind = static_cast<RevocationKind>(kind);
      const std::string value = "value " + std::to_string(n);
      const bool all = entry.kind == RevocationKind::kAll;
      entry.id = MakeRevocationId(entry.kind, all ? "" : value);
      entry.at = kNow + Seconds(static_cast<int64_t>(n));
      if (IsCutoff(entry.kind)) entry.not_before = kNow - Seconds(kind);
      entry.drop_after = kNow + hours(1) + minutes(static_cast<int64_t>(n % 2));
      entries.push_back(entry);
    }
  }
  return entries;
}

void AddFrames(Corpus& corpus) {
  const SigningRing ring =
      FixedRing(KeyPurpose::kFeed, KeyFormat::kFeedEd25519);
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
        head,
        {FixedRing(KeyPurpose::kAccess, KeyFormat::kPasetoV4Public).Public(),
         ring.Public()}});
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
  signet::fuzz::AddTexts(corpus);
  signet::fuzz::AddRings(corpus);
  signet::fuzz::AddFrames(corpus);
}
