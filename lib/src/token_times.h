#ifndef SIGNET_LIB_SRC_TOKEN_TIMES_H_
#define SIGNET_LIB_SRC_TOKEN_TIMES_H_

#include "signet/claims.h"

namespace signet {

// TokenTimes are the times of a token's claims, apart from the texts.
struct TokenTimes {
  EpochSeconds expires_at{};
  EpochSeconds issued_at{};
  EpochSeconds not_before{};  // 1970 if there is none

  static TokenTimes Of(const Claims& claims) {
    return {claims.expires_at, claims.issued_at,
            claims.not_before.value_or(EpochSeconds{})};
  }
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_TOKEN_TIMES_H_
