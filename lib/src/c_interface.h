#ifndef SIGNET_LIB_SRC_C_INTERFACE_H_
#define SIGNET_LIB_SRC_C_INTERFACE_H_

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>

#include "signet/live_ring.h"
#include "signet/signet.h"
#include "signet/verifier.h"

// What the parts of the C interface share: the handles, and the wall that
// no exception passes.

struct signet_ring {
  std::shared_ptr<signet::LiveRing> live;
};

struct signet_policy {
  signet::Policy policy;
};

// A verifier borrows ring and list; `keeps` is what they live in.
struct signet_verifier {
  std::shared_ptr<const void> keeps;
  signet::Verifier verifier;
};

namespace signet::c_interface {

// SIGNET_OK, as the functions return it.
inline constexpr signet_code kOk = SIGNET_OK;

signet_code CodeOf(ErrorCode code);

// CopyText writes what fits of `text`, and a NUL; it returns the whole length.
inline size_t CopyText(std::string_view text, char* buffer, size_t size) {
  if (buffer != nullptr && size > 0) {
    const size_t fits = std::min(text.size(), size - 1);
    std::copy_n(text.begin(), fits, buffer);
    buffer[fits] = '\0';
  }
  return text.size();
}

// TextOf tells whether pointer and length are a text, and gives it.
inline bool TextOf(const char* text, size_t length, std::string_view& out) {
  if (text == nullptr && length > 0) return false;
  out = text == nullptr ? std::string_view() : std::string_view(text, length);
  return true;
}

// An ErrorText is where a caller wants the message. It starts out empty.
class ErrorText {
 public:
  ErrorText(char* buffer, size_t size) : buffer_(buffer), size_(size) {
    CopyText({}, buffer_, size_);
  }

  signet_code Fail(signet_code code, std::string_view message) const {
    CopyText(message, buffer_, size_);
    return code;
  }
  signet_code Fail(const Error& error) const {
    return Fail(CodeOf(error.code), error.message);
  }
  signet_code FailNull() const {
    return Fail(SIGNET_INVALID, "an argument is NULL");
  }

 private:
  char* buffer_;
  size_t size_;
};

// Guarded runs `work` and turns what it throws into SIGNET_INTERNAL.
template <class Work>
signet_code Guarded(const ErrorText& error, Work work) noexcept {
  try {
    return work();
  } catch (const std::exception& e) {
    return error.Fail(SIGNET_INTERNAL, e.what());
  } catch (...) {
    return error.Fail(SIGNET_INTERNAL, "unknown exception");
  }
}

// New makes a handle, or gives NULL.
template <class Handle>
Handle* New() noexcept {
  try {
    return new Handle();
  } catch (...) {
    return nullptr;
  }
}

// GiveVerifier hands a new verifier to the caller.
inline signet_code GiveVerifier(Result<Verifier> verifier,
                                std::shared_ptr<const void> keeps,
                                signet_verifier** out, const ErrorText& error) {
  if (!verifier) return error.Fail(verifier.error());
  *out = new signet_verifier{std::move(keeps), *std::move(verifier)};
  return kOk;
}

}  // namespace signet::c_interface

#endif  // SIGNET_LIB_SRC_C_INTERFACE_H_
