// `signet keys`: key rings in files.
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "tools/commands.h"
#include "tools/files.h"
#include "tools/key_files.h"
#include "tools/ring_view.h"

namespace signet::cli {
namespace {

constexpr std::string_view kKeysUsage = R"(Usage:
    signet keys init [--purpose P] [--format FORMAT] [POLICY]
    signet keys list [--purpose P] [--wide]
    signet keys rotate [PURPOSE]
    signet keys export [--purpose P] [--public|--jwks] [--out FILE]

init makes the key-encryption key if it is missing and a ring for each purpose:
access, refresh and feed, or only P. It changes no ring that is there.
    --format FORMAT            v4.public (default) or jwt: of the access ring
    --verifier-refresh 60s     how old a verifier's copy of the ring may be
    --max-token-life 15m       the longest life of a token
    --clock-skew 30s           how far clocks may disagree
The last three are the policy of the access ring, or of the ring that --purpose
names.

list shows the rings: each key's state, since and until when, and what comes
next. --wide shows whole key ids.

rotate adds a key to a ring (default: access). It signs once every verifier has
it, and the old key verifies until its last token has died: nobody is logged
out.

export prints the public half of a ring (default: access), or with --jwks a JWK
set. --out writes it to a file.

Flags of all:
    --keys DIR       where the rings are: default keys, or SIGNET_KEYS
    --kek SOURCE     the key-encryption key: file:PATH, env:NAME or
                     passphrase-file:PATH; default file:DIR/kek, or
                     SIGNET_KEK_SOURCE
    --json           one JSON value on stdout (init, list, rotate)
)";

constexpr KeyPurpose kPurposes[] = {KeyPurpose::kAccess, KeyPurpose::kRefresh,
                                    KeyPurpose::kFeed};

struct KeysFlags {
  KeyFlags files;
  std::string purpose;
  std::string format;
  std::optional<Duration> verifier_refresh;
  std::optional<Duration> max_token_life;
  std::optional<Duration> clock_skew;
  std::string out;
  bool jwks = false;
  bool public_half = false;
  bool wide = false;
  bool as_json = false;
};

Time Now() { return SystemClock::Shared().Now(); }

Try<KeyPurpose> ReadPurpose(const std::string& name) {
  const Result<KeyPurpose> purpose = ParseKeyPurpose(name);
  if (purpose) return *purpose;
  return Failure{kUsage, "\"" + name + "\" is not a purpose of a ring",
                 "write access, refresh or feed"};
}

// ReadPurposes gives the one that --purpose names, or all.
Try<std::vector<KeyPurpose>> ReadPurposes(const std::string& name) {
  if (name.empty()) {
    return std::vector<KeyPurpose>(std::begin(kPurposes), std::end(kPurposes));
  }
  const Try<KeyPurpose> purpose = ReadPurpose(name);
  if (!purpose) return purpose.error();
  return std::vector<KeyPurpose>{*purpose};
}

Try<KeyFormat> FormatFor(KeyPurpose purpose, const std::string& name) {
  if (purpose == KeyPurpose::kRefresh) return KeyFormat::kRefreshMac;
  if (purpose == KeyPurpose::kFeed) return KeyFormat::kFeedEd25519;
  if (name.empty() || name == "v4.public") return KeyFormat::kPasetoV4Public;
  if (name == "jwt") return KeyFormat::kJwtEdDsa;
  return Failure{kUsage, "\"" + name + "\" is not a format of access tokens",
                 "write v4.public or jwt"};
}

RotationPolicy PolicyFor(KeyPurpose purpose, const KeysFlags& flags) {
  RotationPolicy policy = DefaultPolicy(purpose);
  if (flags.purpose.empty() && purpose != KeyPurpose::kAccess) return policy;
  policy.verifier_refresh =
      flags.verifier_refresh.value_or(policy.verifier_refresh);
  policy.max_token_life = flags.max_token_life.value_or(policy.max_token_life);
  policy.clock_skew = flags.clock_skew.value_or(policy.clock_skew);
  return policy;
}

Try<SigningRing> NewRing(KeyPurpose purpose, const KeysFlags& flags) {
  const Try<KeyFormat> format = FormatFor(purpose, flags.format);
  if (!format) return format.error();
  const RingInfo info{.purpose = purpose,
                      .format = *format,
                      .policy = PolicyFor(purpose, flags)};
  // Asked here so that nothing has been written when the answer is no.
  if (const Status valid = info.policy.Validate(); !valid) {
    return FromError(valid.error());
  }
  Result<SigningRing> ring = SigningRing::New(info, Now());
  if (!ring) return FromError(ring.error());
  return *std::move(ring);
}

// CheckAbsent refuses before anything is written.
Done CheckAbsent(const std::string& directory,
                 const std::vector<KeyPurpose>& purposes) {
  for (const KeyPurpose purpose : purposes) {
    const std::string name(KeyPurposeName(purpose));
    std::string path = directory;
    path.append("/").append(name).append(".ring");
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
      return Failure{kRefused, path + " exists; nothing was changed",
                     "use `signet keys rotate " + name +
                         "` for a new key, or --purpose to make another ring"};
    }
  }
  return {};
}

Done MakeDirectoryAndKek(const KeyFlags& files) {
  const std::string path = KekPath(files);
  if (path.empty()) {
    // It must be there already: say so before anything is made.
    const auto store = OpenStore(files);
    if (!store) return store.error();
  }
  std::error_code error;
  std::filesystem::create_directories(files.directory, error);
  if (error) {
    return Failure{kUsage,
                   "making " + files.directory + ": " + error.message()};
  }
  if (path.empty() || std::filesystem::exists(path, error)) return {};
  const Result<KeyEncryptionKey> kek = KeyEncryptionKey::CreateFile(path);
  if (!kek) return FromError(kek.error());
  PrintNote("made " + path +
            ", which decrypts the rings: keep a copy of it, apart from them");
  return {};
}

// LoadRings loads the rings that exist; one that was asked for must.
Try<std::vector<SigningRing>> LoadRings(const KeysFlags& flags,
                                        const std::vector<KeyPurpose>& which) {
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  std::vector<SigningRing> rings;
  for (const KeyPurpose purpose : which) {
    std::error_code ignored;
    if (which.size() > 1 &&
        !std::filesystem::exists((*store)->RingPath(purpose), ignored)) {
      continue;
    }
    Try<SigningRing> ring = LoadRing(**store, purpose);
    if (!ring) return ring.error();
    rings.push_back(*std::move(ring));
  }
  if (rings.empty()) {
    return Failure{kUsage, "there is no ring in " + flags.files.directory,
                   "make them with `signet keys init`"};
  }
  return rings;
}

Done List(const KeysFlags& flags) {
  const Try<std::vector<KeyPurpose>> purposes = ReadPurposes(flags.purpose);
  if (!purposes) return purposes.error();
  const Try<std::vector<SigningRing>> rings = LoadRings(flags, *purposes);
  if (!rings) return rings.error();
  if (flags.as_json) {
    PrintLine(RingsJson(*rings, Now()));
  } else {
    for (const SigningRing& ring : *rings) PrintRing(ring, Now(), flags.wide);
  }
  return {};
}

Done Init(const KeysFlags& flags) {
  const Try<std::vector<KeyPurpose>> purposes = ReadPurposes(flags.purpose);
  if (!purposes) return purposes.error();
  if (!flags.format.empty() && purposes->front() != KeyPurpose::kAccess) {
    return Failure{kUsage, "--format is for the access ring"};
  }
  std::vector<SigningRing> rings;
  for (const KeyPurpose purpose : *purposes) {
    Try<SigningRing> ring = NewRing(purpose, flags);
    if (!ring) return ring.error();
    rings.push_back(*std::move(ring));
  }
  const Done absent = CheckAbsent(flags.files.directory, *purposes);
  if (!absent) return absent;
  const Done prepared = MakeDirectoryAndKek(flags.files);
  if (!prepared) return prepared;
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  for (const SigningRing& ring : rings) {
    const Status created = (*store)->Create(ring);
    if (!created) return FromError(created.error());
  }
  return List(flags);
}

Done Rotate(const KeysFlags& flags) {
  const Try<KeyPurpose> purpose = ReadPurpose(flags.purpose);
  if (!purpose) return purpose.error();
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  const Status rotated = (*store)->Update(
      *purpose, [](SigningRing& ring) { return ring.Rotate(Now()); });
  if (!rotated) {
    Failure failure = RingFailure(rotated.error(), *purpose);
    if (failure.hint.empty() && rotated.error().code == ErrorCode::kConflict) {
      failure.hint = "`signet keys list` shows what comes next";
    }
    return failure;
  }
  const Try<SigningRing> ring = LoadRing(**store, *purpose);
  if (!ring) return ring.error();
  if (flags.as_json) {
    PrintLine(RingJson(*ring, Now()));
  } else {
    PrintChanges(*ring, Now());
  }
  return {};
}

Try<std::string> Exported(const SigningRing& ring, bool jwks) {
  if (!jwks) return ring.Public().Serialize();
  std::string set = ring.Public().Jwks(Now());
  if (ring.info().format != KeyFormat::kJwtEdDsa) {
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
                   "write --purpose access or feed"};
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

CLI::App* AddKeysCommand(CommandLine& line, CLI::App* group, const char* name,
                         Done (*run)(const KeysFlags&),
                         const std::shared_ptr<KeysFlags>& flags,
                         std::string* value = nullptr) {
  CLI::App* const command = line.Command(
      group, name, [run, flags] { return run(*flags); }, value);
  AddKeyFlags(command, flags->files);
  return command;
}

}  // namespace

void AddKeysCommands(CommandLine& line) {
  CLI::App* const group = line.Group("keys", kKeysUsage);

  auto flags = std::make_shared<KeysFlags>();
  CLI::App* command = AddKeysCommand(line, group, "init", Init, flags);
  AddText(command, "--purpose", flags->purpose);
  AddText(command, "--format", flags->format);
  AddDuration(command, "--verifier-refresh", flags->verifier_refresh);
  AddDuration(command, "--max-token-life", flags->max_token_life);
  AddDuration(command, "--clock-skew", flags->clock_skew);
  AddSwitch(command, "--json", flags->as_json);

  flags = std::make_shared<KeysFlags>();
  command = AddKeysCommand(line, group, "list", List, flags);
  AddText(command, "--purpose", flags->purpose);
  AddSwitch(command, "--wide", flags->wide);
  AddSwitch(command, "--json", flags->as_json);

  flags = std::make_shared<KeysFlags>();
  flags->purpose = "access";
  command =
      AddKeysCommand(line, group, "rotate", Rotate, flags, &flags->purpose);
  AddSwitch(command, "--json", flags->as_json);

  flags = std::make_shared<KeysFlags>();
  flags->purpose = "access";
  command = AddKeysCommand(line, group, "export", Export, flags);
  AddText(command, "--purpose", flags->purpose);
  AddSwitch(command, "--jwks", flags->jwks);
  AddSwitch(command, "--public", flags->public_half);
  AddText(command, "--out", flags->out);
}

}  // namespace signet::cli
