#ifndef SIGNET_LIB_SRC_TOKEN_HEADER_H_
#define SIGNET_LIB_SRC_TOKEN_HEADER_H_

#include <string>

namespace signet {

// TokenHeader is what the sender says about the key, in a JWT's header or a
// PASETO's footer. It selects the key, and nothing else is taken from it
// before the signature covers it.
struct TokenHeader {
  std::string key_id;
  std::string algorithm;  // a JWT's alg; empty for a PASETO
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_TOKEN_HEADER_H_
