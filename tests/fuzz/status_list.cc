// Status lists, and the claims that refer to them.
#include "signet/status_list.h"

#include <algorithm>

#include "jwt.h"
#include "signet/jwk.h"
#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/world.h"
#include "zlib_text.h"

namespace signet::fuzz {
namespace {

constexpr std::string_view kUri = "https://server.example/status/1";
constexpr size_t kMaxBytes = 1 << 16;

// Issuer signs what the fuzzer writes, so that it gets past the signature.
struct Issuer {
  SecretKey key = FixedKey(KeyFormat::kJwtEdDsa, 7);
  JwsKeys keys = *JwsKeys::Parse("{\"keys\":[" + WriteJwk(key.Public()) + "]}");
};

void CheckList(const StatusList& list) {
  const int bits = list.bits();
  FUZZ_CHECK(bits == 1 || bits == 2 || bits == 4 || bits == 8);
  FUZZ_CHECK(list.size() <= kMaxBytes * 8 / static_cast<size_t>(bits));
  FUZZ_CHECK(!list.At(list.size()) && !list.At(UINT64_MAX));
  for (uint64_t i = 0; i < std::min<uint64_t>(list.size(), 64); ++i) {
    FUZZ_CHECK(list.At(i) && *list.At(i) < 1 << bits);
  }
  FUZZ_CHECK(!list.expires_at() ||
             Time(kNow) < *list.expires_at() + std::chrono::seconds(30));
  FUZZ_CHECK(!list.ttl() || *list.ttl() > Seconds(0));
}

void ReadPayload(const Issuer& issuer, std::string_view payload) {
  const std::string text =
      SignJws(issuer.key, R"({"alg":"EdDSA","typ":"statuslist+jwt"})", payload);
  const auto list = StatusList::Read(issuer.keys, kUri, text, Time(kNow),
                                     {.max_bytes = kMaxBytes});
  if (!list.ok()) return;
  CheckList(*list);
  // A second reader finds the members that it must have.
  const auto plain = ParsePlainJson(payload);
  FUZZ_CHECK(plain && plain->Find("sub") && plain->Find("iat") &&
             plain->Find("status_list"));
}

void ReadBytes(std::string_view bytes) {
  const auto inflated = Inflate(bytes, kMaxBytes);
  FUZZ_CHECK(!inflated || inflated->size() <= kMaxBytes);
  // What is written is read.
  const auto again = Inflate(Deflate(bytes), bytes.size());
  FUZZ_CHECK(again && *again == bytes);
  if (!bytes.empty()) {
    FUZZ_CHECK(!Inflate(Deflate(bytes), bytes.size() - 1));
  }
}

void ReadReference(std::string_view custom) {
  Claims claims;
  claims.custom = std::string(custom);
  const auto reference = ReadStatusReference(claims);
  if (!reference.ok() || !reference->has_value()) return;
  FUZZ_CHECK(!(*reference)->uri.empty());
  FUZZ_CHECK((*reference)->index < uint64_t{1} << 53);
}

}  // namespace

FUZZ_TARGET(input) {
  static const Issuer issuer;
  switch (TakeByte(input) % 4) {
    case 0:
      return ReadPayload(issuer, input);
    case 1:
      return ReadBytes(input);
    case 2:
      return ReadReference(input);
    default:
      FUZZ_CHECK(!StatusList::Read(issuer.keys, kUri, input, Time(kNow)).ok());
  }
}

}  // namespace signet::fuzz
