#include "revocation-service/log.h"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <memory>

#include "signet/clock.h"
#include "signet/mutex.h"
#include "signet/timestamp.h"

namespace signet::service {
namespace {

// Stands before a message that is the members of an object already.
constexpr char kMembers = '\x1e';

// Guards the form of a line from when its fields are put together until it is
// written.
Mutex g_form;
bool g_json SIGNET_GUARDED_BY(g_form) = false;

std::string Quoted(std::string_view text) {
  return boost::json::serialize(
      boost::json::string_view(text.data(), text.size()));
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c > '~') return false;
  }
  return true;
}

// A JsonFormatter writes each message as one JSON object on one line.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message,
              spdlog::memory_buf_t& out) override {
    const auto level = spdlog::level::to_string_view(message.level);
    std::string line = "{\"time\":\"";
    line += FormatTimestamp(std::chrono::floor<Duration>(message.time));
    line += "\",\"level\":\"";
    line.append(level.data(), level.size());
    line += "\",";
    const std::string_view text(message.payload.data(), message.payload.size());
    if (text.starts_with(kMembers)) {
      line += text.substr(1);
    } else {
      line += "\"message\":" + Quoted(text);
    }
    line += "}\n";
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

}  // namespace

std::string FormatFields(std::string_view event,
                         const std::vector<LogField>& fields, bool json) {
  std::string line;
  if (json) {
    line.append(1, kMembers).append("\"event\":").append(Quoted(event));
  } else {
    line = event;
  }
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    if (json) {
      line.append(",").append(Quoted(name)).append(":").append(Quoted(value));
    } else {
      line.append(" ").append(name).append("=");
      line += IsPlain(value) ? value : Quoted(value);
    }
  }
  return line;
}

void SetUpLog(const std::string& level, bool json) {
  auto logger = spdlog::stderr_logger_mt("signetd");
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_on(spdlog::level::info);
  ChangeLog(level, json);
}

void ChangeLog(const std::string& level, bool json) {
  MutexLock lock(g_form);
  g_json = json;
  if (json) {
    spdlog::set_formatter(std::make_unique<JsonFormatter>());
  } else {
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                        spdlog::pattern_time_type::utc);
  }
  spdlog::set_level(spdlog::level::from_str(level));
}

void LogInfo(std::string_view event, const std::vector<LogField>& fields) {
  if (!spdlog::should_log(spdlog::level::info)) return;
  MutexLock lock(g_form);
  spdlog::info("{}", FormatFields(event, fields, g_json));
}

void LogWarning(std::string_view event, const std::vector<LogField>& fields) {
  if (!spdlog::should_log(spdlog::level::warn)) return;
  MutexLock lock(g_form);
  spdlog::warn("{}", FormatFields(event, fields, g_json));
}

}  // namespace signet::service
