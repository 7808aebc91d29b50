#include "feed_net_http.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "signet/url_text.h"

namespace signet {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '*';
}

bool IsHostText(std::string_view authority) {
  return !authority.empty() && std::ranges::all_of(authority, [](char c) {
    return IsUnreserved(c) || c == ':' || c == '[' || c == ']';
  });
}

}  // namespace

Result<ServiceUrl> ParseServiceUrl(std::string_view url) {
  const Error error{ErrorCode::kInvalid,
                    "a service of the feed is not a base URL",
                    "write it as https://HOST:PORT"};
  ServiceUrl parsed;
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return error;
  parsed.https = url.substr(0, scheme) == "https";
  if (!parsed.https && url.substr(0, scheme) != "http") return error;
  const size_t path = std::min(url.find('/', scheme + 3), url.size());
  if (!IsHostText(url.substr(scheme + 3, path - scheme - 3))) return error;
  parsed.origin = url.substr(0, path);
  parsed.prefix = url.substr(path);
  while (parsed.prefix.ends_with('/')) parsed.prefix.pop_back();
  if (!std::ranges::all_of(
          parsed.prefix, [](char c) { return IsUnreserved(c) || c == '/'; })) {
    return error;
  }
  return parsed;
}

Error ExplainStatus(int status) {
  const std::string code = std::to_string(status);
  switch (status) {
    case 401:
      return {ErrorCode::kDenied,
              "the service does not accept the feed's credentials (401)"};
    case 403:
      return {ErrorCode::kDenied,
              "the feed's client lacks the permission `feed` (403)"};
    case 503:
      return {ErrorCode::kUnavailable,
              "the service cannot answer for now (503)"};
    default:
      return {ErrorCode::kUnavailable,
              "the service answered with status " + code};
  }
}

struct FeedHttp::Connection {
  explicit Connection(ServiceUrl to) : url(std::move(to)), client(url.origin) {}
  ServiceUrl url;
  httplib::Client client;
};

FeedHttp::FeedHttp(const FeedOptions& options, std::string_view verifier_id)
    : options_(options), verifier_id_(verifier_id) {}

FeedHttp::~FeedHttp() {
  connection_.reset();
  Unwatch();
}

void FeedHttp::NextService() {
  UseService((service_ + 1) % options_.services.size());
}

void FeedHttp::UseService(size_t service) {
  connection_.reset();
  service_ = service;
}

FeedHttp::Connection& FeedHttp::Connected() {
  if (connection_ != nullptr) return *connection_;
  connection_ = std::make_unique<Connection>(
      *ParseServiceUrl(options_.services[service_]));
  httplib::Client& client = connection_->client;
  client.set_tcp_nodelay(true);
  client.set_keep_alive(true);
  client.set_follow_location(false);
  client.set_decompress(false);
  client.set_connection_timeout(options_.timeout);
  client.set_read_timeout(options_.timeout);
  client.set_write_timeout(options_.timeout);
  client.set_basic_auth(UrlEncode(options_.client_id),
                        UrlEncode(options_.client_secret));
  if (connection_->url.https) {
    client.enable_server_certificate_verification(true);
    if (!options_.ca_file.empty()) client.set_ca_cert_path(options_.ca_file);
  }
  client.set_socket_options([this](socket_t socket) { Watch(socket); });
  return *connection_;
}

void FeedHttp::Watch(int socket) {
  const MutexLock lock(mutex_);
  if (watched_ >= 0) close(watched_);
  watched_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
}

void FeedHttp::Unwatch() {
  const MutexLock lock(mutex_);
  if (watched_ >= 0) close(watched_);
  watched_ = -1;
}

void FeedHttp::Cancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  if (watched_ >= 0) shutdown(watched_, SHUT_RDWR);
}

Result<FeedHttp::Answer> FeedHttp::Get(const std::string& path, size_t limit) {
  constexpr int kMaxRedirects = 4;
  std::string place = path;
  for (int redirects = 0;; ++redirects) {
    Result<Answer> answer = Ask(place, false, {}, limit, {});
    if (!answer || answer->status != 307 || redirects == kMaxRedirects ||
        !IsReferenceBelow(answer->location)) {
      return answer;
    }
    // RFC 3986 section 5.2.3.
    place = place.substr(0, place.rfind('/') + 1) + answer->location;
  }
}

Result<FeedHttp::Answer> FeedHttp::Stream(const std::string& path,
                                          const std::string& last_event_id,
                                          const OnChunk& on_chunk) {
  constexpr size_t kMaxRefusal = 64u << 10;
  return Ask(path, true, last_event_id, kMaxRefusal, on_chunk);
}

Result<FeedHttp::Answer> FeedHttp::Ask(const std::string& path, bool stream,
                                       const std::string& last_event_id,
                                       size_t limit, const OnChunk& on_chunk) {
  if (cancelled()) return Error{ErrorCode::kUnavailable, "the feed stops"};
  Answer answer;
  bool too_long = false;
  const auto on_head = [&](const httplib::Response& response) {
    answer.status = response.status;
    answer.location = response.get_header_value("Location");
    answer.streamed = stream && response.status == 200 &&
                      response.get_header_value("Content-Type")
                          .starts_with("text/event-stream");
    return true;
  };
  const auto on_body = [&](const char* data, size_t size) {
    if (answer.streamed) return on_chunk({data, size});
    too_long = answer.body.size() + size > limit;
    if (!too_long) answer.body.append(data, size);
    return !too_long;
  };
  httplib::Headers headers{{"Accept-Encoding", "identity"}};
  if (!verifier_id_.empty()) {
    headers.emplace("Feed-Verifier", std::string(verifier_id_));
  }
  if (stream) {
    headers.emplace("Accept", "text/event-stream");
    headers.emplace("Last-Event-ID", last_event_id);
  }
  try {
    Connection& connection = Connected();
    const httplib::Result result = connection.client.Get(
        connection.url.prefix + path, headers, on_head, on_body);
    if (answer.streamed) connection_.reset();  // cut off in the middle
    if (result || answer.streamed) return answer;
    return AskingFailed(too_long ? "the answer is too long"
                                 : httplib::to_string(result.error()));
  } catch (const std::exception& e) {
    connection_.reset();
    return Error{ErrorCode::kInternal, AskingFailed(e.what()).message};
  }
}

Error FeedHttp::AskingFailed(std::string_view why) const {
  return {ErrorCode::kUnavailable,
          "asking " + options_.services[service_] + ": " + std::string(why)};
}

bool FeedHttp::cancelled() const {
  const MutexLock lock(mutex_);
  return cancelled_;
}

Result<int> FeedHttp::Post(const std::string& path, const std::string& form) {
  constexpr size_t kMaxAnswer = 64u << 10;
  if (cancelled()) return Error{ErrorCode::kUnavailable, "the feed stops"};
  httplib::Request request;
  request.method = "POST";
  request.headers = {{"Accept-Encoding", "identity"},
                     {"Connection", "close"},
                     {"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = form;
  size_t received = 0;
  request.content_receiver = [&received](const char*, size_t size, uint64_t,
                                         uint64_t) {
    received += size;
    return received <= kMaxAnswer;
  };
  Result<int> status(0);
  try {
    Connection& connection = Connected();
    request.path = connection.url.prefix + path;
    const httplib::Result result = connection.client.send(request);
    status = result ? Result<int>(result->status)
                    : AskingFailed(httplib::to_string(result.error()));
  } catch (const std::exception& e) {
    status = Error{ErrorCode::kInternal, AskingFailed(e.what()).message};
  }
  connection_.reset();
  return status;
}

}  // namespace signet
