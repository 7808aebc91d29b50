// The commands that change a ring. What a ring allows is the library's to say
// (signet/key_ring.h); here stand the words for people, and what a forced step
// costs.
#include <filesystem>
#include <functional>
#include <utility>

#include "signet/key_import.h"
#include "tools/confirm.h"
#include "tools/files.h"
#include "tools/keys_costs.h"
#include "tools/keys_flags.h"
#include "tools/ring_view.h"

namespace signet::cli {
namespace {

using Step = std::function<Status(SigningRing&, Time)>;

std::string PurposeText(KeyPurpose purpose) {
  return std::string(KeyPurposeName(purpose));
}

// A Target is a ring that a command works on, as it was when it was shown.
struct Target {
  KeyPurpose purpose = KeyPurpose::kAccess;
  std::unique_ptr<RingStore> store;
  SigningRing ring;
  bool cost_shown = false;

  std::string name() const { return PurposeText(purpose); }
};

Try<Target> OpenTarget(const KeysFlags& flags) {
  const Try<KeyPurpose> purpose = ReadPurpose(flags.purpose);
  if (!purpose) return purpose.error();
  Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  Try<SigningRing> ring = LoadRing(**store, *purpose);
  if (!ring) return ring.error();
  return Target{*purpose, *std::move(store), *std::move(ring)};
}

// ConfirmFor asks about a step on the target as it is now.
Done ConfirmFor(Target& target, const std::string& cost, bool yes) {
  target.cost_shown = true;
  return Confirm(cost, yes);
}

// Apply takes the step under the directory's lock. If a cost was shown, it
// succeeds only if the ring is still the same.
Try<SigningRing> Apply(Target& target, const Step& step,
                       const std::string& hint) {
  const uint64_t shown = target.ring.info().generation;
  const Status done =
      target.store->Update(target.purpose, [&](SigningRing& ring) -> Status {
        if (target.cost_shown && ring.info().generation != shown) {
          return Error{ErrorCode::kConflict,
                       "the ring has changed meanwhile, nothing was done",
                       "look at it again: `signet keys list`"};
        }
        return step(ring, Now());
      });
  if (!done) {
    Failure failure = RingFailure(done.error(), target.purpose);
    // A rule of the ring said no. Other failures have hints of their own.
    if (done.error().code == ErrorCode::kConflict && failure.hint.empty()) {
      failure.hint = hint;
    }
    return failure;
  }
  return LoadRing(*target.store, target.purpose);
}

std::string StateIn(const SigningRing& ring, const std::string& id, Time now) {
  for (const SigningRing::Key& key : ring.keys()) {
    if (key.key.id() != id) continue;
    return std::string(KeyStateName(key.schedule.StateAt(now)));
  }
  return {};
}

// PrintWhatHappened tells which keys have another state than before.
void PrintWhatHappened(const SigningRing& before, const SigningRing& after,
                       Time now) {
  for (const SigningRing::Key& key : after.keys()) {
    const std::string state = StateIn(after, key.key.id(), now);
    if (state == StateIn(before, key.key.id(), now)) continue;
    PrintLine(ShortId(key.key.id()) + "  is now " + state);
  }
}

// ApplyAndShow takes the step and prints what comes next.
Done ApplyAndShow(Target& target, const KeysFlags& flags, const Step& step,
                  const std::string& hint) {
  const Try<SigningRing> ring = Apply(target, step, hint);
  if (!ring) return ring.error();
  const Time now = Now();
  if (flags.as_json) {
    PrintLine(RingJson(*ring, now));
    return {};
  }
  PrintWhatHappened(target.ring, *ring, now);
  PrintChanges(*ring, now);
  return {};
}

Done EndEarly(const KeysFlags& flags, Target& target) {
  if (!flags.now) {
    return Failure{kUsage, "--key ends a key before its time: say --now",
                   "without --key, keys whose time has come are dropped"};
  }
  std::vector<SigningRing> rings;
  rings.push_back(std::move(target.ring));
  const Try<FoundKey> found = FindKey(rings, flags.key);
  if (!found) return found.error();
  const std::string id = found->key->key.id();
  const KeySchedule schedule = found->key->schedule;
  target.ring = std::move(rings.front());
  const Time now = Now();
  if (schedule.StateAt(now) == KeyState::kVerifyOnly && schedule.retires_at) {
    const Done confirmed =
        ConfirmFor(target,
                   "tokens of " + ShortId(id) +
                       " that still live are refused from now on, for up to " +
                       FormatAbout(*schedule.retires_at - now) +
                       "; their holders refresh, or sign in again",
                   flags.yes);
    if (!confirmed) return confirmed;
  }
  return ApplyAndShow(
      target, flags,
      [&](SigningRing& ring, Time at) { return ring.ForceRetire(id, at); },
      "an active key goes by `signet keys rotate`, a pending one by `signet "
      "keys revoke`");
}

// CheckOneUse refuses a secret that another ring uses for something else.
Done CheckOneUse(RingStore& store, const KeysFlags& flags,
                 const SecretKey& key) {
  KeysFlags all = flags;
  all.purpose.clear();
  const Try<std::vector<SigningRing>> rings = LoadRings(store, all);
  if (!rings) return rings.error();
  for (const SigningRing& ring : *rings) {
    for (const SigningRing::Key& other : ring.keys()) {
      if (!ConstantTimeEqual(other.key.ExposeSecret(), key.ExposeSecret())) {
        continue;
      }
      return Failure{kRefused,
                     "the " + PurposeText(ring.info().purpose) +
                         " ring holds that secret already",
                     "a secret has one use; make another"};
    }
  }
  return {};
}

// MakeKekIfMissing makes the file of a new key-encryption key, if the old one
// opens the rings.
Done MakeKekIfMissing(const KeysFlags& flags, RingStore& store) {
  const std::string path = KekPath({.directory = {}, .kek = flags.new_kek});
  std::error_code ignored;
  if (path.empty() || std::filesystem::exists(path, ignored)) return {};
  const Try<std::vector<SigningRing>> rings = LoadRings(store, flags);
  if (!rings) return rings.error();
  const Result<KeyEncryptionKey> kek = KeyEncryptionKey::CreateFile(path);
  if (!kek) return FromError(kek.error());
  PrintNote("made " + path +
            ", which will decrypt the rings: keep a copy of it, apart from "
            "them");
  return {};
}

}  // namespace

Done Rotate(const KeysFlags& flags) {
  Try<Target> target = OpenTarget(flags);
  if (!target) return target.error();
  const std::string list = "`signet keys list` shows what comes next";
  if (!flags.now) {
    return ApplyAndShow(
        *target, flags,
        [&](SigningRing& ring, Time now) {
          return ring.Rotate(now, flags.lead);
        },
        list);
  }
  if (flags.lead) {
    return Failure{kUsage, "--now and --in exclude each other"};
  }
  const Time now = Now();
  if (PendingKey(target->ring, now) != nullptr) {
    return Failure{
        kRefused, "a key is pending already, nothing was changed",
        "`signet keys promote " + target->name() + " --now` makes it sign"};
  }
  if (target->ring.Active(now) != nullptr) {
    const Done confirmed = ConfirmFor(
        *target, CostOfNoLead(target->ring.info(), "the new key"), flags.yes);
    if (!confirmed) return confirmed;
  }
  return ApplyAndShow(
      *target, flags,
      [](SigningRing& ring, Time at) { return ring.ForceRotate(at); }, list);
}

Done Promote(const KeysFlags& flags) {
  Try<Target> target = OpenTarget(flags);
  if (!target) return target.error();
  const Time now = Now();
  const SigningRing::Key* const pending = PendingKey(target->ring, now);
  if (pending == nullptr) {
    return Failure{kRefused,
                   "no key of the " + target->name() + " ring is pending",
                   "`signet keys rotate " + target->name() + "` adds one"};
  }
  if (flags.now && now < pending->schedule.AcceptedFrom()) {
    const Done confirmed = ConfirmFor(
        *target, CostOfNoLead(target->ring.info(), ShortId(pending->key.id())),
        flags.yes);
    if (!confirmed) return confirmed;
  }
  return ApplyAndShow(
      *target, flags,
      [&](SigningRing& ring, Time at) {
        return flags.now ? ring.ForcePromote(at) : ring.Promote(at);
      },
      "wait until then, or say --now, which tells what it costs");
}

Done Retire(const KeysFlags& flags) {
  Try<Target> target = OpenTarget(flags);
  if (!target) return target.error();
  if (!flags.key.empty()) return EndEarly(flags, *target);
  if (flags.now) {
    return Failure{kUsage, "--now needs --key: which key to end",
                   "`signet keys list` shows the keys"};
  }
  const Try<SigningRing> ring = Apply(
      *target,
      [](SigningRing& changed, Time now) { return changed.ForgetRetired(now); },
      "`signet keys list` shows when a key retires");
  if (!ring) return ring.error();
  if (flags.as_json) {
    PrintLine(RingJson(*ring, Now()));
    return {};
  }
  // Keys go from the front of a ring.
  const size_t gone = target->ring.keys().size() - ring->keys().size();
  for (const SigningRing::Key& key : target->ring.keys().first(gone)) {
    PrintLine(ShortId(key.key.id()) + "  dropped");
  }
  return {};
}

Done Revoke(const KeysFlags& flags) {
  if (flags.key.empty()) {
    return Failure{kUsage, "name the key to revoke",
                   "`signet keys list` shows the keys"};
  }
  Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  Try<std::vector<SigningRing>> rings = LoadRings(**store, flags);
  if (!rings) return rings.error();
  const Try<FoundKey> found = FindKey(*rings, flags.key);
  if (!found) return found.error();
  const std::string id = found->key->key.id();
  const KeyPurpose purpose = found->ring->info().purpose;
  const Time now = Now();
  const KeyState state = found->key->schedule.StateAt(now);
  const std::string cost = CostOfRevocation(*found->ring, *found->key, now);
  const auto index = static_cast<size_t>(found->ring - rings->data());
  Target target{purpose, *std::move(store), std::move((*rings)[index])};
  if (state == KeyState::kActive || state == KeyState::kVerifyOnly) {
    const Done confirmed = ConfirmFor(target, cost, flags.yes);
    if (!confirmed) return confirmed;
  }
  const Done done = ApplyAndShow(
      target, flags,
      [&](SigningRing& ring, Time at) { return ring.Revoke(id, at); },
      "`signet keys list` shows the keys");
  if (done) PrintNote(WhoMustHear(purpose, id));
  return done;
}

Done Import(const KeysFlags& flags) {
  if (flags.secret_file.empty()) {
    return Failure{
        kUsage, "--secret-file is needed",
        "it names a file of mode 0600 with one key: k4.secret, k4.local, "
        "a private JWK, PEM, or base64url"};
  }
  Try<Target> target = OpenTarget(flags);
  if (!target) return target.error();
  Try<std::string> text = ReadKeyFile(flags.secret_file);
  if (!text) return text.error();
  Result<SecretKey> key = ParseSecretKey(target->ring.info().format, *text);
  Wipe({reinterpret_cast<uint8_t*>(text->data()), text->size()});
  if (!key) {
    Failure failure = FromError(key.error());
    failure.message = flags.secret_file + ": " + failure.message;
    return failure;
  }
  const Done one_use = CheckOneUse(*target->store, flags, *key);
  if (!one_use) return one_use;
  return ApplyAndShow(
      *target, flags,
      [&](SigningRing& ring, Time now) {
        return ring.Import(*std::move(key), now, flags.lead);
      },
      "`signet keys list` shows what comes next");
}

Done SetPolicy(const KeysFlags& flags) {
  if (!flags.verifier_refresh && !flags.max_token_life && !flags.clock_skew) {
    return Failure{kUsage, "say what is to change",
                   "--verifier-refresh, --max-token-life or --clock-skew; "
                   "`signet keys show` tells what holds"};
  }
  Try<Target> target = OpenTarget(flags);
  if (!target) return target.error();
  const RotationPolicy policy = WithFlags(target->ring.info().policy, flags);
  if (const Status valid = policy.Validate(); !valid) {
    return FromError(valid.error());
  }
  const Try<SigningRing> ring = Apply(
      *target,
      [&](SigningRing& changed, Time) -> Status {
        Status set = changed.SetPolicy(WithFlags(changed.info().policy, flags));
        // The flags are sound: it is the keys that cannot keep the promise.
        if (!set) return Error{ErrorCode::kConflict, set.error().message};
        return set;
      },
      "`signet keys show` tells when keys turn; try again when those that "
      "were planned under the old policy have");
  if (!ring) return ring.error();
  if (flags.as_json) {
    PrintLine(RingJson(*ring, Now()));
    return {};
  }
  PrintRing(*ring, Now(), false);
  return {};
}

Done Rewrap(const KeysFlags& flags) {
  if (flags.new_kek.empty()) {
    return Failure{kUsage, "--new-kek is needed",
                   "write file:PATH, env:NAME or passphrase-file:PATH"};
  }
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  const Try<std::vector<KeyPurpose>> purposes = RingsThatExist(**store, flags);
  if (!purposes) return purposes.error();
  const Done made = MakeKekIfMissing(flags, **store);
  if (!made) return made;
  const Try<KeyEncryptionKey> next = OpenKek(flags.new_kek);
  if (!next) return next.error();
  for (const KeyPurpose purpose : *purposes) {
    const Status done = (*store)->Rewrap(purpose, *next);
    if (!done) return RingFailure(done.error(), purpose);
    PrintLine(PurposeText(purpose) + "  sealed under the new key");
  }
  PrintNote(
      "start signetd anew with the new key. Old copies of the rings still open "
      "with the old one: destroy it, or them");
  return {};
}

}  // namespace signet::cli
