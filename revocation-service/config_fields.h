#ifndef SIGNET_SERVICE_CONFIG_FIELDS_H_
#define SIGNET_SERVICE_CONFIG_FIELDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "revocation-service/config.h"

namespace signet::service {

// TextField, FlagField, … say where a setting lives and what it may be.
struct TextField {
  std::string* value;
  std::vector<std::string_view> choices = {};  // empty: any text
};
struct FormatField {
  KeyFormat* value;
};
struct FlagField {
  bool* value;
};
struct CountField {
  std::variant<size_t*, uint32_t*, int*> value;
  uint64_t min;
  uint64_t max;
  std::string_view unit;  // "bytes", or empty
};
struct TimeField {
  std::variant<Duration*, Seconds*> value;
  Duration min;
  Duration max;
};

// Field is one setting. Reading and printing both follow the one list.
struct Field {
  std::string_view table;  // empty: at the top
  std::string_view name;
  std::string_view meaning;
  std::variant<TextField, FormatField, FlagField, CountField, TimeField> kind;
};

// ConfigFields lists the settings of `config`, in the order in which they are
// printed; [[client]] and [[ssf.transmitter]] are not among them. The fields
// point into `config`.
std::vector<Field> ConfigFields(Config& config);

// TransmitterFields lists those of [[ssf.transmitter]]: all are texts.
struct TransmitterField {
  std::string_view name;
  std::string* value;
  std::vector<std::string_view> choices = {};
};
std::vector<TransmitterField> TransmitterFields(ssf::Transmitter& transmitter);

// ParseTime reads a whole number and a unit: "500ms", "30s", "10m", "2h",
// "90d". nullopt if it is not of that form or out of range.
std::optional<Duration> ParseTime(std::string_view text);

// TimeText writes the largest unit that divides the time.
std::string TimeText(Duration time);

// ValueText writes a setting's value as TOML.
std::string ValueText(const Field& field);

uint64_t CountOf(const CountField& field);
void SetCount(const CountField& field, uint64_t count);
Duration TimeOf(const TimeField& field);
// SetTime is false if the setting holds whole seconds and `time` is none.
bool SetTime(const TimeField& field, Duration time);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_CONFIG_FIELDS_H_
