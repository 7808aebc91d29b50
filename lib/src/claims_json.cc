// The claims set of an access token: one JSON object (strict_json.h).
//
//   iss, sub, jti, client_id, scope, sid = text
//   aud = text / [ text, ... ]                     ; at least one
//   exp, iat, nbf = time
//   cnf = { "jkt": text }
//   text = string, not empty, without control characters
//   time = JWT: digits, 1 to 253402300799 (9999-12-31T23:59:59Z)
//          PASETO: string, RFC 3339 (timestamp.h)
//
// iss, sub, exp and iat are always there; in an access token that is a JWT also
// aud, client_id and jti (RFC 9068 section 2.2). iat < exp, and nbf < exp.
// Every other member is custom: kept in its order, without white space.

#include "claims_json.h"

#include <charconv>

#include "minted_claims.h"
#include "signet/timestamp.h"
#include "strict_json.h"

namespace signet {
namespace {

struct TextClaim {
  std::string_view name;
  std::string Claims::*field;
};
constexpr TextClaim kTextClaims[] = {
    {"iss", &Claims::issuer},          {"sub", &Claims::subject},
    {"jti", &Claims::token_id},        {"sid", &Claims::session_id},
    {"client_id", &Claims::client_id}, {"scope", &Claims::scope},
};
// The claims that are not plain text.
constexpr std::string_view kOtherClaims[] = {"aud", "exp", "iat", "nbf", "cnf"};

// At most this many members stand beside the custom ones: the claims above,
// and cnf.jkt.
constexpr size_t kOwnMembers = 12;

bool IsOwnClaim(std::string_view name) {
  for (const TextClaim& claim : kTextClaims) {
    if (claim.name == name) return true;
  }
  for (std::string_view other : kOtherClaims) {
    if (other == name) return true;
  }
  return false;
}

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kClaims, claim};
}

bool IsText(const JsonNode& node) {
  return node.kind == JsonKind::kString && !node.text.empty() &&
         IsPlainText(node.text);
}

std::optional<EpochSeconds> ReadTime(const JsonNode& node, ClaimsForm form) {
  if (form != ClaimsForm::kPaseto) return ReadNumericDate(node);
  if (node.kind != JsonKind::kString) return std::nullopt;
  return ReadPasetoTime(node.text);
}

// Reader fills Claims member by member, up to the first refusal.
class Reader {
 public:
  Reader(ClaimsForm form, Claims& claims) : form_(form), claims_(claims) {}

  std::optional<Refusal> Read(const JsonNode& root) {
    for (const JsonNode& member : JsonChildren(root)) {
      if (auto refusal = ReadMember(member)) return refusal;
    }
    if (!claims_.custom.empty()) claims_.custom += '}';
    return CheckClaims(claims_, form_);
  }

 private:
  std::optional<Refusal> ReadMember(const JsonNode& member) {
    for (const TextClaim& claim : kTextClaims) {
      if (member.name != claim.name) continue;
      if (!IsText(member)) return Refuse(RefusalCode::kBadClaim, claim.name);
      claims_.*claim.field = member.text;
      return std::nullopt;
    }
    if (member.name == "exp") {
      return ReadTimeTo(member, "exp", claims_.expires_at);
    }
    if (member.name == "iat") {
      return ReadTimeTo(member, "iat", claims_.issued_at);
    }
    if (member.name == "nbf") {
      return ReadTimeTo(member, "nbf", claims_.not_before.emplace());
    }
    if (member.name == "aud") return ReadAudience(member);
    if (member.name == "cnf") return ReadConfirmation(member);
    AddCustom(member);
    return std::nullopt;
  }

  std::optional<Refusal> ReadTimeTo(const JsonNode& node,
                                    std::string_view claim, EpochSeconds& out) {
    auto time = ReadTime(node, form_);
    if (!time) return Refuse(RefusalCode::kBadClaim, claim);
    out = *time;
    return std::nullopt;
  }

  // RFC 7519 4.1.3: one string, or an array of strings.
  std::optional<Refusal> ReadAudience(const JsonNode& node) {
    if (IsText(node)) {
      claims_.audience.emplace_back(node.text);
      return std::nullopt;
    }
    if (node.kind != JsonKind::kArray || node.extent == 1) {
      return Refuse(RefusalCode::kBadClaim, "aud");
    }
    for (const JsonNode& element : JsonChildren(node)) {
      if (!IsText(element)) return Refuse(RefusalCode::kBadClaim, "aud");
      claims_.audience.emplace_back(element.text);
    }
    return std::nullopt;
  }

  // RFC 7800 3.1: "other members of the cnf object may be defined". A binding
  // that nobody here can check must not pass unnoticed.
  std::optional<Refusal> ReadConfirmation(const JsonNode& node) {
    if (node.kind != JsonKind::kObject || node.extent == 1) {
      return Refuse(RefusalCode::kBadClaim, "cnf");
    }
    for (const JsonNode& member : JsonChildren(node)) {
      if (member.name != "jkt") {
        return Refuse(RefusalCode::kUnsupported, "cnf");
      }
      if (!IsText(member)) return Refuse(RefusalCode::kBadClaim, "cnf");
      claims_.cnf_jkt = member.text;
    }
    return std::nullopt;
  }

  void AddCustom(const JsonNode& member) {
    claims_.custom += claims_.custom.empty() ? '{' : ',';
    AppendJsonString(claims_.custom, member.name);
    claims_.custom += ':';
    AppendJson(claims_.custom, member);
  }

  ClaimsForm form_;
  Claims& claims_;
};

Status Invalid(std::string_view claim, std::string_view problem) {
  std::string message = "minting a token: ";
  message += claim;
  message += ' ';
  message += problem;
  return Error{ErrorCode::kInvalid, std::move(message)};
}

Status CheckPresence(const Claims& claims, ClaimsForm form) {
  if (claims.issuer.empty()) return Invalid("iss", "is not set");
  if (claims.subject.empty()) return Invalid("sub", "is not set");
  if (form != ClaimsForm::kJwt) return {};
  constexpr std::string_view kNeeded = "is not set, and a JWT needs it";
  if (claims.audience.empty()) return Invalid("aud", kNeeded);
  if (claims.client_id.empty()) return Invalid("client_id", kNeeded);
  if (claims.token_id.empty()) return Invalid("jti", kNeeded);
  return {};
}

Status CheckTexts(const Claims& claims) {
  constexpr std::string_view kNotPlain =
      "is not UTF-8 without control characters";
  for (const TextClaim& claim : kTextClaims) {
    if (!IsPlainText(claims.*claim.field))
      return Invalid(claim.name, kNotPlain);
  }
  for (const std::string& audience : claims.audience) {
    if (audience.empty()) return Invalid("aud", "holds an empty text");
    if (!IsPlainText(audience)) return Invalid("aud", kNotPlain);
  }
  if (!IsPlainText(claims.cnf_jkt)) return Invalid("cnf.jkt", kNotPlain);
  return {};
}

Status CheckTime(std::string_view claim, EpochSeconds time) {
  if (time == EpochSeconds{}) return Invalid(claim, "is not set");
  if (time < EpochSeconds{}) return Invalid(claim, "is before 1970");
  if (time > kLatestTime) return Invalid(claim, "is after the year 9999");
  return {};
}

Status CheckTimes(const Claims& claims) {
  if (auto ok = CheckTime("iat", claims.issued_at); !ok) return ok;
  if (auto ok = CheckTime("exp", claims.expires_at); !ok) return ok;
  if (claims.expires_at <= claims.issued_at) {
    return Invalid("exp", "is not after iat");
  }
  if (!claims.not_before) return {};
  if (auto ok = CheckTime("nbf", *claims.not_before); !ok) return ok;
  if (*claims.not_before >= claims.expires_at) {
    return Invalid("nbf", "is not before exp");
  }
  return {};
}

Status CheckCustom(const std::string& custom, JsonDocument& document) {
  if (custom.size() > kMaxCustomLength) {
    return Invalid("custom", "is longer than 4096 bytes");
  }
  if (!document.Parse(custom)) {
    return Invalid("custom", "is not one strict JSON object");
  }
  if (document.members() + kOwnMembers > kMaxJsonMembers) {
    return Invalid("custom", "holds more than 244 members");
  }
  for (const JsonNode& member : JsonChildren(document.root())) {
    if (!IsOwnClaim(member.name)) continue;
    return Invalid("custom", "names the claim " + std::string(member.name) +
                                 ", which has a field of its own");
  }
  return {};
}

// Writer appends the members of one claims set.
class Writer {
 public:
  Writer(ClaimsForm form, size_t capacity) : form_(form) {
    out_.reserve(capacity);
    out_ += '{';
  }

  // Text leaves an empty claim out.
  void Text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Name(name);
    AppendJsonString(out_, value);
  }

  void Audience(const std::vector<std::string>& audience) {
    // RFC 7519 4.1.3: a single audience may be a string, the shorter form.
    if (audience.size() == 1) return Text("aud", audience.front());
    if (audience.empty()) return;
    Name("aud");
    out_ += '[';
    for (const std::string& one : audience) {
      if (&one != &audience.front()) out_ += ',';
      AppendJsonString(out_, one);
    }
    out_ += ']';
  }

  void Time(std::string_view name, EpochSeconds time) {
    Name(name);
    if (form_ != ClaimsForm::kPaseto) {
      char digits[20];
      auto end = std::to_chars(digits, digits + sizeof digits,
                               time.time_since_epoch().count());
      out_.append(digits, end.ptr);
      return;
    }
    out_ += '"';
    out_ += FormatTimestamp(time);
    out_ += '"';
  }

  void Confirmation(std::string_view jkt) {
    if (jkt.empty()) return;
    Name("cnf");
    out_ += "{\"jkt\":";
    AppendJsonString(out_, jkt);
    out_ += '}';
  }

  void Custom(const JsonNode& object) {
    for (const JsonNode& member : JsonChildren(object)) {
      if (out_.size() > 1) out_ += ',';
      AppendJsonString(out_, member.name);
      out_ += ':';
      AppendJson(out_, member);
    }
  }

  std::string Finish() && {
    out_ += '}';
    return std::move(out_);
  }

 private:
  void Name(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  ClaimsForm form_;
  std::string out_;
};

size_t Estimate(const Claims& claims) {
  size_t size = 256 + claims.custom.size() + claims.cnf_jkt.size();
  for (const TextClaim& claim : kTextClaims) {
    size += (claims.*claim.field).size();
  }
  for (const std::string& one : claims.audience) size += one.size() + 3;
  return size;
}

}  // namespace

std::optional<EpochSeconds> ReadPasetoTime(std::string_view text) {
  const std::optional<Timestamp> time = ParseTimestamp(text);
  // A fraction is cut off: rounded up, `iat` could escape a cutoff.
  if (!time || time->seconds <= EpochSeconds{}) return std::nullopt;
  return time->seconds;
}

std::optional<EpochSeconds> ReadNumericDate(const JsonNode& node) {
  if (node.kind != JsonKind::kNumber) return std::nullopt;
  return ReadNumericDate(node.text);
}

// RFC 7519 2 lets NumericDate be any JSON number; whole seconds in plain
// digits are its one spelling here.
std::optional<EpochSeconds> ReadNumericDate(std::string_view text) {
  int64_t seconds = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || seconds <= 0) return std::nullopt;
  EpochSeconds time{Seconds(seconds)};
  if (time > kLatestTime) return std::nullopt;
  return time;
}

std::optional<Refusal> CheckClaims(const Claims& claims, ClaimsForm form) {
  auto missing = [](std::string_view claim) {
    return Refuse(RefusalCode::kMissingClaim, claim);
  };
  if (claims.issuer.empty()) return missing("iss");
  if (claims.subject.empty()) return missing("sub");
  if (claims.expires_at == EpochSeconds{}) return missing("exp");
  if (claims.issued_at == EpochSeconds{}) return missing("iat");
  if (form == ClaimsForm::kJwt) {
    // RFC 9068 2.2.
    if (claims.audience.empty()) return missing("aud");
    if (claims.client_id.empty()) return missing("client_id");
    if (claims.token_id.empty()) return missing("jti");
  }
  // A token that never was valid could otherwise slip through the skew.
  if (claims.expires_at <= claims.issued_at) {
    return Refuse(RefusalCode::kBadClaim, "exp");
  }
  if (claims.not_before && *claims.not_before >= claims.expires_at) {
    return Refuse(RefusalCode::kBadClaim, "nbf");
  }
  return std::nullopt;
}

std::optional<Refusal> ReadClaims(std::string_view json, ClaimsForm form,
                                  Claims& claims) {
  if (ReadMintedClaims(json, form, claims)) return std::nullopt;
  return ReadClaimsStrictly(json, form, claims);
}

std::optional<Refusal> ReadClaimsStrictly(std::string_view json,
                                          ClaimsForm form, Claims& claims) {
  JsonDocument document;
  if (!document.Parse(json)) return Refuse(RefusalCode::kMalformed, {});
  return Reader(form, claims).Read(document.root());
}

Result<std::string> WriteClaims(const Claims& claims, ClaimsForm form) {
  if (auto ok = CheckPresence(claims, form); !ok) return ok.error();
  if (auto ok = CheckTexts(claims); !ok) return ok.error();
  if (auto ok = CheckTimes(claims); !ok) return ok.error();
  JsonDocument custom;
  if (!claims.custom.empty()) {
    if (auto ok = CheckCustom(claims.custom, custom); !ok) return ok.error();
  }
  Writer writer(form, Estimate(claims));
  writer.Text("iss", claims.issuer);
  writer.Text("sub", claims.subject);
  writer.Audience(claims.audience);
  writer.Time("exp", claims.expires_at);
  writer.Time("iat", claims.issued_at);
  if (claims.not_before) writer.Time("nbf", *claims.not_before);
  writer.Text("jti", claims.token_id);
  writer.Text("client_id", claims.client_id);
  writer.Text("scope", claims.scope);
  writer.Text("sid", claims.session_id);
  writer.Confirmation(claims.cnf_jkt);
  if (!claims.custom.empty()) writer.Custom(custom.root());
  return std::move(writer).Finish();
}

}  // namespace signet
