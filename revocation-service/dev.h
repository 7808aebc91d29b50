#ifndef SIGNET_SERVICE_DEV_H_
#define SIGNET_SERVICE_DEV_H_

#include "revocation-service/config.h"
#include "signet/clock.h"

namespace signet::service {

// What --dev adds, so that signetd runs with no other flag. It is for the
// developer's own machine: the secret below is known to everybody.

inline constexpr char kDevClient[] = "dev";
inline constexpr char kDevSecret[] = "dev-secret";
inline constexpr char kDevApp[] = "dev-app";

// AddDevClients adds the confidential client `dev`, with every permission,
// and the public client `dev-app`, unless the configuration has them.
void AddDevClients(Config& config);

// MakeDevKeys makes the key-encryption key and the rings that are missing;
// what is there is kept.
Status MakeDevKeys(const Config& config, Time now);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_DEV_H_
