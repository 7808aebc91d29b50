#ifndef SIGNET_TOOLS_CLAIMS_VIEW_H_
#define SIGNET_TOOLS_CLAIMS_VIEW_H_

#include <string>

#include "signet/unverified.h"
#include "signet/verifier.h"

namespace signet::cli {

// How tokens look: one JSON value for programs, a table for people. Claims in
// JSON are spelt as in a JWT: times are NumericDates (RFC 7519 section 2).

// MintedJson is {"token", "token_id", "expires_at"}.
std::string MintedJson(const std::string& token, const Claims& claims);

// VerifiedJson is {"accepted": true, "claims", "key_id", "stale",
// "revocation_checked"}.
std::string VerifiedJson(const VerifiedToken& token, bool revocation_checked);
void PrintVerified(const VerifiedToken& token);

// RefusalJson is {"accepted": false, "refusal": {"code", "stage", "claim",
// "retry_may_help"}}.
std::string RefusalJson(const Refusal& refusal);

// ExplanationJson is VerifiedJson or RefusalJson with one more member, "steps":
// [{"stage", "outcome", "text"}].
std::string ExplanationJson(const Explanation& explanation,
                            bool revocation_checked);
// PrintSteps is a table of stage, outcome and sentence.
void PrintSteps(const Explanation& explanation);

// UnverifiedJson is {"verified": false, "format", "key_id", "header",
// "footer", "claims"}; parts that are not JSON are texts, absent ones null.
std::string UnverifiedJson(const UnverifiedToken& token);
void PrintUnverified(const UnverifiedToken& token);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_CLAIMS_VIEW_H_
