#include "authentic_token.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "same_bytes.h"
#include "signet/primitives.h"
#include "thread_number.h"

namespace signet {
namespace {

using Loan = std::atomic<const AuthenticToken*>;

constexpr size_t kLoansPerLine = 8;
constexpr size_t kLines = 64;

struct alignas(64) LoanLine {
  std::array<Loan, kLoansPerLine> loans{};
};

// The places of loans are the process's, because a handle may outlive the
// verifier that lent it. Each thread starts at a line of its own.
constinit std::array<LoanLine, kLines> loan_lines{};

// Place writes the token into a free place. The last one of each line is left
// to those who need it for a moment only, or handles that are kept for long
// could occupy all.
struct Placed {
  Loan* loan = nullptr;
  bool is_last = false;
};

Placed Place(const AuthenticToken* token) {
  constexpr size_t kLinesToTry = 4;
  for (size_t line = 0; line < kLinesToTry; ++line) {
    auto& loans = loan_lines[(ThisThreadsNumber() + line) % kLines].loans;
    for (Loan& loan : loans) {
      const AuthenticToken* free = nullptr;
      if (loan.load(std::memory_order_relaxed) == nullptr &&
          loan.compare_exchange_strong(free, token)) {
        return {&loan, &loan == &loans.back()};
      }
    }
  }
  return {};
}

// AllocationSize is what malloc takes for a request: a word more, in steps of
// two words.
constexpr size_t AllocationSize(size_t request) {
  return (request + 8 + 15) / 16 * 16;
}

size_t HeapBytes(const std::string& text) {
  static const size_t kInPlace = std::string().capacity();
  return text.capacity() <= kInPlace ? 0 : AllocationSize(text.capacity() + 1);
}

}  // namespace

AuthenticToken::Draft AuthenticToken::Make(std::string_view text,
                                           std::string_view assertion) {
  void* memory =
      ::operator new(sizeof(AuthenticToken) + text.size() + assertion.size());
  Draft draft(new (memory) AuthenticToken(text.size(), assertion.size()));
  char* end = std::copy(text.begin(), text.end(), draft->texts());
  std::copy(assertion.begin(), assertion.end(), end);
  return draft;
}

void AuthenticToken::Destroy(const AuthenticToken* token) {
  auto* mine = const_cast<AuthenticToken*>(token);
  // The text is as good as the secret of whoever it was issued to.
  Wipe({reinterpret_cast<uint8_t*>(mine->texts()),
        mine->text_size_ + mine->assertion_size_});
  mine->~AuthenticToken();
  ::operator delete(mine);
}

TokenHandle AuthenticToken::Share(Draft draft) {
  draft->times_ = TokenTimes::Of(draft->claims);
  draft->was_opened_ = draft->opened_by.identity != 0;
  return {draft.release(), nullptr};
}

void AuthenticToken::Prefetch(const Slot& slot, size_t text_size) {
  const auto* token = slot.load(std::memory_order_relaxed);
  if (token == nullptr) return;
  // These are addresses, and nothing is read there.
  const auto* const hot = reinterpret_cast<const char*>(&token->proven_by);
  const char* const end = token->texts() + text_size;
  for (const char* at = hot; at < end; at += 64) __builtin_prefetch(at);
  __builtin_prefetch(&token->claims.subject);
}

bool AuthenticToken::IsOf(std::string_view text,
                          std::string_view assertion) const {
  return text.size() == text_size_ && assertion.size() == assertion_size_ &&
         SameBytes(this->text(), text) &&
         SameBytes(this->assertion(), assertion);
}

TokenIdentity AuthenticToken::Identify() const {
  TokenIdentity made;
  made.subject = MakeRevocationId(RevocationKind::kSubject, claims.subject);
  made.key = key_revocation_id;
  made.issued_at = claims.issued_at;
  made.has_token = !claims.token_id.empty();
  if (made.has_token) {
    made.token = MakeRevocationId(RevocationKind::kToken, claims.token_id);
  }
  made.has_session = !claims.session_id.empty();
  if (made.has_session) {
    made.session =
        MakeRevocationId(RevocationKind::kSession, claims.session_id);
  }
  made.has_client = !claims.client_id.empty();
  if (made.has_client) {
    made.client = MakeRevocationId(RevocationKind::kClient, claims.client_id);
  }
  return made;
}

size_t AuthenticToken::bytes() const {
  size_t total = AllocationSize(sizeof(*this) + text_size_ + assertion_size_) +
                 HeapBytes(key_id);
  for (const std::string* text :
       {&claims.issuer, &claims.subject, &claims.token_id, &claims.client_id,
        &claims.scope, &claims.session_id, &claims.cnf_jkt, &claims.custom}) {
    total += HeapBytes(*text);
  }
  if (claims.audience.capacity() > 0) {
    total += AllocationSize(claims.audience.capacity() * sizeof(std::string));
  }
  for (const std::string& audience : claims.audience) {
    total += HeapBytes(audience);
  }
  return total;
}

TokenHandle AuthenticToken::Lend(const Slot& slot) {
  const AuthenticToken* const seen = slot.load(std::memory_order_acquire);
  if (seen == nullptr) return {};
  const Placed placed = Place(seen);
  if (placed.loan == nullptr) return {};
  if (slot.load(std::memory_order_seq_cst) != seen) {
    TakeBack(seen, *placed.loan);
    return {};
  }
  if (!placed.is_last) return {seen, placed.loan};
  seen->AddCount();
  TakeBack(seen, *placed.loan);
  return {seen, nullptr};
}

void AuthenticToken::TakeBack(const AuthenticToken* token, Loan& loan) {
  const AuthenticToken* expected = token;
  if (!loan.compare_exchange_strong(expected, nullptr,
                                    std::memory_order_release,
                                    std::memory_order_acquire)) {
    token->DropCount();
  }
}

const AuthenticToken* AuthenticToken::Hold(const TokenHandle& handle) {
  handle->AddCount();
  return handle.token_;
}

void AuthenticToken::Settle(const AuthenticToken* token) {
  for (LoanLine& line : loan_lines) {
    for (Loan& loan : line.loans) {
      if (loan.load(std::memory_order_seq_cst) != token) continue;
      token->AddCount();
      const AuthenticToken* expected = token;
      // Taken back in the meantime: there was nobody to count for.
      if (!loan.compare_exchange_strong(expected, nullptr)) {
        token->DropCount();
      }
    }
  }
  token->DropCount();
}

const Claims& VerifiedToken::claims() const { return token_->claims; }
const std::string& VerifiedToken::key_id() const { return token_->key_id; }

bool VerifiedToken::HasScope(std::string_view scope) const {
  if (scope.empty() || scope.find(' ') != std::string_view::npos) return false;
  // RFC 6749 3.3: space-separated, case-sensitive.
  std::string_view rest = claims().scope;
  while (!rest.empty()) {
    size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == scope) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

TokenHandle::TokenHandle(const TokenHandle& other) noexcept
    : token_(other.token_) {
  // The other's loan or count keeps the token alive until this one stands.
  if (token_ != nullptr) token_->AddCount();
}

void TokenHandle::Release() noexcept {
  if (loan_ != nullptr) {
    AuthenticToken::TakeBack(token_, *loan_);
  } else {
    token_->DropCount();
  }
}

}  // namespace signet
