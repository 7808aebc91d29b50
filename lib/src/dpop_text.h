#ifndef SIGNET_LIB_SRC_DPOP_TEXT_H_
#define SIGNET_LIB_SRC_DPOP_TEXT_H_

#include <string>
#include <string_view>

#include "signet/keys.h"

namespace signet {

// The formats whose keys sign proofs.
inline constexpr KeyFormat kDpopFormats[] = {
    KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256, KeyFormat::kJwtRs256,
    KeyFormat::kJwtPs256};

// AccessTokenHash is the `ath` of a proof (RFC 9449 section 4.2).
std::string AccessTokenHash(std::string_view access_token);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_DPOP_TEXT_H_
