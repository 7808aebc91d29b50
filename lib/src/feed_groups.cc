#include <bit>

#include "feed_body.h"
#include "revocation_digest.h"
#include "revocation_tables.h"
#include "wide_id.h"

// The entries of a snapshot: grouped by kind and minute of leaving, the ids of
// a group in an interleaved Elias-Fano code (grammar: feed_frame.cc).

namespace signet {
namespace {

// Split says how the ids of a group are cut: `head` high bits in unary, the
// rest as it is. REQUIRES: 1 <= count < 2^32.
struct Split {
  explicit Split(size_t count)
      : head(static_cast<int>(std::bit_width(count))), tail(64 - head) {}
  uint64_t TailMask() const { return (uint64_t{1} << tail) - 1; }

  int head;  // 1 to 32
  int tail;  // of the upper word; the lower word is all low part
};

void PutId(const WideId& id, uint64_t previous_head, const Split& split,
           BitWriter& out) {
  out.Unary((id.high >> split.tail) - previous_head);
  const uint64_t tail = id.high & split.TailMask();
  const int upper = split.tail - 32;
  out.Put(tail >> 32, upper);
  out.Put(tail & 0xffffffff, 32);
  out.Put(id.low >> 32, 32);
  out.Put(id.low & 0xffffffff, 32);
}

WideId GetId(uint64_t previous_head, const Split& split, BitReader& in) {
  const uint64_t limit = (uint64_t{1} << split.head) - 1 - previous_head;
  const uint64_t head = previous_head + in.Unary(limit);
  uint64_t tail = in.Get(split.tail - 32) << 32;
  tail |= in.Get(32);
  WideId id{head << split.tail | tail, in.Get(32) << 32};
  id.low |= in.Get(32);
  return id;
}

bool SameGroup(const Revocation& a, const Revocation& b) {
  return a.kind == b.kind &&
         DropMinute(a.drop_after) == DropMinute(b.drop_after);
}

size_t GroupLength(std::span<const Revocation> entries) {
  size_t n = 1;
  while (n < entries.size() && SameGroup(entries[0], entries[n])) ++n;
  return n;
}

void EncodeGroup(std::span<const Revocation> group, WireWriter& out) {
  const RevocationKind kind = group[0].kind;
  const uint32_t minute = DropMinute(group[0].drop_after);
  out.Byte(static_cast<uint8_t>(kind));
  out.Varint(minute);
  out.Varint(group.size());
  {
    const Split split(group.size());
    BitWriter bits(out.buffer());
    uint64_t head = 0;
    for (const Revocation& entry : group) {
      const WideId id = ToWide(entry.id);
      PutId(id, head, split, bits);
      head = id.high >> split.tail;
    }
  }
  if (!IsCutoff(kind)) return;
  int64_t base = int64_t{minute} * 60;
  for (const Revocation& entry : group) {
    const int64_t not_before = ClampSeconds(entry.not_before);
    out.Signed(not_before - base);
    base = not_before;
  }
}

// DecodeIds appends `count` entries that carry only their ids.
void DecodeIds(size_t count, WireReader& in, std::vector<Revocation>& entries) {
  const Split split(count);
  BitReader bits(in.Rest());
  WideId previous;
  for (size_t i = 0; i < count; ++i) {
    const WideId id = GetId(previous.high >> split.tail, split, bits);
    if (!bits.ok() || (i > 0 && id <= previous)) return in.Fail();
    entries.push_back({.id = FromWide(id)});
    previous = id;
  }
  if (!bits.RestIsZero()) return in.Fail();
  in.Raw(bits.BytesUsed());
}

void DecodeNotBefores(uint32_t minute, std::span<Revocation> group,
                      WireReader& in) {
  int64_t base = int64_t{minute} * 60;
  for (Revocation& entry : group) {
    if (__builtin_add_overflow(base, in.Signed(), &base) || base < 0 ||
        base > kForeverSeconds) {
      return in.Fail();
    }
    entry.not_before = EpochSeconds(Seconds(base));
  }
}

// GroupName orders groups.
struct GroupName {
  RevocationKind kind{};
  uint32_t minute = 0;
  auto operator<=>(const GroupName&) const = default;
};

GroupName DecodeGroup(WireReader& in, std::vector<Revocation>& entries) {
  GroupName name;
  name.kind = static_cast<RevocationKind>(in.Byte());
  name.minute = static_cast<uint32_t>(in.VarintUpTo(kForeverMinutes));
  // Each id takes 97 bits or more: nothing is set aside for what is not there.
  const uint64_t count = in.VarintUpTo(in.remaining() * 8 / 97);
  if (!IsKind(name.kind) || count == 0 || count > UINT32_MAX) in.Fail();
  if (!in.ok()) return name;

  const size_t first = entries.size();
  DecodeIds(count, in, entries);
  const auto group = std::span(entries).subspan(first);
  if (IsCutoff(name.kind)) DecodeNotBefores(name.minute, group, in);
  for (Revocation& entry : group) {
    entry.kind = name.kind;
    entry.drop_after = EpochSeconds(Seconds(int64_t{name.minute} * 60));
    if (name.kind == RevocationKind::kAll && entry.id != RevocationId{}) {
      in.Fail();
    }
  }
  return name;
}

}  // namespace

void EncodeGroups(std::span<const Revocation> sorted, WireWriter& out) {
  size_t groups = 0;
  for (size_t i = 0; i < sorted.size(); i += GroupLength(sorted.subspan(i))) {
    ++groups;
  }
  out.Varint(groups);
  for (size_t i = 0; i < sorted.size();) {
    const size_t length = GroupLength(sorted.subspan(i));
    EncodeGroup(sorted.subspan(i, length), out);
    i += length;
  }
}

std::vector<Revocation> DecodeGroups(WireReader& in) {
  std::vector<Revocation> entries;
  const uint64_t groups = in.Varint();
  entries.reserve(in.remaining() * 8 / 110);
  GroupName previous;
  for (uint64_t i = 0; i < groups && in.ok(); ++i) {
    const GroupName name = DecodeGroup(in, entries);
    if (i > 0 && name <= previous) in.Fail();
    previous = name;
  }
  return entries;
}

}  // namespace signet
