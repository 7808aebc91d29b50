#include <map>

#include "revocation-service/config.h"
#include "revocation-service/config_fields.h"

namespace signet::service {
namespace {

// Quoted is a TOML basic string.
std::string Quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string ValueText(const TextField& field) { return Quoted(*field.value); }
std::string ValueText(const FormatField& field) {
  return Quoted(AccessFormatName(*field.value));
}
std::string ValueText(const FlagField& field) {
  return *field.value ? "true" : "false";
}
std::string ValueText(const CountField& field) {
  return std::to_string(CountOf(field));
}
std::string ValueText(const TimeField& field) {
  return Quoted(TimeText(TimeOf(field)));
}

// LimitsText is what a value may be, with its unit.
std::string LimitsText(const Field& field) {
  if (const auto* count = std::get_if<CountField>(&field.kind)) {
    std::string text =
        std::to_string(count->min) + " to " + std::to_string(count->max);
    if (!count->unit.empty()) text += " " + std::string(count->unit);
    return text;
  }
  if (const auto* time = std::get_if<TimeField>(&field.kind)) {
    return TimeText(time->min) + " to " + TimeText(time->max);
  }
  std::string text;
  if (const auto* choice = std::get_if<TextField>(&field.kind)) {
    for (std::string_view word : choice->choices) {
      text += (text.empty() ? "" : "|") + std::string(word);
    }
  } else if (std::holds_alternative<FormatField>(field.kind)) {
    text =
        "v4.public|v4.local|jwt|jwt-es256|jwt-rs256|jwt-ps256|jwt-hs256|jwe-"
        "dir";
  }
  return text;
}

void AppendField(const Field& field, const Field& standard, std::string& out) {
  out.append(field.name).append(" = ").append(ValueText(field));
  out.append("  # ").append(field.meaning);
  const std::string limits = LimitsText(field);
  if (!limits.empty()) out.append("; ").append(limits);
  out.append("; default ").append(ValueText(standard)).append("\n");
}

void AppendSet(std::string_view name,
               const std::set<std::string, std::less<>>& words,
               std::string& out) {
  if (words.empty()) return;
  out.append(name).append(" = [");
  std::string_view between;
  for (const std::string& word : words) {
    out.append(between).append(Quoted(word));
    between = ", ";
  }
  out += "]\n";
}

void AppendText(std::string_view name, const std::string& text,
                std::string& out) {
  if (text.empty()) return;
  out.append(name).append(" = ").append(Quoted(text)).append("\n");
}

template <typename Span>
void AppendTime(std::string_view name, const std::optional<Span>& time,
                std::string& out) {
  if (time) AppendText(name, TimeText(*time), out);
}

void AppendClient(const Client& client, std::string& out) {
  out.append("\n[[client]]\nid = ").append(Quoted(client.id)).append("\n");
  if (client.is_public()) {
    out.append("public = true\n");
  }
  AppendText("secret_digest", client.secret_digest, out);
  AppendText("jwks", client.jwks, out);
  AppendText("jwks_file", client.jwks_file, out);
  if (client.require_dpop) out.append("require_dpop = true\n");
  if (client.limits.access_format) {
    AppendText("access_format",
               std::string(AccessFormatName(*client.limits.access_format)),
               out);
  }
  if (client.limits.status_list) out.append("status_list = true\n");
  AppendSet("permissions", client.permissions, out);
  AppendSet("may_act_for", client.may_act_for, out);
  const ClientLimits& limits = client.limits;
  AppendTime("access_lifetime", limits.access_lifetime, out);
  AppendTime("idle_timeout", limits.idle_timeout, out);
  AppendTime("absolute_lifetime", limits.absolute_lifetime, out);
  AppendTime("grace", limits.grace, out);
  AppendTime("proven_grace", limits.proven_grace, out);
}

void AppendTransmitter(ssf::Transmitter transmitter, std::string& out) {
  out.append("\n[[ssf.transmitter]]\n");
  for (const TransmitterField& field : TransmitterFields(transmitter)) {
    AppendText(field.name, *field.value, out);
  }
}

}  // namespace

std::string ValueText(const Field& field) {
  return std::visit([](const auto& kind) { return ValueText(kind); },
                    field.kind);
}

std::string ToToml(const Config& config) {
  Config copy = config;
  Config defaults;
  const std::vector<Field> fields = ConfigFields(copy);
  const std::vector<Field> standards = ConfigFields(defaults);
  std::string out;
  std::string_view table;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].table != table) {
      table = fields[i].table;
      out.append("\n[").append(table).append("]\n");
    }
    AppendField(fields[i], standards[i], out);
  }
  for (const ssf::Transmitter& transmitter : config.ssf.transmitters) {
    AppendTransmitter(transmitter, out);
  }
  for (const Client& client : config.clients) AppendClient(client, out);
  return out;
}

}  // namespace signet::service
