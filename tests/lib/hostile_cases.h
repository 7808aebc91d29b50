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

template <class F>
void RunAll(const F& fixture, const std::vector<HostileCase>& cases) {
  Verifier verifier = fixture.MakeVerifier();
  REQUIRE_FALSE(cases.empty());
  for (const HostileCase& one : cases) {
    CAPTURE(one.family);
    CAPTURE(one.what);
    ExpectRefusal(verifier, one.token, one.expected);
  }
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_LIB_HOSTILE_CASES_H_
