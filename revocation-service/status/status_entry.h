#ifndef SIGNET_SERVICE_STATUS_STATUS_ENTRY_H_
#define SIGNET_SERVICE_STATUS_STATUS_ENTRY_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/result.h"
#include "signet/revocation.h"

// What the store knows of tokens that have a place in a status list. One
// record for each, written in the commit that lets the token be made:
//
//   l/ list index:u32                 ->  %x01 token:16 session:16 subject:16
//                                         client:16 key:16 issued_at:u64
//   list = retires_at:u32 opened_at:u32 random:8     ; integers big endian
namespace signet::service {

// Places in one list: 16 KiB of bits.
inline constexpr uint32_t kStatusListSize = 1u << 17;

inline constexpr std::string_view kStatusPrefix = "l/";

// StatusListId names a list. When it was opened and when its last token is
// dead stand in the name, so there is no record of lists that could be lost.
struct StatusListId {
  EpochSeconds retires_at{};
  EpochSeconds opened_at{};
  std::array<uint8_t, 8> random{};
  auto operator<=>(const StatusListId&) const = default;
};

// StatusListText is the id in the list's URL: base64url. ParseStatusListText
// undoes it.
std::string StatusListText(const StatusListId& id);
std::optional<StatusListId> ParseStatusListText(std::string_view text);

// StatusSlot is the place of one token.
struct StatusSlot {
  StatusListId list;
  uint32_t index = 0;
  bool operator==(const StatusSlot&) const = default;
};

// StatusListPrefix is what the keys of a list's records begin with.
std::string StatusListPrefix(const StatusListId& id);
std::string StatusKey(const StatusSlot& slot);
std::optional<StatusSlot> ParseStatusKey(std::string_view key);

// EncodeStatusEntry and DecodeStatusEntry are the record: what of a token the
// list of revocations is asked for. kCorrupt, kUnsupported as DecodeSession.
std::string EncodeStatusEntry(const TokenIdentity& token);
Result<TokenIdentity> DecodeStatusEntry(std::string_view bytes);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STATUS_STATUS_ENTRY_H_
