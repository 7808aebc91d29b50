#ifndef SIGNET_SERVICE_HTTP_MESSAGE_H_
#define SIGNET_SERVICE_HTTP_MESSAGE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "revocation-service/http/server.h"
#include "signet/result.h"

namespace signet::service::http {

// HttpError is an answer that the server gives by itself: a status, and what
// was wrong with the request (a literal, so nothing the peer sent is echoed).
struct HttpError {
  int status = 400;
  std::string_view description;
};

// ErrorAnswer is the answer as JSON, in the form of RFC 6749 section 5.2.
Response ErrorAnswer(const HttpError& error);

enum class BodyFraming : uint8_t { kNone, kLength, kChunked };

// RequestHead is a request whose head was accepted and whose body is to come.
struct RequestHead {
  Request request;
  BodyFraming framing = BodyFraming::kNone;
  uint64_t content_length = 0;
  bool http11 = true;
  bool keep_alive = true;
  bool expects_continue = false;
};

// HeadScanner finds the end of a head and refuses, as they come, bytes that
// have no place in one: NUL and other controls, a CR or LF by itself, and a
// folded line (RFC 9112 sections 2.2 and 5.2).
class HeadScanner {
 public:
  enum class Status { kNeedMore, kDone, kBad };

  // Scan looks at what `input` has beyond the last call.
  Status Scan(std::string_view input);

  // size is the length of the head, its empty line included. REQUIRES: kDone.
  size_t size() const { return position_; }

 private:
  size_t position_ = 0;
  size_t line_length_ = 0;  // without CR LF
};

// ParseHead reads a complete head that HeadScanner let pass.
Result<RequestHead, HttpError> ParseHead(std::string_view head);

// AnswerOptions say what the connection adds to an answer.
struct AnswerOptions {
  bool keep_alive = true;
  bool http11 = true;   // of the request
  bool stream = false;  // a body of unknown length, ended by closing
};

// SerializeHead writes status line and headers. Controls within a header are
// replaced by spaces, so no handler can split an answer.
std::string SerializeHead(const Response& response,
                          const AnswerOptions& options);

// MayHaveBody tells whether an answer of that status has a body at all
// (RFC 9110 section 6.4.1).
inline bool MayHaveBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_MESSAGE_H_
