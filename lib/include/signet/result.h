#ifndef SIGNET_RESULT_H_
#define SIGNET_RESULT_H_

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace signet {

// ErrorCode is the closed set of reasons for which an operation that is not
// the verification of a token may fail. Programs switch on it; people read
// Error::message. Refusals of tokens have a set of their own (verifier.h).
enum class ErrorCode {
  kInvalid,      // the input is malformed or breaks a stated rule
  kNotFound,     // what was named does not exist
  kConflict,     // the state is not the one that the caller expected
  kDenied,       // the caller may not do this, or a secret does not match
  kUnavailable,  // a part that is needed did not answer: nothing is known
  kCorrupt,      // stored or received bytes fail their integrity check
  kRollback,     // older than something already seen
  kUnsupported,  // well-formed, and refused by design
  kInternal,     // a defect, or a resource of this process ran out
};

// Error says what failed: a code for programs; a message for people, in lower
// case, saying what was being done, with no secret inside; and at most one
// sentence of advice.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string hint = {};

  bool operator==(const Error&) const = default;
};

// Result holds a T, or the E that says why there is none. Reading the side
// that is not there is a defect and stops the program in debug builds.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
 public:
  // Implicit, so that a function may `return value;` or `return Error{…};`.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return assert(ok()), *std::get_if<0>(&state_); }
  const T& value() const& { return assert(ok()), *std::get_if<0>(&state_); }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const& { return assert(!ok()), *std::get_if<1>(&state_); }
  E&& error() && { return assert(!ok()), std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, E> state_;
};

// Result<void> is success, or the error.
template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const E& error() const { return assert(!ok()), *std::get_if<1>(&state_); }

 private:
  std::variant<std::monostate, E> state_;
};

using Status = Result<void>;

}  // namespace signet

#endif  // SIGNET_RESULT_H_
