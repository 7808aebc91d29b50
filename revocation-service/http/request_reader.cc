#include "revocation-service/http/request_reader.h"

namespace signet::service::http {

RequestReader::Status RequestReader::Advance(std::string& input) {
  if (!body_.has_value()) {
    const Status status = AdvanceHead(input);
    if (status != Status::kReady) return status;
  }
  return AdvanceBody(input);
}

RequestReader::Status RequestReader::AdvanceHead(std::string& input) {
  if (input.empty()) return Status::kNeedMore;
  // RFC 9112 section 2.2: one empty line before a request is ignored.
  if (!skipped_empty_line_ && input.starts_with('\r')) {
    if (input.size() == 1) return Status::kNeedMore;
    if (input[1] == '\n') input.erase(0, 2);
  }
  skipped_empty_line_ = true;
  const HeadScanner::Status scanned = scanner_.Scan(
      std::string_view(input).substr(0, options_.max_header_bytes));
  if (scanned == HeadScanner::Status::kBad) {
    return Fail({400, "malformed request"});
  }
  if (scanned == HeadScanner::Status::kNeedMore) {
    if (input.size() < options_.max_header_bytes) return Status::kNeedMore;
    const bool in_target = input.find("\r\n") >= options_.max_header_bytes;
    return in_target ? Fail({414, "request target is too long"})
                     : Fail({431, "headers are too large"});
  }
  Result<RequestHead, HttpError> head =
      ParseHead(std::string_view(input).substr(0, scanner_.size()));
  if (!head.ok()) return Fail(head.error());
  input.erase(0, scanner_.size());
  head_ = std::move(*head);
  body_.emplace(
      head_.framing, head_.content_length,
      BodyLimits{options_.max_body_bytes,
                 options_.max_body_bytes + options_.max_header_bytes});
  return Status::kReady;
}

RequestReader::Status RequestReader::AdvanceBody(std::string& input) {
  size_t consumed = 0;
  const BodyDecoder::Status status =
      body_->Feed(input, consumed, head_.request.body);
  // A client that has begun to send needs no "100 Continue".
  if (consumed > 0) head_.expects_continue = false;
  input.erase(0, consumed);
  switch (status) {
    case BodyDecoder::Status::kFailed:
      return Fail(body_->error());
    case BodyDecoder::Status::kDone:
      return Status::kReady;
    case BodyDecoder::Status::kNeedMore:
      return Status::kNeedMore;
  }
  return Status::kNeedMore;
}

bool RequestReader::TakeContinue() {
  return std::exchange(head_.expects_continue, false);
}

RequestReader::Status RequestReader::Fail(const HttpError& error) {
  error_ = error;
  return Status::kFailed;
}

}  // namespace signet::service::http
