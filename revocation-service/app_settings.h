#ifndef SIGNET_SERVICE_APP_SETTINGS_H_
#define SIGNET_SERVICE_APP_SETTINGS_H_

#include <memory>

#include "revocation-service/config.h"
#include "revocation-service/rings.h"

namespace signet::service {

// What a configuration means for the parts of the App, and what of it the rings
// allow; private to it.

// OpenRings also refuses an access ring of another format than access_format.
Result<std::unique_ptr<Rings>> OpenRings(const Config& config);

// MakeDataDirectory also refuses what an unfinished restore has left.
Status MakeDataDirectory(const Config& config);

// MaxTokenLife is the longest life of an access token: no other access ring
// allows more than the first (Rings).
Duration MaxTokenLife(const Rings& rings);

// CheckLifetime: a token may not outlive what its ring promises to verifiers.
Status CheckLifetime(const Config& config, const Rings& rings);

// CheckAbility tells whether there are the rings that the clients need.
Status CheckAbility(const Config& config, const Rings& rings);

SessionLimits LimitsFor(const Config& config, const Rings& rings);
LimitOptions LimitsOf(const Config& config);
AuditScope AuditScopeOf(const Config& config);

// LogWhatNeedsRestart names the settings that differ and cannot be reloaded.
void LogWhatNeedsRestart(Config before, Config after);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_APP_SETTINGS_H_
