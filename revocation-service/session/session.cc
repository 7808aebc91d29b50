// A session record:
//
//   record   = version u8 (2) ‖ salt 16 ‖ subject text ‖ client_id text
//              ‖ count of audiences ‖ audience text … ‖ scope text
//              ‖ device text ‖ custom text ‖ created_at ‖ rotated_at
//              ‖ last_seen ‖ expires_at ‖ idle_timeout ‖ generation
//              ‖ key_id text ‖ graces ‖ replayed (0 or 1) ‖ access_until
//              ‖ dpop_jkt text ‖ retry_proof text (0 or 16 bytes)
//   text     = length ‖ bytes
//
// Every number is an unsigned LEB128 varint in its shortest form: times in
// seconds since 1970, rotated_at in milliseconds. Nothing may follow. The
// session's id is its key in the store. Version 1 ended with access_until; it
// is read, and written as version 2 with the next change.
#include "revocation-service/session/session.h"

#include <algorithm>
#include <limits>

namespace signet::service {
namespace {

constexpr uint8_t kOldVersion = 1;
constexpr uint8_t kVersion = 2;
// Year 36,812 in seconds: nothing computed from a time can overflow.
constexpr uint64_t kMaxTime = uint64_t{1} << 40;
constexpr size_t kMaxAudiences = 1024;

class Writer {
 public:
  void Raw(Bytes bytes) { out_ += AsText(bytes); }
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      out_.push_back(static_cast<char>(value | 0x80));
    }
    out_.push_back(static_cast<char>(value));
  }
  void Text(std::string_view text) {
    Number(text.size());
    out_ += text;
  }
  template <typename TimeOrDuration>
  void Moment(TimeOrDuration time) {
    Number(static_cast<uint64_t>(time.time_since_epoch().count()));
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// A Reader is sticky: after the first fault every field is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  uint8_t Byte() {
    const std::string_view byte = Take(1);
    return byte.empty() ? uint8_t{0} : static_cast<uint8_t>(byte[0]);
  }
  uint64_t Number(uint64_t max);
  std::string Text() { return std::string(Take(Number(rest_.size()))); }
  template <size_t N>
  void Raw(std::array<uint8_t, N>& out) {
    std::ranges::copy(Take(N), out.begin());
  }
  EpochSeconds Moment() { return EpochSeconds(Seconds(Number(kMaxTime))); }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view Take(size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

uint64_t Reader::Number(uint64_t max) {
  uint64_t value = 0;
  for (int shift = 0; ok_ && shift < 63; shift += 7) {
    const uint8_t byte = Byte();
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte & 0x80) continue;
    // A last group of zeros would be a second spelling of the same number.
    ok_ = ok_ && (byte != 0 || shift == 0) && value <= max;
    return ok_ ? value : 0;
  }
  ok_ = false;
  return 0;
}

std::vector<std::string> ReadAudiences(Reader& in) {
  std::vector<std::string> audience(in.Number(kMaxAudiences));
  for (std::string& one : audience) one = in.Text();
  return audience;
}

void ReadFields(Reader& in, uint8_t version, Session& session) {
  constexpr uint64_t kMaxCount = std::numeric_limits<uint32_t>::max();
  in.Raw(session.salt);
  session.subject = in.Text();
  session.client_id = in.Text();
  session.audience = ReadAudiences(in);
  session.scope = in.Text();
  session.device = in.Text();
  session.custom = in.Text();
  session.created_at = in.Moment();
  session.rotated_at = Time(Duration(in.Number(kMaxTime * 1000)));
  session.last_seen = in.Moment();
  session.expires_at = in.Moment();
  session.idle_timeout = in.Moment().time_since_epoch();
  session.generation = static_cast<uint32_t>(in.Number(kMaxCount));
  session.key_id = in.Text();
  session.graces = static_cast<uint32_t>(in.Number(kMaxCount));
  session.replayed = in.Number(1) == 1;
  session.access_until = in.Moment();
  if (version == kOldVersion) return;
  session.dpop_jkt = in.Text();
  session.retry_proof = in.Text();
}

}  // namespace

std::string EncodeSession(const Session& session) {
  Writer out;
  out.Raw(std::array{kVersion});
  out.Raw(session.salt);
  out.Text(session.subject);
  out.Text(session.client_id);
  out.Number(session.audience.size());
  for (const std::string& one : session.audience) out.Text(one);
  out.Text(session.scope);
  out.Text(session.device);
  out.Text(session.custom);
  out.Moment(session.created_at);
  out.Moment(session.rotated_at);
  out.Moment(session.last_seen);
  out.Moment(session.expires_at);
  out.Number(static_cast<uint64_t>(session.idle_timeout.count()));
  out.Number(session.generation);
  out.Text(session.key_id);
  out.Number(session.graces);
  out.Number(session.replayed ? 1 : 0);
  out.Moment(session.access_until);
  out.Text(session.dpop_jkt);
  out.Text(session.retry_proof);
  return out.Take();
}

Result<Session> DecodeSession(const SessionId& id, std::string_view bytes) {
  Reader in(bytes);
  const uint8_t version = in.Byte();
  if (!bytes.empty() && version != kVersion && version != kOldVersion) {
    return Error{
        ErrorCode::kUnsupported,
        "reading a session record of version " + std::to_string(version),
        "The store was written by a newer signetd."};
  }
  Session session;
  session.id = id;
  ReadFields(in, version, session);
  if (!in.done()) {
    return Error{ErrorCode::kCorrupt, "reading a session record: malformed"};
  }
  return session;
}

}  // namespace signet::service
