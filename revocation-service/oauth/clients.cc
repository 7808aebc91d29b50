#include "revocation-service/oauth/clients.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "signet/primitives.h"

namespace signet::service {
namespace {

// A digest in the configuration:
//   digest = "blake2b-256:" base64url(32 bytes, unpadded)
constexpr std::string_view kDigestPrefix = "blake2b-256:";
constexpr size_t kMaxKeyFile = 64 * 1024;
using SecretDigest = std::array<uint8_t, 32>;

SecretDigest ComputeDigest(std::string_view secret) {
  SecretDigest digest;
  Blake2b(digest, AsBytes(secret));
  return digest;
}

std::optional<SecretDigest> ParseDigest(std::string_view text) {
  if (!text.starts_with(kDigestPrefix)) return std::nullopt;
  text.remove_prefix(kDigestPrefix.size());
  SecretDigest digest;
  if (!Base64UrlDecodeTo(text, digest)) return std::nullopt;
  return digest;
}

bool IsPermission(std::string_view name) {
  return std::find(std::begin(kPermissions), std::end(kPermissions), name) !=
         std::end(kPermissions);
}

// RFC 6749 appendix A.1: a client_id is VSCHAR, %x20-7E.
bool IsClientId(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return c >= 0x20 && c <= 0x7e;
  });
}

// Problems collects what is wrong, each with the client's name.
class Problems {
 public:
  void Add(std::string_view client, const std::string& problem) {
    if (!text_.empty()) text_ += "; ";
    text_ += "client '" + std::string(client) + "': " + problem;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void CheckClient(const Client& client, Problems& problems) {
  if (!IsClientId(client.id)) {
    problems.Add(client.id,
                 "the id must be 1 or more printable ASCII "
                 "characters");
  }
  if (!client.secret_digest.empty() && !ParseDigest(client.secret_digest)) {
    problems.Add(client.id,
                 "the secret's digest is not 'blake2b-256:' and "
                 "base64url of 32 bytes");
  }
  for (const std::string& permission : client.permissions) {
    if (!IsPermission(permission)) {
      problems.Add(client.id, "unknown permission '" + permission + "'");
    }
  }
  if (client.is_public() && !client.permissions.empty()) {
    problems.Add(client.id, "a public client cannot have permissions");
  }
  if (client.is_public() && !client.may_act_for.empty()) {
    problems.Add(client.id, "a public client cannot act for others");
  }
}

// ReadKeyFile reads a JWK set; one byte more than the limit is malformed.
Result<std::string> ReadKeyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxKeyFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return Error{ErrorCode::kNotFound, "cannot read " + path};
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxKeyFile) {
    return Error{ErrorCode::kInvalid, path + " is larger than 64 KiB"};
  }
  return text;
}

// ReadKeys reads the keys of a client that has some. It names the file.
std::optional<JwsKeys> ReadKeys(const Client& client, Problems& problems) {
  if (client.jwks.empty() && client.jwks_file.empty()) return std::nullopt;
  if (!client.jwks.empty() && !client.jwks_file.empty()) {
    problems.Add(client.id, "it has both jwks and jwks_file");
    return std::nullopt;
  }
  Result<std::string> text = client.jwks;
  if (!client.jwks_file.empty()) text = ReadKeyFile(client.jwks_file);
  Result<JwsKeys> keys =
      text ? JwsKeys::Parse(*text) : Result<JwsKeys>(text.error());
  if (keys) return *std::move(keys);
  problems.Add(client.id, (client.jwks_file.empty() ? std::string("jwks")
                                                    : client.jwks_file) +
                              ": " + keys.error().message);
  return std::nullopt;
}

void CheckMayActFor(const Client& client, const Clients& clients,
                    Problems& problems) {
  for (const std::string& other : client.may_act_for) {
    const Client* found = clients.Find(other);
    if (found == nullptr) {
      problems.Add(client.id,
                   "may_act_for names '" + other + "', which is no client");
    } else if (!found->is_public()) {
      problems.Add(client.id, "may_act_for names '" + other +
                                  "', which is not a public client");
    }
  }
}

}  // namespace

std::string DigestSecret(std::string_view secret) {
  return std::string(kDigestPrefix) + Base64UrlEncode(ComputeDigest(secret));
}

Result<Clients> Clients::Create(std::vector<Client> clients) {
  Clients registry;
  Problems problems;
  for (Client& client : clients) {
    CheckClient(client, problems);
    std::string id = client.id;
    if (auto keys = ReadKeys(client, problems)) {
      registry.keys_.try_emplace(id, *std::move(keys));
    }
    if (!registry.clients_.try_emplace(id, std::move(client)).second) {
      problems.Add(id, "the id stands twice");
    }
  }
  for (const auto& [id, client] : registry.clients_) {
    CheckMayActFor(client, registry, problems);
  }
  if (!problems.text().empty()) {
    return Error{ErrorCode::kInvalid, problems.text()};
  }
  return registry;
}

const Client* Clients::Find(std::string_view id) const {
  const auto it = clients_.find(id);
  return it == clients_.end() ? nullptr : &it->second;
}

const JwsKeys* Clients::KeysOf(const Client& client) const {
  const auto it = keys_.find(client.id);
  return it == keys_.end() ? nullptr : &it->second;
}

bool Clients::CheckSecret(const Client& client, std::string_view secret) {
  const std::optional<SecretDigest> expected =
      ParseDigest(client.secret_digest);
  if (!expected) return false;
  return ConstantTimeEqual(ComputeDigest(secret), *expected);
}

}  // namespace signet::service
