#include "revocation-service/ssf/poll_client.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "signet/url_text.h"

namespace signet::service::ssf {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(5);
// Longer than transmitters let a poll wait.
constexpr auto kReadTimeout = std::chrono::seconds(90);

struct Url {
  std::string origin;
  std::string path;
};

Url Split(const std::string& url) {
  const size_t host = url.find("://") + 3;
  const size_t path = std::min(url.find('/', host), url.size());
  return {url.substr(0, path),
          path == url.size() ? std::string("/") : url.substr(path)};
}

}  // namespace

struct PollClient::Connection {
  explicit Connection(const std::string& origin) : client(origin) {}
  httplib::Client client;
};

struct PollClient::Question {
  bool is_poll = false;
  std::string body;
};

PollClient::PollClient(Transmitter transmitter, std::string secret)
    : transmitter_(std::move(transmitter)), secret_(std::move(secret)) {}

PollClient::~PollClient() {
  polls_.reset();
  Unwatch();
}

Result<std::string> PollClient::Poll(const std::string& body) {
  return Ask(polls_, transmitter_.poll_url, {.is_poll = true, .body = body});
}

Result<std::string> PollClient::FetchKeys() {
  // Only the socket that was opened last can be cut off.
  polls_.reset();
  std::unique_ptr<Connection> once;
  return Ask(once, transmitter_.jwks_url, {});
}

Result<std::string> PollClient::Ask(std::unique_ptr<Connection>& connection,
                                    const std::string& url,
                                    const Question& question) {
  {
    MutexLock lock(mutex_);
    if (cancelled_) return Error{ErrorCode::kUnavailable, "stopping"};
  }
  const Url parts = Split(url);
  const std::string what = "asking " + url + ": ";
  std::string body;
  bool too_long = false;
  const auto end = std::chrono::steady_clock::now() + 2 * kReadTimeout;
  httplib::Request request;
  request.path = parts.path;
  request.headers.emplace("Accept", "application/json");
  request.headers.emplace("Accept-Encoding", "identity");
  request.method = question.is_poll ? "POST" : "GET";
  if (question.is_poll) {
    request.body = question.body;
    request.headers.emplace("Content-Type", "application/json");
    // The keys are public: whoever serves them need not see the secret.
    if (transmitter_.client_id.empty()) {
      request.headers.emplace("Authorization", "Bearer " + secret_);
    } else {
      // RFC 6749 section 2.3.1: both parts are encoded before Basic.
      request.headers.insert(httplib::make_basic_authentication_header(
          UrlEncode(transmitter_.client_id), UrlEncode(secret_)));
    }
  }
  request.content_receiver = [&](const char* data, size_t size, uint64_t,
                                 uint64_t) {
    // Nor may an answer trickle in without end.
    too_long = body.size() + size > kMaxAnswer ||
               std::chrono::steady_clock::now() > end;
    if (!too_long) body.append(data, size);
    return !too_long;
  };
  try {
    if (connection == nullptr) {
      connection = std::make_unique<Connection>(parts.origin);
      httplib::Client& client = connection->client;
      client.set_tcp_nodelay(true);
      client.set_keep_alive(true);
      client.set_follow_location(false);
      client.set_decompress(false);
      client.set_connection_timeout(kConnectTimeout);
      client.set_read_timeout(kReadTimeout);
      client.set_write_timeout(kConnectTimeout);
      client.enable_server_certificate_verification(true);
      if (!transmitter_.ca_file.empty()) {
        client.set_ca_cert_path(transmitter_.ca_file);
      }
      client.set_socket_options([this](socket_t socket) { Watch(socket); });
    }
    const httplib::Result result = connection->client.send(request);
    if (!result) {
      connection.reset();
      return Error{ErrorCode::kUnavailable,
                   what + (too_long ? "the answer is too long"
                                    : httplib::to_string(result.error()))};
    }
    if (result->status != 200) {
      return Error{ErrorCode::kUnavailable,
                   what + "status " + std::to_string(result->status)};
    }
    return body;
  } catch (const std::exception& e) {
    connection.reset();
    return Error{ErrorCode::kInternal, what + e.what()};
  }
}

void PollClient::Watch(int socket) {
  MutexLock lock(mutex_);
  if (watched_ >= 0) ::close(watched_);
  watched_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (cancelled_ && watched_ >= 0) ::shutdown(watched_, SHUT_RDWR);
}

void PollClient::Unwatch() {
  MutexLock lock(mutex_);
  if (watched_ >= 0) ::close(watched_);
  watched_ = -1;
}

void PollClient::Cancel() {
  MutexLock lock(mutex_);
  cancelled_ = true;
  if (watched_ >= 0) ::shutdown(watched_, SHUT_RDWR);
}

}  // namespace signet::service::ssf
