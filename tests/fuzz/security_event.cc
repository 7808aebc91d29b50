// Security events: what is taken says what SSF 1.0 section 4.1 asks for, read
// a second time, and ends the sessions of nobody but whom it names.
#include "revocation-service/ssf/event.h"
#include "revocation-service/ssf/set_reader.h"
#include "signet/jwk.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/plain_open.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

namespace ssf = service::ssf;

constexpr std::string_view kId = "event-1";

const SecretKey& Key() {
  static const SecretKey key = FixedKey(KeyFormat::kJwtEdDsa, 5);
  return key;
}

const JwsKeys& Keys() {
  static const JwsKeys keys =
      *JwsKeys::Parse("{\"keys\":[" + WriteJwk(Key().Public()) + "]}");
  return keys;
}

ssf::Transmitter Configured(bool email) {
  ssf::Transmitter transmitter;
  transmitter.issuer = "https://partner.example";
  transmitter.audience = "us";
  transmitter.subject_prefix = "p:";
  transmitter.subject_format = email ? "email" : "iss_sub";
  return transmitter;
}

bool Is(const PlainValue& object, std::string_view name,
        std::string_view text) {
  const PlainValue* value = object.Find(name);
  return value != nullptr && value->kind == PlainValue::kString &&
         value->text == text;
}

void CheckSubject(const PlainValue& claims, bool email,
                  const std::string& subject) {
  FUZZ_CHECK(subject.starts_with("p:") && subject.size() > 2);
  const std::string name = subject.substr(2);
  FUZZ_CHECK(claims.Find("events")->Find(ssf::kSessionRevoked) != nullptr);
  const PlainValue* id = claims.Find("sub_id");
  if (Is(*id, "format", "complex")) id = id->Find("user");
  FUZZ_CHECK(Is(*id, "format", email ? "email" : "iss_sub"));
  FUZZ_CHECK(Is(*id, email ? "email" : "sub", name));
  FUZZ_CHECK(email || Is(*id, "iss", "https://partner.example"));
}

void Check(std::string_view text, bool email) {
  const auto set =
      ssf::ReadSet(Configured(email), Keys(), kId, text, Time(kNow));
  if (!set) {
    FUZZ_CHECK(!set.error().code.empty() && !set.error().text.empty());
    return;
  }
  const auto segments = PlainSegments(text);
  FUZZ_CHECK(segments.size() == 3);
  const auto claims = ParsePlainJson(*PlainBase64Url(segments[1]));
  FUZZ_CHECK(claims.has_value());
  FUZZ_CHECK(Is(*claims, "iss", "https://partner.example"));
  FUZZ_CHECK(Is(*claims, "jti", kId));
  FUZZ_CHECK(claims->Find("aud") != nullptr);
  FUZZ_CHECK(claims->Find("iat") != nullptr);
  FUZZ_CHECK(claims->Find("exp") == nullptr && claims->Find("sub") == nullptr);
  if (set->subject.empty()) return;
  FUZZ_CHECK(set->ended <= kNow + ssf::kClockSkew);
  CheckSubject(*claims, email, set->subject);
}

FUZZ_TARGET(input) {
  const uint8_t choice = TakeByte(input);
  const bool email = (choice & 1) != 0;
  if ((choice & 2) != 0) return Check(input, email);
  std::string header =
      R"({"alg":"EdDSA","typ":"secevent+jwt","kid":")" + Key().id() + "\"}";
  if ((choice & 4) != 0) header = TakePart(input);
  Check(Forge(Key(), header, input), email);
}

}  // namespace
}  // namespace signet::fuzz
