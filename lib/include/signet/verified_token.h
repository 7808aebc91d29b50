#ifndef SIGNET_VERIFIED_TOKEN_H_
#define SIGNET_VERIFIED_TOKEN_H_

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "signet/claims.h"

namespace signet {

class AuthenticToken;  // private to the library

// TokenHandle shares one AuthenticToken, which lives until the last handle is
// gone. It is a value, and null when default-made or moved from. A handle that
// the verifier's cache lent costs no reference count that other threads use.
class TokenHandle {
 public:
  TokenHandle() = default;
  TokenHandle(const TokenHandle& other) noexcept;
  TokenHandle(TokenHandle&& other) noexcept;
  TokenHandle& operator=(TokenHandle other) noexcept;
  ~TokenHandle();

  explicit operator bool() const { return token_ != nullptr; }
  const AuthenticToken& operator*() const { return *token_; }
  const AuthenticToken* operator->() const { return token_; }

 private:
  friend class AuthenticToken;
  using Loan = std::atomic<const AuthenticToken*>;
  TokenHandle(const AuthenticToken* token, Loan* loan)
      : token_(token), loan_(loan) {}

  const AuthenticToken* token_ = nullptr;
  Loan* loan_ = nullptr;  // null: the handle holds a count of its own
};

// VerifiedToken is proof that a Verifier accepted a token: nothing else can
// make one. It is a cheap, copyable handle on immutable claims, which may
// outlive the verifier; const use is safe from any thread. A moved-from one
// can only be assigned to or destroyed.
class VerifiedToken {
 public:
  const Claims& claims() const;
  const std::string& key_id() const;
  // stale tells that the list was older than max_staleness and the policy
  // said to accept.
  bool stale() const { return stale_; }
  // HasScope tells whether `scope` is one of the token's.
  bool HasScope(std::string_view scope) const;

 private:
  friend class Verifier;
  VerifiedToken(TokenHandle token, bool stale)
      : token_(std::move(token)), stale_(stale) {}

  TokenHandle token_;
  bool stale_;
};

}  // namespace signet

#endif  // SIGNET_VERIFIED_TOKEN_H_
