#ifndef SIGNET_SERVICE_LOG_H_
#define SIGNET_SERVICE_LOG_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::service {

// SetUpLog sends the log to stderr, one line each: text, or with `json` one
// JSON object. Called once, before any thread.
void SetUpLog(const std::string& level, bool json);

// ChangeLog sets level and form of the lines that follow. Safe from any thread.
void ChangeLog(const std::string& level, bool json);

// LogField is one named value of a line.
using LogField = std::pair<std::string_view, std::string>;

// LogInfo and LogWarning write an event with its fields: members of the JSON
// object, or name=value in text. Empty values are left out. Safe from any
// thread.
void LogInfo(std::string_view event, const std::vector<LogField>& fields);
void LogWarning(std::string_view event, const std::vector<LogField>& fields);

// FormatFields is the line that they write, without time and level.
std::string FormatFields(std::string_view event,
                         const std::vector<LogField>& fields, bool json);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_LOG_H_
