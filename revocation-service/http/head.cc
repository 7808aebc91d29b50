#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <optional>

#include "revocation-service/http/message.h"

namespace signet::service::http {
namespace {

namespace beast = boost::beast;

// More headers than this are refused: each costs more than its bytes.
constexpr size_t kMaxHeaders = 100;

std::string_view View(beast::string_view text) {
  return {text.data(), text.size()};
}

// HeadParser lets Beast read the grammar of a head. How long the body is, is
// decided below and not by Beast, which takes "Transfer-Encoding: identity"
// for no body and "Content-Length: 5, 5" for 5.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(RequestHead& head) : head_(head) { skip(true); }

  bool too_many_headers() const { return too_many_headers_; }
  std::string_view target() const { return target_; }

 private:
  using Code = beast::error_code;
  using Text = beast::string_view;
  using Length = boost::optional<std::uint64_t>;

  void on_request_impl(beast::http::verb, Text method, Text target, int version,
                       Code&) override {
    head_.request.method = std::string(View(method));
    target_ = std::string(View(target));
    head_.http11 = version >= 11;
  }
  void on_field_impl(beast::http::field, Text name, Text value,
                     Code& code) override {
    if (head_.request.headers.size() == kMaxHeaders) {
      too_many_headers_ = true;
      code = beast::http::error::header_limit;
      return;
    }
    head_.request.headers.emplace_back(View(name), View(value));
  }
  void on_response_impl(int, Text, int, Code&) override {}
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const Length&, Code&) override {}
  std::size_t on_body_impl(Text, Code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, Code&) override {
    return 0;
  }
  void on_finish_impl(Code&) override {}

  RequestHead& head_;
  std::string target_;
  bool too_many_headers_ = false;
};

using Problem = std::optional<HttpError>;

Problem Bad(std::string_view description) {
  return HttpError{400, description};
}

bool IsTargetText(std::string_view target) {
  for (char c : target) {
    if (c <= ' ' || c >= 0x7f || c == '#') return false;
  }
  return true;
}

// SetTarget splits origin-form, absolute-form and "*" (RFC 9112 section 3.2).
Problem SetTarget(std::string_view target, Request& request) {
  if (!IsTargetText(target)) return Bad("malformed request target");
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t path = target.find_first_of("/?");
    target = path == target.npos ? "/" : target.substr(path);
  }
  const size_t mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  if (mark != target.npos) request.query = std::string(target.substr(mark + 1));
  if (request.path.empty()) request.path = "/";
  const bool asterisk = request.path == "*" && request.method == "OPTIONS";
  if (request.path[0] != '/' && !asterisk) {
    return Bad("malformed request target");
  }
  return {};
}

Problem SetContentLength(const Request& request, RequestHead& head) {
  const std::string_view text = request.Header("Content-Length");
  const char* end = text.data() + text.size();
  if (request.CountHeader("Content-Length") > 1 || text.empty() ||
      text[0] < '0' || text[0] > '9') {
    return Bad("malformed Content-Length");
  }
  const auto [stop, code] =
      std::from_chars(text.data(), end, head.content_length);
  if (code != std::errc() || stop != end)
    return Bad("malformed Content-Length");
  head.framing = BodyFraming::kLength;
  return {};
}

// SetFraming decides where the body ends, as RFC 9112 section 6.3 does, and
// refuses whatever two parties on one connection might read in two ways.
Problem SetFraming(RequestHead& head) {
  const Request& request = head.request;
  const bool has_length = request.CountHeader("Content-Length") > 0;
  const size_t codings = request.CountHeader("Transfer-Encoding");
  if (codings == 0) {
    return has_length ? SetContentLength(request, head) : Problem();
  }
  // RFC 9112 section 6.1: both at once is an attempt at smuggling; a 1.0
  // client that sends a coding cannot know what it means.
  if (has_length) return Bad("Content-Length with Transfer-Encoding");
  if (!head.http11) return Bad("Transfer-Encoding in HTTP/1.0");
  if (codings > 1 ||
      !EqualsIgnoringCase(request.Header("Transfer-Encoding"), "chunked")) {
    return Bad("unsupported Transfer-Encoding");
  }
  head.framing = BodyFraming::kChunked;
  return {};
}

// IsHost tells whether the text can be a host with or without a port (RFC 9110
// section 7.2): who stands before us must not have read another one.
bool IsHost(std::string_view text) {
  static constexpr std::string_view kMarks = "-._~!$&'()*+,;=%:[]";
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
  });
}

Problem CheckFields(RequestHead& head) {
  const Request& request = head.request;
  const size_t hosts = request.CountHeader("Host");
  // RFC 9112 section 3.2.
  if (hosts > 1 || (hosts == 0 && head.http11)) {
    return Bad("exactly one Host is needed");
  }
  if (!IsHost(request.Header("Host"))) return Bad("malformed Host");
  if (request.CountHeader("Content-Encoding") > 0) {
    return HttpError{415, "compressed bodies are not accepted"};
  }
  if (head.http11 && request.CountHeader("Expect") > 0) {
    if (!EqualsIgnoringCase(request.Header("Expect"), "100-continue") ||
        request.CountHeader("Expect") > 1) {
      return HttpError{417, "unknown expectation"};
    }
    head.expects_continue = true;
  }
  return SetFraming(head);
}

}  // namespace

HeadScanner::Status HeadScanner::Scan(std::string_view input) {
  while (position_ < input.size()) {
    const char c = input[position_];
    if (c == '\r') {
      if (position_ + 1 == input.size()) return Status::kNeedMore;
      if (input[position_ + 1] != '\n') return Status::kBad;
      position_ += 2;
      if (line_length_ == 0) return Status::kDone;
      line_length_ = 0;
      continue;
    }
    const bool control = static_cast<unsigned char>(c) < ' ' || c == 0x7f;
    // RFC 9112 section 5.2: a server must refuse obs-fold or undo it.
    const bool folded = line_length_ == 0 && (c == ' ' || c == '\t');
    if (folded || (control && c != '\t')) return Status::kBad;
    ++line_length_;
    ++position_;
  }
  return Status::kNeedMore;
}

Result<RequestHead, HttpError> ParseHead(std::string_view text) {
  RequestHead head;
  HeadParser parser(head);
  parser.header_limit(static_cast<std::uint32_t>(text.size() + 1));
  beast::error_code code;
  parser.put({text.data(), text.size()}, code);
  if (parser.too_many_headers()) return HttpError{431, "too many headers"};
  if (code == beast::http::error::bad_version) {
    return HttpError{400, "not HTTP/1.1"};
  }
  if (code || !parser.is_done()) return HttpError{400, "malformed request"};
  head.keep_alive = parser.keep_alive();
  if (Problem problem = SetTarget(parser.target(), head.request)) {
    return *problem;
  }
  if (Problem problem = CheckFields(head)) return *problem;
  return head;
}

}  // namespace signet::service::http
