#include "jwk_text.h"
#include "key_text.h"
#include "ring_document.h"
#include "signet/key_ring.h"

namespace signet {

namespace {

constexpr size_t kMaxPublicRingSize = 1u << 20;

Error InvalidRing(std::string what) {
  return {ErrorCode::kInvalid, "public ring: " + std::move(what)};
}

// ReadPublicKey decodes `public` and compares it with `id`.
Result<VerifyKey> ReadPublicKey(KeyFormat format, const RingDocument::Key& key,
                                const std::string& member) {
  Result<VerifyKey> verify_key = ParsePublicKeyText(format, key.public_text);
  if (!verify_key.ok()) {
    return InvalidRing("member " + member +
                       ".public: " + verify_key.error().message);
  }
  if (verify_key->id() != key.id) {
    return InvalidRing("member " + member + ".id is not the id of its key, " +
                       verify_key->id());
  }
  return verify_key;
}

}  // namespace

Result<KeyRing> KeyRing::Parse(std::string_view json) {
  if (json.size() > kMaxPublicRingSize) {
    return InvalidRing(std::to_string(json.size()) + " bytes, the limit is " +
                       std::to_string(kMaxPublicRingSize));
  }
  Result<RingDocument> document =
      ParseRingDocument(json, RingDocumentKind::kPublic);
  if (!document.ok()) {
    Error error = std::move(document).error();
    error.message.insert(0, "public ring: ");
    return error;
  }
  if (IsSymmetric(document->info.format)) {
    return InvalidRing("member format names one that has no public half");
  }
  std::vector<RingKey> keys;
  for (const RingDocument::Key& key : document->keys) {
    Result<VerifyKey> verify_key =
        ReadPublicKey(document->info.format, key,
                      "keys[" + std::to_string(keys.size()) + "]");
    if (!verify_key.ok()) return verify_key.error();
    keys.push_back({*std::move(verify_key), key.schedule});
  }
  Result<KeyRing> ring = Create(document->info, std::move(keys));
  if (!ring.ok()) return InvalidRing(ring.error().message);
  return ring;
}

std::string KeyRing::Serialize() const {
  RingDocument document{.info = info_};
  for (const RingKey& key : keys_) {
    document.keys.push_back({.id = key.key.id(),
                             .public_text = PublicKeyText(key.key),
                             .schedule = key.schedule});
  }
  return WriteRingDocument(document);
}

std::string KeyRing::Jwks(Time now) const {
  std::string out = R"({"keys":[)";
  bool first = true;
  for (const RingKey& key : keys_) {
    const KeyState state = key.schedule.StateAt(now);
    if (IsSymmetric(info_.format) || JoseAlgorithm(info_.format).empty() ||
        state == KeyState::kRetired || state == KeyState::kRevoked) {
      continue;
    }
    if (!first) out += ',';
    first = false;
    out += PublicJwk(KeyAccess::Of(key.key), key.key.id());
  }
  return out + "]}";
}

}  // namespace signet
