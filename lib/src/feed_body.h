#ifndef SIGNET_SRC_FEED_BODY_H_
#define SIGNET_SRC_FEED_BODY_H_

#include <span>
#include <string>

#include "feed_wire.h"
#include "signet/feed_frame.h"

namespace signet {

// What a frame says, without its signature; the grammar is at the top of
// feed_frame.cc. Functions are safe from any thread.

enum class FrameType : uint8_t {
  kHead = 1,
  kBatch = 2,
  kSnapshot = 3,
  kRings = 4,
};

FrameType TypeOf(const Frame& frame);
const FeedHead& HeadOf(const Frame& frame);

// EncodeBody appends head and body. REQUIRES: as EncodeFrame.
void EncodeBody(const Frame& frame, std::string& out);

// DecodeBody reads head and body to the last byte; else kInvalid.
Result<Frame> DecodeBody(FrameType type, Bytes bytes);

// EncodeGroups and DecodeGroups are the entries of a snapshot.
void EncodeGroups(std::span<const Revocation> sorted, WireWriter& out);
std::vector<Revocation> DecodeGroups(WireReader& in);

}  // namespace signet

#endif  // SIGNET_SRC_FEED_BODY_H_
