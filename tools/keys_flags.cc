#include "tools/keys_flags.h"

#include <filesystem>
#include <utility>

namespace signet::cli {
namespace {

constexpr KeyPurpose kPurposes[] = {
    KeyPurpose::kAccess,     KeyPurpose::kRefresh,    KeyPurpose::kFeed,
    KeyPurpose::kEncryption, KeyPurpose::kStatements, KeyPurpose::kAccessAlt};
// Enough of an id to tell keys apart: what `list` shows has 8.
constexpr size_t kLeastPrefix = 6;

}  // namespace

Time Now() { return SystemClock::Shared().Now(); }

Try<KeyPurpose> ReadPurpose(const std::string& name) {
  const Result<KeyPurpose> purpose = ParseKeyPurpose(name);
  if (purpose) return *purpose;
  return Failure{kUsage, "\"" + name + "\" is not a purpose of a ring",
                 "write access, refresh, feed, encryption, statements or "
                 "access-alt"};
}

RotationPolicy WithFlags(RotationPolicy policy, const KeysFlags& flags) {
  policy.verifier_refresh =
      flags.verifier_refresh.value_or(policy.verifier_refresh);
  policy.max_token_life = flags.max_token_life.value_or(policy.max_token_life);
  policy.clock_skew = flags.clock_skew.value_or(policy.clock_skew);
  return policy;
}

Try<std::vector<KeyPurpose>> RingsThatExist(const RingStore& store,
                                            const KeysFlags& flags) {
  if (!flags.purpose.empty()) {
    const Try<KeyPurpose> purpose = ReadPurpose(flags.purpose);
    if (!purpose) return purpose.error();
    return std::vector<KeyPurpose>{*purpose};
  }
  std::vector<KeyPurpose> purposes(std::begin(kPurposes), std::end(kPurposes));
  std::erase_if(purposes, [&](KeyPurpose purpose) {
    std::error_code ignored;
    return !std::filesystem::exists(store.RingPath(purpose), ignored);
  });
  if (!purposes.empty()) return purposes;
  return Failure{kUsage, "there is no ring in " + flags.files.directory,
                 "make them with `signet keys init`"};
}

Try<std::vector<SigningRing>> LoadRings(RingStore& store,
                                        const KeysFlags& flags) {
  const Try<std::vector<KeyPurpose>> purposes = RingsThatExist(store, flags);
  if (!purposes) return purposes.error();
  std::vector<SigningRing> rings;
  for (const KeyPurpose purpose : *purposes) {
    Try<SigningRing> ring = LoadRing(store, purpose);
    if (!ring) return ring.error();
    rings.push_back(*std::move(ring));
  }
  return rings;
}

Try<FoundKey> FindKey(const std::vector<SigningRing>& rings, std::string text) {
  const std::string hint = "`signet keys list --wide` shows the keys";
  if (text.ends_with("...")) text.resize(text.size() - 3);
  const size_t type = text.starts_with("k4.") ? 7 : 0;
  if (text.size() < type + kLeastPrefix) {
    return Failure{kUsage, "\"" + text + "\" is too little of a key's id",
                   hint};
  }
  std::vector<FoundKey> found;
  for (const SigningRing& ring : rings) {
    for (const SigningRing::Key& key : ring.keys()) {
      if (key.key.id() == text) return FoundKey{&ring, &key};
      if (key.key.id().starts_with(text)) found.push_back({&ring, &key});
    }
  }
  if (found.size() == 1) return found.front();
  return Failure{kUsage,
                 found.empty() ? "no ring holds a key " + text
                               : "several keys begin with " + text,
                 hint};
}

}  // namespace signet::cli
