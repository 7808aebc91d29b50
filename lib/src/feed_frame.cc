#include "signet/feed_frame.h"

#include <algorithm>
#include <cassert>
#include <string>

#include "feed_body.h"
#include "feed_wire.h"
#include "revocation_digest.h"

// The grammar of a frame. Integers are little endian; `varint` is LEB128 in
// the fewest bytes; `signed` is a varint of the zigzag code. Nothing has two
// spellings, and nothing may follow the end.
//
//   frame     = magic version type hint head body signature
//   magic     = 0x53
//   version   = 0x01
//   type      = 0x01 / 0x02 / 0x03 / 0x04
//   hint      = 4OCTET            ; BLAKE2b-128 of the feed key's id, cut
//   signature = 64OCTET           ; Ed25519, by a key of the feed ring, over
//             ; "signet feed frame v1" BLAKE2b-512(all before the signature)
//
//   head      = epoch sequence time digest generation
//   epoch     = varint            ; below 2^32
//   sequence  = varint
//   time      = varint            ; milliseconds since 1970
//   digest    = 16OCTET           ; RevocationList::DigestAt
//   generation= varint            ; of the published rings
//
//   body      = log-hash                            ; type 1, head
//             / back log-hash count 1*1000entry     ; type 2, batch
//             / log-hash groups *group              ; type 3, snapshot
//             / count *ring                         ; type 4, rings
//   log-hash  = 16OCTET           ; in a batch: before its first entry
//   back      = varint            ; head's sequence - the first entry's
//   count     = varint
//
//   entry     = kind [id] at drop [not-before]      ; the log's order
//   kind      = OCTET             ; RevocationKind
//   id        = 16OCTET           ; absent for kAll
//   at        = signed            ; seconds, after the previous entry's; the
//                                 ; first one's after the head's time
//   drop      = signed            ; minutes, after at / 60
//   not-before= signed            ; seconds, after at; cut-offs only
//
//   groups    = varint
//   group     = kind minute count ids *not-before   ; by kind, then minute
//   minute    = varint            ; drop_after / 60
//   ids       = *id-code *%b0     ; ascending, filled up to a whole byte
//   id-code   = *%b0 %b1 low      ; lowest bit of a byte first: as many zeros
//             ; as the id's high part is above the previous one's, and the
//             ; low part: its 128 - b low bits (of the big-endian number),
//             ; top 64 - b first, then 32, then 32; b = bit width of count
//   not-before= signed            ; seconds, after the previous one's; the
//                                 ; first one's after minute * 60
//
//   ring      = length *OCTET     ; KeyRing::Serialize
//   length    = varint
//
// ids is an Elias-Fano code whose two halves are interleaved: it takes about
// 1.5 bits an id more than the entropy of a random set.
//
// A sequence of frames (SplitFrames) is *( length:u32 frame ).

namespace signet {
namespace {

constexpr uint8_t kMagic = 0x53;
constexpr uint8_t kVersion = 1;
constexpr size_t kHintLength = 4;
constexpr size_t kPrefixLength = 3 + kHintLength;
constexpr size_t kSignatureLength = 64;
constexpr std::string_view kDomain = "signet feed frame v1";

using Hint = std::array<uint8_t, kHintLength>;

Hint HintOf(std::string_view key_id) {
  std::array<uint8_t, 16> digest;
  Blake2b(digest, AsBytes(key_id));
  return {digest[0], digest[1], digest[2], digest[3]};
}

// SignedBytes is what the signature covers: a digest, so that a snapshot need
// not be copied behind the domain.
std::string SignedBytes(Bytes unsigned_frame) {
  std::array<uint8_t, 64> digest;
  Blake2b(digest, unsigned_frame);
  std::string message(kDomain);
  message += AsText(digest);
  return message;
}

Error NotAFrame() {
  return {ErrorCode::kInvalid, "the bytes are not a feed frame"};
}

// CheckSignature finds the signer by its hint. Two keys may share one.
Status CheckSignature(Bytes frame, const KeyRing& ring, Time now) {
  const Bytes hint = frame.subspan(3, kHintLength);
  const Bytes signature = frame.last(kSignatureLength);
  const std::string message =
      SignedBytes(frame.first(frame.size() - kSignatureLength));
  bool known = false;
  for (const RingKey& key : ring.keys()) {
    if (!std::ranges::equal(hint, HintOf(key.key.id()))) continue;
    known = true;
    if (!key.key.Verify(AsBytes(message), signature)) continue;
    if (key.schedule.MayVerify(now, ring.info().policy.clock_skew)) return {};
    return Error{ErrorCode::kDenied,
                 "the feed frame is signed by a key that may not sign now"};
  }
  if (known) {
    return Error{ErrorCode::kDenied, "the feed frame's signature is wrong"};
  }
  return Error{ErrorCode::kNotFound,
               "the feed frame is signed by a key that the feed ring lacks",
               "give the feed the public feed ring of this service"};
}

}  // namespace

LogHash ChainLogHash(const LogHash& previous, const Revocation& entry) {
  std::array<uint8_t, 45> message;
  std::copy(previous.begin(), previous.end(), message.begin());
  message[16] = static_cast<uint8_t>(entry.kind);
  std::copy(entry.id.begin(), entry.id.end(), message.begin() + 17);
  StoreLittleEndian(&message[33], ClampSeconds(entry.at));
  StoreLittleEndian(&message[37], ClampSeconds(entry.not_before));
  StoreLittleEndian(&message[41], DropMinute(entry.drop_after) * 60);
  LogHash hash;
  Blake2b(hash, message);
  return hash;
}

std::string EncodeFrame(const Frame& frame, const SecretKey& key) {
  assert(key.format() == KeyFormat::kFeedEd25519);
  std::string out;
  WireWriter writer(out);
  writer.Byte(kMagic);
  writer.Byte(kVersion);
  writer.Byte(static_cast<uint8_t>(TypeOf(frame)));
  writer.Raw(HintOf(key.id()));
  EncodeBody(frame, out);
  const std::string signature = key.Sign(AsBytes(SignedBytes(AsBytes(out))));
  writer.Raw(AsBytes(signature));
  return out;
}

Result<Frame> DecodeFrame(Bytes frame, const KeyRing& feed_ring, Time now) {
  if (frame.size() < kPrefixLength + kSignatureLength ||
      frame.size() > kMaxSnapshotBytes || frame[0] != kMagic) {
    return NotAFrame();
  }
  if (frame[1] != kVersion) {
    return Error{ErrorCode::kInvalid, "the feed frame's version is unknown"};
  }
  // Who wrote it comes first: what follows parses only the service's bytes.
  if (Status status = CheckSignature(frame, feed_ring, now); !status) {
    return status.error();
  }
  const Bytes body = frame.subspan(
      kPrefixLength, frame.size() - kPrefixLength - kSignatureLength);
  return DecodeBody(static_cast<FrameType>(frame[2]), body);
}

Result<std::vector<Bytes>> SplitFrames(Bytes body) {
  std::vector<Bytes> frames;
  while (!body.empty()) {
    if (body.size() < 4) return NotAFrame();
    const size_t length = LoadLittleEndian<uint32_t>(body.data());
    body = body.subspan(4);
    if (length == 0 || length > body.size()) {
      return Error{ErrorCode::kInvalid,
                   "the answer does not end with a whole feed frame"};
    }
    frames.push_back(body.first(length));
    body = body.subspan(length);
  }
  return frames;
}

void AppendFrame(std::string& body, std::string_view frame) {
  uint8_t length[4];
  StoreLittleEndian(length, static_cast<uint32_t>(frame.size()));
  body.append(AsText(length));
  body.append(frame);
}

}  // namespace signet
