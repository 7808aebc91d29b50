#include "minted_claims.h"

#include <algorithm>

#include "plain_text.h"

namespace signet {
namespace {

// Cursor takes a text apart from the left. What does not come next is left.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool Take(std::string_view piece) {
    if (!rest_.starts_with(piece)) return false;
    rest_.remove_prefix(piece.size());
    return true;
  }

  // TakeText reads a string of printable ASCII without escapes, not empty.
  std::string_view TakeText() {
    if (!rest_.starts_with('"')) return {};
    const std::string_view inner = rest_.substr(1);
    const size_t size = PlainPrefix(inner);
    if (size == inner.size() || inner[size] != '"') return {};
    rest_.remove_prefix(size + 2);
    return inner.substr(0, size);
  }

  // TakeDigits reads the digits of a number that does not begin with 0.
  std::string_view TakeDigits() {
    if (rest_.starts_with('0')) return {};
    const auto* const end = std::find_if(
        rest_.begin(), rest_.end(), [](char c) { return c < '0' || c > '9'; });
    const auto size = static_cast<size_t>(end - rest_.begin());
    const std::string_view digits = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return digits;
  }

  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Each of these reads a member that may come next, named with the comma before
// and the colon behind. They are false if it comes and is not as expected.
bool TakeMember(Cursor& cursor, std::string_view name, std::string& out) {
  if (!cursor.Take(name)) return true;
  out = cursor.TakeText();
  return !out.empty();
}

bool TakeMember(Cursor& cursor, std::string_view name, ClaimsForm form,
                std::optional<EpochSeconds>& out) {
  if (!cursor.Take(name)) return true;
  out = form == ClaimsForm::kPaseto ? ReadPasetoTime(cursor.TakeText())
                                    : ReadNumericDate(cursor.TakeDigits());
  return out.has_value();
}

bool TakeAudience(Cursor& cursor, std::vector<std::string>& out) {
  if (!cursor.Take(",\"aud\":")) return true;
  return !out.emplace_back(cursor.TakeText()).empty();
}

bool TakeAll(Cursor& cursor, ClaimsForm form, Claims& claims) {
  std::optional<EpochSeconds> expires_at, issued_at;
  const bool taken = cursor.Take("{") &&
                     TakeMember(cursor, "\"iss\":", claims.issuer) &&
                     TakeMember(cursor, ",\"sub\":", claims.subject) &&
                     TakeAudience(cursor, claims.audience) &&
                     TakeMember(cursor, ",\"exp\":", form, expires_at) &&
                     TakeMember(cursor, ",\"iat\":", form, issued_at) &&
                     TakeMember(cursor, ",\"nbf\":", form, claims.not_before) &&
                     TakeMember(cursor, ",\"jti\":", claims.token_id) &&
                     TakeMember(cursor, ",\"client_id\":", claims.client_id) &&
                     TakeMember(cursor, ",\"scope\":", claims.scope) &&
                     TakeMember(cursor, ",\"sid\":", claims.session_id) &&
                     cursor.Take("}") && cursor.done();
  if (!taken || !expires_at || !issued_at) return false;
  claims.expires_at = *expires_at;
  claims.issued_at = *issued_at;
  return !CheckClaims(claims, form);
}

}  // namespace

bool ReadMintedClaims(std::string_view json, ClaimsForm form, Claims& claims) {
  Cursor cursor(json);
  if (TakeAll(cursor, form, claims)) return true;
  claims = {};
  return false;
}

}  // namespace signet
