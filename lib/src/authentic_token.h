#ifndef SIGNET_LIB_SRC_AUTHENTIC_TOKEN_H_
#define SIGNET_LIB_SRC_AUTHENTIC_TOKEN_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "id_place.h"
#include "key_standing.h"
#include "signet/claims.h"
#include "signet/revocation.h"
#include "signet/verified_token.h"
#include "token_times.h"

namespace signet {

// An AuthenticToken is what a good signature stands for, whatever the time,
// the policy or the revocation list says. It is filled in by one thread, then
// shared and immutable. Where it is to be cached it holds the token's text.
//
// How a handle keeps it alive. Most handles hold a count of it. A handle that
// comes from a table which others change and read meanwhile (Lend) holds a
// loan instead: a place, on a cache line that few other threads use, where the
// token's address is written for as long as the handle lives. Who takes a
// token out of such a table (Settle) looks through all places and turns each
// loan of that token into a count. So nobody ever waits, a token that many
// threads use at once has no count that they fight for, and an old handle
// keeps its own token alive and nothing else.
//
// Why that is safe. A lender writes the loan and only then looks into the slot
// again; who unlinks changes the slot and only then looks through the loans.
// All four are sequentially consistent: either the lender sees that the slot
// has changed, and does not touch the token, or the loan is seen and turned
// into a count. Whether a loan was turned, its holder learns when it takes the
// address back: if it is not there any more, the count is the holder's. Loans
// of one token in one place are alike, so it does not matter whose is turned.
class AuthenticToken {
 public:
  struct Deleter {
    void operator()(AuthenticToken* token) const { Destroy(token); }
  };
  using Draft = std::unique_ptr<AuthenticToken, Deleter>;
  using Slot = std::atomic<const AuthenticToken*>;

  // Make copies text and assertion, which may both be empty.
  static Draft Make(std::string_view text, std::string_view assertion);

  // Share gives up the right to change it.
  static TokenHandle Share(Draft draft);

  AuthenticToken(const AuthenticToken&) = delete;
  AuthenticToken& operator=(const AuthenticToken&) = delete;

  Claims claims;
  std::string key_id;
  RevocationId key_revocation_id{};  // of kind kKey
  // Worked out for tokens that are cached.
  std::optional<TokenIdentity> identity;
  KnownKey opened_by;  // the key that opened an encrypted token

  // Where a list of revocations would hold its session:
  // RevocationQuery::PlaceOf.
  IdPlace listed_at = 0;

  // From here on stands what every hit looks at, and behind it the texts:
  // far memory comes in lines of 64 bytes, and claims are left where they are.
  KnownKey proven_by;
  // Whether issuer, binding and audience are what the verifier's policy
  // demands: neither the policy nor the claims can change.
  bool suits_policy = false;

  // KeysStand tells whether the keys that proved and opened it still may.
  bool KeysStand(Time now, Duration skew) const {
    return proven_by.Stands(now, skew) &&
           (!was_opened_ || opened_by.Stands(now, skew));
  }

  // times are those of the claims.
  const TokenTimes& times() const { return times_; }

  // Identify works it out: what a revocation list must know of the token.
  TokenIdentity Identify() const;

  // IsOf tells whether it was made of these texts. The time it takes depends
  // on their sizes alone.
  bool IsOf(std::string_view text, std::string_view assertion) const;
  bool HasTextsOf(const AuthenticToken& other) const {
    return IsOf(other.text(), other.assertion());
  }

  // bytes is the memory that it occupies, that of its claims and what the
  // allocator adds included.
  size_t bytes() const;

  // Prefetch is a hint that the token in the slot is about to be looked at:
  // what a hit reads, and the subject, for the caller. The token need not live:
  // its address is not followed.
  static void Prefetch(const Slot& slot, size_t text_size);

  // Lend returns the token that the slot holds, or null: the slot is empty,
  // changes just now, or too many threads borrow at once.
  static TokenHandle Lend(const Slot& slot);

  // Hold and Settle are for the owner of a slot: it holds a count while the
  // token stands there, and settles after it has taken the token out, with a
  // sequentially consistent store. Settle gives the count back.
  static const AuthenticToken* Hold(const TokenHandle& handle);
  static void Settle(const AuthenticToken* token);

  // WasUsed is the cache's mark, which it reads and clears: used since then.
  bool WasUsed() const { return used_.load(std::memory_order_relaxed); }
  void SetUsed(bool used) const {
    // Writing what is there would take the line from other readers.
    if (WasUsed() != used) used_.store(used, std::memory_order_relaxed);
  }

 private:
  friend class TokenHandle;

  AuthenticToken(size_t text_size, size_t assertion_size)
      : text_size_(text_size), assertion_size_(assertion_size) {}
  ~AuthenticToken() = default;
  static void Destroy(const AuthenticToken* token);

  void AddCount() const { counts_.fetch_add(1, std::memory_order_relaxed); }
  void DropCount() const {
    if (counts_.fetch_sub(1, std::memory_order_acq_rel) == 1) Destroy(this);
  }
  static void TakeBack(const AuthenticToken* token, TokenHandle::Loan& loan);

  // The texts lie behind the object, in the same allocation.
  char* texts() { return reinterpret_cast<char*>(this + 1); }
  const char* texts() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view text() const { return {texts(), text_size_}; }
  std::string_view assertion() const {
    return {texts() + text_size_, assertion_size_};
  }

  TokenTimes times_;
  mutable std::atomic<uint32_t> counts_{1};
  mutable std::atomic<bool> used_{false};
  bool was_opened_ = false;
  size_t text_size_;
  size_t assertion_size_;
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_AUTHENTIC_TOKEN_H_
