#include "revocation-service/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "revocation-service/config_fields.h"

namespace signet::service {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;

// A ConfigReader fills a Config from a parsed document and collects every
// problem that it meets.
class ConfigReader {
 public:
  ConfigReader(Config& config, const std::string& where)
      : config_(config), where_(where), fields_(ConfigFields(config)) {}

  void Read(const toml::table& document);
  const std::string& problems() const { return problems_; }

 private:
  void Add(const toml::node& node, const std::string& problem) {
    if (!problems_.empty()) problems_ += "\n";
    problems_ += where_ + ":" + std::to_string(node.source().begin.line) +
                 ": " + problem;
  }

  bool IsTable(std::string_view name) const;
  void ReadTable(std::string_view table, const toml::table& values);
  void ReadField(const Field& field, const std::string& name,
                 const toml::node& node);
  void ReadKind(const TextField& field, const std::string& name,
                const toml::node& node);
  void ReadKind(const FormatField& field, const std::string& name,
                const toml::node& node);
  void ReadKind(std::optional<KeyFormat>& format, const std::string& name,
                const toml::node& node);
  void ReadKind(const FlagField& field, const std::string& name,
                const toml::node& node);
  void ReadKind(const CountField& field, const std::string& name,
                const toml::node& node);
  void ReadKind(const TimeField& field, const std::string& name,
                const toml::node& node);
  void ReadTransmitters(const toml::node& node);
  void ReadTransmitter(const toml::table& values);
  void ReadClients(const toml::node& node);
  void ReadClient(const toml::table& values);
  bool ReadClientLimit(std::string_view key, const toml::node& node,
                       ClientLimits& limits);
  template <typename Span>
  void ReadOwn(std::string_view key, const toml::node& node,
               std::optional<Span>& out);
  bool ReadText(const std::string& name, const toml::node& node,
                std::string& out);
  void ReadSet(const std::string& name, const toml::node& node,
               std::set<std::string, std::less<>>& out);

  Config& config_;
  const std::string& where_;
  const std::vector<Field> fields_;
  std::string problems_;
};

std::string Join(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

bool ConfigReader::IsTable(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [name](const Field& f) {
    return !f.table.empty() && f.table == name;
  });
}

void ConfigReader::Read(const toml::table& document) {
  ReadTable("", document);
}

void ConfigReader::ReadTable(std::string_view table,
                             const toml::table& values) {
  for (const auto& [key, node] : values) {
    const std::string_view name = key.str();
    std::string full(table);
    if (!full.empty()) full += '.';
    full += name;
    const auto field = std::find_if(
        fields_.begin(), fields_.end(),
        [&](const Field& f) { return f.table == table && f.name == name; });
    if (field != fields_.end()) {
      ReadField(*field, full, node);
    } else if (table.empty() && name == "client") {
      ReadClients(node);
    } else if (table == "ssf" && name == "transmitter") {
      ReadTransmitters(node);
    } else if (!table.empty() || !IsTable(name)) {
      Add(node, "unknown setting " + full);
    } else if (const toml::table* inner = node.as_table()) {
      ReadTable(name, *inner);
    } else {
      Add(node, full + " is not a table");
    }
  }
}

void ConfigReader::ReadField(const Field& field, const std::string& name,
                             const toml::node& node) {
  std::visit([&](const auto& kind) { ReadKind(kind, name, node); }, field.kind);
}

bool ConfigReader::ReadText(const std::string& name, const toml::node& node,
                            std::string& out) {
  const toml::value<std::string>* text = node.as_string();
  if (text == nullptr) {
    Add(node, name + " is not a text in quotes");
    return false;
  }
  // A NUL would cut a path in two readings.
  if (text->get().find('\0') != std::string::npos) {
    Add(node, name + " holds a NUL");
    return false;
  }
  out = text->get();
  return true;
}

void ConfigReader::ReadKind(const TextField& field, const std::string& name,
                            const toml::node& node) {
  std::string text;
  if (!ReadText(name, node, text)) return;
  const auto& choices = field.choices;
  if (!choices.empty() &&
      std::find(choices.begin(), choices.end(), text) == choices.end()) {
    return Add(node,
               name + " is \"" + text + "\", not one of " + Join(choices));
  }
  *field.value = std::move(text);
}

void ConfigReader::ReadKind(const FormatField& field, const std::string& name,
                            const toml::node& node) {
  std::string text;
  if (!ReadText(name, node, text)) return;
  Result<KeyFormat> format = ParseAccessFormat(text);
  if (!format.ok()) {
    return Add(node, name + ": " + format.error().message);
  }
  *field.value = *format;
}

void ConfigReader::ReadKind(std::optional<KeyFormat>& format,
                            const std::string& name, const toml::node& node) {
  KeyFormat read{};
  const size_t before = problems_.size();
  ReadKind(FormatField{&read}, name, node);
  if (problems_.size() == before) format = read;
}

void ConfigReader::ReadKind(const FlagField& field, const std::string& name,
                            const toml::node& node) {
  const toml::value<bool>* flag = node.as_boolean();
  if (flag == nullptr) return Add(node, name + " is not true or false");
  *field.value = flag->get();
}

void ConfigReader::ReadKind(const CountField& field, const std::string& name,
                            const toml::node& node) {
  const toml::value<int64_t>* number = node.as_integer();
  if (number == nullptr) return Add(node, name + " is not a whole number");
  const int64_t count = number->get();
  if (count < 0 || static_cast<uint64_t>(count) < field.min ||
      static_cast<uint64_t>(count) > field.max) {
    return Add(node, name + " is " + std::to_string(count) + ", not within " +
                         std::to_string(field.min) + " to " +
                         std::to_string(field.max));
  }
  SetCount(field, static_cast<uint64_t>(count));
}

void ConfigReader::ReadKind(const TimeField& field, const std::string& name,
                            const toml::node& node) {
  const toml::value<std::string>* text = node.as_string();
  const auto time = text ? ParseTime(text->get()) : std::nullopt;
  if (!time) {
    return Add(node, name +
                         " is not a time such as \"500ms\", \"30s\", "
                         "\"10m\", \"2h\" or \"90d\"");
  }
  if (*time < field.min || *time > field.max) {
    return Add(node, name + " is " + TimeText(*time) + ", not within " +
                         TimeText(field.min) + " to " + TimeText(field.max));
  }
  if (!SetTime(field, *time)) Add(node, name + " is not in whole seconds");
}

void ConfigReader::ReadClients(const toml::node& node) {
  const toml::array* clients = node.as_array();
  if (clients == nullptr || !clients->is_array_of_tables()) {
    return Add(node, "client is not a list of tables: write [[client]]");
  }
  for (const toml::node& one : *clients) ReadClient(*one.as_table());
}

void ConfigReader::ReadClient(const toml::table& values) {
  Client client;
  bool is_public = false;
  for (const auto& [key, node] : values) {
    const std::string name = "client." + std::string(key.str());
    if (ReadClientLimit(key.str(), node, client.limits)) continue;
    if (key == "id") {
      ReadText(name, node, client.id);
    } else if (key == "secret_digest") {
      ReadText(name, node, client.secret_digest);
    } else if (key == "jwks") {
      ReadText(name, node, client.jwks);
    } else if (key == "jwks_file") {
      ReadText(name, node, client.jwks_file);
    } else if (key == "require_dpop") {
      ReadKind(FlagField{&client.require_dpop}, name, node);
    } else if (key == "access_format") {
      ReadKind(client.limits.access_format, name, node);
    } else if (key == "status_list") {
      ReadKind(FlagField{&client.limits.status_list}, name, node);
    } else if (key == "public") {
      ReadKind(FlagField{&is_public}, name, node);
    } else if (key == "permissions") {
      ReadSet(name, node, client.permissions);
    } else if (key == "may_act_for") {
      ReadSet(name, node, client.may_act_for);
    } else {
      Add(node, "unknown setting " + name);
    }
  }
  // That a client needs no secret is said, never concluded from silence.
  if (is_public != client.is_public()) {
    Add(values, "client \"" + client.id + "\" needs a secret_digest, " +
                    "jwks or jwks_file, or else public = true");
  }
  config_.clients.push_back(std::move(client));
}

void ConfigReader::ReadTransmitters(const toml::node& node) {
  const toml::array* list = node.as_array();
  if (list == nullptr || !list->is_array_of_tables()) {
    return Add(node,
               "ssf.transmitter is not a list of tables: write "
               "[[ssf.transmitter]]");
  }
  for (const toml::node& one : *list) ReadTransmitter(*one.as_table());
}

void ConfigReader::ReadTransmitter(const toml::table& values) {
  ssf::Transmitter transmitter;
  const std::vector<TransmitterField> fields = TransmitterFields(transmitter);
  for (const auto& [key, node] : values) {
    const std::string_view given = key.str();
    const std::string name = "ssf.transmitter." + std::string(given);
    const auto field =
        std::find_if(fields.begin(), fields.end(),
                     [given](const auto& f) { return f.name == given; });
    if (field == fields.end()) {
      Add(node, "unknown setting " + name);
    } else {
      ReadKind(TextField{field->value, field->choices}, name, node);
    }
  }
  config_.ssf.transmitters.push_back(std::move(transmitter));
}

// ReadOwn reads what a client has in place of a setting of [sessions], within
// the same range.
template <typename Span>
void ConfigReader::ReadOwn(std::string_view key, const toml::node& node,
                           std::optional<Span>& out) {
  const auto field = std::find_if(
      fields_.begin(), fields_.end(),
      [&](const Field& f) { return f.table == "sessions" && f.name == key; });
  TimeField own = std::get<TimeField>(field->kind);
  Span value{};
  own.value = &value;
  const size_t before = problems_.size();
  ReadKind(own, "client." + std::string(key), node);
  if (problems_.size() == before) out = value;
}

// ReadClientLimit is false if there is no limit of that name.
bool ConfigReader::ReadClientLimit(std::string_view key, const toml::node& node,
                                   ClientLimits& limits) {
  if (key == "access_lifetime") {
    ReadOwn(key, node, limits.access_lifetime);
  } else if (key == "idle_timeout") {
    ReadOwn(key, node, limits.idle_timeout);
  } else if (key == "absolute_lifetime") {
    ReadOwn(key, node, limits.absolute_lifetime);
  } else if (key == "grace") {
    ReadOwn(key, node, limits.grace);
  } else if (key == "proven_grace") {
    ReadOwn(key, node, limits.proven_grace);
  } else {
    return false;
  }
  return true;
}

void ConfigReader::ReadSet(const std::string& name, const toml::node& node,
                           std::set<std::string, std::less<>>& out) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return Add(node, name + " is not a list of texts");
  for (const toml::node& one : *list) {
    std::string text;
    if (!ReadText(name, one, text)) continue;
    if (out.insert(text).second) continue;
    std::string problem = name;
    Add(one, problem.append(" repeats \"").append(text).append("\""));
  }
}

}  // namespace

Result<Config> ReadConfig(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::kNotFound, "reading the configuration " + path +
                                           ": cannot open the file"};
  }
  std::string text;
  char buffer[4096];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxConfigBytes) {
      return Error{ErrorCode::kInvalid,
                   "reading the configuration " + path + ": larger than 1 MiB"};
    }
  }
  if (file.bad()) {
    return Error{ErrorCode::kUnavailable,
                 "reading the configuration " + path + " failed"};
  }
  return ParseConfig(text, path);
}

Result<Config> ParseConfig(std::string_view toml, const std::string& where) {
  Config config;
  ConfigReader reader(config, where);
  try {
    reader.Read(toml::parse(toml));
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kInvalid,
                 where + ":" + std::to_string(error.source().begin.line) +
                     ": " + std::string(error.description())};
  }
  if (!reader.problems().empty()) {
    return Error{ErrorCode::kInvalid, reader.problems()};
  }
  return config;
}

}  // namespace signet::service
