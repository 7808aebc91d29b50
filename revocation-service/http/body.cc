#include "revocation-service/http/body.h"

#include <algorithm>

namespace signet::service::http {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsControl(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
}

// Sizes of more digits are over every limit.
constexpr size_t kMaxSizeDigits = 8;

}  // namespace

BodyDecoder::BodyDecoder(BodyFraming framing, uint64_t content_length,
                         const BodyLimits& limits)
    : limits_(limits),
      chunked_(framing == BodyFraming::kChunked),
      state_(chunked_ ? State::kSize : State::kData) {
  if (chunked_) return;
  remaining_ = framing == BodyFraming::kLength ? content_length : 0;
  if (remaining_ == 0) state_ = State::kDone;
  if (remaining_ > limits_.max_body_bytes) Fail(413, "body is too large");
}

BodyDecoder::Status BodyDecoder::Feed(std::string_view input, size_t& consumed,
                                      std::string& body) {
  consumed = 0;
  while (state_ != State::kDone && state_ != State::kFailed &&
         consumed < input.size()) {
    if (state_ == State::kData) {
      FeedData(input, consumed, body);
    } else {
      FeedFraming(input[consumed++], body.size());
    }
  }
  if (state_ == State::kFailed) return Status::kFailed;
  return state_ == State::kDone ? Status::kDone : Status::kNeedMore;
}

void BodyDecoder::FeedData(std::string_view input, size_t& at,
                           std::string& body) {
  const size_t length =
      static_cast<size_t>(std::min<uint64_t>(remaining_, input.size() - at));
  body.append(input.substr(at, length));
  at += length;
  remaining_ -= length;
  if (remaining_ == 0) state_ = chunked_ ? State::kDataCr : State::kDone;
}

void BodyDecoder::FeedFraming(char c, size_t body_size) {
  if (++framing_bytes_ > limits_.max_framing_bytes) {
    return Fail(413, "too much chunk framing");
  }
  switch (state_) {
    case State::kSize:
      return FeedSize(c, body_size);
    case State::kExtension:
      return FeedLine(c, State::kSizeLf);
    case State::kSizeLf:
      return Expect(c, '\n',
                    remaining_ == 0 ? State::kTrailerStart : State::kData);
    case State::kDataCr:
      return Expect(c, '\r', State::kDataLf);
    case State::kDataLf:
      digits_ = 0;
      return Expect(c, '\n', State::kSize);
    case State::kTrailerStart:
      state_ = State::kTrailer;
      return FeedLine(c, State::kEndLf);
    case State::kTrailer:
      return FeedLine(c, State::kTrailerLf);
    case State::kTrailerLf:
      return Expect(c, '\n', State::kTrailerStart);
    case State::kEndLf:
      return Expect(c, '\n', State::kDone);
    case State::kData:
    case State::kDone:
    case State::kFailed:
      return;
  }
}

void BodyDecoder::FeedSize(char c, size_t body_size) {
  const int digit = HexValue(c);
  if (digit < 0) {
    if (digits_ == 0) return Fail(400, "malformed chunk");
    if (c == ';') state_ = State::kExtension;
    // No white space around the size: parsers disagree about it.
    else
      Expect(c, '\r', State::kSizeLf);
    return;
  }
  remaining_ = remaining_ * 16 + static_cast<uint64_t>(digit);
  if (++digits_ > kMaxSizeDigits ||
      remaining_ > limits_.max_body_bytes - body_size) {
    Fail(413, "body is too large");
  }
}

void BodyDecoder::FeedLine(char c, State next) {
  if (c == '\r') {
    state_ = next;
  } else if (IsControl(c)) {
    Fail(400, "malformed chunk");
  }
}

void BodyDecoder::Expect(char c, char expected, State next) {
  if (c != expected) return Fail(400, "malformed chunk");
  state_ = next;
}

void BodyDecoder::Fail(int status, std::string_view description) {
  state_ = State::kFailed;
  error_ = {status, description};
}

}  // namespace signet::service::http
