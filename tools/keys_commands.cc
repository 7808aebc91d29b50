// `signet keys`: key rings in files.
#include <memory>
#include <optional>
#include <utility>

#include "tools/commands.h"
#include "tools/files.h"
#include "tools/keys_flags.h"
#include "tools/ring_view.h"

namespace signet::cli {
namespace {

constexpr std::string_view kKeysUsage = R"(Usage:
    signet keys init [--purpose P] [--format FORMAT] [POLICY]
    signet keys list [--purpose P] [--wide]
    signet keys show [PURPOSE] [--key KEY]
    signet keys check [PURPOSE] [--max-age 30d]
    signet keys rotate [PURPOSE] [--in 24h | --now]
    signet keys promote [PURPOSE] [--now]
    signet keys retire [PURPOSE] [--key KEY --now]
    signet keys revoke KEY [--purpose P]
    signet keys policy [PURPOSE] POLICY
    signet keys export [--purpose P] [--public|--jwks] [--out FILE]
    signet keys import [PURPOSE] --secret-file FILE [--in 24h]
    signet keys rewrap --new-kek SOURCE [--purpose P]
PURPOSE is access (default), refresh, feed, encryption, statements or access-alt.
Each command succeeds only if the ring's promises still hold; docs/rotation.md
tells what each costs.

init makes the key-encryption key if it is missing and the rings access, refresh
and feed, or only P. It changes no ring that is there. An encryption ring hides
signed JWTs from all but their verifiers, an access-alt ring makes the tokens of
clients that name its format; each is made if P names it.
    --format FORMAT            of the access and access-alt rings: v4.public (default),
                               v4.local, jwt (EdDSA), jwt-es256, jwt-rs256,
                               jwt-ps256, jwt-hs256 or jwe-dir;
                               of the encryption ring: jwe-x25519 (default) or
                               jwe-p256
    --verifier-refresh 60s     how old a verifier's copy of the ring may be
    --max-token-life 15m       the longest life of a token
    --clock-skew 30s           how far clocks may disagree
The last three are the policy of the access ring, or of the ring that --purpose
names.

list shows the rings: each key's state, since and until when, what comes next,
and a timeline. --wide shows whole key ids. show tells everything of a ring, or
of one key.

check tells what happens next and when. It exits 1 if a ring needs an operator:
it does not load, no key signs, the clock is behind, or with --max-age, a key
has signed for longer and none is pending. Without PURPOSE it looks at all.

rotate adds a key to a ring. It signs once every verifier has it, and the old
key verifies until its last token has died: nobody is logged out. --in gives it
more time. promote lets a key that has been pending long enough sign before its
time. retire drops keys whose last token has died.

policy changes what the ring promises; what is not named stays as it is.

--now is for emergencies: rotate and promote let the key sign at once, retire
ends a verify-only key at once. It says what that costs and asks; --yes is the
answer in scripts. revoke voids a key for good, and asks too.

export prints the public half of a ring (default: access), or with --jwks a JWK
set. --out writes it to a file. import adds a key that was made elsewhere, like
rotate: PASERK (k4.secret, k4.local), a private JWK, PEM, or base64url.

rewrap seals the rings under another key-encryption key, which is made if it is
a file that is missing. It can be repeated if it was interrupted.

Flags of all:
    --keys DIR       where the rings are: default keys, or SIGNET_KEYS
    --kek SOURCE     the key-encryption key: file:PATH, env:NAME or
                     passphrase-file:PATH; default file:DIR/kek, or
                     SIGNET_KEK_SOURCE
    --json           one JSON value on stdout (all but export and rewrap)
)";

Done Show(const KeysFlags& flags) {
  const Try<KeyPurpose> purpose = ReadPurpose(flags.purpose);
  if (!purpose) return purpose.error();
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  const Try<std::vector<SigningRing>> rings = LoadRings(**store, flags);
  if (!rings) return rings.error();
  const SigningRing& ring = rings->front();
  std::string key_id;
  if (!flags.key.empty()) {
    const Try<FoundKey> found = FindKey(*rings, flags.key);
    if (!found) return found.error();
    key_id = found->key->key.id();
  }
  if (flags.as_json) {
    PrintLine(DetailsJson(ring, Now(), key_id));
  } else {
    PrintDetails(ring, (*store)->RingPath(*purpose), Now(), key_id);
  }
  return {};
}

Try<std::string> Exported(const SigningRing& ring, bool jwks) {
  if (IsSymmetric(ring.info().format)) {
    return Failure{kRefused,
                   "the ring's keys are " +
                       std::string(KeyFormatName(ring.info().format)) +
                       ", which have no public half",
                   "give its verifiers the sealed ring and its "
                   "key-encryption key"};
  }
  if (!jwks) return ring.Public().Serialize();
  std::string set = ring.Public().Jwks(Now());
  if (JoseAlgorithm(ring.info().format).empty()) {
    return Failure{kRefused,
                   "a JWK set describes JWT keys, and this ring's are " +
                       std::string(KeyFormatName(ring.info().format)),
                   "leave out --jwks for the public ring that verifiers read"};
  }
  return set;
}

Done Export(const KeysFlags& flags) {
  const Try<KeyPurpose> purpose = ReadPurpose(flags.purpose);
  if (!purpose) return purpose.error();
  if (*purpose == KeyPurpose::kRefresh) {
    return Failure{kUsage, "the refresh ring has no public half",
                   "write --purpose access, feed or encryption"};
  }
  if (flags.jwks && flags.public_half) {
    return Failure{kUsage, "--jwks and --public exclude each other"};
  }
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  const Try<SigningRing> ring = LoadRing(**store, *purpose);
  if (!ring) return ring.error();
  Try<std::string> text = Exported(*ring, flags.jwks);
  if (!text) return text.error();
  while (text->ends_with('\n')) text->pop_back();
  if (!flags.out.empty()) return WriteFile(flags.out, *text + "\n");
  PrintLine(*text);
  return {};
}

// A Builder adds the commands, each with flags of its own.
class Builder {
 public:
  Builder(CommandLine& line, CLI::App* group) : line_(line), group_(group) {}

  // Command starts the next one. It takes PURPOSE, which is `purpose` unless
  // given, or with "-" no argument; Key takes a key's id instead.
  void Command(const char* name, Done (*run)(const KeysFlags&),
               const char* purpose = "-") {
    flags_ = std::make_shared<KeysFlags>();
    const bool takes = std::string_view(purpose) != "-";
    if (takes) flags_->purpose = purpose;
    Add(name, run, takes ? &flags_->purpose : nullptr);
  }
  void KeyCommand(const char* name, Done (*run)(const KeysFlags&)) {
    flags_ = std::make_shared<KeysFlags>();
    Add(name, run, &flags_->key);
  }

  void Text(const char* name, std::string KeysFlags::*value) {
    AddText(command_, name, *flags_.*value);
  }
  void Length(const char* name, std::optional<Duration> KeysFlags::*value) {
    AddDuration(command_, name, *flags_.*value);
  }
  void Switch(const char* name, bool KeysFlags::*value) {
    AddSwitch(command_, name, *flags_.*value);
  }
  void Json() { Switch("--json", &KeysFlags::as_json); }
  void Forced() {
    Switch("--now", &KeysFlags::now);
    Switch("--yes", &KeysFlags::yes);
  }
  KeysFlags& flags() { return *flags_; }

 private:
  void Add(const char* name, Done (*run)(const KeysFlags&),
           std::string* value) {
    command_ = line_.Command(
        group_, name, [run, flags = flags_] { return run(*flags); }, value);
    AddKeyFlags(command_, flags_->files);
  }

  CommandLine& line_;
  CLI::App* const group_;
  CLI::App* command_ = nullptr;
  std::shared_ptr<KeysFlags> flags_;
};

void AddPolicy(Builder& add) {
  add.Length("--verifier-refresh", &KeysFlags::verifier_refresh);
  add.Length("--max-token-life", &KeysFlags::max_token_life);
  add.Length("--clock-skew", &KeysFlags::clock_skew);
}

// AddViews adds what shows rings and makes them.
void AddViews(Builder& add) {
  add.Command("init", Init);
  add.Text("--purpose", &KeysFlags::purpose);
  add.Text("--format", &KeysFlags::format);
  AddPolicy(add);
  add.Json();

  add.Command("list", List);
  add.Text("--purpose", &KeysFlags::purpose);
  add.Switch("--wide", &KeysFlags::wide);
  add.Json();

  add.Command("show", Show, "access");
  add.Text("--key", &KeysFlags::key);
  add.Json();

  add.Command("check", Check, "");
  add.Length("--max-age", &KeysFlags::max_age);
  add.Json();

  add.Command("export", Export);
  add.flags().purpose = "access";
  add.Text("--purpose", &KeysFlags::purpose);
  add.Switch("--jwks", &KeysFlags::jwks);
  add.Switch("--public", &KeysFlags::public_half);
  add.Text("--out", &KeysFlags::out);
}

// AddSteps adds what changes rings.
void AddSteps(Builder& add) {
  add.Command("rotate", Rotate, "access");
  add.Length("--in", &KeysFlags::lead);
  add.Forced();
  add.Json();

  add.Command("promote", Promote, "access");
  add.Forced();
  add.Json();

  add.Command("retire", Retire, "access");
  add.Text("--key", &KeysFlags::key);
  add.Forced();
  add.Json();

  add.KeyCommand("revoke", Revoke);
  add.Text("--purpose", &KeysFlags::purpose);
  add.Switch("--yes", &KeysFlags::yes);
  add.Json();

  add.Command("import", Import, "access");
  add.Text("--secret-file", &KeysFlags::secret_file);
  add.Length("--in", &KeysFlags::lead);
  add.Json();

  add.Command("policy", SetPolicy, "access");
  AddPolicy(add);
  add.Json();

  add.Command("rewrap", Rewrap);
  add.Text("--new-kek", &KeysFlags::new_kek);
  add.Text("--purpose", &KeysFlags::purpose);
}

}  // namespace

Done List(const KeysFlags& flags) {
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  const Try<std::vector<SigningRing>> rings = LoadRings(**store, flags);
  if (!rings) return rings.error();
  if (flags.as_json) {
    PrintLine(RingsJson(*rings, Now()));
  } else {
    for (const SigningRing& ring : *rings) PrintRing(ring, Now(), flags.wide);
  }
  return {};
}

void AddKeysCommands(CommandLine& line) {
  Builder add(line, line.Group("keys", kKeysUsage));
  AddViews(add);
  AddSteps(add);
}

}  // namespace signet::cli
