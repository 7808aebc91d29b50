#include "jwk_use.h"

#include <algorithm>
#include <vector>

#include "jose_header.h"

namespace signet {
namespace {

// The most key_ops that are looked at; RFC 7517 section 4.3 knows eight.
constexpr size_t kMaxOperations = 32;

bool IsOneOf(std::string_view text,
             std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

// Allows tells whether an operation is what that half of a key does. A secret
// that is shared verifies: whoever verifies has it.
bool Allows(std::string_view op, KeyFormat format, JwkHalf half) {
  if (IsJwe(format)) {
    return IsOneOf(op, {"deriveKey", "deriveBits", "decrypt", "encrypt"});
  }
  const bool verifies = half == JwkHalf::kPublic || IsSymmetric(format);
  return op == (verifies ? "verify" : "sign");
}

// Contradicts tells whether an operation is not of that `use`. RFC 7517 4.3:
// "if both are used, the information they convey MUST be consistent".
bool Contradicts(std::string_view op, std::string_view use) {
  const bool signs = IsOneOf(op, {"sign", "verify"});
  const bool encrypts = IsOneOf(op, {"encrypt", "decrypt", "wrapKey",
                                     "unwrapKey", "deriveKey", "deriveBits"});
  return (use == "sig" && encrypts) || (use == "enc" && signs);
}

// ReadOperations reads an array of different strings.
Result<std::vector<std::string_view>> ReadOperations(const JsonNode& ops) {
  if (ops.kind != JsonKind::kArray) {
    return JwkInvalid("key_ops", "is no array");
  }
  std::vector<std::string_view> seen;
  for (const JsonNode& op : JsonChildren(ops)) {
    if (op.kind != JsonKind::kString) {
      return JwkInvalid("key_ops", "is not an array of strings");
    }
    if (seen.size() == kMaxOperations) {
      return JwkInvalid("key_ops", "names too many operations");
    }
    // RFC 7517 4.3: "Duplicate key operation values MUST NOT be present".
    if (std::ranges::find(seen, op.text) != seen.end()) {
      return JwkInvalid("key_ops", "names an operation twice");
    }
    seen.push_back(op.text);
  }
  return seen;
}

}  // namespace

Status CheckJwkUse(const JsonNode& jwk, KeyFormat format, JwkHalf half) {
  Result<std::string_view> use = JwkText(jwk, "use");
  if (!use) return use.error();
  if (!use->empty() && *use != (IsJwe(format) ? "enc" : "sig")) {
    return JwkInvalid("use", "does not allow what the key is for");
  }
  const JsonNode* member = FindMember(jwk, "key_ops");
  if (member == nullptr) return {};
  const Result<std::vector<std::string_view>> ops = ReadOperations(*member);
  if (!ops) return ops.error();
  // WebCrypto says of the public half of a key for agreement that it does
  // nothing by itself.
  bool allowed = ops->empty() && IsJwe(format) && half == JwkHalf::kPublic;
  for (const std::string_view op : *ops) {
    if (Contradicts(op, *use)) return JwkInvalid("key_ops", "contradicts use");
    allowed = allowed || Allows(op, format, half);
  }
  if (allowed) return {};
  return JwkInvalid("key_ops", "does not allow what the key is for");
}

Result<std::string_view> JwkText(const JsonNode& jwk, std::string_view name) {
  const JsonNode* member = FindMember(jwk, name);
  if (member == nullptr) return std::string_view();
  if (member->kind != JsonKind::kString || member->text.empty()) {
    return JwkInvalid(name, "is not a string, or empty");
  }
  return member->text;
}

Error JwkInvalid(std::string_view member, std::string_view problem) {
  return {ErrorCode::kInvalid,
          "JWK: member " + std::string(member) + " " + std::string(problem)};
}

}  // namespace signet
