#include "explain.h"

#include "signet/timestamp.h"
#include "signet/verifier.h"
#include "time_text.h"

namespace signet {
namespace {

constexpr Stage kStages[] = {
    Stage::kLength, Stage::kFormat,     Stage::kHeader,
    Stage::kKey,    Stage::kSignature,  Stage::kClaims,
    Stage::kPolicy, Stage::kRevocation, Stage::kFreshness,
};

constexpr std::string_view kOutcomeNames[] = {"passed", "refused",
                                              "not_checked"};

// Narrator finds the sentence for each step. The sentences about refusals name
// the claim, which is a literal of this library, and never its value before
// the signature has been found good.
class Narrator {
 public:
  Narrator(const Policy& policy, const Findings& findings)
      : policy_(policy), found_(findings) {}

  std::string Passed(Stage stage) const;
  std::string Refused(const Refusal& refusal) const;

 private:
  std::string Length() const {
    return "the token is " + std::to_string(found_.text_size) +
           " bytes long; the limit is " + std::to_string(kMaxTokenLength);
  }

  std::string Format() const {
    switch (found_.kind) {
      case TokenKind::kJwt:
        return "it is a signed JWT";
      case TokenKind::kJwe:
        return "it is an encrypted JWT";
      case TokenKind::kPasetoV4Local:
        return "it is a PASETO v4.local token";
      default:
        return "it is a PASETO v4.public token";
    }
  }

  // Ring names the ring in force: "the ring of generation 7".
  std::string Ring() const {
    if (!found_.ring) return "the ring";
    return "the ring of generation " + std::to_string(found_.ring->generation);
  }

  std::string Key() const {
    if (found_.key_id.empty()) return Ring() + " holds the key";
    std::string text = Ring() + " holds key " + found_.key_id;
    if (found_.key_state) {
      text += ", which is ";
      text += KeyStateName(*found_.key_state);
    }
    return text;
  }

  std::string PassedPolicy() const {
    const Claims& claims = found_.token->claims;
    return "issuer, audience and times are what the policy demands; it "
           "expires at " +
           FormatTimestamp(claims.expires_at);
  }

  std::string PassedRevocation() const {
    return "none of the list's " + std::to_string(found_.revocations->size()) +
           " entries voids it";
  }

  std::string Age() const {
    if (found_.staleness == Duration::max()) {
      return "the revocation list has never been confirmed by its service, or "
             "this machine's clock has been set back";
    }
    return "the revocation list is " + FormatDuration(found_.staleness) +
           " old; the policy's bound is " +
           FormatDuration(policy_.max_staleness);
  }

  std::string PassedFreshness() const {
    if (found_.staleness <= policy_.max_staleness) return Age();
    return Age() + ", and it says to accept beyond it";
  }

  std::string RefusedFormat(RefusalCode code) const {
    if (code == RefusalCode::kUnsupported) {
      return "it is a token of a kind that is not supported";
    }
    return "it is no token: not of a form that is known, or not in the one "
           "spelling of it";
  }

  std::string RefusedHeader(const Refusal& refusal) const;
  std::string RefusedKey(const Refusal& refusal) const;
  std::string RefusedClaims(const Refusal& refusal) const;
  std::string RefusedPolicy(const Refusal& refusal) const;
  std::string RefusedTime(const Refusal& refusal) const;
  std::string RefusedRevocation() const;

  const Policy& policy_;
  const Findings& found_;
};

std::string Quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string Narrator::Passed(Stage stage) const {
  switch (stage) {
    case Stage::kLength:
      return Length();
    case Stage::kFormat:
      return Format();
    case Stage::kHeader:
      return "it names its key and demands nothing that is not allowed";
    case Stage::kKey:
      return Key();
    case Stage::kSignature:
      return found_.remembered
                 ? "the signature was found good when it was first seen"
                 : "the signature is good";
    case Stage::kClaims:
      return "the claims are well-formed";
    case Stage::kPolicy:
      return PassedPolicy();
    case Stage::kRevocation:
      return PassedRevocation();
    case Stage::kFreshness:
      return PassedFreshness();
  }
  return {};
}

std::string Narrator::Refused(const Refusal& refusal) const {
  switch (refusal.stage) {
    case Stage::kLength:
      return Length();
    case Stage::kFormat:
      return RefusedFormat(refusal.code);
    case Stage::kHeader:
      return RefusedHeader(refusal);
    case Stage::kKey:
      return RefusedKey(refusal);
    case Stage::kSignature:
      return "the signature is not by the key that the token names, or not "
             "over this text and this implicit assertion";
    case Stage::kClaims:
      return RefusedClaims(refusal);
    case Stage::kPolicy:
      return RefusedPolicy(refusal);
    case Stage::kRevocation:
      return RefusedRevocation();
    case Stage::kFreshness:
      return Age();
  }
  return {};
}

std::string Narrator::RefusedHeader(const Refusal& refusal) const {
  const std::string claim(refusal.claim);
  switch (refusal.code) {
    case RefusalCode::kUnsupported:
      return claim + " in it is something that is never accepted";
    case RefusalCode::kMissingClaim:
      return claim + " is missing in it";
    case RefusalCode::kWrongType:
      return "its " + claim + " does not say that it is an access token";
    case RefusalCode::kBadClaim:
      return claim + " in it is empty or of the wrong type";
    default:
      return "the " + claim + " is not one small and strict JSON object";
  }
}

std::string Narrator::RefusedKey(const Refusal& refusal) const {
  switch (refusal.code) {
    case RefusalCode::kNoKeys:
      return "this verifier has no ring of keys for it";
    case RefusalCode::kUnknownKey:
      return Ring() + " does not hold the key that the token names";
    case RefusalCode::kKeyNotUsable:
      return Key() + " and may not verify now";
    default:
      break;
  }
  if (!refusal.claim.empty()) {
    return "the algorithm in the header is not the key's";
  }
  std::string text = "the token is not of the format of " + Ring();
  if (found_.ring) {
    text += ", ";
    text += KeyFormatName(found_.ring->format);
  }
  return text;
}

std::string Narrator::RefusedClaims(const Refusal& refusal) const {
  const std::string claim(refusal.claim);
  if (refusal.code == RefusalCode::kMissingClaim) {
    return "the claim " + claim + " is missing";
  }
  if (claim.empty()) return "what is signed is not one strict JSON object";
  return "the claim " + claim + " is of the wrong type or out of its range";
}

std::string Narrator::RefusedPolicy(const Refusal& refusal) const {
  switch (refusal.code) {
    case RefusalCode::kWrongIssuer:
      return "iss is not the policy's issuer, " + Quoted(policy_.issuer);
    case RefusalCode::kWrongAudience:
      return "aud does not name the policy's audience, " +
             Quoted(policy_.audience);
    case RefusalCode::kMissingClaim:
      return "the token names no audience, and the policy demands " +
             Quoted(policy_.audience);
    case RefusalCode::kUnsupported:
      return "the token is bound to a key, and the policy does not say that "
             "the caller checks the proof";
    default:
      return RefusedTime(refusal);
  }
}

std::string Narrator::RefusedTime(const Refusal& refusal) const {
  const Claims& claims = found_.token->claims;
  const std::string now = FormatTimestamp(ToSeconds(found_.moment.now)) +
                          " and the clocks may differ by " +
                          FormatDuration(policy_.clock_skew);
  switch (refusal.code) {
    case RefusalCode::kLifetimeTooLong:
      return "its life from iat to exp is " +
             FormatDuration(claims.expires_at - claims.issued_at) +
             "; the policy's bound is " + FormatDuration(policy_.max_lifetime);
    case RefusalCode::kExpired:
      return "it expired at " + FormatTimestamp(claims.expires_at) +
             "; now is " + now;
    default:
      return std::string(refusal.claim) + " is " +
             FormatTimestamp(refusal.claim == "nbf" && claims.not_before
                                 ? *claims.not_before
                                 : claims.issued_at) +
             ", which has not come; now is " + now;
  }
}

std::string Narrator::RefusedRevocation() const {
  if (!found_.voided_by) return "an entry of the revocation list voids it";
  if (*found_.voided_by == RevocationKind::kAll) {
    return "all tokens of its time were revoked";
  }
  return "its " + std::string(RevocationKindName(*found_.voided_by)) +
         " was revoked";
}

}  // namespace

std::string_view StepOutcomeName(StepOutcome outcome) {
  auto index = static_cast<size_t>(outcome);
  return index < std::size(kOutcomeNames) ? kOutcomeNames[index] : "unknown";
}

std::optional<RevocationKind> VoidedBy(const RevocationList& list,
                                       const TokenIdentity& token) {
  constexpr RevocationKind kKinds[] = {
      RevocationKind::kAll,     RevocationKind::kKey,
      RevocationKind::kSubject, RevocationKind::kClient,
      RevocationKind::kSession, RevocationKind::kToken,
  };
  // What is added to the part from one kind to the next is what voids it.
  TokenIdentity part;
  part.issued_at = token.issued_at;
  for (RevocationKind kind : kKinds) {
    switch (kind) {
      case RevocationKind::kKey:
        part.key = token.key;
        break;
      case RevocationKind::kSubject:
        part.subject = token.subject;
        break;
      case RevocationKind::kClient:
        part.has_client = token.has_client;
        part.client = token.client;
        break;
      case RevocationKind::kSession:
        part.has_session = token.has_session;
        part.session = token.session;
        break;
      case RevocationKind::kToken:
        part.has_token = token.has_token;
        part.token = token.token;
        break;
      case RevocationKind::kAll:
        break;
    }
    if (list.IsRevoked(part)) return kind;
  }
  return std::nullopt;
}

std::vector<Explanation::Step> DescribeSteps(
    const Policy& policy, const Findings& findings,
    const std::optional<Refusal>& refusal) {
  const Narrator narrator(policy, findings);
  std::vector<Explanation::Step> steps;
  for (Stage stage : kStages) {
    if (refusal && stage == refusal->stage) {
      steps.push_back(
          {stage, StepOutcome::kRefused, narrator.Refused(*refusal)});
    } else if (refusal && stage > refusal->stage) {
      steps.push_back({stage, StepOutcome::kNotChecked,
                       "an earlier step refused the token"});
    } else if (stage >= Stage::kRevocation && findings.revocations == nullptr) {
      steps.push_back({stage, StepOutcome::kNotChecked,
                       "this verifier knows of no revocations"});
    } else {
      steps.push_back({stage, StepOutcome::kPassed, narrator.Passed(stage)});
    }
  }
  return steps;
}

std::string Explanation::ToString() const {
  std::string text;
  for (const Step& step : steps) {
    text += StageName(step.stage);
    text += ": ";
    text += StepOutcomeName(step.outcome);
    text += ": ";
    text += step.text;
    text += '\n';
  }
  return text;
}

}  // namespace signet
