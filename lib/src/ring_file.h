#ifndef SIGNET_LIB_SRC_RING_FILE_H_
#define SIGNET_LIB_SRC_RING_FILE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ring_document.h"
#include "signet/key_ring.h"

namespace signet {

// The longest ring file that is read.
inline constexpr size_t kMaxRingFileSize = 2u << 20;

// A RingFile is a `.ring` file whose form and check sum are right. Nothing of
// it is authentic yet.
struct RingFile {
  RingDocument document;
  std::string authenticated;  // the bytes that `mac` covers
  Mac mac{};
};

// ParseRingFile reads the form. kCorrupt: truncated or edited, the message
// begins with which. kUnsupported: written by a later version.
Result<RingFile> ParseRingFile(std::string_view text);

// SealedUnder tells whether a key of the file was encrypted under `kek`.
bool SealedUnder(const RingFile& file, std::span<const uint8_t, 32> kek);

// OpenRingFile authenticates and decrypts. kDenied: another key-encryption
// key. kCorrupt: edited by someone without the key. kInvalid: authentic, and
// not a ring by today's rules.
Result<SigningRing> OpenRingFile(const RingFile& file,
                                 std::span<const uint8_t, 32> kek);

// WriteRingFile encrypts and authenticates. `kdf` says how `kek` was derived.
std::string WriteRingFile(const SigningRing& ring,
                          std::span<const uint8_t, 32> kek,
                          const std::optional<KdfParams>& kdf);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_RING_FILE_H_
