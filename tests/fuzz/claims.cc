#include "claims_json.h"
#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

FUZZ_TARGET(input) {
  if (HasVastExponent(input)) return;
  const bool jwt = TakeByte(input) == 'j';
  const ClaimsForm form = jwt ? ClaimsForm::kJwt : ClaimsForm::kPaseto;
  Claims claims;
  const auto refusal = ReadClaims(input, form, claims);
  const auto plain =
      PlainClaims(input, jwt ? PlainForm::kJwt : PlainForm::kPaseto);
  FUZZ_CHECK(refusal.has_value() != plain.has_value());
  if (refusal) {
    FUZZ_CHECK(refusal->stage == Stage::kClaims);
    return;
  }
  FUZZ_CHECK(claims == *plain);
  // What is too long to be minted is still read.
  const auto text = WriteClaims(claims, form);
  if (!text) {
    FUZZ_CHECK(claims.custom.size() > 512);
    return;
  }
  Claims again;
  FUZZ_CHECK(!ReadClaims(*text, form, again));
  FUZZ_CHECK(again == claims);
  FUZZ_CHECK(*WriteClaims(again, form) == *text);
}

}  // namespace
}  // namespace signet::fuzz
