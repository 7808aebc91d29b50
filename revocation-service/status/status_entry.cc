#include "revocation-service/status/status_entry.h"

#include "revocation-service/feed/wire.h"
#include "signet/primitives.h"

namespace signet::service {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kIdSize = 16;

std::string IdBytes(const StatusListId& id) {
  const auto seconds = [](EpochSeconds time) {
    return static_cast<uint32_t>(time.time_since_epoch().count());
  };
  feed::FieldWriter out;
  out.Integer(seconds(id.retires_at));
  out.Integer(seconds(id.opened_at));
  out.Raw(id.random);
  return out.Take();
}

StatusListId ReadId(feed::FieldReader& in) {
  const auto moment = [](uint32_t seconds) {
    return EpochSeconds(Seconds(seconds));
  };
  StatusListId id;
  id.retires_at = moment(in.Integer<uint32_t>());
  id.opened_at = moment(in.Integer<uint32_t>());
  id.random = in.Raw<8>();
  return id;
}

}  // namespace

std::string StatusListText(const StatusListId& id) {
  return Base64UrlEncode(AsBytes(IdBytes(id)));
}

std::optional<StatusListId> ParseStatusListText(std::string_view text) {
  std::array<uint8_t, kIdSize> bytes{};
  if (!Base64UrlDecodeTo(text, bytes)) return std::nullopt;
  feed::FieldReader in(AsText(bytes));
  return ReadId(in);
}

std::string StatusListPrefix(const StatusListId& id) {
  return std::string(kStatusPrefix) + IdBytes(id);
}

std::string StatusKey(const StatusSlot& slot) {
  feed::FieldWriter out;
  out.Integer(slot.index);
  return StatusListPrefix(slot.list) + out.Take();
}

std::optional<StatusSlot> ParseStatusKey(std::string_view key) {
  if (!key.starts_with(kStatusPrefix)) return std::nullopt;
  feed::FieldReader in(key.substr(kStatusPrefix.size()));
  StatusSlot slot;
  slot.list = ReadId(in);
  slot.index = in.Integer<uint32_t>();
  if (!in.done() || slot.index >= kStatusListSize) return std::nullopt;
  return slot;
}

std::string EncodeStatusEntry(const TokenIdentity& token) {
  feed::FieldWriter out;
  out.Integer(kVersion);
  for (const RevocationId* id : {&token.token, &token.session, &token.subject,
                                 &token.client, &token.key}) {
    out.Raw(*id);
  }
  out.Integer(
      static_cast<uint64_t>(token.issued_at.time_since_epoch().count()));
  return out.Take();
}

Result<TokenIdentity> DecodeStatusEntry(std::string_view bytes) {
  feed::FieldReader in(bytes);
  if (in.Integer<uint8_t>() != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 "reading the status of a token: of another version"};
  }
  TokenIdentity token;
  for (RevocationId* id : {&token.token, &token.session, &token.subject,
                           &token.client, &token.key}) {
    *id = in.Raw<16>();
  }
  token.has_token = token.has_session = token.has_client = true;
  token.issued_at =
      EpochSeconds(Seconds(static_cast<int64_t>(in.Integer<uint64_t>())));
  if (!in.done()) {
    return Error{ErrorCode::kCorrupt,
                 "reading the status of a token: malformed record"};
  }
  return token;
}

}  // namespace signet::service
