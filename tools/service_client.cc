#include "tools/service_client.h"

#include <httplib.h>

#include <boost/json.hpp>
#include <utility>

#include "signet/feed_frame.h"
#include "signet/url_text.h"
#include "tools/files.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

constexpr size_t kMaxAnswer = 64u << 20;
constexpr std::string_view kDefaultUrl = "http://127.0.0.1:8420";

// BaseUrl is what stands before the path: the scheme and the authority.
struct BaseUrl {
  std::string scheme_host_port;
  std::string host;
  bool https = false;
};

Failure BadUrl(const std::string& url) {
  return {kUsage, "\"" + url + "\" is not the URL of a service",
          "write http://HOST:PORT or https://HOST:PORT"};
}

Try<BaseUrl> ParseUrl(const std::string& url) {
  BaseUrl base;
  base.https = url.starts_with("https://");
  if (!base.https && !url.starts_with("http://")) return BadUrl(url);
  const std::string authority = url.substr(base.https ? 8 : 7);
  if (authority.empty() ||
      authority.find_first_of("/?#@ \t\r\n") != std::string::npos) {
    return BadUrl(url);
  }
  base.scheme_host_port = url;
  const size_t bracket = authority.find(']');
  const size_t colon =
      authority.find(':', bracket == std::string::npos ? 0 : bracket);
  base.host = authority.substr(0, colon);
  if (base.host.empty()) return BadUrl(url);
  if (colon == std::string::npos) return base;
  const std::string port = authority.substr(colon + 1);
  if (port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos) {
    return BadUrl(url);
  }
  return base;
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

bool IsSuccess(int status) { return status >= 200 && status < 300; }

std::string TextMember(const json::object& object, std::string_view name) {
  const json::value* const value =
      object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return "";
  return std::string(value->get_string().data(), value->get_string().size());
}

std::string HintFor(int status) {
  switch (status) {
    case 401:
      return "check the client id (--client, SIGNET_CLIENT_ID) and its secret "
             "(--secret-file, SIGNET_CLIENT_SECRET)";
    case 403:
      return "give the client that permission in the service's configuration "
             "(see `signet client --help`)";
    default:
      return "";
  }
}

// FromAnswer reads the error of RFC 6749 section 5.2, if there is one.
Failure FromAnswer(const std::string& url, int status,
                   const std::string& body) {
  std::string error, description;
  json::error_code ignored;
  const json::value parsed = json::parse({body.data(), body.size()}, ignored);
  if (const json::object* object = parsed.if_object()) {
    error = TextMember(*object, "error");
    description = TextMember(*object, "error_description");
  }
  std::string reason = "HTTP " + std::to_string(status);
  if (!error.empty()) reason += ", " + error;
  if (!description.empty()) reason += ": " + description;
  if (status >= 400 && status < 500 && status != 408 && status != 429) {
    return {kRefused, "the service refused: " + reason, HintFor(status)};
  }
  // 5xx, "too many requests" and whatever is no answer of ours: not known.
  return {kUnavailable, url + " could not answer: " + reason,
          "try again; nothing is known of what the service did"};
}

std::string Reason(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "no connection";
    case httplib::Error::ConnectionTimeout:
      return "connecting took too long";
    case httplib::Error::Read:
    case httplib::Error::Write:
      return "the connection broke, or the answer took too long";
    case httplib::Error::Canceled:
      return "the answer is too long";
    case httplib::Error::SSLConnection:
      return "no TLS connection";
    case httplib::Error::SSLLoadingCerts:
      return "the certificates to trust could not be read";
    case httplib::Error::SSLServerVerification:
      return "its certificate is not trusted";
    default:
      return httplib::to_string(error);
  }
}

Failure NoAnswer(const std::string& url, httplib::Error error) {
  const bool untrusted = error == httplib::Error::SSLServerVerification ||
                         error == httplib::Error::SSLLoadingCerts;
  return {kUnavailable, url + " did not answer: " + Reason(error),
          untrusted ? "--ca names the certificates to trust"
                    : "is signetd running there? --url or SIGNET_URL names "
                      "the service"};
}

}  // namespace

void AddServiceFlags(CLI::App* command, ServiceFlags& flags) {
  AddText(command, "--url", flags.url);
  AddText(command, "--client", flags.client);
  AddText(command, "--secret-file", flags.secret_file);
  AddFile(command, "--ca", flags.ca);
}

std::string ServiceUrl(const ServiceFlags& flags) {
  std::string url = flags.url;
  if (url.empty()) url = FromEnvironment("SIGNET_URL");
  if (url.empty()) url = kDefaultUrl;
  if (url.ends_with('/')) url.pop_back();
  return url;
}

Try<Credentials> ReadCredentials(const ServiceFlags& flags) {
  Credentials credentials;
  credentials.client_id =
      flags.client.empty() ? FromEnvironment("SIGNET_CLIENT_ID") : flags.client;
  if (credentials.client_id.empty()) {
    return Failure{kUsage, "no client is named",
                   "use --client ID or SIGNET_CLIENT_ID; `signet client new` "
                   "makes one"};
  }
  if (!flags.secret_file.empty()) {
    Try<std::string> secret = ReadSecretFile(flags.secret_file);
    if (!secret) return secret.error();
    credentials.secret = *std::move(secret);
  } else {
    credentials.secret = FromEnvironment("SIGNET_CLIENT_SECRET");
  }
  if (credentials.secret.empty()) {
    return Failure{kUsage, "client " + credentials.client_id + " has no secret",
                   "use --secret-file FILE or SIGNET_CLIENT_SECRET"};
  }
  return credentials;
}

struct ServiceClient::Impl {
  Impl(std::string base_url, Credentials owner)
      : url(std::move(base_url)), credentials(std::move(owner)), http(url) {}

  // Ask sends a request; any status is an answer.
  Try<Fetched> Ask(httplib::Request& request, size_t limit, Seconds patience);

  std::string url;
  Credentials credentials;
  httplib::Client http;
};

ServiceClient::ServiceClient(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
ServiceClient::ServiceClient(ServiceClient&&) noexcept = default;
ServiceClient::~ServiceClient() = default;

Try<ServiceClient> ServiceClient::Create(const ServiceFlags& flags) {
  const Try<BaseUrl> base = ParseUrl(ServiceUrl(flags));
  if (!base) return base.error();
  Try<Credentials> credentials = ReadCredentials(flags);
  if (!credentials) return credentials.error();
  if (!base->https && !IsLoopback(base->host)) {
    PrintNote("warning: " + base->scheme_host_port +
              " is not https: the client's secret is sent in the clear");
  }
  auto impl =
      std::make_unique<Impl>(base->scheme_host_port, *std::move(credentials));
  httplib::Client& http = impl->http;
  // RFC 6749 section 2.3.1: id and secret are form-encoded first.
  http.set_basic_auth(UrlEncode(impl->credentials.client_id),
                      UrlEncode(impl->credentials.secret));
  http.set_connection_timeout(Seconds(5));
  http.set_tcp_nodelay(true);
  http.set_keep_alive(true);
  http.set_follow_location(false);
  http.set_url_encode(false);  // targets are encoded here
  http.set_decompress(false);  // a small answer must stay small
  http.enable_server_certificate_verification(true);
  if (!flags.ca.empty()) http.set_ca_cert_path(flags.ca);
  return ServiceClient(std::move(impl));
}

Try<std::string> ServiceClient::Send(const std::string& method,
                                     const std::string& target,
                                     const std::string& body,
                                     Seconds patience) {
  httplib::Request request;
  request.method = method;
  request.path = target;
  request.headers.emplace("Accept", "application/json");
  if (!body.empty()) {
    request.headers.emplace("Content-Type", "application/json");
    request.body = body;
  }
  Try<Fetched> answer = impl_->Ask(request, kMaxAnswer, patience);
  if (!answer) return answer.error();
  if (!IsSuccess(answer->status)) {
    return FromAnswer(impl_->url, answer->status, answer->body);
  }
  return std::move(answer->body);
}

Try<ServiceClient::Fetched> ServiceClient::Fetch(const std::string& target) {
  constexpr Seconds kPatience(60);
  constexpr int kGone = 410, kRedirect = 307, kMaxRedirects = 4;
  std::string place = target;
  Try<Fetched> answer = Fetched{};
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    httplib::Request request;
    request.method = "GET";
    request.path = place;
    request.headers.emplace("Feed-Verifier", "none");
    answer =
        impl_->Ask(request, kMaxSnapshotBytes + sizeof(uint32_t), kPatience);
    if (!answer) return answer.error();
    if (answer->status != kRedirect || !IsReferenceBelow(answer->location)) {
      break;
    }
    place = place.substr(0, place.rfind('/') + 1) + answer->location;
  }
  if (!IsSuccess(answer->status) && answer->status != kGone) {
    return FromAnswer(impl_->url, answer->status, answer->body);
  }
  return answer;
}

Try<ServiceClient::Fetched> ServiceClient::Impl::Ask(httplib::Request& request,
                                                     size_t limit,
                                                     Seconds patience) {
  Fetched answer;
  request.content_receiver = [&answer, limit](const char* data, size_t size,
                                              uint64_t, uint64_t) {
    if (answer.body.size() + size > limit) return false;
    answer.body.append(data, size);
    return true;
  };
  http.set_read_timeout(patience);
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  try {
    if (!http.send(request, response, error)) return NoAnswer(url, error);
  } catch (const std::exception& e) {
    return Failure{kUnavailable, url + ": " + e.what()};
  }
  answer.status = response.status;
  answer.location = response.get_header_value("Location");
  return answer;
}

}  // namespace signet::cli
