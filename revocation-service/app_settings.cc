#include "revocation-service/app_settings.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

#include "revocation-service/backup.h"
#include "revocation-service/config_fields.h"
#include "revocation-service/kek_place.h"

namespace signet::service {
namespace {

// The longest access token life that a verifier's policy can allow.
constexpr Duration kMaxVerifierLife = std::chrono::hours(24);

// LifeOf is the longest life of the client's access tokens; of a format that no
// ring has, none.
Duration LifeOf(const Client& client, const Rings& rings) {
  const Rings::Ring ring = rings.AccessOf(client.limits.access_format);
  return ring == nullptr ? Duration::max() : ring->info().policy.max_token_life;
}

Error WithKeysHint(Error error) {
  if (error.code == ErrorCode::kNotFound && error.hint.empty()) {
    error.hint = "make keys with the signet tool, or start with --dev";
  }
  return error;
}

// CheckFormats: what names a format needs a ring of it.
Status CheckFormats(const Config& config, const Rings& rings) {
  for (const Client& client : config.clients) {
    if (rings.AccessOf(client.limits.access_format) != nullptr) continue;
    std::string formats;
    for (const Rings::Ring& ring : rings.AccessRings()) {
      if (!formats.empty()) formats += " and ";
      formats += AccessFormatName(ring->info().format);
    }
    const KeyFormat wanted = *client.limits.access_format;
    return Error{ErrorCode::kInvalid,
                 "client \"" + client.id + "\".access_format is " +
                     std::string(AccessFormatName(wanted)) +
                     ", and the access rings make " + formats + " tokens",
                 rings.access_alt() != nullptr
                     ? "name one of those"
                     : "make a ring for it: signet keys init --purpose "
                       "access-alt --format " +
                           std::string(KeyFormatName(wanted))};
  }
  return {};
}

// CheckStatements: what has a status list needs keys to sign it with.
Status CheckStatements(const Config& config, const Rings& rings) {
  if (rings.statements() != nullptr) return {};
  for (const Client& client : config.clients) {
    if (!client.limits.status_list) continue;
    return Error{ErrorCode::kInvalid,
                 "client \"" + client.id +
                     "\" has status_list, and there is no statements ring",
                 "make one: signet keys init --purpose statements"};
  }
  return {};
}

// IsReloaded tells what takes effect without a restart, besides [[client]].
bool IsReloaded(const Field& field) {
  constexpr std::string_view kTables[] = {"sessions", "limits", "audit",
                                          "proxy", "log"};
  return std::ranges::find(kTables, field.table) != std::end(kTables) ||
         (field.table.empty() && field.name == "behind_proxy");
}

}  // namespace

Result<std::unique_ptr<Rings>> OpenRings(const Config& config) {
  Result<KeyEncryptionKey> kek = OpenKek(KekOf(config));
  if (!kek.ok()) return WithKeysHint(kek.error());
  auto rings =
      Rings::Open(std::make_unique<RingStore>(config.keys, std::move(*kek)));
  if (!rings.ok()) return WithKeysHint(rings.error());
  const KeyFormat format = (*rings)->access()->info().format;
  if (format != config.access_format) {
    return Error{ErrorCode::kConflict,
                 "the access ring in " + config.keys + " makes " +
                     std::string(AccessFormatName(format)) +
                     " tokens, and access_format is " +
                     std::string(AccessFormatName(config.access_format)),
                 "pass --access-format " +
                     std::string(AccessFormatName(format)) +
                     ", or use another directory of keys"};
  }
  return rings;
}

Status MakeDataDirectory(const Config& config) {
  namespace fs = std::filesystem;
  std::error_code failure;
  // Who has sessions is nobody else's business.
  if (fs::create_directories(config.data, failure)) {
    fs::permissions(config.data, fs::perms::owner_all, failure);
  }
  if (failure) {
    return Error{
        ErrorCode::kUnavailable,
        "making the directory " + config.data + ": " + failure.message()};
  }
  return CheckRestored(config.data);
}

Duration MaxTokenLife(const Rings& rings) {
  return rings.access()->info().policy.max_token_life;
}

Status CheckLifetime(const Config& config, const Rings& rings) {
  const Duration most = MaxTokenLife(rings);
  const SessionLimits& limits = config.sessions;
  for (const Client& client : config.clients) {
    const Duration own = LifeOf(client, rings);
    const Duration life =
        client.limits.access_lifetime.value_or(limits.access_lifetime);
    const bool said = client.limits.access_lifetime.has_value();
    if (life <= own || (!said && !client.limits.access_format)) continue;
    return Error{ErrorCode::kInvalid,
                 "client \"" + client.id + "\".access_lifetime is " +
                     TimeText(life) + ", the access ring allows " +
                     TimeText(own)};
  }
  if (limits.access_lifetime > most) {
    return Error{ErrorCode::kInvalid, "sessions.access_lifetime is " +
                                          TimeText(limits.access_lifetime) +
                                          ", the access ring allows " +
                                          TimeText(most)};
  }
  if (most > kMaxVerifierLife) {
    return Error{ErrorCode::kInvalid, "the access ring's max_token_life is " +
                                          TimeText(most) + ", the limit is " +
                                          TimeText(kMaxVerifierLife)};
  }
  return {};
}

Status CheckAbility(const Config& config, const Rings& rings) {
  if (Status formats = CheckFormats(config, rings); !formats.ok()) {
    return formats;
  }
  return CheckStatements(config, rings);
}

SessionLimits LimitsFor(const Config& config, const Rings& rings) {
  SessionLimits limits = config.sessions;
  // A revocation is remembered as long as any token of the ring may live.
  limits.max_access_lifetime = std::chrono::ceil<Seconds>(MaxTokenLife(rings));
  // The ring may have become stricter while the service runs.
  limits.access_lifetime = std::min(
      limits.access_lifetime, std::chrono::floor<Seconds>(MaxTokenLife(rings)));
  return limits;
}

// LimitsOf: behind proxies that are not named every request comes from the same
// address, so limits by address would shed everybody for one.
LimitOptions LimitsOf(const Config& config) {
  LimitOptions limits = config.limits;
  if (!config.behind_proxy || !config.proxy.trusted.empty()) return limits;
  limits.address = {};
  limits.failures = {};
  spdlog::warn("behind_proxy without proxy.trusted: limits by address are off");
  return limits;
}

AuditScope AuditScopeOf(const Config& config) {
  return {.changes = true, .exchanges = config.audit.keep_exchanges > 0};
}

void LogWhatNeedsRestart(Config before, Config after) {
  const std::vector<Field> old_fields = ConfigFields(before);
  const std::vector<Field> new_fields = ConfigFields(after);
  for (size_t i = 0; i < old_fields.size(); ++i) {
    const Field& field = old_fields[i];
    if (IsReloaded(field)) continue;
    if (ValueText(field) == ValueText(new_fields[i])) continue;
    spdlog::warn("{}{}{} has changed: it takes effect after a restart",
                 field.table, field.table.empty() ? "" : ".", field.name);
  }
  if (before.ssf.transmitters != after.ssf.transmitters) {
    spdlog::warn(
        "ssf.transmitter has changed: it takes effect after a restart");
  }
}

}  // namespace signet::service
