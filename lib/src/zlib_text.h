#ifndef SIGNET_LIB_SRC_ZLIB_TEXT_H_
#define SIGNET_LIB_SRC_ZLIB_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

// <zlib.h> is included in one file.
namespace signet {

// Deflate compresses to one stream of the ZLIB format (RFC 1950), as small as
// zlib can. Empty if there is no memory.
std::string Deflate(std::string_view bytes);

// Inflate undoes it. nullopt unless the text is exactly one whole stream that
// holds at most `max_bytes`, which is checked as it comes: no more is ever in
// memory than that.
std::optional<std::string> Inflate(std::string_view text, size_t max_bytes);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_ZLIB_TEXT_H_
