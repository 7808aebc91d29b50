#ifndef SIGNET_TOOLS_KEYS_FLAGS_H_
#define SIGNET_TOOLS_KEYS_FLAGS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/key_files.h"

namespace signet::cli {

// What the commands of `signet keys` share.

struct KeysFlags {
  KeyFlags files;
  std::string purpose;
  std::string key;
  std::string format;
  std::optional<Duration> verifier_refresh;
  std::optional<Duration> max_token_life;
  std::optional<Duration> clock_skew;
  std::optional<Duration> lead;
  std::optional<Duration> max_age;
  std::string secret_file;
  std::string new_kek;
  std::string out;
  bool jwks = false;
  bool public_half = false;
  bool wide = false;
  bool now = false;
  bool yes = false;
  bool as_json = false;
};

Time Now();

Try<KeyPurpose> ReadPurpose(const std::string& name);

// WithFlags is the policy with what the flags say of it.
RotationPolicy WithFlags(RotationPolicy policy, const KeysFlags& flags);

// RingsThatExist gives the purpose that is named, or all that have a ring. It
// fails if none has.
Try<std::vector<KeyPurpose>> RingsThatExist(const RingStore& store,
                                            const KeysFlags& flags);

// LoadRings loads the rings that exist; one that was asked for must.
Try<std::vector<SigningRing>> LoadRings(RingStore& store,
                                        const KeysFlags& flags);

// FindKey finds the one key whose id is `text` or begins with it, as in the
// short ids of `signet keys list`.
struct FoundKey {
  const SigningRing* ring;
  const SigningRing::Key* key;
};
Try<FoundKey> FindKey(const std::vector<SigningRing>& rings, std::string text);

// The commands: those that make a ring (keys_init.cc), show it, or change it
// (keys_steps.cc), and `check`.
Done Init(const KeysFlags& flags);
Done List(const KeysFlags& flags);
Done Rotate(const KeysFlags& flags);
Done Promote(const KeysFlags& flags);
Done Retire(const KeysFlags& flags);
Done Revoke(const KeysFlags& flags);
Done Import(const KeysFlags& flags);
Done SetPolicy(const KeysFlags& flags);
Done Rewrap(const KeysFlags& flags);
Done Check(const KeysFlags& flags);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_KEYS_FLAGS_H_
