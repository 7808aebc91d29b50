// What comes over a connection: requests, whole and in pieces, and what is
// read of their headers and bodies before anybody is known.
#include <algorithm>

#include "revocation-service/http/form.h"
#include "revocation-service/http/request_reader.h"
#include "revocation-service/limits/client_address.h"
#include "revocation-service/trace.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

namespace http = service::http;
using http::Request;
using Status = http::RequestReader::Status;

constexpr size_t kMaxHead = 1024;
constexpr size_t kMaxBody = 512;

const http::ServerOptions& Options() {
  static const http::ServerOptions options = [] {
    http::ServerOptions made;
    made.max_header_bytes = kMaxHead;
    made.max_body_bytes = kMaxBody;
    return made;
  }();
  return options;
}

// Reading is what a connection gave: its requests, and how it ended.
struct Reading {
  std::vector<Request> requests;
  bool failed = false;
};

Reading Read(std::string_view bytes, size_t piece) {
  Reading reading;
  std::optional<http::RequestReader> reader(Options());
  std::string input;
  bool more = true;
  while (more) {
    more = !bytes.empty();
    input += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    Status status = reader->Advance(input);
    while (status == Status::kReady) {
      reading.requests.push_back(reader->TakeRequest());
      reader.emplace(Options());
      status = reader->Advance(input);
    }
    if (status != Status::kFailed) continue;
    FUZZ_CHECK(reader->error().status >= 400 && reader->error().status < 500);
    FUZZ_CHECK(!reader->error().description.empty());
    reading.failed = true;
    return reading;
  }
  return reading;
}

bool IsSame(const Request& a, const Request& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query &&
         a.headers == b.headers && a.body == b.body;
}

// What two parties on one connection could read in two ways is refused.
void CheckFraming(const Request& request) {
  FUZZ_CHECK(request.CountHeader("Host") <= 1);
  FUZZ_CHECK(request.body.size() <= kMaxBody);
  const size_t lengths = request.CountHeader("Content-Length");
  const size_t codings = request.CountHeader("Transfer-Encoding");
  FUZZ_CHECK(lengths + codings <= 1);
  if (lengths == 1) {
    FUZZ_CHECK(request.body.size() ==
               std::stoull(std::string(request.Header("Content-Length"))));
  } else if (codings == 0) {
    FUZZ_CHECK(request.body.empty());
  }
}

void CheckText(const Request& request) {
  FUZZ_CHECK(!request.method.empty());
  FUZZ_CHECK(request.path == "*" || request.path.starts_with('/'));
  const auto is_control = [](char c) {
    return (static_cast<uint8_t>(c) < ' ' && c != '\t') || c == 0x7f;
  };
  for (const std::string* text :
       {&request.method, &request.path, &request.query}) {
    FUZZ_CHECK(std::ranges::none_of(
        *text, [&](char c) { return is_control(c) || c == ' ' || c == '\t'; }));
  }
  for (const auto& [name, value] : request.headers) {
    FUZZ_CHECK(!name.empty() && name.find_first_of(": \t") == name.npos);
    FUZZ_CHECK(std::ranges::none_of(name, is_control));
    FUZZ_CHECK(std::ranges::none_of(value, is_control));
  }
}

// CheckAgain writes a request in the plainest way, which is read as the same.
void CheckAgain(const Request& request) {
  std::string text = request.method + " " + request.path;
  if (!request.query.empty()) text += "?" + request.query;
  text += " HTTP/1.1\r\nHost: a\r\nContent-Length: " +
          std::to_string(request.body.size()) + "\r\n\r\n" + request.body;
  const Reading again = Read(text, text.size());
  FUZZ_CHECK(again.requests.size() == 1 && !again.failed);
  const Request& other = again.requests[0];
  FUZZ_CHECK(other.method == request.method && other.path == request.path &&
             other.query == request.query && other.body == request.body);
}

void ReadTexts(const Request& request) {
  for (const std::string& text : {request.query, request.body}) {
    const auto form = http::Form::Parse(text);
    FUZZ_CHECK(form || !form.error().message.empty());
  }
  const auto path = http::PercentDecode(request.path);
  FUZZ_CHECK(!path || path->size() <= request.path.size());
  if (const auto trace =
          service::ParseTraceparent(request.Header("traceparent"))) {
    FUZZ_CHECK(trace->size() == 32);
    FUZZ_CHECK(request.Header("traceparent").find(*trace) == 3);
  }
  for (const char* header : {"x-forwarded-for", "forwarded"}) {
    const auto proxies =
        service::Proxies::Create({"127.0.0.0/8, 10.0.0.0/8, ::1", header});
    FUZZ_CHECK(proxies.ok());
    const std::string client = proxies->ClientOf(request);
    const auto address = service::ParseIpAddress(client);
    FUZZ_CHECK(address && service::IpAddressText(*address) == client);
    FUZZ_CHECK(!service::AddressKey(client).empty());
  }
}

FUZZ_TARGET(input) {
  const uint8_t piece = TakeByte(input);
  Reading whole = Read(input, std::max(input.size(), size_t{1}));
  const Reading pieces = Read(input, size_t{1} + piece);
  FUZZ_CHECK(whole.failed == pieces.failed);
  FUZZ_CHECK(std::ranges::equal(whole.requests, pieces.requests, IsSame));
  for (Request& request : whole.requests) {
    CheckFraming(request);
    CheckText(request);
    CheckAgain(request);
    request.remote = "127.0.0.1";
    ReadTexts(request);
  }
}

}  // namespace
}  // namespace signet::fuzz
