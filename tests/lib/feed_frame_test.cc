#include "signet/feed_frame.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "feed_body.h"

namespace signet {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr EpochSeconds kStart{minutes(29'000'000)};
const Time kNow{kStart.time_since_epoch() + milliseconds(123)};

// Signer is a feed ring of one key with its secret.
struct Signer {
  explicit Signer(uint8_t seed_byte, Time activates = kNow - minutes(10))
      : key(*SecretKey::FromSecret(KeyFormat::kFeedEd25519,
                                   std::vector<uint8_t>(32, seed_byte))),
        ring(*KeyRing::Create(
            {KeyPurpose::kFeed, KeyFormat::kFeedEd25519, 3,
             DefaultPolicy(KeyPurpose::kFeed)},
            {{key.Public(), {activates, activates, {}, {}, {}}}})) {}

  SecretKey key;
  KeyRing ring;
};

const Signer& TheSigner() {
  static const Signer signer(1);
  return signer;
}

RevocationId RandomId(std::mt19937_64& random) {
  RevocationId id;
  for (uint8_t& byte : id) byte = static_cast<uint8_t>(random());
  return id;
}

FeedHead Head(uint64_t sequence) {
  FeedHead head;
  head.position = {3, sequence};
  head.time = kNow;
  head.digest.fill(7);
  head.ring_generation = 12;
  return head;
}

std::vector<Revocation> Sessions(size_t count, int spread, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Revocation> entries(count);
  for (size_t i = 0; i < count; ++i) {
    const auto at = kStart + seconds(i / 10);
    entries[i] = {RevocationKind::kSession,
                  RandomId(random),
                  at,
                  {},
                  kStart + minutes(1 + i % spread)};
  }
  return entries;
}

std::vector<Revocation> MixedEntries() {
  std::mt19937_64 random(5);
  std::vector<Revocation> entries;
  for (int i = 0; i < 60; ++i) {
    Revocation entry;
    entry.kind = static_cast<RevocationKind>(1 + i % 6);
    if (entry.kind != RevocationKind::kAll) entry.id = RandomId(random);
    entry.at = kStart - seconds(random() % 100);
    if (IsCutoff(entry.kind)) entry.not_before = entry.at - seconds(i % 3);
    entry.drop_after = kStart + minutes(random() % 5);
    entries.push_back(entry);
  }
  entries[1].drop_after = kForever;
  entries[4].not_before = entries[4].drop_after = kForever;
  entries[7].at = kForever;
  entries[8].at = entries[8].not_before = EpochSeconds{};
  return entries;
}

SnapshotFrame SnapshotOf(const std::vector<Revocation>& entries) {
  RevocationList list;
  list.Apply(entries);
  return {Head(1'000), LogHash{9}, list.Entries(kNow)};
}

std::vector<Frame> Samples() {
  std::vector<Frame> frames;
  frames.push_back(HeadFrame{Head(77), LogHash{1, 2, 3}});
  frames.push_back(HeadFrame{});
  frames.push_back(BatchFrame{Head(5), 5, LogHash{4}, Sessions(1, 1, 1)});
  frames.push_back(BatchFrame{Head(90), 1, LogHash{4}, MixedEntries()});
  frames.push_back(
      BatchFrame{Head(kMaxBatch), 1, {}, Sessions(kMaxBatch, 9, 2)});
  frames.push_back(SnapshotFrame{Head(0), {}, {}});
  frames.push_back(SnapshotOf(MixedEntries()));
  frames.push_back(SnapshotOf(Sessions(700, 15, 3)));
  frames.push_back(RingsFrame{Head(1), {}});
  frames.push_back(RingsFrame{Head(1), {TheSigner().ring}});
  return frames;
}

std::string Encoded(const Frame& frame) {
  return EncodeFrame(frame, TheSigner().key);
}

Result<Frame> Decoded(std::string_view bytes) {
  return DecodeFrame(AsBytes(bytes), TheSigner().ring, kNow);
}

TEST_CASE("every kind of frame decodes to what was encoded") {
  for (const Frame& frame : Samples()) {
    const std::string bytes = Encoded(frame);
    const auto decoded = Decoded(bytes);
    REQUIRE(decoded.ok());
    CHECK(*decoded == frame);
    CHECK(Encoded(*decoded) == bytes);
  }
}

TEST_CASE("one revocation is a frame of at most 160 bytes") {
  FeedHead head = Head(4'000'000'000);
  head.position.epoch = 500;
  head.ring_generation = 5'000;
  const BatchFrame batch{head, head.position.sequence, LogHash{4},
                         Sessions(1, 1, 1)};
  CHECK(Encoded(batch).size() <= 160);
  std::vector<Revocation> cutoff = Sessions(1, 1, 1);
  cutoff[0].kind = RevocationKind::kSubject;
  cutoff[0].not_before = cutoff[0].at;
  CHECK(Encoded(BatchFrame{head, head.position.sequence, {}, cutoff}).size() <=
        160);
}

TEST_CASE("a batch of a hundred takes at most 24 bytes an entry") {
  const BatchFrame batch{Head(1'000'000), 999'901, LogHash{4},
                         Sessions(100, 30, 1)};
  CHECK(Encoded(batch).size() <= 2400);
}

TEST_CASE("a snapshot of a million random ids takes at most 14.5 MB") {
  const SnapshotFrame snapshot = SnapshotOf(Sessions(1'000'000, 15, 6));
  REQUIRE(snapshot.entries.size() == 1'000'000);
  const std::string bytes = Encoded(snapshot);
  CHECK(bytes.size() <= 14'500'000);
  const auto decoded = Decoded(bytes);
  REQUIRE(decoded.ok());
  CHECK(std::get<SnapshotFrame>(*decoded) == snapshot);
}

TEST_CASE("groups of every small size decode, dense ids too") {
  for (size_t count = 1; count <= 70; ++count) {
    std::vector<Revocation> entries = Sessions(count, 1, count);
    if (count % 2 == 0) {
      for (size_t i = 0; i < count; ++i) {
        entries[i].id.fill(count % 4 == 0 ? 0xff : 0);
        entries[i].id[15] = static_cast<uint8_t>(i);
      }
    }
    const SnapshotFrame snapshot = SnapshotOf(entries);
    const auto decoded = Decoded(Encoded(snapshot));
    REQUIRE(decoded.ok());
    CHECK(std::get<SnapshotFrame>(*decoded) == snapshot);
  }
}

TEST_CASE("a frame of another ring's key is kNotFound") {
  const Signer other(2);
  const std::string bytes = EncodeFrame(Samples()[0], other.key);
  CHECK(Decoded(bytes).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a frame of a key that is not active yet is kDenied") {
  const Duration skew = DefaultPolicy(KeyPurpose::kFeed).clock_skew;
  const Signer late(3, kNow + skew + milliseconds(1));
  const std::string bytes = EncodeFrame(Samples()[0], late.key);
  const auto at = [&](Time now) {
    return DecodeFrame(AsBytes(bytes), late.ring, now);
  };
  CHECK(at(kNow).error().code == ErrorCode::kDenied);
  CHECK(at(kNow + milliseconds(1)).ok());
}

TEST_CASE("any flipped bit of a frame is refused with a typed error") {
  for (const Frame& frame : Samples()) {
    const std::string good = Encoded(frame);
    std::mt19937_64 random(11);
    for (int i = 0; i < 60; ++i) {
      std::string bad = good;
      bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
      const auto decoded = Decoded(bad);
      REQUIRE_FALSE(decoded.ok());
      const ErrorCode code = decoded.error().code;
      CHECK((code == ErrorCode::kInvalid || code == ErrorCode::kNotFound ||
             code == ErrorCode::kDenied));
    }
  }
}

TEST_CASE("a frame cut short or with bytes after it is refused") {
  const std::string good = Encoded(Samples()[2]);
  for (size_t length = 0; length < good.size(); ++length) {
    CHECK_FALSE(Decoded(good.substr(0, length)).ok());
  }
  CHECK_FALSE(Decoded(good + '\0').ok());
}

TEST_CASE("the empty input and another version are kInvalid") {
  CHECK(Decoded("").error().code == ErrorCode::kInvalid);
  std::string bytes = Encoded(Samples()[0]);
  bytes[1] = 2;
  CHECK(Decoded(bytes).error().code == ErrorCode::kInvalid);
}

// What a defective service might sign is no worse than a typed error either.
TEST_CASE("whatever body decodes encodes to the same bytes") {
  std::mt19937_64 random(13);
  size_t accepted = 0;
  for (const Frame& frame : Samples()) {
    std::string good;
    EncodeBody(frame, good);
    for (int i = 0; i < 3'000; ++i) {
      std::string bad = good.substr(0, 3'000);
      for (uint64_t n = 1 + random() % 3; n > 0; --n) {
        const size_t at = random() % std::min<size_t>(bad.size(), 200);
        switch (random() % 4) {
          case 0:
            bad[at] ^= static_cast<char>(1 << random() % 8);
            break;
          case 1:
            bad[at] = static_cast<char>(random());
            break;
          case 2:
            bad.erase(at, 1 + random() % 4);
            break;
          case 3:
            bad.insert(at, 1, static_cast<char>(random()));
            break;
        }
        if (bad.empty()) break;
      }
      const auto decoded = DecodeBody(TypeOf(frame), AsBytes(bad));
      if (!decoded) continue;
      ++accepted;
      std::string again;
      EncodeBody(*decoded, again);
      REQUIRE(again == bad);
    }
  }
  CHECK(accepted > 100);
}

TEST_CASE("random bytes are no body of any type") {
  std::mt19937_64 random(17);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const auto type = static_cast<FrameType>(random() % 6);
    const auto decoded = DecodeBody(type, AsBytes(bytes));
    if (!decoded) continue;
    std::string again;
    EncodeBody(*decoded, again);
    REQUIRE(again == bytes);
  }
}

TEST_CASE("counts beyond the bytes that are there set nothing aside") {
  std::string body;
  EncodeBody(SnapshotFrame{Head(9), {}, {}}, body);
  body.pop_back();  // the number of groups
  WireWriter out(body);
  out.Varint(1);
  out.Byte(2);
  out.Varint(29'000'000);
  out.Varint(uint64_t{1} << 60);
  out.Raw(std::vector<uint8_t>(64, 0xff));
  CHECK_FALSE(DecodeBody(FrameType::kSnapshot, AsBytes(body)).ok());
}

TEST_CASE("a batch cannot hold more than its sequences, or none") {
  const auto entries = Sessions(3, 1, 1);
  const auto decodes = [&](uint64_t sequence, uint64_t first, size_t count) {
    std::string body;
    BatchFrame batch{Head(sequence), first, {}, entries};
    batch.entries.resize(count);
    EncodeBody(batch, body);
    return DecodeBody(FrameType::kBatch, AsBytes(body)).ok();
  };
  CHECK(decodes(3, 1, 3));
  CHECK(decodes(9, 1, 3));
  CHECK_FALSE(decodes(2, 1, 3));
  CHECK_FALSE(decodes(2, 0, 3));
}

TEST_CASE("varints have one spelling") {
  const auto reads = [](std::initializer_list<uint8_t> bytes) {
    const std::vector<uint8_t> copy(bytes);
    WireReader in(copy);
    in.Varint();
    return in.AtEnd();
  };
  CHECK(reads({0}));
  CHECK(reads({0x80, 0x01}));
  CHECK_FALSE(reads({0x80, 0x00}));
  CHECK_FALSE(reads({0x80}));
  CHECK_FALSE(reads({}));
  CHECK(reads({255, 255, 255, 255, 255, 255, 255, 255, 255, 1}));
  CHECK_FALSE(reads({255, 255, 255, 255, 255, 255, 255, 255, 255, 2}));
  CHECK_FALSE(reads({255, 255, 255, 255, 255, 255, 255, 255, 255, 129, 0}));
}

TEST_CASE("zigzag maps every number back") {
  for (const int64_t n :
       {int64_t{0}, int64_t{-1}, int64_t{1}, INT64_MAX, INT64_MIN}) {
    CHECK(UnZigZag(ZigZag(n)) == n);
  }
  CHECK(ZigZag(-1) == 1);
  CHECK(ZigZag(1) == 2);
}

TEST_CASE("the log hash depends on every field and on what came before") {
  const Revocation entry = MixedEntries()[2];
  const LogHash base = ChainLogHash({}, entry);
  CHECK(ChainLogHash(LogHash{1}, entry) != base);
  Revocation other = entry;
  other.at += seconds(1);
  CHECK(ChainLogHash({}, other) != base);
  other = entry;
  other.drop_after += minutes(1);
  CHECK(ChainLogHash({}, other) != base);
  other = entry;
  other.not_before -= seconds(1);
  CHECK(ChainLogHash({}, other) != base);
  other = entry;
  other.id[15] ^= 1;
  CHECK(ChainLogHash({}, other) != base);
  other = entry;
  other.kind = RevocationKind::kClient;
  CHECK(ChainLogHash({}, other) != base);
}

TEST_CASE("a body splits into the frames that were appended") {
  std::string body;
  CHECK(SplitFrames(AsBytes(body))->empty());
  AppendFrame(body, "one");
  AppendFrame(body, "three");
  const auto frames = SplitFrames(AsBytes(body));
  REQUIRE(frames.ok());
  REQUIRE(frames->size() == 2);
  CHECK(AsText((*frames)[0]) == "one");
  CHECK(AsText((*frames)[1]) == "three");
}

TEST_CASE("a body that does not end with a whole frame is kInvalid") {
  std::string body;
  AppendFrame(body, "one");
  for (size_t cut = 1; cut < body.size(); ++cut) {
    const std::string part = body.substr(0, cut);
    CHECK(SplitFrames(AsBytes(part)).error().code == ErrorCode::kInvalid);
  }
  std::string empty_frame;
  AppendFrame(empty_frame, "");
  CHECK_FALSE(SplitFrames(AsBytes(empty_frame)).ok());
}

}  // namespace
}  // namespace signet
