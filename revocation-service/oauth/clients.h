#ifndef SIGNET_SERVICE_OAUTH_CLIENTS_H_
#define SIGNET_SERVICE_OAUTH_CLIENTS_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "signet/result.h"

namespace signet::service {

// The permissions that a client may have; anything else is a config error.
inline constexpr std::string_view kPermissions[] = {
    "session.open", "session.read", "session.end", "revoke",
    "introspect",   "feed",         "audit",
};

// Client is one [[client]] of the configuration. It is a value.
struct Client {
  std::string id;
  // "blake2b-256:" + base64url of the secret's digest; empty for a public
  // client, which authenticates with method `none`.
  std::string secret_digest;
  std::set<std::string, std::less<>> permissions;
  // Public clients for which this one may open, read and end sessions.
  std::set<std::string, std::less<>> may_act_for;

  bool is_public() const { return secret_digest.empty(); }
  bool Has(std::string_view permission) const {
    return permissions.contains(permission);
  }
  // MayActFor tells whether sessions of that client are this client's to use.
  bool MayActFor(std::string_view client_id) const {
    return client_id == id || may_act_for.contains(client_id);
  }
  bool operator==(const Client&) const = default;
};

// DigestSecret gives the text that stands in the configuration. Secrets are
// random and long, so one fast hash is right (docs/decisions.md).
std::string DigestSecret(std::string_view secret);

// Clients is the registry: immutable, shared, replaced whole on reload.
class Clients {
 public:
  // Create names every problem: empty or repeated id, unknown permission,
  // malformed digest, may_act_for of an unknown or confidential client, a
  // public client with permissions.
  static Result<Clients> Create(std::vector<Client> clients);

  const Client* Find(std::string_view id) const;
  // CheckSecret compares in constant time. False for public clients.
  static bool CheckSecret(const Client& client, std::string_view secret);

  size_t size() const { return clients_.size(); }

 private:
  std::map<std::string, Client, std::less<>> clients_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_OAUTH_CLIENTS_H_
