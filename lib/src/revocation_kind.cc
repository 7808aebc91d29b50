#include <string>
#include <string_view>

#include "revocation_tables.h"
#include "signet/revocation.h"

namespace signet {
namespace {

constexpr std::string_view kKindNames[] = {"token",  "session", "subject",
                                           "client", "key",     "all"};

}  // namespace

std::string_view RevocationKindName(RevocationKind kind) {
  return IsKind(kind) ? kKindNames[static_cast<size_t>(kind) - 1] : "unknown";
}

Result<RevocationKind> ParseRevocationKind(std::string_view name) {
  for (size_t i = 0; i < std::size(kKindNames); ++i) {
    if (kKindNames[i] == name) return static_cast<RevocationKind>(i + 1);
  }
  return Error{ErrorCode::kInvalid, "not a kind of revocation",
               "the kinds are token, session, subject, client, key and all"};
}

RevocationId MakeRevocationId(RevocationKind kind, std::string_view value) {
  RevocationId id{};
  if (kind == RevocationKind::kAll) return id;
  if (!IsCutoff(kind) && Base64UrlDecodeTo(value, id)) return id;
  std::string message(1, static_cast<char>(kind));
  message += value;
  Blake2b(id, AsBytes(message));
  return id;
}

}  // namespace signet
