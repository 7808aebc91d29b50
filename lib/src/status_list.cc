// Status List Tokens and the claim that refers to them,
// draft-ietf-oauth-status-list-17:
//
//   claim   = "status":{"status_list":{"idx":number,"uri":text}, …}
//   payload = {"sub":text,"iat":time[,"exp":time][,"ttl":number],
//              "status_list":{"bits":1 / 2 / 4 / 8,"lst":text}}
//   lst     = base64url( ZLIB( list ) )     ; no padding, one stream
//   list    = the status of index i in the bits from i * bits on, counted from
//             the least significant bit of the first byte
//   number  = digits, no sign and no leading zero
//
// Members stand in any order, none twice; unknown ones are ignored
// (RFC 7519 section 4).

#include "signet/status_list.h"

#include <algorithm>
#include <array>

#include "claims_json.h"
#include "jose_header.h"
#include "signet/primitives.h"
#include "signet/statement.h"
#include "strict_json.h"
#include "zlib_text.h"

namespace signet {
namespace {

constexpr size_t kMaxUri = 2048;
constexpr size_t kMaxBytes = 64u << 20;
// 2^53 - 1: what JSON numbers hold exactly everywhere.
constexpr uint64_t kMaxNumber = 9'007'199'254'740'991;

std::optional<uint64_t> ReadNumber(const JsonNode& node) {
  const std::string_view text = node.text;
  if (node.kind != JsonKind::kNumber || text.size() > 16 ||
      (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number <= kMaxNumber ? std::optional(number) : std::nullopt;
}

Error BadReference(const char* problem) {
  return {ErrorCode::kInvalid, std::string("the claim status: ") + problem};
}

Refusal Bad(std::string_view claim) {
  return {RefusalCode::kBadClaim, Stage::kClaims, claim};
}

// Member finds a member of the payload, or refuses.
Result<const JsonNode*, Refusal> Member(const JsonNode& object,
                                        std::string_view name, JsonKind kind) {
  const JsonNode* node = FindMember(object, name);
  if (node == nullptr) {
    return Refusal{RefusalCode::kMissingClaim, Stage::kClaims, name};
  }
  if (node->kind != kind) return Bad(name);
  return node;
}

// Times are the claims about time.
struct Times {
  EpochSeconds issued_at{};
  std::optional<EpochSeconds> expires_at;
  std::optional<Seconds> ttl;
};

std::optional<Refusal> ReadTimes(const JsonNode& root, Times& times) {
  const auto iat = Member(root, "iat", JsonKind::kNumber);
  if (!iat.ok()) return iat.error();
  const auto issued_at = ReadNumericDate(**iat);
  if (!issued_at) return Bad("iat");
  times.issued_at = *issued_at;
  if (const JsonNode* exp = FindMember(root, "exp")) {
    times.expires_at = ReadNumericDate(*exp);
    if (!times.expires_at) return Bad("exp");
  }
  if (const JsonNode* ttl = FindMember(root, "ttl")) {
    const auto number = ReadNumber(*ttl);
    // "a positive number"; one of centuries is a mistake, or a way to overflow.
    if (!number || *number == 0 || *number > 4'000'000'000) return Bad("ttl");
    times.ttl = Seconds(static_cast<int64_t>(*number));
  }
  return std::nullopt;
}

std::optional<Refusal> CheckTimes(const Times& times, Time now, Duration skew) {
  if (times.expires_at && now >= *times.expires_at + skew) {
    return Refusal{RefusalCode::kExpired, Stage::kPolicy, "exp"};
  }
  if (Time(times.issued_at) > now + skew) {
    return Refusal{RefusalCode::kNotYetValid, Stage::kPolicy, "iat"};
  }
  return std::nullopt;
}

struct Content {
  int bits = 1;
  std::string bytes;
};

Result<Content, Refusal> ReadContent(const JsonNode& root, size_t max_bytes) {
  const auto list = Member(root, "status_list", JsonKind::kObject);
  if (!list.ok()) return list.error();
  const auto bits = Member(**list, "bits", JsonKind::kNumber);
  if (!bits.ok()) return bits.error();
  const uint64_t width = ReadNumber(**bits).value_or(0);
  if (width != 1 && width != 2 && width != 4 && width != 8) return Bad("bits");
  const auto lst = Member(**list, "lst", JsonKind::kString);
  if (!lst.ok()) return lst.error();
  const auto compressed = Base64UrlDecode((*lst)->text);
  if (!compressed.ok()) return Bad("lst");
  auto bytes = Inflate(*compressed, max_bytes);
  if (!bytes) return Bad("lst");
  return Content{static_cast<int>(width), *std::move(bytes)};
}

}  // namespace

Result<std::optional<StatusReference>> ReadStatusReference(
    const Claims& claims) {
  if (claims.custom.empty()) return std::optional<StatusReference>();
  JsonDocument document;
  if (!document.Parse(claims.custom)) {
    return BadReference("the claims are not one JSON object");
  }
  const JsonNode* status = FindMember(document.root(), "status");
  if (status == nullptr) return std::optional<StatusReference>();
  if (status->kind != JsonKind::kObject) return BadReference("not an object");
  const JsonNode* list = FindMember(*status, "status_list");
  if (list == nullptr || list->kind != JsonKind::kObject) {
    return BadReference("it names no status list");
  }
  const JsonNode* idx = FindMember(*list, "idx");
  const JsonNode* uri = FindMember(*list, "uri");
  if (idx == nullptr || uri == nullptr) return BadReference("idx or uri lacks");
  const auto index = ReadNumber(*idx);
  if (!index) return BadReference("idx is not a whole number");
  if (uri->kind != JsonKind::kString || uri->text.empty() ||
      uri->text.size() > kMaxUri || !IsPlainText(uri->text)) {
    return BadReference("uri is not one");
  }
  return std::optional(StatusReference{std::string(uri->text), *index});
}

std::string_view TokenStatusName(TokenStatus status) {
  switch (status) {
    case TokenStatus::kValid:
      return "valid";
    case TokenStatus::kInvalid:
      return "invalid";
    case TokenStatus::kSuspended:
      return "suspended";
    case TokenStatus::kApplicationSpecific:
      return "application_specific";
    case TokenStatus::kReserved:
      return "reserved";
    case TokenStatus::kUnknown:
      break;
  }
  return "unknown";
}

TokenStatus TokenStatusOf(uint8_t value) {
  switch (value) {
    case 0:
      return TokenStatus::kValid;
    case 1:
      return TokenStatus::kInvalid;
    case 2:
      return TokenStatus::kSuspended;
    default:
      return value == 3 || (value >= 0x0c && value <= 0x0f)
                 ? TokenStatus::kApplicationSpecific
                 : TokenStatus::kReserved;
  }
}

Result<StatusList, Refusal> StatusList::Read(const JwsKeys& keys,
                                             std::string_view uri,
                                             std::string_view text, Time now,
                                             const Options& options) {
  auto payload = ReadStatement(keys, kStatusListType, text);
  if (!payload.ok()) return payload.error();
  JsonDocument document;
  if (!document.Parse(*payload)) {
    return Refusal{RefusalCode::kMalformed, Stage::kClaims};
  }
  const JsonNode& root = document.root();
  // Section 8.3: the sub "MUST be equal to the uri".
  const auto sub = Member(root, "sub", JsonKind::kString);
  if (!sub.ok()) return sub.error();
  if ((*sub)->text != uri) return Bad("sub");
  Times times;
  if (auto refusal = ReadTimes(root, times)) return *refusal;
  if (auto refusal = CheckTimes(times, now, options.clock_skew)) {
    return *refusal;
  }
  auto content = ReadContent(root, std::min(options.max_bytes, kMaxBytes));
  if (!content.ok()) return content.error();
  StatusList list;
  list.bits_ = content->bits;
  list.bytes_ = std::make_shared<const std::string>(std::move(content->bytes));
  list.issued_at_ = times.issued_at;
  list.expires_at_ = times.expires_at;
  list.ttl_ = times.ttl;
  return list;
}

uint64_t StatusList::size() const {
  return uint64_t{bytes_->size()} * 8 / static_cast<uint64_t>(bits_);
}

std::optional<uint8_t> StatusList::At(uint64_t index) const {
  if (index >= size()) return std::nullopt;
  const uint64_t bit = index * static_cast<uint64_t>(bits_);
  const auto byte = static_cast<uint8_t>((*bytes_)[bit / 8]);
  const unsigned mask = (1u << bits_) - 1;
  return static_cast<uint8_t>(static_cast<unsigned>(byte) >> (bit % 8) & mask);
}

Result<std::string> SignStatusList(const SigningRing& ring,
                                   const StatusListContent& content, Time now) {
  const std::string list = Deflate(content.bytes);
  if (list.empty()) {
    return Error{ErrorCode::kUnavailable,
                 "making a status list: it can't be compressed"};
  }
  const auto number = [](auto count) { return std::to_string(count); };
  std::string payload = R"({"sub":)";
  AppendJsonString(payload, content.uri);
  payload +=
      R"(,"iat":)" + number(content.issued_at.time_since_epoch().count()) +
      R"(,"exp":)" + number(content.expires_at.time_since_epoch().count()) +
      R"(,"ttl":)" + number(content.ttl.count()) +
      R"(,"status_list":{"bits":1,"lst":")" + Base64UrlEncode(AsBytes(list)) +
      R"("}})";
  return SignStatement(ring, kStatusListType, payload, now);
}

}  // namespace signet
