#ifndef SIGNET_SERVICE_SSF_STREAM_STATE_H_
#define SIGNET_SERVICE_SSF_STREAM_STATE_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "signet/clock.h"
#include "signet/result.h"

namespace signet::service::ssf {

// Notice is an event about a stream itself. The numbers are stored.
struct Notice {
  enum class Kind : uint8_t {
    kVerification = 1,  // the partner asked for it; text is its state
    kUpdated = 2,       // text says what happened to the stream
  };
  Kind kind = Kind::kVerification;
  std::string id;  // jti
  EpochSeconds at{};
  std::string text;

  bool operator==(const Notice&) const = default;
};

// StreamState is all that is kept of a partner's stream: what it has had. The
// events themselves are the revocation log. It is a value.
//
// Key in the store: e/<client id>.
struct StreamState {
  uint64_t done = 0;                // the log is dealt with through this
  std::set<uint64_t> out_of_order;  // acknowledged beyond it
  std::vector<Notice> notices;      // at most one of each kind

  bool operator==(const StreamState&) const = default;
};

inline constexpr std::string_view kStreamPrefix = "e/";

// EncodeStreamState and DecodeStreamState are the stored form, a version byte
// first. kCorrupt, kUnsupported as DecodeSession.
std::string EncodeStreamState(const StreamState& state);
Result<StreamState> DecodeStreamState(std::string_view bytes);

// Post puts a notice in the place of one of its kind.
void Post(Notice notice, StreamState& state);

}  // namespace signet::service::ssf

#endif  // SIGNET_SERVICE_SSF_STREAM_STATE_H_
