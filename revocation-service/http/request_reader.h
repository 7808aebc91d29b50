#ifndef SIGNET_SERVICE_HTTP_REQUEST_READER_H_
#define SIGNET_SERVICE_HTTP_REQUEST_READER_H_

#include <optional>
#include <string>

#include "revocation-service/http/body.h"
#include "revocation-service/http/message.h"

namespace signet::service::http {

// RequestReader reads one request from the bytes of a connection. It knows
// nothing of sockets or time. Not safe for concurrent use.
class RequestReader {
 public:
  enum class Status { kNeedMore, kReady, kFailed };

  // REQUIRES: options outlive the reader.
  explicit RequestReader(const ServerOptions& options) : options_(options) {}

  // Advance takes from the front of `input` what belongs to the request. After
  // kReady the rest belongs to the next one.
  Status Advance(std::string& input);

  // TakeContinue is true once, when the client waits for "100 Continue" before
  // it sends the body (RFC 9110 section 10.1.1).
  bool TakeContinue();

  // After kReady.
  Request TakeRequest() { return std::move(head_.request); }
  bool keep_alive() const { return head_.keep_alive; }
  bool http11() const { return head_.http11; }

  // After kFailed.
  const HttpError& error() const { return error_; }

 private:
  Status AdvanceHead(std::string& input);
  Status AdvanceBody(std::string& input);
  Status Fail(const HttpError& error);

  const ServerOptions& options_;
  HeadScanner scanner_;
  bool skipped_empty_line_ = false;
  RequestHead head_;
  std::optional<BodyDecoder> body_;
  HttpError error_;
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_REQUEST_READER_H_
