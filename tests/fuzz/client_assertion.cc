// Client assertions: what is accepted says what RFC 7523 section 3 asks for,
// read a second time, and is accepted once.
#include "signet/client_assertion.h"

#include <algorithm>

#include "signet/jwk.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/plain_open.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

constexpr std::string_view kClient = "app";
constexpr std::string_view kAudience = "https://server.example";

class FixedClock final : public Clock {
 public:
  Time Now() const override { return Time(kNow); }
  Monotonic MonotonicNow() const override { return {}; }
};

const SecretKey& Key() {
  static const SecretKey key = FixedKey(KeyFormat::kJwtEdDsa, 5);
  return key;
}

const JwsKeys& Keys() {
  static const JwsKeys keys = *JwsKeys::Parse(
      "{\"keys\":[" + WriteJwk(Key().Public()) + "," +
      WriteJwk(FixedKey(KeyFormat::kJwtEs256, 5).Public()) + "]}");
  return keys;
}

bool IsText(const PlainValue* value) {
  return value != nullptr && value->kind == PlainValue::kString &&
         !value->text.empty();
}

bool NamesUs(const PlainValue* audience) {
  const auto is_us = [](const PlainValue& one) {
    return IsText(&one) && one.text == kAudience;
  };
  if (audience == nullptr) return false;
  if (audience->kind != PlainValue::kArray) return is_us(*audience);
  return !audience->children.empty() &&
         std::ranges::all_of(audience->children, is_us);
}

// IsTime: a whole number of seconds, and in the range.
bool IsTime(const PlainValue* value, EpochSeconds first, EpochSeconds last) {
  if (value == nullptr || value->kind != PlainValue::kNumber) return false;
  const EpochSeconds time{Seconds(std::stoll(value->text))};
  return std::to_string(time.time_since_epoch().count()) == value->text &&
         first <= time && time <= last;
}

void CheckAccepted(std::string_view text) {
  const auto segments = PlainSegments(text);
  FUZZ_CHECK(segments.size() == 3);
  const auto header = ParsePlainJson(*PlainBase64Url(segments[0]));
  const auto claims = ParsePlainJson(*PlainBase64Url(segments[1]));
  FUZZ_CHECK(header && claims);
  for (const char* name :
       {"crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c"}) {
    FUZZ_CHECK(header->Find(name) == nullptr);
  }
  FUZZ_CHECK(IsText(header->Find("alg")));
  for (const char* name : {"iss", "sub"}) {
    FUZZ_CHECK(IsText(claims->Find(name)));
    FUZZ_CHECK(claims->Find(name)->text == kClient);
  }
  FUZZ_CHECK(NamesUs(claims->Find("aud")));
  FUZZ_CHECK(IsText(claims->Find("jti")));
  FUZZ_CHECK(claims->Find("jti")->text.size() <= kMaxAssertionIdLength);
  const EpochSeconds soon = kNow + Seconds(30);
  FUZZ_CHECK(IsTime(claims->Find("exp"), kNow - Seconds(29),
                    soon + std::chrono::minutes(10)));
  for (const char* name : {"iat", "nbf"}) {
    const PlainValue* time = claims->Find(name);
    FUZZ_CHECK(time == nullptr || IsTime(time, EpochSeconds{}, soon));
  }
  FUZZ_CHECK(UnverifiedClientId(text) == kClient);
}

std::string Spoilt(std::string_view text) {
  std::string out(text);
  char& one = out[out.size() - 10];  // of the signature
  one = one == 'A' ? 'B' : 'A';
  return out;
}

// Check asks one more question about what was accepted, by the draw.
void Check(std::string_view text, size_t draw) {
  static const FixedClock clock;
  ReplayMemory memory(4);
  const auto verifier =
      AssertionVerifier::Create({{std::string(kAudience)}}, memory, clock);
  FUZZ_CHECK(verifier.ok());
  const auto code_of = [&](std::string_view one, std::string_view client) {
    const auto answer = verifier->Verify(one, client, Keys());
    FUZZ_CHECK(!answer && !answer.error().ToString().empty());
    return answer.error().code;
  };
  if (!verifier->Verify(text, kClient, Keys())) {
    FUZZ_CHECK(memory.size() == 0);
    return;
  }
  FUZZ_CHECK(memory.size() == 1);
  CheckAccepted(text);
  using Code = AssertionRefusalCode;
  if (draw % 3 == 0) FUZZ_CHECK(code_of(text, kClient) == Code::kReplayed);
  if (draw % 3 == 1) FUZZ_CHECK(code_of(text, "ap") == Code::kWrongClient);
  if (draw % 3 == 2) {
    FUZZ_CHECK(code_of(Spoilt(text), kClient) == Code::kBadSignature);
  }
}

FUZZ_TARGET(input) {
  const size_t draw = DrawOf(input);
  const uint8_t choice = TakeByte(input);
  if ((choice & 2) != 0) {
    UnverifiedClientId(input);
    return Check(input, draw);
  }
  std::string header = R"({"alg":"EdDSA","kid":")" + Key().id() + "\"}";
  if ((choice & 4) != 0) header = TakePart(input);
  Check(Forge(Key(), header, input), draw);
}

}  // namespace
}  // namespace signet::fuzz
