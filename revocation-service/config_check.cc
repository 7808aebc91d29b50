#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <set>

#include "revocation-service/config.h"
#include "revocation-service/config_fields.h"

namespace signet::service {
namespace {

class Problems {
 public:
  void Add(const std::string& problem) {
    if (!text_.empty()) text_ += "\n";
    text_ += problem;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// HostOf is the part before the last ':', without brackets.
std::string HostOf(std::string_view address) {
  std::string_view host = address.substr(0, address.rfind(':'));
  if (address.starts_with('[')) host = address.substr(0, address.find(']') + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (host == "localhost") return true;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&v6);
}

bool HasTls(const http::ServerOptions& options) {
  return !options.tls_certificate.empty() && !options.tls_key.empty();
}

void CheckListener(const std::string& name, const http::ServerOptions& options,
                   const Config& config, Problems& problems) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    problems.Add(name + ": TLS needs both tls_certificate and tls_key");
  }
  if (IsLoopback(HostOf(options.listen))) return;
  if (config.dev) {
    problems.Add(name + ".listen is " + options.listen +
                 ": --dev serves the loopback interface only");
  } else if (!HasTls(options) && !config.behind_proxy) {
    problems.Add(name + ".listen is " + options.listen +
                 ", which others can reach, without TLS: set tls_certificate "
                 "and tls_key, or behind_proxy if a proxy terminates TLS");
  }
}

bool IsUrlText(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 0x7f; });
}

// CheckIssuer: RFC 8414 section 2, "a URL that uses the https scheme and has
// no query or fragment components". http is for loopback, where there is no
// network to listen on. The issuer is compared byte for byte, and the metadata
// URL drops a slash at its end (section 3.1): so there may be none.
void CheckIssuer(const std::string& issuer, Problems& problems) {
  const bool https = issuer.starts_with("https://");
  const bool http = issuer.starts_with("http://");
  if (!https && !http) {
    return problems.Add("issuer is not an https:// URL: " + issuer);
  }
  const std::string rest = issuer.substr(https ? 8 : 7);
  const std::string authority = rest.substr(0, rest.find('/'));
  if (!IsUrlText(issuer) || authority.empty() ||
      authority.find('@') != authority.npos) {
    problems.Add("issuer is malformed");
  }
  if (issuer.find_first_of("?#") != issuer.npos) {
    problems.Add("issuer has a query or a fragment: " + issuer);
  }
  if (issuer.ends_with('/')) {
    problems.Add("issuer ends with a slash, write it without: " + issuer);
  }
  const bool has_port = authority.find(':') != authority.npos;
  if (http && !IsLoopback(HostOf(has_port ? authority : authority + ":"))) {
    problems.Add("issuer is http:// and not on the loopback interface: " +
                 issuer);
  }
}

// CheckSessions checks the limits that hold for `whose`: "sessions", or a
// client.
void CheckSessions(const SessionLimits& limits, const std::string& whose,
                   Problems& problems) {
  if (limits.proven_grace < limits.grace) {
    problems.Add(whose + ".proven_grace is shorter than " + whose + ".grace");
  }
  if (limits.access_lifetime > limits.absolute_lifetime) {
    problems.Add(whose + ".access_lifetime is longer than " + whose +
                 ".absolute_lifetime");
  }
}

void CheckLimits(const LimitOptions& limits, Problems& problems) {
  const std::pair<const char*, const Rate*> rates[] = {
      {"address", &limits.address},
      {"client", &limits.client},
      {"subject", &limits.subject},
      {"failures", &limits.failures}};
  for (const auto& [name, rate] : rates) {
    if (rate->per_second == 0 || rate->burst > 0) continue;
    problems.Add("limits." + std::string(name) +
                 "_burst is 0, which refuses everything");
  }
}

// CheckUrl: what comes over the network must come from whom it should.
void CheckUrl(const std::string& url, const std::string& name,
              Problems& problems) {
  const bool https = url.starts_with("https://");
  const bool http = url.starts_with("http://");
  const std::string rest = url.substr(https ? 8 : http ? 7 : 0);
  const std::string authority = rest.substr(0, rest.find('/'));
  if (!(https || http) || authority.empty() || !IsUrlText(url) ||
      url.find_first_of("@#") != url.npos) {
    return problems.Add(name + " is not an https:// URL: " + url);
  }
  const bool has_port = authority.find(':') != authority.npos;
  if (http && !IsLoopback(HostOf(has_port ? authority : authority + ":"))) {
    problems.Add(name +
                 " is http:// and not on the loopback interface: " + url);
  }
}

void CheckTransmitter(const ssf::Transmitter& transmitter, Problems& problems) {
  const std::string whose = "ssf.transmitter \"" + transmitter.issuer + "\"";
  if (transmitter.issuer.empty() || transmitter.issuer.size() > 200) {
    problems.Add(whose + ".issuer is empty or longer than 200 bytes");
  }
  if (transmitter.audience.empty()) problems.Add(whose + ".audience is empty");
  CheckUrl(transmitter.poll_url, whose + ".poll_url", problems);
  if (transmitter.jwks_file.empty() == transmitter.jwks_url.empty()) {
    problems.Add(whose + " needs a jwks_file or a jwks_url");
  }
  if (!transmitter.jwks_url.empty()) {
    CheckUrl(transmitter.jwks_url, whose + ".jwks_url", problems);
  }
  const std::string& secret = transmitter.secret;
  if (!secret.starts_with("file:") && !secret.starts_with("env:") &&
      !secret.starts_with("credential:")) {
    problems.Add(whose +
                 ".secret is not file:PATH, env:NAME or credential:NAME");
  }
}

void CheckSsf(const Config& config, Problems& problems) {
  constexpr size_t kMaxTransmitters = 16;
  const auto& all = config.ssf.transmitters;
  if (all.size() > kMaxTransmitters) {
    problems.Add("there are more than 16 ssf.transmitter");
  }
  std::set<std::string> issuers;
  for (const ssf::Transmitter& transmitter : all) {
    CheckTransmitter(transmitter, problems);
    if (issuers.insert(transmitter.issuer).second) continue;
    problems.Add("two ssf.transmitter have the issuer " + transmitter.issuer);
  }
  for (const Client& client : config.clients) {
    // It would be taken for a transmitter, whose events are not sent on.
    if (!client.id.starts_with("ssf:")) continue;
    problems.Add("client \"" + client.id + "\": an id cannot begin with ssf:");
  }
}

// CheckChoices looks again at what flags, too, can set.
void CheckChoices(Config config, Problems& problems) {
  for (const Field& field : ConfigFields(config)) {
    const auto* text = std::get_if<TextField>(&field.kind);
    if (text == nullptr || text->choices.empty()) continue;
    const auto& choices = text->choices;
    if (std::find(choices.begin(), choices.end(), *text->value) ==
        choices.end()) {
      problems.Add(std::string(field.name) + " cannot be \"" + *text->value +
                   "\"");
    }
  }
}

}  // namespace

Config::Config() {
  admin.listen = "127.0.0.1:8421";
  admin.max_connections = 100;
  admin.threads = 1;
}

Status CheckConfig(const Config& config) {
  Problems problems;
  CheckChoices(config, problems);
  if (config.data.empty()) problems.Add("data is empty");
  if (config.keys.empty()) problems.Add("keys is empty");
  CheckListener("server", config.server, config, problems);
  CheckListener("admin", config.admin, config, problems);
  if (!config.issuer.empty()) {
    CheckIssuer(config.issuer, problems);
  } else if (!IsLoopback(HostOf(config.server.listen))) {
    problems.Add("issuer is needed with a listener that is not loopback");
  }
  CheckSessions(config.sessions, "sessions", problems);
  for (const Client& client : config.clients) {
    if (client.limits == ClientLimits()) continue;
    CheckSessions(client.limits.Over(config.sessions),
                  "client \"" + client.id + "\"", problems);
  }
  CheckLimits(config.limits, problems);
  CheckSsf(config, problems);
  if (auto proxies = Proxies::Create(config.proxy); !proxies.ok()) {
    problems.Add(proxies.error().message);
  }
  const std::string kek = KekOf(config);
  if (!kek.starts_with("file:") && !kek.starts_with("env:") &&
      !kek.starts_with("credential:") && !kek.starts_with("passphrase-file:")) {
    problems.Add(
        "kek is not file:PATH, env:NAME, credential:NAME or "
        "passphrase-file:PATH");
  }
  if (auto clients = Clients::Create(config.clients); !clients.ok()) {
    problems.Add(clients.error().message);
  }
  if (problems.text().empty()) return {};
  return Error{ErrorCode::kInvalid, problems.text()};
}

Result<KeyFormat> ParseAccessFormat(std::string_view name) {
  if (name == "jwt") return KeyFormat::kJwtEdDsa;
  Result<KeyFormat> format = ParseKeyFormat(name);
  if (format && FitsPurpose(KeyPurpose::kAccess, *format)) return *format;
  return Error{ErrorCode::kInvalid,
               "\"" + std::string(name) +
                   "\" is not v4.public, v4.local, jwt (which is jwt-eddsa), "
                   "jwt-es256, jwt-rs256, jwt-ps256, jwt-hs256 or jwe-dir"};
}

std::string_view AccessFormatName(KeyFormat format) {
  return format == KeyFormat::kJwtEdDsa ? "jwt" : KeyFormatName(format);
}

std::string ListenerUrl(const http::ServerOptions& listener, uint16_t port) {
  const size_t colon = listener.listen.rfind(':');
  return (HasTls(listener) ? "https://" : "http://") +
         listener.listen.substr(0, colon) + ":" + std::to_string(port);
}

std::string IssuerOf(const Config& config, uint16_t port) {
  return config.issuer.empty() ? ListenerUrl(config.server, port)
                               : config.issuer;
}

std::string KekOf(const Config& config) {
  return config.kek.empty() ? "file:" + config.keys + "/kek" : config.kek;
}

}  // namespace signet::service
