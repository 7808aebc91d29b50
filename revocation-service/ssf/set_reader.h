#ifndef SIGNET_SERVICE_SSF_SET_READER_H_
#define SIGNET_SERVICE_SSF_SET_READER_H_

#include <string>
#include <string_view>

#include "revocation-service/ssf/options.h"
#include "signet/jws_keys.h"
#include "signet/result.h"

namespace signet::service::ssf {

// How far a transmitter's clock may be off. A session that began so soon after
// an event ends with it: the clock of one of both may be wrong.
inline constexpr Seconds kClockSkew = std::chrono::seconds(60);

// SetRefusal says why an event is not taken.
struct SetRefusal {
  std::string_view code;  // RFC 8935 section 2.4
  std::string_view text;  // for the log; nothing that the sender chose
  bool unknown_key = false;
};

// ReceivedSet is what a trusted event tells.
struct ReceivedSet {
  // The subject whose sessions end, as it is named here; empty if the event
  // concerns nothing that is mapped.
  std::string subject;
  // The transmitter's id of the one session of that subject that ended; empty:
  // all of them did.
  std::string session = {};
  EpochSeconds ended{};  // sessions that began before
};

// ReadSet reads the SET that a transmitter calls `id`, strictly: RFC 8417,
// SSF 1.0 section 4.1. Its time of issue may not lie in the future.
Result<ReceivedSet, SetRefusal> ReadSet(const Transmitter& transmitter,
                                        const JwsKeys& keys,
                                        std::string_view id,
                                        std::string_view text, Time now);

}  // namespace signet::service::ssf

#endif  // SIGNET_SERVICE_SSF_SET_READER_H_
