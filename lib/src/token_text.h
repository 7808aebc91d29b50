#ifndef SIGNET_LIB_SRC_TOKEN_TEXT_H_
#define SIGNET_LIB_SRC_TOKEN_TEXT_H_

#include <cstddef>
#include <string_view>

namespace signet {

// TokenKind is what a text's outermost form says it is.
enum class TokenKind {
  kMalformed,
  kPasetoV4Public,
  kPasetoV4Local,
  kJwt,          // three segments
  kJwe,          // five segments
  kUnsupported,  // another PASETO version
};

// ClassifyToken looks at prefix and dots alone.
TokenKind ClassifyToken(std::string_view token);

// Base64DecodedSize is the number of bytes that canonical unpadded text of
// that length stands for.
constexpr size_t Base64DecodedSize(size_t text_size) {
  return text_size / 4 * 3 + text_size % 4 * 3 / 4;
}

}  // namespace signet

#endif  // SIGNET_LIB_SRC_TOKEN_TEXT_H_
