#include "feed_body.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "revocation_digest.h"
#include "revocation_tables.h"

namespace signet {
namespace {

constexpr uint64_t kMaxTimeMs = uint64_t{kForeverSeconds} * 1000;
constexpr size_t kMaxRings = 8;

void EncodeHead(const FeedHead& head, WireWriter& out) {
  out.Varint(head.position.epoch);
  out.Varint(head.position.sequence);
  const int64_t ms = head.time.time_since_epoch().count();
  out.Varint(std::clamp<int64_t>(ms, 0, kMaxTimeMs));
  out.Raw(head.digest);
  out.Varint(head.ring_generation);
}

FeedHead DecodeHead(WireReader& in) {
  FeedHead head;
  head.position.epoch = static_cast<uint32_t>(
      in.VarintUpTo(std::numeric_limits<uint32_t>::max()));
  head.position.sequence = in.Varint();
  head.time = Time(Duration(in.VarintUpTo(kMaxTimeMs)));
  in.RawTo(head.digest);
  head.ring_generation = in.Varint();
  return head;
}

// DecodeFrom reads a number that was written as its distance from `base`.
uint32_t DecodeFrom(WireReader& in, int64_t base, uint32_t limit) {
  int64_t value = 0;
  if (__builtin_add_overflow(base, in.Signed(), &value) || value < 0 ||
      value > limit) {
    in.Fail();
    return 0;
  }
  return static_cast<uint32_t>(value);
}

EpochSeconds FromSeconds(uint32_t seconds) {
  return EpochSeconds(Seconds(seconds));
}

// DecodeKind reads a kind, or fails; the caller looks at ok().
RevocationKind DecodeKind(WireReader& in) {
  const auto kind = static_cast<RevocationKind>(in.Byte());
  if (!IsKind(kind)) in.Fail();
  return kind;
}

void EncodeEntry(const Revocation& entry, int64_t base, WireWriter& out) {
  const int64_t at = ClampSeconds(entry.at);
  out.Byte(static_cast<uint8_t>(entry.kind));
  if (entry.kind != RevocationKind::kAll) out.Raw(entry.id);
  out.Signed(at - base);
  out.Signed(int64_t{DropMinute(entry.drop_after)} - at / 60);
  if (IsCutoff(entry.kind)) out.Signed(ClampSeconds(entry.not_before) - at);
}

Revocation DecodeEntry(WireReader& in, int64_t base) {
  Revocation entry;
  entry.kind = DecodeKind(in);
  if (entry.kind != RevocationKind::kAll) in.RawTo(entry.id);
  const uint32_t at = DecodeFrom(in, base, kForeverSeconds);
  entry.at = FromSeconds(at);
  entry.drop_after = FromSeconds(DecodeFrom(in, at / 60, kForeverMinutes) * 60);
  if (IsCutoff(entry.kind)) {
    entry.not_before = FromSeconds(DecodeFrom(in, at, kForeverSeconds));
  }
  return entry;
}

void Encode(const HeadFrame& frame, WireWriter& out) {
  out.Raw(frame.log_hash);
}

void Encode(const BatchFrame& frame, WireWriter& out) {
  assert(!frame.entries.empty() && frame.entries.size() <= kMaxBatch);
  out.Varint(frame.head.position.sequence - frame.first_sequence);
  out.Raw(frame.previous_hash);
  out.Varint(frame.entries.size());
  int64_t base = ClampSeconds(ToSeconds(frame.head.time));
  for (const Revocation& entry : frame.entries) {
    EncodeEntry(entry, base, out);
    base = ClampSeconds(entry.at);
  }
}

void Encode(const SnapshotFrame& frame, WireWriter& out) {
  out.Raw(frame.log_hash);
  EncodeGroups(frame.entries, out);
}

void Encode(const RingsFrame& frame, WireWriter& out) {
  out.Varint(frame.rings.size());
  for (const KeyRing& ring : frame.rings) {
    const std::string text = ring.Serialize();
    out.Varint(text.size());
    out.Raw(AsBytes(text));
  }
}

HeadFrame DecodeHeadFrame(const FeedHead& head, WireReader& in) {
  HeadFrame frame{head, {}};
  in.RawTo(frame.log_hash);
  return frame;
}

BatchFrame DecodeBatchFrame(const FeedHead& head, WireReader& in) {
  BatchFrame frame{head, 0, {}, {}};
  const uint64_t back = in.Varint();
  in.RawTo(frame.previous_hash);
  const uint64_t count = in.VarintUpTo(kMaxBatch);
  // Sequences begin at 1, and no entry lies beyond the head.
  if (back >= head.position.sequence || count == 0 || count - 1 > back) {
    in.Fail();
    return frame;
  }
  frame.first_sequence = head.position.sequence - back;
  frame.entries.reserve(count);
  int64_t base = ClampSeconds(ToSeconds(head.time));
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    frame.entries.push_back(DecodeEntry(in, base));
    base = ClampSeconds(frame.entries.back().at);
  }
  return frame;
}

SnapshotFrame DecodeSnapshotFrame(const FeedHead& head, WireReader& in) {
  SnapshotFrame frame{head, {}, {}};
  in.RawTo(frame.log_hash);
  frame.entries = DecodeGroups(in);
  return frame;
}

RingsFrame DecodeRingsFrame(const FeedHead& head, WireReader& in) {
  RingsFrame frame{head, {}};
  const uint64_t count = in.VarintUpTo(kMaxRings);
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const uint64_t length = in.VarintUpTo(in.remaining());
    const std::string_view text = AsText(in.Raw(length));
    Result<KeyRing> ring = KeyRing::Parse(text);
    // One spelling: the text is what Serialize writes.
    if (!ring || ring->Serialize() != text) {
      in.Fail();
      break;
    }
    frame.rings.push_back(*std::move(ring));
  }
  return frame;
}

void DecodeTyped(FrameType type, WireReader& in, Frame& frame) {
  const FeedHead head = DecodeHead(in);
  switch (type) {
    case FrameType::kHead:
      frame.emplace<HeadFrame>(DecodeHeadFrame(head, in));
      return;
    case FrameType::kBatch:
      frame.emplace<BatchFrame>(DecodeBatchFrame(head, in));
      return;
    case FrameType::kSnapshot:
      frame.emplace<SnapshotFrame>(DecodeSnapshotFrame(head, in));
      return;
    case FrameType::kRings:
      frame.emplace<RingsFrame>(DecodeRingsFrame(head, in));
      return;
  }
  in.Fail();
}

}  // namespace

FrameType TypeOf(const Frame& frame) {
  return static_cast<FrameType>(frame.index() + 1);
}

const FeedHead& HeadOf(const Frame& frame) {
  return std::visit([](const auto& f) -> const FeedHead& { return f.head; },
                    frame);
}

void EncodeBody(const Frame& frame, std::string& out) {
  WireWriter writer(out);
  EncodeHead(HeadOf(frame), writer);
  std::visit([&](const auto& f) { Encode(f, writer); }, frame);
}

Result<Frame> DecodeBody(FrameType type, Bytes bytes) {
  WireReader in(bytes);
  Result<Frame> frame(HeadFrame{});
  DecodeTyped(type, in, *frame);
  if (in.AtEnd()) return frame;
  return Error{ErrorCode::kInvalid, "the body of the feed frame is malformed"};
}

}  // namespace signet
