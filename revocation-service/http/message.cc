#include "revocation-service/http/message.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <ctime>

namespace signet::service::http {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// HttpDate is an IMF-fixdate (RFC 9110 section 5.6.7). Each thread remembers
// the one of this second.
const std::string& HttpDate() {
  thread_local std::time_t cached_at = -1;
  thread_local std::string cached;
  const std::time_t now = std::time(nullptr);
  if (now != cached_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    // The process never calls setlocale: names are English.
    cached.assign(text, std::strftime(text, sizeof text,
                                      "%a, %d %b %Y %H:%M:%S GMT", &parts));
    cached_at = now;
  }
  return cached;
}

void AppendClean(std::string& out, std::string_view text) {
  for (char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    out += control ? ' ' : c;
  }
}

std::string_view ErrorName(int status) {
  if (status == 503) return "temporarily_unavailable";
  return status >= 500 ? "server_error" : "invalid_request";
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Request::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return {};
}

size_t Request::CountHeader(std::string_view name) const {
  return static_cast<size_t>(std::count_if(
      headers.begin(), headers.end(),
      [name](const auto& h) { return EqualsIgnoringCase(h.first, name); }));
}

Response ErrorAnswer(const HttpError& error) {
  Response response;
  response.status = error.status;
  response.headers = {{"Content-Type", "application/json"},
                      {"Cache-Control", "no-store"},
                      {"Pragma", "no-cache"}};
  if (error.status == 503) response.headers.emplace_back("Retry-After", "1");
  response.body.append("{\"error\":\"")
      .append(ErrorName(error.status))
      .append("\",\"error_description\":\"")
      .append(error.description)
      .append("\"}");
  return response;
}

std::string SerializeHead(const Response& response,
                          const AnswerOptions& options) {
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  const auto status =
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status));
  out.append(boost::beast::http::obsolete_reason(status));
  out.append("\r\nDate: ").append(HttpDate()).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    AppendClean(out, name);
    out.append(": ");
    AppendClean(out, value);
    out.append("\r\n");
  }
  if (!options.stream && MayHaveBody(response.status)) {
    out.append("Content-Length: ")
        .append(std::to_string(response.body.size()))
        .append("\r\n");
  }
  if (!options.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (!options.http11) {
    out.append("Connection: keep-alive\r\n");
  }
  return out.append("\r\n");
}

}  // namespace signet::service::http
