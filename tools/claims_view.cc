#include "tools/claims_view.h"

#include <boost/json.hpp>
#include <optional>

#include "tools/output.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

std::string Text(json::string_view text) { return {text.data(), text.size()}; }

// ParseOr gives the text's JSON value, or the text itself, or null for none.
// Numbers may be rounded: for people.
json::value ParseOr(const std::string& text) {
  if (text.empty()) return nullptr;
  json::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  return error ? json::value(text) : value;
}

// Exactly is ParseOr as text, with the numbers as they are spelt.
std::string Exactly(const std::string& text) {
  json::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (text.empty()) return "null";
  return error ? json::serialize(json::value(text)) : OneLine(text);
}

// Fill replaces the first member of that name that is null.
std::string Fill(std::string text, std::string_view name,
                 const std::string& value) {
  const std::string hole = "\"" + std::string(name) + "\":null";
  const size_t at = text.find(hole);
  text.replace(at + hole.size() - 4, 4, value);
  return text;
}

void AddText(json::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

int64_t NumericDate(EpochSeconds time) {
  return time.time_since_epoch().count();
}

// KnownClaims are those that Claims names.
json::object KnownClaims(const Claims& claims) {
  json::object object;
  AddText(object, "iss", claims.issuer);
  AddText(object, "sub", claims.subject);
  if (!claims.audience.empty()) {
    object["aud"] = json::array(claims.audience.begin(), claims.audience.end());
  }
  object["exp"] = NumericDate(claims.expires_at);
  object["iat"] = NumericDate(claims.issued_at);
  if (claims.not_before) object["nbf"] = NumericDate(*claims.not_before);
  AddText(object, "jti", claims.token_id);
  AddText(object, "client_id", claims.client_id);
  AddText(object, "scope", claims.scope);
  AddText(object, "sid", claims.session_id);
  if (!claims.cnf_jkt.empty()) {
    object["cnf"] = json::object{{"jkt", claims.cnf_jkt}};
  }
  return object;
}

json::object AllClaims(const Claims& claims) {
  json::object object = KnownClaims(claims);
  json::value custom = ParseOr(claims.custom);
  if (custom.is_object()) {
    for (const auto& member : custom.get_object()) {
      object[member.key()] = member.value();
    }
  }
  return object;
}

// ClaimsText is AllClaims with the numbers as they are spelt.
std::string ClaimsText(const Claims& claims) {
  std::string text = json::serialize(KnownClaims(claims));
  if (!ParseOr(claims.custom).is_object()) return text;
  const std::string custom = OneLine(claims.custom);
  const size_t first = custom.find_first_not_of(' ', custom.find('{') + 1);
  if (custom[first] == '}') return text;
  text.back() = ',';
  return text + custom.substr(first);
}

bool IsTime(std::string_view claim) {
  return claim == "exp" || claim == "iat" || claim == "nbf";
}

// CellFor shows strings as they are, dates as dates and the rest as JSON.
std::string CellFor(std::string_view claim, const json::value& value) {
  if (value.is_string()) return Text(value.get_string());
  if (IsTime(claim) && value.is_int64() && value.get_int64() >= 0) {
    const auto time =
        ParseTime(std::to_string(value.get_int64()));  // bounds the year
    if (time) return FormatTime(*time);
  }
  return json::serialize(value);
}

void AddClaims(Table& table, const json::object& claims) {
  for (const auto& member : claims) {
    const std::string name = Text(member.key());
    // One name a line for a list of strings reads better than JSON.
    if (name == "aud" && member.value().is_array()) {
      for (const json::value& item : member.value().get_array()) {
        table.Add({name, CellFor(name, item)});
      }
      continue;
    }
    table.Add({name, CellFor(name, member.value())});
  }
}

json::object VerifiedObject(const VerifiedToken& token,
                            bool revocation_checked) {
  return {
      {"accepted", true},
      {"claims", nullptr},
      {"key_id", token.key_id()},
      {"stale", token.stale()},
      {"revocation_checked", revocation_checked},
  };
}

json::object RefusalObject(const Refusal& refusal) {
  json::object details{
      {"code", std::string(RefusalCodeName(refusal.code))},
      {"stage", std::string(StageName(refusal.stage))},
      {"claim", nullptr},
      {"retry_may_help", refusal.RetryMayHelp()},
  };
  if (!refusal.claim.empty()) details["claim"] = std::string(refusal.claim);
  return {{"accepted", false}, {"refusal", std::move(details)}};
}

}  // namespace

std::string MintedJson(const std::string& token, const Claims& claims) {
  return json::serialize(json::object{
      {"token", token},
      {"token_id", claims.token_id},
      {"expires_at", FormatTime(claims.expires_at)},
  });
}

std::string VerifiedJson(const VerifiedToken& token, bool revocation_checked) {
  return Fill(json::serialize(VerifiedObject(token, revocation_checked)),
              "claims", ClaimsText(token.claims()));
}

void PrintVerified(const VerifiedToken& token) {
  PrintLine("accepted");
  Table table;
  AddClaims(table, AllClaims(token.claims()));
  table.Add({"key", token.key_id()});
  table.Print("  ");
}

std::string RefusalJson(const Refusal& refusal) {
  return json::serialize(RefusalObject(refusal));
}

std::string ExplanationJson(const Explanation& explanation,
                            bool revocation_checked) {
  json::object object =
      explanation.verdict
          ? VerifiedObject(*explanation.verdict, revocation_checked)
          : RefusalObject(explanation.verdict.error());
  json::array steps;
  for (const Explanation::Step& step : explanation.steps) {
    steps.push_back(json::object{
        {"stage", std::string(StageName(step.stage))},
        {"outcome", std::string(StepOutcomeName(step.outcome))},
        {"text", step.text},
    });
  }
  object["steps"] = std::move(steps);
  std::string text = json::serialize(object);
  if (!explanation.verdict) return text;
  return Fill(std::move(text), "claims",
              ClaimsText(explanation.verdict->claims()));
}

void PrintSteps(const Explanation& explanation) {
  Table table;
  for (const Explanation::Step& step : explanation.steps) {
    table.Add({std::string(StageName(step.stage)),
               std::string(StepOutcomeName(step.outcome)), step.text});
  }
  table.Print();
}

std::string UnverifiedJson(const UnverifiedToken& token) {
  std::string text = json::serialize(json::object{
      {"verified", false},
      {"format", token.format},
      {"key_id", token.key_id},
      {"header", nullptr},
      {"footer", nullptr},
      {"claims", nullptr},
  });
  // The last first: what is filled in may have members of these names.
  text = Fill(std::move(text), "claims", Exactly(token.claims));
  text = Fill(std::move(text), "footer", Exactly(token.footer));
  return Fill(std::move(text), "header", Exactly(token.header));
}

void PrintUnverified(const UnverifiedToken& token) {
  PrintLine(
      "UNVERIFIED: anyone could have written this; nothing below is "
      "proven");
  Table table;
  table.Add({"format", token.format});
  if (!token.key_id.empty()) table.Add({"key", token.key_id});
  if (!token.header.empty()) table.Add({"header", token.header});
  if (!token.footer.empty()) table.Add({"footer", token.footer});
  const json::value claims = ParseOr(token.claims);
  if (!claims.is_object()) table.Add({"claims", token.claims});
  table.Print();
  if (!claims.is_object()) return;
  PrintLine("claims");
  Table members;
  AddClaims(members, claims.get_object());
  members.Print("  ");
}

}  // namespace signet::cli
