// `signet client new`: makes a client for the service's configuration.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <memory>

#include "signet/client_assertion.h"
#include "signet/primitives.h"
#include "tools/commands.h"
#include "tools/files.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kClientUsage = R"(Usage:
    signet client new ID [--permission P]... [--may-act-for ID]...
    signet client new ID --public
    signet client new ID --jwks FILE [--permission P]... [--may-act-for ID]...

new prints the stanza of a client for the service's configuration, which holds
a digest of the secret, and the secret itself, once, on stderr:
    signet client new billing --permission introspect >> signetd.toml

    --permission P       session.open, session.read, session.end, revoke,
                         introspect, feed, audit or ssf
    --may-act-for ID     a public client whose sessions it may open and end
    --public             an app that can keep no secret
    --jwks FILE          the client's public keys, a JWK set: it authenticates
                         by private_key_jwt and has no secret
    --secret-out FILE    writes the secret to a new file of mode 0600 instead
    --json               one JSON value on stdout; without --secret-out it
                         holds the secret
)";

constexpr std::string_view kPermissions[] = {
    "session.open", "session.read", "session.end", "revoke",
    "introspect",   "feed",         "audit",       "ssf",
};

struct ClientFlags {
  std::string id;
  std::vector<std::string> permissions;
  std::vector<std::string> may_act_for;
  std::string secret_out;
  std::string jwks_file;
  bool is_public = false;
  bool as_json = false;
};

// IsPlainId keeps to what needs no escape in TOML, a URL or a shell. The
// service takes more (RFC 6749 appendix A.1).
bool IsPlainId(std::string_view id) {
  constexpr std::string_view kAlphabet =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  return !id.empty() && id.size() <= 128 &&
         id.find_first_not_of(kAlphabet) == std::string_view::npos;
}

Done CheckId(std::string_view id) {
  if (IsPlainId(id)) return {};
  return Failure{kUsage, "\"" + std::string(id) + "\" is no client id",
                 "write up to 128 letters, digits and - . _ ~"};
}

Done Check(const ClientFlags& flags) {
  if (flags.id.empty()) return Failure{kUsage, "name the client"};
  if (const Done ok = CheckId(flags.id); !ok) return ok;
  for (const std::string& id : flags.may_act_for) {
    if (const Done ok = CheckId(id); !ok) return ok;
  }
  for (const std::string& permission : flags.permissions) {
    if (std::find(std::begin(kPermissions), std::end(kPermissions),
                  permission) == std::end(kPermissions)) {
      return Failure{kUsage, "\"" + permission + "\" is no permission",
                     "write session.open, session.read, session.end, revoke, "
                     "introspect, feed, audit or ssf"};
    }
  }
  if (!flags.jwks_file.empty() &&
      (flags.is_public || !flags.secret_out.empty())) {
    return Failure{kUsage,
                   "a client with keys has no secret and is not public"};
  }
  if (!flags.is_public) return {};
  if (!flags.permissions.empty() || !flags.may_act_for.empty() ||
      !flags.secret_out.empty()) {
    return Failure{kUsage,
                   "a public client has no permissions, acts for nobody and "
                   "has no secret"};
  }
  return {};
}

// Secret is 256 random bits: too many to guess, so one fast digest of it is
// enough in the configuration.
struct Secret {
  std::string text;
  std::string digest;
};

Secret NewSecret() {
  SecretBytes<32> bytes;
  FillRandom(bytes.span());
  Secret secret;
  secret.text = Base64UrlEncode(bytes.span());
  std::array<uint8_t, 32> digest;
  Blake2b(digest, AsBytes(secret.text));
  secret.digest = "blake2b-256:" + Base64UrlEncode(digest);
  return secret;
}

constexpr size_t kMaxJwks = 1 << 20;

// ReadJwks reads a JWK set that the service will take, as one line.
Try<std::string> ReadJwks(const std::string& path) {
  if (path.empty()) return std::string();
  const Try<std::string> text = ReadPublicFile(path, kMaxJwks);
  if (!text) return text.error();
  const Result<JwsKeys> keys = JwsKeys::Parse(*text);
  if (!keys) return Failure{kUsage, path + ": " + keys.error().message};
  return OneLine(*text);
}

// TomlText is a literal string where it can be, for JSON is full of quotes.
std::string TomlText(const std::string& text) {
  constexpr char kDelete = 0x7f;
  if (text.find('\'') == text.npos && text.find(kDelete) == text.npos) {
    return "'" + text + "'";
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == kDelete ? "\\u007F" : std::string(1, c);
  }
  return out + "\"";
}

std::string TomlList(const std::vector<std::string>& items) {
  std::string list;
  for (const std::string& item : items) {
    if (!list.empty()) list += ", ";
    list += "\"" + item + "\"";
  }
  return "[" + list + "]";
}

void PrintStanza(const ClientFlags& flags, const Secret& secret,
                 const std::string& jwks) {
  PrintLine("");
  PrintLine("[[client]]");
  PrintLine("id = \"" + flags.id + "\"");
  if (flags.is_public) {
    PrintLine("public = true");
    return;
  }
  if (jwks.empty()) {
    PrintLine("secret_digest = \"" + secret.digest + "\"");
  } else {
    PrintLine("jwks = " + TomlText(jwks));
  }
  PrintLine("permissions = " + TomlList(flags.permissions));
  if (!flags.may_act_for.empty()) {
    PrintLine("may_act_for = " + TomlList(flags.may_act_for));
  }
}

json::array ToArray(const std::vector<std::string>& items) {
  return json::array(items.begin(), items.end());
}

void PrintClientJson(const ClientFlags& flags, const Secret& secret,
                     const std::string& jwks) {
  json::object object{{"id", flags.id}, {"public", flags.is_public}};
  if (!jwks.empty()) {
    object["jwks"] = jwks;
  } else if (!flags.is_public) {
    object["secret_digest"] = secret.digest;
    if (flags.secret_out.empty()) object["secret"] = secret.text;
  }
  if (!flags.is_public) {
    object["permissions"] = ToArray(flags.permissions);
    object["may_act_for"] = ToArray(flags.may_act_for);
  }
  PrintLine(json::serialize(object));
}

Done New(const ClientFlags& flags) {
  if (const Done ok = Check(flags); !ok) return ok;
  const Try<std::string> jwks = ReadJwks(flags.jwks_file);
  if (!jwks) return jwks.error();
  const Secret secret = NewSecret();
  if (!flags.secret_out.empty()) {
    const Done written = WriteSecretFile(flags.secret_out, secret.text);
    if (!written) return written;
  }
  if (flags.as_json) {
    PrintClientJson(flags, secret, *jwks);
    return {};
  }
  PrintStanza(flags, secret, *jwks);
  if (!flags.is_public && flags.secret_out.empty() && jwks->empty()) {
    PrintNote("the secret of " + flags.id +
              ", shown this once: " + secret.text);
  }
  return {};
}

}  // namespace

void AddClientCommands(CommandLine& line) {
  CLI::App* const group = line.Group("client", kClientUsage);
  auto flags = std::make_shared<ClientFlags>();
  CLI::App* const command = line.Command(
      group, "new", [flags] { return New(*flags); }, &flags->id);
  AddList(command, "--permission", flags->permissions);
  AddList(command, "--may-act-for", flags->may_act_for);
  AddText(command, "--secret-out", flags->secret_out);
  AddText(command, "--jwks", flags->jwks_file);
  AddSwitch(command, "--public", flags->is_public);
  AddSwitch(command, "--json", flags->as_json);
}

}  // namespace signet::cli
