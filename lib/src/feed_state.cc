#include "feed_state.h"

#include "feed_body.h"
#include "feed_wire.h"
#include "revocation_digest.h"

namespace signet {
namespace {

constexpr std::string_view kMagic = "signet feed state 1\n";
constexpr size_t kChecksumLength = 32;
constexpr size_t kMaxRingsBytes = 1u << 20;

std::array<uint8_t, kChecksumLength> ChecksumOf(std::string_view bytes) {
  std::array<uint8_t, kChecksumLength> checksum;
  Blake2b(checksum, AsBytes(bytes));
  return checksum;
}

Error Corrupt() {
  return {ErrorCode::kCorrupt, "the stored state of the feed is damaged"};
}

Status Replace(const std::string& path, std::string_view contents) {
  Result<StagedFile> staged = StagedFile::Write(path, contents, 0600);
  if (!staged) return staged.error();
  return staged->Commit();
}

}  // namespace

std::string EncodeFeedState(const FeedState& state) {
  std::string bytes(kMagic);
  WireWriter(bytes).Varint(DropMinute(state.extras_until));
  EncodeBody(state.snapshot, bytes);
  bytes += AsText(ChecksumOf(bytes));
  return bytes;
}

Result<FeedState> DecodeFeedState(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) ||
      bytes.size() < kMagic.size() + kChecksumLength) {
    return Corrupt();
  }
  const size_t end = bytes.size() - kChecksumLength;
  if (AsText(ChecksumOf(bytes.substr(0, end))) != bytes.substr(end)) {
    return Corrupt();
  }
  WireReader in(AsBytes(bytes.substr(0, end)).subspan(kMagic.size()));
  const uint64_t minutes = in.VarintUpTo(kForeverMinutes);
  Result<Frame> frame = DecodeBody(FrameType::kSnapshot, in.Rest());
  if (!in.ok() || !frame) return Corrupt();
  return FeedState{std::get<SnapshotFrame>(*std::move(frame)),
                   EpochSeconds(std::chrono::minutes(minutes))};
}

Result<StateDirectory> StateDirectory::Open(const std::string& path) {
  if (Status made = EnsureDirectory(path); !made) return made.error();
  Result<DirectoryLock> lock = DirectoryLock::TryAcquire(path);
  if (!lock) return lock.error();
  return StateDirectory(path, *std::move(lock));
}

Result<FeedState> StateDirectory::Load() const {
  Result<std::string> bytes =
      ReadFile(path_ + "/list.state", kMaxSnapshotBytes);
  if (!bytes) return bytes.error();
  return DecodeFeedState(*bytes);
}

Status StateDirectory::Save(const FeedState& state) const {
  return Replace(path_ + "/list.state", EncodeFeedState(state));
}

Result<std::string> StateDirectory::LoadRings() const {
  return ReadFile(path_ + "/rings.frame", kMaxRingsBytes);
}

Status StateDirectory::SaveRings(std::string_view frame) const {
  return Replace(path_ + "/rings.frame", frame);
}

}  // namespace signet
