#ifndef SIGNET_SERVICE_CONFIG_H_
#define SIGNET_SERVICE_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/audit/audit_log.h"
#include "revocation-service/http/server.h"
#include "revocation-service/limits/admission.h"
#include "revocation-service/limits/client_address.h"
#include "revocation-service/oauth/clients.h"
#include "revocation-service/oauth/proofs.h"
#include "revocation-service/session/session_store.h"
#include "revocation-service/ssf/options.h"
#include "signet/keys.h"
#include "signet/result.h"

namespace signet::service {

// Config is all that can be set. TOML gives it, flags override it, and
// ToToml prints what holds. It is a value.
struct Config {
  std::string data = "data";
  std::string keys = "keys";
  std::string engine = "rocksdb";  // or "memory"
  // Disk that is kept for revocations; 0: none, and no watch on it.
  size_t disk_reserve_bytes = 64 << 20;
  // The issuer's URL, without a slash at its end. Empty: it follows the
  // listener (IssuerOf), for a loopback one.
  std::string issuer;
  KeyFormat access_format = KeyFormat::kPasetoV4Public;
  // Where the key-encryption key is: "file:PATH", "env:NAME" or
  // "passphrase-file:PATH". Empty: "file:" + keys + "/kek".
  std::string kek;

  http::ServerOptions server;  // [server], and --listen
  http::ServerOptions admin;   // [admin], and --admin-listen
  bool behind_proxy = false;   // a proxy terminates TLS for a public listener

  SessionLimits sessions;       // [sessions]
  ProofOptions oauth;           // [oauth]
  std::vector<Client> clients;  // [[client]]
  Duration heartbeat = std::chrono::seconds(2);
  Duration status_list_staleness = std::chrono::seconds(60);
  AuditOptions audit;                   // [audit]
  LimitOptions limits;                  // [limits]
  ProxyOptions proxy;                   // [proxy]
  ssf::Options ssf;                     // [ssf], [[ssf.transmitter]]
  std::string log_level = "info";       // [log]
  std::string log_format = "text";      // or "json"
  std::string log_requests = "failed";  // or "none", "all"
  bool dev = false;                     // a flag only: no file can ask for it

  Config();
  bool operator==(const Config&) const = default;
};

// ReadConfig reads a TOML file. The error lists every problem, one a line:
// unknown names, wrong types, values out of range, each with its place.
Result<Config> ReadConfig(const std::string& path);

// ParseConfig does the same for a text; `where` names it in errors.
Result<Config> ParseConfig(std::string_view toml, const std::string& where);

// CheckConfig checks what concerns more than one value: listeners and TLS,
// clients and their keys, grace times and the issuer's form. Each problem is a
// line.
Status CheckConfig(const Config& config);

// ToToml prints the configuration; each value carries its default, with its
// unit, in a comment. ParseConfig reads it back to an equal Config, but for
// `dev`.
std::string ToToml(const Config& config);

// ParseAccessFormat reads "v4.public" or "jwt". kUnsupported for "v4.local".
Result<KeyFormat> ParseAccessFormat(std::string_view name);
std::string_view AccessFormatName(KeyFormat format);

// ListenerUrl is the URL of a listener whose port was bound to `port`.
std::string ListenerUrl(const http::ServerOptions& listener, uint16_t port);

// IssuerOf is the issuer in force: the configured one, or the listener's URL.
std::string IssuerOf(const Config& config, uint16_t port);

// KekOf is the place of the key-encryption key in force.
std::string KekOf(const Config& config);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_CONFIG_H_
