#ifndef SIGNET_LIB_SRC_JWK_TEXT_H_
#define SIGNET_LIB_SRC_JWK_TEXT_H_

#include <string>

#include "key_material.h"

namespace signet {

// RequiredJwkMembers writes the members of a key's JWK that RFC 7638 section
// 3.2 and RFC 8037 section 2 require, in lexicographic order, without white
// space. Of a symmetric key it holds the secret. REQUIRES: the key is
// complete but for its id.
std::string RequiredJwkMembers(const KeyMaterial& key);

// PublicJwk is WriteJwk under the id by which a ring knows the key.
std::string PublicJwk(const KeyMaterial& key, const std::string& id);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_JWK_TEXT_H_
