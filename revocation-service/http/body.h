#ifndef SIGNET_SERVICE_HTTP_BODY_H_
#define SIGNET_SERVICE_HTTP_BODY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "revocation-service/http/message.h"

namespace signet::service::http {

// BodyLimits bound a body, and what its chunks may cost beside it.
struct BodyLimits {
  size_t max_body_bytes = 64 * 1024;
  size_t max_framing_bytes = 72 * 1024;
};

// BodyDecoder reads a body piece by piece, by length or by chunks (RFC 9112
// section 7.1). Chunk extensions and trailers are read and dropped.
class BodyDecoder {
 public:
  enum class Status { kNeedMore, kDone, kFailed };

  BodyDecoder(BodyFraming framing, uint64_t content_length,
              const BodyLimits& limits);

  // Feed consumes from `input` and appends to `body`. After kDone `consumed`
  // tells where the next request begins.
  Status Feed(std::string_view input, size_t& consumed, std::string& body);

  // error is valid after kFailed.
  const HttpError& error() const { return error_; }

 private:
  enum class State : uint8_t {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kEndLf,
    kDone,
    kFailed,
  };

  void FeedData(std::string_view input, size_t& at, std::string& body);
  void FeedFraming(char c, size_t body_size);
  void FeedSize(char c, size_t body_size);
  void FeedLine(char c, State next);
  void Expect(char c, char expected, State next);
  void Fail(int status, std::string_view description);

  const BodyLimits limits_;
  const bool chunked_;
  State state_;
  uint64_t remaining_ = 0;  // of the chunk, or of the whole body
  size_t digits_ = 0;       // of the chunk size
  size_t framing_bytes_ = 0;
  HttpError error_;
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_BODY_H_
