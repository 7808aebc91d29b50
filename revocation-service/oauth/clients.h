#ifndef SIGNET_SERVICE_OAUTH_CLIENTS_H_
#define SIGNET_SERVICE_OAUTH_CLIENTS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/session/session_store.h"
#include "signet/client_assertion.h"
#include "signet/result.h"

namespace signet::service {

// The permissions that a client may have; anything else is a config error.
inline constexpr std::string_view kPermissions[] = {
    "session.open", "session.read", "session.end", "revoke",
    "introspect",   "feed",         "audit",       "ssf",
};

// Client is one [[client]] of the configuration. It is a value.
struct Client {
  std::string id;
  // "blake2b-256:" + base64url of the secret's digest; empty for a client
  // that has no secret.
  std::string secret_digest;
  // The client's public keys as a JWK set, or a file that holds it, for
  // private_key_jwt. At most one of both.
  std::string jwks;
  std::string jwks_file;
  std::set<std::string, std::less<>> permissions;
  // Public clients for which this one may open, read and end sessions.
  std::set<std::string, std::less<>> may_act_for;
  // What this client's sessions have in place of [sessions].
  ClientLimits limits;
  // Every request for tokens must bring a DPoP proof (RFC 9449 section 5.2,
  // dpop_bound_access_tokens).
  bool require_dpop = false;

  // A public client has nothing to prove itself by: method `none`.
  bool is_public() const {
    return secret_digest.empty() && jwks.empty() && jwks_file.empty();
  }
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
  // Create reads the files of keys and names every problem: empty or repeated
  // id, unknown permission, malformed digest or keys, may_act_for of an
  // unknown or confidential client, a public client with permissions.
  static Result<Clients> Create(std::vector<Client> clients);

  const Client* Find(std::string_view id) const;
  // CheckSecret compares in constant time. False for public clients.
  static bool CheckSecret(const Client& client, std::string_view secret);

  // KeysOf returns the keys of private_key_jwt, or null if it has none.
  const JwsKeys* KeysOf(const Client& client) const;

  size_t size() const { return clients_.size(); }
  const std::map<std::string, Client, std::less<>>& all() const {
    return clients_;
  }

 private:
  std::map<std::string, Client, std::less<>> clients_;
  std::map<std::string, JwsKeys, std::less<>> keys_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_OAUTH_CLIENTS_H_
