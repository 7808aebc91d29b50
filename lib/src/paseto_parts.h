#ifndef SIGNET_LIB_SRC_PASETO_PARTS_H_
#define SIGNET_LIB_SRC_PASETO_PARTS_H_

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "signet/verifier.h"
#include "token_header.h"

// What PASETO's purposes have in common (paseto-spec, Version4.md):
//
//   token  = header base64url(body) [ "." base64url(footer) ]
//   PAE(p1, …, pn) = LE64(n) ‖ piece(p1) ‖ … ‖ piece(pn)
//   piece(x) = LE64(size of x) ‖ x
//   footer = {"kid":"k4.pid.…"} or {"kid":"k4.lid.…"}     ; 512 bytes at most
//
// The verifier demands the footer; the splitters do not.
namespace signet {

// The longest footer that is looked at, decoded, in bytes.
inline constexpr size_t kMaxFooterLength = 512;

// PasetoFooter is the footer that Signet mints: {"kid":"k4.pid.…"}.
std::string PasetoFooter(std::string_view key_id);

// ReadPasetoFooter reads the key id from a footer, which must be exactly one
// JSON object with the one member `kid`.
std::optional<Refusal> ReadPasetoFooter(std::string_view footer,
                                        TokenHeader& header);

// PasetoSegments are the texts of a token behind its header.
struct PasetoSegments {
  std::string_view body;
  std::string_view footer;  // empty if there is none
};

// SplitPaseto is nullopt unless the token starts with `header` and has one or
// two segments behind it. One spelling per value: a footer that is empty is
// written without its dot.
std::optional<PasetoSegments> SplitPaseto(std::string_view token,
                                          std::string_view header);

// JoinPaseto writes a token.
std::string JoinPaseto(std::string_view header, std::string_view body,
                       std::string_view footer);

// PaeSize is a size as LE64; the specification clears the top bit, which no
// size has.
std::array<uint8_t, 8> PaeSize(size_t size);
void AppendPaeSize(std::string& out, size_t size);
void AppendPaePiece(std::string& out, std::string_view piece);

std::span<uint8_t> WritableBytes(std::string& text, size_t offset, size_t size);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_PASETO_PARTS_H_
