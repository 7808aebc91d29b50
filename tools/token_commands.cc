// `signet token`: mint, verify and look at access tokens.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "signet/feed.h"
#include "signet/issuer.h"
#include "signet/unverified.h"
#include "signet/verifier.h"
#include "tools/claims_view.h"
#include "tools/commands.h"
#include "tools/feed_client.h"
#include "tools/key_files.h"
#include "tools/service_client.h"

namespace signet::cli {
namespace {

constexpr std::string_view kTokenUsage = R"(Usage:
    signet token mint --subject S [CLAIM]... [--json]
    signet token verify [TOKEN|-] (--audience A|--any-audience) [--explain]
                        [--json]
    signet token inspect [TOKEN|-] [--json]

A token is read from stdin if none is given: the process list shows arguments.

mint signs a token with the active key of the access ring and prints it.
    --subject S
    --issuer URL       default: the service's URL, from SIGNET_URL or
                       http://127.0.0.1:8420
    --audience A       may be repeated
    --client ID        --scope TEXT        --session ID
    --lifetime 10m     until it expires, at most the ring's max token life
    --claims JSON      an object of other claims
    --encrypt-to FILE  a public encryption ring: only who has its secret half
                       can read the token, which must be a JWT
    --keys DIR, --kek SOURCE    as in `signet keys`

verify accepts a token or says why not. Name what you expect, or waive it:
    --audience A, or --any-audience
    --issuer URL, or --any-issuer; default: the service's URL
It uses the public access ring in a file and does not know of revocations:
    --keys DIR              reads DIR/access.pub.json; default keys, or
                            SIGNET_KEYS
    --public-ring FILE      reads FILE
    --kek SOURCE            opens the sealed ring DIR/access.ring instead: for
                            v4.local, jwt-hs256 and jwe-dir
    --decrypt               reads encrypted tokens with DIR/encryption.ring,
                            which --kek opens; default DIR/kek
With --feed or --url it asks the service for its live revocation list, and for
its ring too unless --public-ring or --kek names one:
    --feed-ring FILE        whom to believe: default DIR/feed.pub.json
    --client ID, --secret-file FILE, --ca FILE    as in `signet session`

--explain shows every step of the way and what came of it, instead of claims.

inspect shows what a token says. NOTHING OF IT IS PROVEN.
)";

struct MintFlags {
  KeyFlags files;
  Claims claims;
  std::string issuer;
  std::optional<Duration> lifetime;
  std::string encrypt_to;
  bool as_json = false;
};

struct VerifyFlags {
  std::string token;
  std::string issuer;
  std::string audience;
  bool any_issuer = false;
  bool any_audience = false;
  std::string public_ring;
  std::string kek;
  bool decrypt = false;
  bool feed = false;
  FeedFlags feed_flags;
  bool explain = false;
  bool as_json = false;
};

struct InspectFlags {
  std::string token;
  bool as_json = false;
};

Done Mint(const MintFlags& flags) {
  Claims claims = flags.claims;
  claims.issuer = flags.issuer.empty() ? ServiceUrl({}) : flags.issuer;
  claims.token_id = NewId();
  claims.issued_at = ToSeconds(SystemClock::Shared().Now());
  const Duration lifetime = flags.lifetime.value_or(std::chrono::minutes(10));
  if (lifetime % Seconds(1) != Duration::zero()) {
    return Failure{kUsage, "--lifetime must be whole seconds"};
  }
  claims.expires_at =
      claims.issued_at + std::chrono::duration_cast<Seconds>(lifetime);
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  const Try<SigningRing> ring = LoadRing(**store, KeyPurpose::kAccess);
  if (!ring) return ring.error();
  const Duration limit = ring->info().policy.max_token_life;
  if (lifetime > limit) {
    return Failure{kRefused,
                   "the ring's tokens live at most " + FormatDuration(limit),
                   "write --lifetime " + FormatDuration(limit) + " or less"};
  }
  Issuer issuer(*ring);
  std::optional<KeyRing> recipients;
  if (!flags.encrypt_to.empty()) {
    const Try<KeyRing> read = LoadPublicRing(flags.encrypt_to);
    if (!read) return read.error();
    issuer.EncryptTo(recipients.emplace(*read));
  }
  const Result<std::string> token = issuer.Mint(claims);
  if (!token) return FromError(token.error());
  PrintLine(flags.as_json ? MintedJson(*token, claims) : *token);
  return {};
}

// ReadToken takes the argument, or one line of stdin.
Try<std::string> ReadToken(const std::string& argument) {
  if (!argument.empty() && argument != "-") return argument;
  const bool typed = ::isatty(STDIN_FILENO) != 0;
  if (typed) PrintNote("reading the token from stdin");
  std::string text;
  // A line longer than any token is enough to be refused as too long.
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    if (text.size() <= 2 * kMaxTokenLength) text += static_cast<char>(c);
  }
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) {
    return Failure{kUsage, "no token on stdin",
                   "give it as an argument or on stdin"};
  }
  if (typed) return text;  // and a person may type on
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c <= ' ') continue;
    return Failure{kUsage, "more than one line on stdin",
                   "give one token at a time"};
  }
  return text;
}

Policy PolicyFor(const VerifyFlags& flags, const KeyRing& ring) {
  Policy policy;
  policy.any_issuer = flags.any_issuer;
  policy.any_audience = flags.any_audience;
  policy.audience = flags.audience;
  policy.issuer = flags.issuer;
  if (flags.issuer.empty() && !flags.any_issuer) {
    policy.issuer = ServiceUrl(flags.feed_flags.service);
  }
  // The ring's own promises are the bounds to check a token against.
  const RotationPolicy& promises = ring.info().policy;
  policy.clock_skew = promises.clock_skew;
  policy.max_lifetime = std::clamp<Duration>(promises.max_token_life,
                                             Seconds(1), std::chrono::days(1));
  return policy;
}

std::string HintFor(const Refusal& refusal) {
  switch (refusal.code) {
    case RefusalCode::kUnknownKey:
      return "is the public ring up to date, and of the right service?";
    case RefusalCode::kWrongIssuer:
      return "--issuer names the issuer; `signet token inspect` shows the "
             "token's";
    case RefusalCode::kWrongAudience:
      return "--audience names the audience; `signet token inspect` shows the "
             "token's";
    case RefusalCode::kNoKeys:
      return "--decrypt reads tokens that are encrypted to a public key";
    default:
      return "";
  }
}

Done RefusalFailure(const Refusal& refusal) {
  return Failure{kRefused, "refused: " + refusal.ToString(), HintFor(refusal)};
}

Done ShowVerdict(const Result<VerifiedToken, Refusal>& verdict, bool as_json,
                 bool revocation_checked) {
  if (!verdict) {
    if (as_json) PrintLine(RefusalJson(verdict.error()));
    return RefusalFailure(verdict.error());
  }
  if (as_json) {
    PrintLine(VerifiedJson(*verdict, revocation_checked));
  } else {
    PrintVerified(*verdict);
  }
  return {};
}

Done ShowSteps(const Explanation& explanation, bool as_json,
               bool revocation_checked) {
  if (as_json) {
    PrintLine(ExplanationJson(explanation, revocation_checked));
  } else {
    PrintSteps(explanation);
  }
  if (!explanation.verdict) return RefusalFailure(explanation.verdict.error());
  return {};
}

Done Judge(const Verifier& verifier, const VerifyFlags& flags,
           const std::string& token, bool revocation_checked) {
  const Explanation explanation = verifier.Explain(token);
  if (explanation.verdict && !revocation_checked) {
    PrintNote("revocation was not checked; --feed asks the service");
  }
  return flags.explain
             ? ShowSteps(explanation, flags.as_json, revocation_checked)
             : ShowVerdict(explanation.verdict, flags.as_json,
                           revocation_checked);
}

Failure PolicyFailure(const Error& error) {
  Failure failure = FromError(error);
  if (failure.hint.empty()) {
    failure.hint =
        "name what you expect, or waive it by name: --any-issuer, "
        "--any-audience";
  }
  return failure;
}

// SealedRing opens a ring that holds secrets which a verifier needs.
Try<KeyRing> SealedRing(const VerifyFlags& flags, KeyPurpose purpose) {
  const Try<std::unique_ptr<RingStore>> store =
      OpenStore({.directory = flags.feed_flags.keys, .kek = flags.kek});
  if (!store) return store.error();
  const Try<SigningRing> ring = LoadRing(**store, purpose);
  if (!ring) return ring.error();
  return ring->ForVerifier();
}

// RingInFile is what a verifier needs of the ring that the flags name.
Try<KeyRing> RingInFile(const VerifyFlags& flags) {
  if (flags.kek.empty()) {
    const std::string path =
        flags.public_ring.empty()
            ? PublicRingPath(flags.feed_flags.keys, KeyPurpose::kAccess)
            : flags.public_ring;
    Try<KeyRing> ring = LoadPublicRing(path);
    if (ring && !SignsAccess(ring->info().purpose)) {
      return Failure{kUsage,
                     path + " is the ring of purpose " +
                         std::string(KeyPurposeName(ring->info().purpose)) +
                         ", whose keys sign no access tokens"};
    }
    return ring;
  }
  if (!flags.public_ring.empty()) {
    return Failure{kUsage, "--public-ring and --kek exclude each other"};
  }
  return SealedRing(flags, KeyPurpose::kAccess);
}

// AddSecondRing puts the ring of access-alt beside the one in the same
// directory, if there is one.
Done AddSecondRing(const VerifyFlags& flags, LiveRing& keys) {
  const std::string path =
      PublicRingPath(flags.feed_flags.keys, KeyPurpose::kAccessAlt);
  if (!flags.kek.empty() || !flags.public_ring.empty() ||
      ::access(path.c_str(), F_OK) != 0) {
    return {};
  }
  Try<KeyRing> ring = LoadPublicRing(path);
  if (!ring) return ring.error();
  const Status published = keys.Publish(*std::move(ring));
  if (!published) return FromError(published.error());
  return {};
}

Done VerifyByFile(const VerifyFlags& flags, const std::string& token,
                  const LiveRing* secrets) {
  const Try<KeyRing> ring = RingInFile(flags);
  if (!ring) return ring.error();
  LiveRing keys(*ring);
  if (Done added = AddSecondRing(flags, keys); !added) return added;
  Result<Verifier> verifier =
      Verifier::CreateWithoutRevocation(PolicyFor(flags, *ring), keys);
  if (!verifier) return PolicyFailure(verifier.error());
  if (secrets) verifier->DecryptWith(*secrets);
  return Judge(*verifier, flags, token, false);
}

Done VerifyByFeed(const VerifyFlags& flags, const std::string& token,
                  const LiveRing* secrets) {
  std::optional<LiveRing> file_keys;
  if (!flags.public_ring.empty() || !flags.kek.empty()) {
    const Try<KeyRing> ring = RingInFile(flags);
    if (!ring) return ring.error();
    file_keys.emplace(*ring);
  }
  const Try<std::unique_ptr<RevocationFeed>> feed = StartFeed(flags.feed_flags);
  if (!feed) return feed.error();
  const LiveRing& keys = file_keys ? *file_keys : (*feed)->keys();
  const std::optional<KeyRing> ring = keys.Copy();
  if (!ring) return Failure{kUnavailable, "the feed brought no access ring"};
  Result<Verifier> verifier =
      Verifier::Create(PolicyFor(flags, *ring), keys, (*feed)->revocations());
  if (!verifier) return PolicyFailure(verifier.error());
  if (secrets) verifier->DecryptWith(*secrets);
  return Judge(*verifier, flags, token, true);
}

Done Verify(const VerifyFlags& flags) {
  if (flags.any_issuer && !flags.issuer.empty()) {
    return Failure{kUsage, "--issuer and --any-issuer exclude each other"};
  }
  if (flags.any_audience && !flags.audience.empty()) {
    return Failure{kUsage, "--audience and --any-audience exclude each other"};
  }
  const Try<std::string> token = ReadToken(flags.token);
  if (!token) return token.error();
  std::optional<LiveRing> secrets;
  if (flags.decrypt) {
    const Try<KeyRing> ring = SealedRing(flags, KeyPurpose::kEncryption);
    if (!ring) return ring.error();
    secrets.emplace(*ring);
  }
  const bool live = flags.feed || !flags.feed_flags.service.url.empty();
  const auto verify = live ? VerifyByFeed : VerifyByFile;
  return verify(flags, *token, secrets ? &*secrets : nullptr);
}

Done Inspect(const InspectFlags& flags) {
  const Try<std::string> token = ReadToken(flags.token);
  if (!token) return token.error();
  const Result<UnverifiedToken> parts = InspectUnverified(*token);
  // kInvalid is the token's fault here, not the caller's.
  if (!parts) {
    return Failure{kRefused, parts.error().message, parts.error().hint};
  }
  if (flags.as_json) {
    PrintLine(UnverifiedJson(*parts));
  } else {
    PrintUnverified(*parts);
  }
  return {};
}

void AddMint(CommandLine& line, CLI::App* group) {
  auto flags = std::make_shared<MintFlags>();
  CLI::App* const command =
      line.Command(group, "mint", [flags] { return Mint(*flags); });
  AddKeyFlags(command, flags->files);
  AddRequired(command, "--subject", flags->claims.subject);
  AddText(command, "--issuer", flags->issuer);
  AddList(command, "--audience", flags->claims.audience);
  AddText(command, "--client", flags->claims.client_id);
  AddText(command, "--scope", flags->claims.scope);
  AddText(command, "--session", flags->claims.session_id);
  AddText(command, "--claims", flags->claims.custom);
  AddText(command, "--encrypt-to", flags->encrypt_to);
  AddDuration(command, "--lifetime", flags->lifetime);
  AddSwitch(command, "--json", flags->as_json);
}

void AddVerify(CommandLine& line, CLI::App* group) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* const command = line.Command(
      group, "verify", [flags] { return Verify(*flags); }, &flags->token);
  AddText(command, "--issuer", flags->issuer);
  AddText(command, "--audience", flags->audience);
  AddSwitch(command, "--any-issuer", flags->any_issuer);
  AddSwitch(command, "--any-audience", flags->any_audience);
  AddText(command, "--public-ring", flags->public_ring);
  AddText(command, "--kek", flags->kek);
  AddSwitch(command, "--decrypt", flags->decrypt);
  AddSwitch(command, "--feed", flags->feed);
  AddFeedFlags(command, flags->feed_flags);
  AddSwitch(command, "--explain", flags->explain);
  AddSwitch(command, "--json", flags->as_json);
}

void AddInspect(CommandLine& line, CLI::App* group) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* const command = line.Command(
      group, "inspect", [flags] { return Inspect(*flags); }, &flags->token);
  AddSwitch(command, "--json", flags->as_json);
}

}  // namespace

void AddTokenCommands(CommandLine& line) {
  CLI::App* const group = line.Group("token", kTokenUsage);
  AddMint(line, group);
  AddVerify(line, group);
  AddInspect(line, group);
}

}  // namespace signet::cli
