#include "ring_file.h"

#include <algorithm>

#include "key_text.h"
#include "paserk.h"

// ring-file = document sum-line mac-line
// document  = a sealed ring (ring_document.cc), which ends with LF
// sum-line  = "sum: " base64url(16 bytes) LF
// mac-line  = "mac: " base64url(32 bytes) LF
//
// sum is BLAKE2b-128 of the document. It has no key: it tells an accident
// from a wrong key, and stops nobody. A file is truncated if it ends before
// the mac-line does.
// mac is BLAKE2b-256 of document and sum-line, under the key
// BLAKE2b-256(key = KEK, "signet ring mac 1"). The KEK wraps the secret keys
// by PASERK's PIE, whose derivations begin with the byte 0x80 or 0x81: no
// input of one use is an input of the other.

namespace signet {

namespace {

constexpr std::string_view kSumLabel = "sum: ";
constexpr std::string_view kMacLabel = "mac: ";
constexpr std::string_view kMacContext = "signet ring mac 1";

using Sum = std::array<uint8_t, 16>;

Error Corrupt(std::string what) {
  return {ErrorCode::kCorrupt, std::move(what)};
}

Sum SumOf(std::string_view document) {
  Sum sum;
  Blake2b(sum, AsBytes(document));
  return sum;
}

Mac MacOf(std::string_view authenticated, std::span<const uint8_t, 32> kek) {
  SecretBytes<32> key;
  Blake2b(key.span(), AsBytes(kMacContext), kek);
  Mac mac;
  Blake2b(mac, AsBytes(authenticated), key.span());
  return mac;
}

std::string Line(std::string_view label, Bytes value) {
  return std::string(label) + Base64UrlEncode(value) + "\n";
}

// CutLastLine takes the last line off `text` and reads its value.
bool CutLastLine(std::string_view& text, std::string_view label,
                 std::span<uint8_t> value) {
  if (!text.ends_with('\n')) return false;
  const std::string_view body = text.substr(0, text.size() - 1);
  const size_t end = body.rfind('\n');
  if (end == std::string_view::npos) return false;
  const std::string_view line = body.substr(end + 1);
  text = text.substr(0, end + 1);
  return line.starts_with(label) &&
         Base64UrlDecodeTo(line.substr(label.size()), value);
}

// IsCutShort tells whether a file that does not end with its mac-line lacks
// bytes at its end. If not, they have been altered.
bool IsCutShort(std::string_view text) {
  constexpr size_t kSumLine = kSumLabel.size() + 22 + 1;
  constexpr size_t kMacLine = kMacLabel.size() + 43 + 1;
  // No other line of the document is a brace alone.
  constexpr std::string_view kDocumentEnd = "\n}\n";
  const size_t end = text.find(kDocumentEnd);
  return end == std::string_view::npos ||
         text.size() - end - kDocumentEnd.size() < kSumLine + kMacLine;
}

// PublicText is what the document says of a key's public half.
std::string PublicText(const SecretKey& key) {
  if (IsSymmetric(key.format())) return {};
  return PublicKeyText(key.Public());
}

Result<SigningRing::Key> OpenKey(const RingDocument::Key& key, KeyFormat format,
                                 std::span<const uint8_t, 32> kek) {
  Result<SecretKey> secret = OpenSecretKey(format, key.sealed_text, kek);
  if (!secret.ok()) {
    return Corrupt("edited: key " + key.id + ": " + secret.error().message);
  }
  if (secret->id() != key.id || PublicText(*secret) != key.public_text) {
    return Corrupt("edited: key " + key.id +
                   ": its secret half is another key's");
  }
  return SigningRing::Key{*std::move(secret), key.schedule};
}

}  // namespace

Result<RingFile> ParseRingFile(std::string_view text) {
  RingFile file;
  const std::string_view whole = text;
  if (!CutLastLine(text, kMacLabel, file.mac)) {
    return IsCutShort(whole)
               ? Corrupt("truncated: the file ends before its mac does")
               : Corrupt("edited: the file does not end with its mac");
  }
  file.authenticated = text;
  Sum sum;
  if (!CutLastLine(text, kSumLabel, sum) || SumOf(text) != sum) {
    return Corrupt("edited: the check sum is wrong");
  }
  Result<RingDocument> document =
      ParseRingDocument(text, RingDocumentKind::kSealed);
  if (!document.ok()) {
    Error error = std::move(document).error();
    if (error.code == ErrorCode::kInvalid) {
      return Corrupt("edited: " + error.message);
    }
    return error;
  }
  file.document = *std::move(document);
  return file;
}

bool SealedUnder(const RingFile& file, std::span<const uint8_t, 32> kek) {
  return std::ranges::any_of(file.document.keys, [&](const auto& key) {
    return OpenSecretKey(file.document.info.format, key.sealed_text, kek).ok();
  });
}

Result<SigningRing> OpenRingFile(const RingFile& file,
                                 std::span<const uint8_t, 32> kek) {
  if (!ConstantTimeEqual(MacOf(file.authenticated, kek), file.mac)) {
    // The name of the key is in reach of who edits. What it has sealed is not.
    if (paserk::LocalId(kek) == file.document.sealing->kek_id ||
        SealedUnder(file, kek)) {
      return Corrupt("edited: the mac is wrong");
    }
    return Error{ErrorCode::kDenied,
                 "the wrong key-encryption key: the file names another"};
  }
  std::vector<SigningRing::Key> keys;
  for (const RingDocument::Key& key : file.document.keys) {
    Result<SigningRing::Key> opened =
        OpenKey(key, file.document.info.format, kek);
    if (!opened.ok()) return opened.error();
    keys.push_back(*std::move(opened));
  }
  return SigningRing::Create(file.document.info, std::move(keys));
}

std::string WriteRingFile(const SigningRing& ring,
                          std::span<const uint8_t, 32> kek,
                          const std::optional<KdfParams>& kdf) {
  RingDocument document{
      .info = ring.info(),
      .sealing = RingDocument::Sealing{paserk::LocalId(kek), kdf}};
  for (const SigningRing::Key& key : ring.keys()) {
    document.keys.push_back({.id = key.key.id(),
                             .public_text = PublicText(key.key),
                             .sealed_text = SealSecretKey(key.key, kek),
                             .schedule = key.schedule});
  }
  std::string text = WriteRingDocument(document);
  text += Line(kSumLabel, SumOf(text));
  text += Line(kMacLabel, MacOf(text, kek));
  return text;
}

}  // namespace signet
