// Proofs: what is accepted says what RFC 9449 section 4.3 asks for, read a
// second time, and is accepted once.
#include "signet/dpop.h"

#include "signet/jwk.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/plain_open.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

constexpr DpopRequest kRequest{"POST", "https://server.example/token"};

class FixedClock final : public Clock {
 public:
  Time Now() const override { return Time(kNow); }
  Monotonic MonotonicNow() const override { return {}; }
};

bool IsText(const PlainValue& object, std::string_view name) {
  const PlainValue* value = object.Find(name);
  return value != nullptr && value->kind == PlainValue::kString &&
         !value->text.empty();
}

void CheckAccepted(std::string_view text, const DpopProof& proof) {
  const auto segments = PlainSegments(text);
  FUZZ_CHECK(segments.size() == 3);
  const auto header = ParsePlainJson(*PlainBase64Url(segments[0]));
  const auto claims = ParsePlainJson(*PlainBase64Url(segments[1]));
  FUZZ_CHECK(header && claims);
  for (const char* name : {"crit", "b64", "zip", "enc", "jku", "x5u", "x5c"}) {
    FUZZ_CHECK(header->Find(name) == nullptr);
  }
  const PlainValue* jwk = header->Find("jwk");
  FUZZ_CHECK(IsText(*header, "typ") && IsText(*header, "alg"));
  FUZZ_CHECK(jwk != nullptr && jwk->kind == PlainValue::kObject);
  FUZZ_CHECK(jwk->Find("d") == nullptr && jwk->Find("k") == nullptr);
  FUZZ_CHECK(IsText(*claims, "jti") && IsText(*claims, "htm") &&
             IsText(*claims, "htu"));
  FUZZ_CHECK(claims->Find("jti")->text == proof.jti());
  FUZZ_CHECK(proof.jti().size() <= kMaxDpopIdLength);
  FUZZ_CHECK(claims->Find("htm")->text == kRequest.method);
  FUZZ_CHECK(proof.issued_at() <= kNow + Seconds(30));
  FUZZ_CHECK(proof.issued_at() > kNow - Seconds(60));
  std::string key;
  AppendPlainJson(key, *jwk);
  bool is_ours = false;
  for (const KeyFormat format : kAllFormats) {
    if (JoseAlgorithm(format) != header->Find("alg")->text) continue;
    const auto read = ReadJwk(key, format);
    is_ours |= read && read->id() == proof.jkt();
  }
  FUZZ_CHECK(is_ours);
}

// Check asks one more question about a proof that was accepted, by the draw.
void Check(std::string_view text, size_t draw) {
  static const FixedClock clock;
  ReplayMemory memory(4);
  const auto verifier = DpopVerifier::Create({}, memory, clock);
  FUZZ_CHECK(verifier.ok());
  const auto proof = verifier->Verify(text, kRequest);
  if (!proof) {
    FUZZ_CHECK(memory.size() == 0);
    FUZZ_CHECK(!proof.error().OAuthError().empty());
    return;
  }
  CheckAccepted(text, *proof);
  const auto code_of = [](const Result<DpopProof, DpopRefusal>& answer) {
    FUZZ_CHECK(!answer);
    return answer.error().code;
  };
  switch (draw % 3) {
    case 0:
      FUZZ_CHECK(code_of(verifier->Verify(text, kRequest)) ==
                 DpopRefusalCode::kReplayed);
      return;
    case 1:
      FUZZ_CHECK(code_of(verifier->Verify(text, kRequest, "another key")) ==
                 DpopRefusalCode::kWrongKey);
      return;
    default:
      FUZZ_CHECK(code_of(verifier->Verify(text, {"GET", kRequest.uri})) ==
                 DpopRefusalCode::kWrongMethod);
  }
}

constexpr KeyFormat kFormats[] = {KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256,
                                  KeyFormat::kJwtEdDsa, KeyFormat::kJwtRs256,
                                  KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256,
                                  KeyFormat::kJwtEdDsa, KeyFormat::kJwtPs256};

struct Sender {
  explicit Sender(KeyFormat format) : key(FixedKey(format, 5)) {}

  SecretKey key;
  std::string header = R"({"typ":"dpop+jwt","alg":")" +
                       std::string(JoseAlgorithm(key.format())) +
                       R"(","jwk":)" + WriteJwk(key.Public()) + "}";
};

// SenderOf gives one input in sixteen the sender that it asks for, if that
// one's key takes as long as ten others.
const Sender& SenderOf(size_t choice, size_t draw) {
  static std::array<std::optional<Sender>, std::size(kFormats)> senders;
  if (draw % 16 != 0) choice = 0;
  std::optional<Sender>& sender = senders[choice];
  if (!sender) sender.emplace(kFormats[choice]);
  return *sender;
}

FUZZ_TARGET(input) {
  const size_t draw = DrawOf(input);
  const uint8_t choice = TakeByte(input);
  if (choice == 't') return Check(input, draw / 16);
  const Sender& sender = SenderOf(choice % 8, draw);
  std::string header = sender.header;
  if ((choice & 8) != 0) header = TakePart(input);
  Check(Forge(sender.key, header, input), draw / 16);
}

}  // namespace
}  // namespace signet::fuzz
