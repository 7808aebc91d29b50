// A stream's record (fields: feed/wire.h):
//
//   record = version u8 (1) ‖ done u64 ‖ count u32 ‖ count × sequence u64
//            ‖ notices u8 ‖ notices × (kind u8 ‖ jti text ‖ at u64 ‖ text)
//
// Sequences ascend and are greater than done. Nothing may follow.
#include "revocation-service/ssf/stream_state.h"

#include <utility>

#include "revocation-service/feed/wire.h"
#include "signet/revocation.h"

namespace signet::service::ssf {
namespace {

constexpr uint8_t kVersion = 1;

using feed::FieldReader;
using feed::FieldWriter;

bool ReadSequences(FieldReader& in, StreamState& state) {
  uint64_t last = state.done;
  const auto count = in.Integer<uint32_t>();
  if (!in.ok() || in.left() / sizeof(uint64_t) < count) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const auto sequence = in.Integer<uint64_t>();
    if (sequence <= last) return false;
    state.out_of_order.insert(last = sequence);
  }
  return true;
}

bool ReadNotices(FieldReader& in, StreamState& state) {
  const auto count = in.Integer<uint8_t>();
  for (uint8_t i = 0; in.ok() && i < count; ++i) {
    Notice notice;
    const auto kind = in.Integer<uint8_t>();
    notice.kind = static_cast<Notice::Kind>(kind);
    notice.id = in.Text();
    const auto at = in.Integer<uint64_t>();
    notice.text = in.Text();
    if (kind < 1 || kind > 2) return false;
    if (at > static_cast<uint64_t>(kForever.time_since_epoch().count())) {
      return false;
    }
    notice.at = EpochSeconds(Seconds(static_cast<int64_t>(at)));
    state.notices.push_back(std::move(notice));
  }
  return in.done();
}

}  // namespace

std::string EncodeStreamState(const StreamState& state) {
  FieldWriter out;
  out.Integer(kVersion);
  out.Integer(state.done);
  out.Integer(static_cast<uint32_t>(state.out_of_order.size()));
  for (const uint64_t sequence : state.out_of_order) out.Integer(sequence);
  out.Integer(static_cast<uint8_t>(state.notices.size()));
  for (const Notice& notice : state.notices) {
    out.Integer(static_cast<uint8_t>(notice.kind));
    out.Text(notice.id);
    out.Integer(static_cast<uint64_t>(notice.at.time_since_epoch().count()));
    out.Text(notice.text);
  }
  return out.Take();
}

Result<StreamState> DecodeStreamState(std::string_view bytes) {
  FieldReader in(bytes);
  const auto version = in.Integer<uint8_t>();
  if (in.ok() && version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 "reading a stream of version " + std::to_string(version),
                 "the store was written by a newer signetd"};
  }
  StreamState state;
  state.done = in.Integer<uint64_t>();
  if (!ReadSequences(in, state) || !ReadNotices(in, state)) {
    return Error{ErrorCode::kCorrupt, "reading a stream: malformed"};
  }
  return state;
}

void Post(Notice notice, StreamState& state) {
  std::erase_if(state.notices,
                [&](const Notice& old) { return old.kind == notice.kind; });
  state.notices.push_back(std::move(notice));
}

}  // namespace signet::service::ssf
