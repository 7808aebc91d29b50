#include "claims_json.h"
#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

FUZZ_TARGET(input) {
  if (HasVastExponent(input)) return;
  const uint8_t choice = TakeByte(input);
  const ClaimsForm form = choice == 'j'   ? ClaimsForm::kJwt
                          : choice == 'n' ? ClaimsForm::kPlainJwt
                                          : ClaimsForm::kPaseto;
  const PlainForm plain_form = choice == 'j'   ? PlainForm::kJwt
                               : choice == 'n' ? PlainForm::kPlainJwt
                                               : PlainForm::kPaseto;
  Claims claims;
  const auto refusal = ReadClaims(input, form, claims);
  // What is read fast is read the same by the parser.
  Claims strict;
  FUZZ_CHECK(refusal == ReadClaimsStrictly(input, form, strict));
  if (!refusal) FUZZ_CHECK(claims == strict);
  const auto plain = PlainClaims(input, plain_form);
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
