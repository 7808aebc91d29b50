#ifndef SIGNET_TESTS_LIB_DPOP_FIXTURE_H_
#define SIGNET_TESTS_LIB_DPOP_FIXTURE_H_

#include <doctest/doctest.h>

#include <string>

#include "jwk_text.h"
#include "jwt.h"
#include "key_material.h"
#include "signet/dpop.h"
#include "signet/dpop_prover.h"
#include "tests/lib/token_fixture.h"

namespace signet {
inline std::ostream& operator<<(std::ostream& out, DpopRefusalCode code) {
  return out << DpopRefusalCodeName(code);
}
inline std::ostream& operator<<(std::ostream& out, const DpopRefusal& refusal) {
  return out << refusal.ToString();
}
}  // namespace signet

namespace signet::testing {

inline constexpr KeyFormat kProofFormats[] = {
    KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256, KeyFormat::kJwtRs256,
    KeyFormat::kJwtPs256};

inline constexpr std::string_view kTokenUri =
    "https://server.example.com/token";
inline constexpr DpopRequest kTokenRequest{"POST", kTokenUri};

// ProofKey is one key of the format for the whole run: making one of RSA takes
// long.
inline const SecretKey& ProofKey(KeyFormat format = KeyFormat::kJwtEs256) {
  static const SecretKey kEdDsa = SecretKey::Generate(KeyFormat::kJwtEdDsa);
  static const SecretKey kEs256 = SecretKey::Generate(KeyFormat::kJwtEs256);
  static const SecretKey kRs256 = SecretKey::Generate(KeyFormat::kJwtRs256);
  static const SecretKey kPs256 = SecretKey::Generate(KeyFormat::kJwtPs256);
  switch (format) {
    case KeyFormat::kJwtEdDsa:
      return kEdDsa;
    case KeyFormat::kJwtRs256:
      return kRs256;
    case KeyFormat::kJwtPs256:
      return kPs256;
    default:
      return kEs256;
  }
}

inline SecretKey CopyOf(const SecretKey& key) {
  auto copy = SecretKey::FromSecret(key.format(), key.ExposeSecret());
  REQUIRE(copy.ok());
  return *std::move(copy);
}

inline std::string JwkOf(const SecretKey& key) {
  return RequiredJwkMembers(KeyAccess::Of(key));
}

inline std::string ProofHeader(const SecretKey& key = ProofKey()) {
  return R"({"typ":"dpop+jwt","alg":")" +
         std::string(JoseAlgorithm(key.format())) + R"(","jwk":)" + JwkOf(key) +
         "}";
}

// ProofClaimsText is what a proof for kTokenRequest at kNow says.
inline std::string ProofClaimsText() {
  return R"({"jti":"-BwC3ESc6acc2lTc","htm":"POST",)"
         R"("htu":"https://server.example.com/token","iat":)" +
         std::to_string(kNow.time_since_epoch().count()) + "}";
}

// DpopFixture is a verifier at kNow, with room for 100 proofs.
struct DpopFixture {
  ManualClock clock{Time(kNow)};
  ReplayMemory memory{100};

  DpopVerifier MakeVerifier(DpopPolicy policy = {}) {
    auto verifier = DpopVerifier::Create(policy, memory, clock);
    REQUIRE(verifier.ok());
    return *std::move(verifier);
  }

  // MakeForgetful has no memory: for tests that bring one proof often.
  DpopVerifier MakeForgetful(DpopPolicy policy = {}) const {
    auto verifier = DpopVerifier::CreateWithoutReplayMemory(policy, clock);
    REQUIRE(verifier.ok());
    return *std::move(verifier);
  }

  DpopProver MakeProver(KeyFormat format = KeyFormat::kJwtEs256) const {
    auto prover = DpopProver::Create(CopyOf(ProofKey(format)), clock);
    REQUIRE(prover.ok());
    return *std::move(prover);
  }

  std::string Prove(const DpopRequest& request = kTokenRequest,
                    std::string_view nonce = {}) const {
    auto proof = MakeProver().Prove(request, nonce);
    REQUIRE(proof.ok());
    return *proof;
  }
};

// VerdictOf is the name of the refusal and its claim, or "proven".
inline std::string VerdictOf(const Result<DpopProof, DpopRefusal>& result) {
  return result ? "proven" : result.error().ToString();
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_LIB_DPOP_FIXTURE_H_
