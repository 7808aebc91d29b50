#ifndef SIGNET_FEED_FRAME_H_
#define SIGNET_FEED_FRAME_H_

#include <string>
#include <variant>
#include <vector>

#include "signet/key_ring.h"
#include "signet/revocation.h"

namespace signet {

// Frames are what the service signs and a replica applies: proxies and caches
// can delay them, and cannot lie. The grammar is in docs/formats.md and at
// the top of feed_frame.cc. Functions are safe from any thread.

// FeedHead says where the log stands. The service reads `time` before it
// reads the sequence, so everything acknowledged before `time` is included.
struct FeedHead {
  FeedPosition position;
  Time time{};
  // Digest of the list at `position` and `time` (RevocationList::DigestAt).
  StateDigest digest{};
  // The sum of the generations of the published rings: it grows when any of
  // them changes, and tells a replica to fetch them.
  uint64_t ring_generation = 0;

  bool operator==(const FeedHead&) const = default;
};

// LogHash chains the log: hash(n) = BLAKE2b-128 of hash(n-1) ‖ entry(n), and
// hash(0) is all zero. It shows a fork even where sequences agree.
using LogHash = std::array<uint8_t, 16>;
LogHash ChainLogHash(const LogHash& previous, const Revocation& entry);

// HeadFrame is a head alone: a heartbeat, or an empty poll.
struct HeadFrame {
  FeedHead head;
  LogHash log_hash{};  // at head.position
  bool operator==(const HeadFrame&) const = default;
};

// BatchFrame carries the entries after `previous`, gap-free. `head` stands at
// the last of them or later: a long answer is cut into several batches, and
// only if head.position is the last entry does the batch prove completeness.
struct BatchFrame {
  FeedHead head;
  uint64_t first_sequence = 1;      // of entries.front()
  LogHash previous_hash{};          // at first_sequence - 1
  std::vector<Revocation> entries;  // at least one, at most kMaxBatch
  bool operator==(const BatchFrame&) const = default;
};

// SnapshotFrame carries all live entries, sorted as RevocationList::Entries.
struct SnapshotFrame {
  FeedHead head;
  LogHash log_hash{};  // at head.position
  std::vector<Revocation> entries;
  bool operator==(const SnapshotFrame&) const = default;
};

// RingsFrame carries the public rings that verifiers need: feed, and access
// unless its keys are symmetric.
struct RingsFrame {
  FeedHead head;
  std::vector<KeyRing> rings;
  bool operator==(const RingsFrame&) const = default;
};

using Frame = std::variant<HeadFrame, BatchFrame, SnapshotFrame, RingsFrame>;

inline constexpr size_t kMaxBatch = 1000;
inline constexpr size_t kMaxSnapshotBytes = 256u << 20;

// EncodeFrame writes and signs a frame. REQUIRES: `key` is of kFeedEd25519;
// a batch's entries number 1 to kMaxBatch; a snapshot's entries are sorted.
std::string EncodeFrame(const Frame& frame, const SecretKey& key);

// DecodeFrame checks form and signature. kInvalid: not a frame, or not in the
// one spelling. kNotFound: signed by a key that the ring does not hold.
// kDenied: the key may not sign at `now`, or the signature is wrong.
Result<Frame> DecodeFrame(Bytes frame, const KeyRing& feed_ring, Time now);

// SplitFrames cuts a body into frames; each is preceded by its length (u32,
// little endian). kInvalid if the body does not end with a whole frame.
Result<std::vector<Bytes>> SplitFrames(Bytes body);
void AppendFrame(std::string& body, std::string_view frame);

}  // namespace signet

#endif  // SIGNET_FEED_FRAME_H_
