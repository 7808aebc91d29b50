// token_tool mints and verifies single tokens with keys from its input, so
// that libraries of other projects can be tried against Signet's.
//
//   token_tool key FORMAT              prints a new key as JWK
//   token_tool mint FORMAT [ASSERTION] reads the secret JWK of a key, and the
//       public JWK of a recipient if a JWT is to be encrypted; prints a token
//   token_tool verify FORMAT [ASSERTION]
//       reads a JWK, of the secret half if the format has no public one; a
//       token; and the secret JWK of its recipient if it is encrypted to one;
//       prints subject, key id and custom claims, or why it was refused
//
//   token_tool status URI INDEX        reads the public JWK of a list's issuer
//       and a Status List Token; prints the value and what it means
//
// It reads one line each. Exit codes: 0 good, 1 refused, 2 a wrong call.
#include <cstdlib>
#include <iostream>
#include <string>

#include "signet/issuer.h"
#include "signet/jwk.h"
#include "signet/status_list.h"
#include "signet/verifier.h"

namespace signet {
namespace {

constexpr std::string_view kIssuer = "https://issuer.example";
constexpr std::string_view kAudience = "orders";

[[noreturn]] void Fail(int code, const std::string& problem) {
  std::cerr << problem << "\n";
  std::exit(code);
}

template <class T>
T Need(Result<T> result) {
  if (!result.ok()) Fail(2, result.error().message);
  return std::move(result).value();
}

// ReadLine is empty at the end of the input.
std::string ReadLine() {
  std::string line;
  std::getline(std::cin, line);
  return line;
}

// Since is the schedule of a key that has been active for a minute.
KeySchedule Since(Time now) {
  const Time then = now - std::chrono::minutes(1);
  return {.created_at = then, .activates_at = then};
}

Claims NewClaims(Time now) {
  Claims claims;
  claims.issuer = kIssuer;
  claims.subject = "alice";
  claims.audience = {std::string(kAudience)};
  claims.issued_at = ToSeconds(now);
  claims.expires_at = claims.issued_at + std::chrono::minutes(5);
  claims.token_id = NewId();
  claims.client_id = "app";
  claims.scope = "read";
  claims.custom = R"({"tenant":"blue","grüße":["ä",1]})";
  return claims;
}

KeyRing EncryptionRing(const VerifyKey& key, Time now) {
  const RingInfo info{.purpose = KeyPurpose::kEncryption,
                      .format = key.format()};
  return Need(KeyRing::Create(info, {{key, Since(now)}}));
}

int Mint(KeyFormat format, std::string_view assertion) {
  const Time now = SystemClock::Shared().Now();
  std::vector<SigningRing::Key> keys;
  keys.push_back({Need(ReadSecretJwk(ReadLine(), format)), Since(now)});
  const SigningRing ring =
      Need(SigningRing::Create({.format = format}, std::move(keys)));
  Issuer issuer(ring);
  std::optional<KeyRing> recipient;
  if (const std::string jwk = ReadLine(); !jwk.empty()) {
    recipient = EncryptionRing(Need(ReadJwk(jwk)), now);
    issuer.EncryptTo(*recipient);
  }
  std::cout << Need(issuer.Mint(NewClaims(now), assertion)) << "\n";
  return 0;
}

// RingOf makes the ring of a verifier: of a public JWT key by way of a JWK
// set, as it would come from another issuer.
KeyRing RingOf(const std::string& jwk, KeyFormat format, Time now) {
  if (IsJws(format) && !IsSymmetric(format)) {
    return Need(ReadJwks("{\"keys\":[" + jwk + "]}", format, 1));
  }
  const VerifyKey key = IsSymmetric(format)
                            ? Need(ReadSecretJwk(jwk, format)).ForVerifier()
                            : Need(ReadJwk(jwk, format));
  return Need(KeyRing::Create({.format = format}, {{key, Since(now)}}));
}

int Verify(KeyFormat format, std::string_view assertion) {
  const std::string jwk = ReadLine();
  const LiveRing live(RingOf(jwk, format, SystemClock::Shared().Now()));
  const Policy policy{.issuer = std::string(kIssuer),
                      .audience = std::string(kAudience)};
  LiveRing opening;
  Verifier verifier = Need(Verifier::CreateWithoutRevocation(policy, live));
  const std::string token = ReadLine();
  if (const std::string secret = ReadLine(); !secret.empty()) {
    const VerifyKey key = Need(ReadSecretJwk(secret)).ForVerifier();
    const Status published =
        opening.Publish(EncryptionRing(key, SystemClock::Shared().Now()));
    if (!published.ok()) Fail(2, published.error().message);
    verifier.DecryptWith(opening);
  }
  const auto verdict = verifier.Verify(token, assertion);
  if (!verdict.ok()) Fail(1, verdict.error().ToString());
  std::cout << verdict->claims().subject << " " << verdict->key_id() << " "
            << verdict->claims().custom << "\n";
  return 0;
}

int Status(const std::string& uri, const std::string& index) {
  const JwsKeys keys = Need(JwsKeys::Parse("{\"keys\":[" + ReadLine() + "]}"));
  const auto list =
      StatusList::Read(keys, uri, ReadLine(), SystemClock::Shared().Now());
  if (!list.ok()) Fail(1, list.error().ToString());
  const auto value = list->At(std::stoull(index));
  if (!value) Fail(1, "beyond the end");
  std::cout << int{*value} << " " << TokenStatusName(TokenStatusOf(*value))
            << "\n";
  return 0;
}

int Run(const std::vector<std::string>& args) {
  if (args.size() == 3 && args[0] == "status") return Status(args[1], args[2]);
  if (args.size() < 2) Fail(2, "usage: token_tool key|mint|verify FORMAT");
  const KeyFormat format = Need(ParseKeyFormat(args[1]));
  const std::string assertion = args.size() > 2 ? args[2] : "";
  if (args[0] == "mint") return Mint(format, assertion);
  if (args[0] == "verify") return Verify(format, assertion);
  if (args[0] != "key") Fail(2, "unknown command");
  std::cout << WriteSecretJwk(SecretKey::Generate(format)) << "\n";
  return 0;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Run({argv + 1, argv + argc}); }
