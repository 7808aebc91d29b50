#ifndef SIGNET_TESTS_REVOCATION_SERVICE_PROOF_FIXTURE_H_
#define SIGNET_TESTS_REVOCATION_SERVICE_PROOF_FIXTURE_H_

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "signet/client_assertion.h"
#include "signet/dpop_prover.h"
#include "signet/issuer.h"
#include "signet/jwk.h"
#include "signet/primitives.h"

namespace signet::testing {

// An AssertionMaker is a client that authenticates by private_key_jwt.
class AssertionMaker {
 public:
  explicit AssertionMaker(std::string client, std::string audience,
                          KeyFormat format = KeyFormat::kJwtEs256)
      : client_(std::move(client)),
        audience_(std::move(audience)),
        key_(SecretKey::Generate(format)) {}

  // jwks is what the service knows of the client.
  std::string jwks() const {
    return R"({"keys":[)" + WriteJwk(key_.Public()) + "]}";
  }

  // Make is an assertion that was never made before; `more` is appended to
  // its claims.
  std::string Make(EpochSeconds now, const std::string& more = "") const {
    return Sign(R"({"iss":")" + client_ + R"(","sub":")" + client_ +
                R"(","aud":")" + audience_ + R"(","exp":)" +
                std::to_string((now + Seconds(60)).time_since_epoch().count()) +
                R"(,"jti":")" + NewId() + "\"" + more + "}");
  }

  std::string Sign(const std::string& claims) const {
    const std::string header = R"({"alg":")" +
                               std::string(JoseAlgorithm(key_.format())) +
                               R"(","kid":")" + key_.id() + R"("})";
    const std::string input = Base64UrlEncode(AsBytes(header)) + "." +
                              Base64UrlEncode(AsBytes(claims));
    return input + "." + Base64UrlEncode(AsBytes(key_.Sign(AsBytes(input))));
  }

  // Parameters are those of a form that brings the assertion.
  static std::string Parameters(const std::string& assertion) {
    std::string type(kClientAssertionType);
    for (size_t i = 0; (i = type.find(':', i)) != type.npos;) {
      type.replace(i, 1, "%3A");
    }
    return "client_assertion_type=" + type + "&client_assertion=" + assertion;
  }

 private:
  const std::string client_;
  const std::string audience_;
  SecretKey key_;
};

inline DpopProver NewProver(const Clock& clock = SystemClock::Shared()) {
  auto prover =
      DpopProver::Create(SecretKey::Generate(KeyFormat::kJwtEs256), clock);
  REQUIRE(prover.ok());
  return *std::move(prover);
}

// Prove is the DPoP header of a POST to the URL.
inline std::string Prove(const DpopProver& prover, std::string_view url,
                         std::string_view nonce = {}) {
  auto proof = prover.Prove({.method = "POST", .uri = url}, nonce);
  REQUIRE(proof.ok());
  return *std::move(proof);
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_REVOCATION_SERVICE_PROOF_FIXTURE_H_
