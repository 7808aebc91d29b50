// Records of the store: bytes that a record is made of are what its encoder
// writes, whatever a damaged disk or another version left there.
#include "revocation-service/audit/line.h"
#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/feed/log_entry.h"
#include "revocation-service/session/session.h"
#include "revocation-service/ssf/stream_state.h"
#include "revocation-service/status/status_entry.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

template <class Record, class Encode>
void Check(const Result<Record>& record, std::string_view bytes,
           Encode encode) {
  if (record) {
    FUZZ_CHECK(encode(*record) == bytes);
    return;
  }
  FUZZ_CHECK(record.error().code == ErrorCode::kCorrupt ||
             record.error().code == ErrorCode::kUnsupported);
  FUZZ_CHECK(!record.error().message.empty());
}

FUZZ_TARGET(input) {
  const uint8_t kind = TakeByte(input);
  switch (kind % 6) {
    case 0: {
      const service::SessionId id = {1, 2, 3};
      const auto session = service::DecodeSession(id, input);
      if (!session) return Check(session, input, service::EncodeSession);
      // An older version is written as the newer one.
      const std::string bytes = service::EncodeSession(*session);
      FUZZ_CHECK(service::DecodeSession(id, bytes).value() == *session);
      if (bytes[0] == input[0]) FUZZ_CHECK(bytes == input);
      return;
    }
    case 1:
      return Check(service::DecodeLogEntry(input), input,
                   service::EncodeLogEntry);
    case 2:
      return Check(service::DecodeAuditLine(input), input,
                   service::EncodeAuditLine);
    case 3:
      return Check(service::ssf::DecodeStreamState(input), input,
                   service::ssf::EncodeStreamState);
    case 4:
      return Check(service::DecodeStatusEntry(input), input,
                   service::EncodeStatusEntry);
    default:
      return Check(service::feed::DecodeCheckpoint(input), input,
                   service::feed::EncodeCheckpoint);
  }
}

}  // namespace
}  // namespace signet::fuzz
