#ifndef SIGNET_TESTS_LIB_HOSTILE_CASES_H_
#define SIGNET_TESTS_LIB_HOSTILE_CASES_H_

#include <string>
#include <vector>

#include "tests/lib/token_fixture.h"

namespace signet::testing {

// HostileCase is one hostile input, and the exact answer to it.
struct HostileCase {
  int family;
  std::string what;
  std::string token;
  Refusal expected;
};

// RunAll asks each question twice of a verifier with a cache and once of one
// without (family 42).
template <class F>
void RunAll(const F& fixture, const std::vector<HostileCase>& cases) {
  Verifier verifier = fixture.MakeVerifier();
  Policy policy = GoodPolicy();
  policy.cache_bytes = 0;
  Verifier without_cache = fixture.MakeVerifier(policy);
  REQUIRE_FALSE(cases.empty());
  for (const HostileCase& one : cases) {
    CAPTURE(one.family);
    CAPTURE(one.what);
    ExpectRefusal(verifier, one.token, one.expected);
    ExpectRefusal(verifier, one.token, one.expected);
    ExpectRefusal(without_cache, one.token, one.expected);
  }
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_LIB_HOSTILE_CASES_H_
