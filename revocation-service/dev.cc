#include "revocation-service/dev.h"

#include <algorithm>
#include <filesystem>

#include "revocation-service/kek_place.h"

namespace signet::service {
namespace {

namespace fs = std::filesystem;

void AddUnlessThere(Client client, std::vector<Client>& clients) {
  const bool there =
      std::any_of(clients.begin(), clients.end(),
                  [&](const Client& other) { return other.id == client.id; });
  if (!there) clients.push_back(std::move(client));
}

Result<KeyEncryptionKey> DevKek(const Config& config) {
  const std::string place = KekOf(config);
  const std::string prefix = "file:";
  if (place.starts_with(prefix)) {
    const std::string path = place.substr(prefix.size());
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return KeyEncryptionKey::CreateFile(path);
  }
  return OpenKek(place);
}

Status MakeRing(RingStore& store, KeyPurpose purpose, KeyFormat format,
                Time now) {
  Result<SigningRing> ring =
      SigningRing::New({.purpose = purpose,
                        .format = format,
                        .generation = 1,
                        .policy = DefaultPolicy(purpose)},
                       now);
  if (!ring.ok()) return ring.error();
  Status created = store.Create(*ring);
  // One that is there already is kept; App checks that it fits.
  if (!created.ok() && created.error().code == ErrorCode::kConflict) return {};
  return created;
}

// AltFormat is the one format besides access_format that clients name.
std::optional<KeyFormat> AltFormat(const Config& config) {
  for (const Client& client : config.clients) {
    const auto format = client.limits.access_format;
    if (format && *format != config.access_format) return format;
  }
  return std::nullopt;
}

}  // namespace

void AddDevClients(Config& config) {
  Client dev;
  dev.id = kDevClient;
  dev.secret_digest = DigestSecret(kDevSecret);
  for (std::string_view permission : kPermissions) {
    dev.permissions.emplace(permission);
  }
  dev.may_act_for = {kDevApp};
  Client app;
  app.id = kDevApp;
  AddUnlessThere(std::move(dev), config.clients);
  AddUnlessThere(std::move(app), config.clients);
}

Status MakeDevKeys(const Config& config, Time now) {
  std::error_code failure;
  const bool fresh = fs::create_directories(config.keys, failure);
  if (failure) {
    return Error{
        ErrorCode::kUnavailable,
        "making the directory " + config.keys + ": " + failure.message()};
  }
  if (fresh) {
    fs::permissions(config.keys, fs::perms::owner_all, failure);
  }
  Result<KeyEncryptionKey> kek = DevKek(config);
  if (!kek.ok()) return kek.error();
  RingStore store(config.keys, std::move(*kek));
  for (auto [purpose, format] :
       {std::pair{KeyPurpose::kAccess, config.access_format},
        std::pair{KeyPurpose::kRefresh, KeyFormat::kRefreshMac},
        std::pair{KeyPurpose::kFeed, KeyFormat::kFeedEd25519},
        std::pair{KeyPurpose::kStatements, KeyFormat::kJwtEs256}}) {
    Status made = MakeRing(store, purpose, format, now);
    if (!made.ok()) return made;
  }
  if (const auto format = AltFormat(config)) {
    return MakeRing(store, KeyPurpose::kAccessAlt, *format, now);
  }
  return {};
}

}  // namespace signet::service
