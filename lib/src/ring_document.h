#ifndef SIGNET_LIB_SRC_RING_DOCUMENT_H_
#define SIGNET_LIB_SRC_RING_DOCUMENT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kek.h"
#include "signet/key_ring.h"

namespace signet {

// A RingDocument is what the two ring files say, `.pub.json` and the JSON
// part of `.ring`, before anyone has looked whether it makes sense. The
// grammar is at the top of ring_document.cc.
struct RingDocument {
  struct Key {
    std::string id = {};
    std::string public_text = {};  // "k4.public.…"; empty if symmetric
    std::string sealed_text = {};  // "k4.*-wrap.pie.…"; if sealed
    KeySchedule schedule = {};
  };
  // How the secret halves are encrypted.
  struct Sealing {
    std::string kek_id;
    std::optional<KdfParams> kdf;
  };

  RingInfo info;
  std::optional<Sealing> sealing = {};  // a `.ring` file has it
  std::vector<Key> keys = {};
};

enum class RingDocumentKind { kPublic, kSealed };

// ParseRingDocument is strict: an unknown, missing, repeated or ill-typed
// member is kInvalid, and the error names it. Another version of the format
// is kUnsupported.
Result<RingDocument> ParseRingDocument(std::string_view json,
                                       RingDocumentKind kind);

// WriteRingDocument writes what ParseRingDocument reads, indented by two
// spaces, with a final line end.
std::string WriteRingDocument(const RingDocument& document);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_RING_DOCUMENT_H_
