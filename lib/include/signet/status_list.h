#ifndef SIGNET_STATUS_LIST_H_
#define SIGNET_STATUS_LIST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "signet/claims.h"
#include "signet/clock.h"
#include "signet/jws_keys.h"
#include "signet/key_ring.h"
#include "signet/refusal.h"
#include "signet/result.h"

namespace signet {

// Token Status List, draft-ietf-oauth-status-list-17: a token names a list and
// a place in it, and the list, a signed JWT that anybody may fetch and cache,
// has the token's status there in 1, 2, 4 or 8 bits.
//
// 1. Make StatusLists with the keys of the lists' issuer and a way to fetch.
// 2. Per token that was verified: ReadStatusReference, then Check.

// The type of the JWT, and of the answer to who fetches it with the prefix
// "application/".
inline constexpr std::string_view kStatusListType = "statuslist+jwt";

// StatusReference is the place of a token's status.
struct StatusReference {
  std::string uri;
  uint64_t index = 0;
  bool operator==(const StatusReference&) const = default;
};

// ReadStatusReference reads the claim `status` (section 6.2). nullopt: the
// token has none. kInvalid: it has one that can't be read, or that names no
// status list: its status is not known.
Result<std::optional<StatusReference>> ReadStatusReference(
    const Claims& claims);

// TokenStatus is what a verifier makes of a status. Values of the draft's
// section 7.1: 0, 1, 2; 3 and 12 to 15 are the application's. Others have no
// meaning yet, and none is "valid".
enum class TokenStatus : uint8_t {
  kValid,
  kInvalid,
  kSuspended,
  kApplicationSpecific,
  kReserved,
  kUnknown,  // there is no list that could tell
};
std::string_view TokenStatusName(TokenStatus status);
TokenStatus TokenStatusOf(uint8_t value);

// A StatusList is a list that was verified. It is immutable; copies share it.
class StatusList {
 public:
  struct Options {
    Duration clock_skew = std::chrono::seconds(30);
    // The list's size in bytes, inflated: a few hundred bytes can hold
    // gigabytes. At most 64 MiB.
    size_t max_bytes = 1u << 20;
  };

  // Read verifies a Status List Token that was fetched from `uri`
  // (section 8.3). Refusals as ReadStatement; kMissingClaim and kBadClaim;
  // kExpired, and kNotYetValid if iat lies in the future.
  static Result<StatusList, Refusal> Read(const JwsKeys& keys,
                                          std::string_view uri,
                                          std::string_view text, Time now,
                                          const Options& options);
  static Result<StatusList, Refusal> Read(const JwsKeys& keys,
                                          std::string_view uri,
                                          std::string_view text, Time now) {
    return Read(keys, uri, text, now, Options());
  }

  // At is the value at an index, nullopt beyond the end.
  std::optional<uint8_t> At(uint64_t index) const;

  int bits() const { return bits_; }
  uint64_t size() const;
  EpochSeconds issued_at() const { return issued_at_; }
  std::optional<EpochSeconds> expires_at() const { return expires_at_; }
  std::optional<Seconds> ttl() const { return ttl_; }

 private:
  StatusList() = default;

  int bits_ = 1;
  std::shared_ptr<const std::string> bytes_;
  EpochSeconds issued_at_{};
  std::optional<EpochSeconds> expires_at_;
  std::optional<Seconds> ttl_;
};

// StatusLists answers for tokens of one issuer, and remembers its lists for as
// long as they say. It has no network code: the application fetches. Safe from
// any thread; who asks for a list that another thread is fetching waits for it.
class StatusLists {
 public:
  struct Options {
    // The beginning of the uris that are fetched, "https://…/": a token must
    // not choose what this host asks. Never empty.
    std::string uri_prefix;
    JwsKeys keys;
    // fetch gets a uri with Accept: application/statuslist+jwt and returns the
    // body of a 200. It must bound time and size, and not follow redirects to
    // places that the application would not ask.
    std::function<Result<std::string>(const std::string& uri)> fetch;
    StatusList::Options list = {};
    // A list without ttl is as old as this at most, and no ttl is longer.
    Duration max_age = std::chrono::minutes(5);
    // After a failure nothing is fetched again for so long.
    Duration retry_after = std::chrono::seconds(1);
    size_t max_lists = 1000;  // the ones used least recently go
  };

  // Create is kInvalid without prefix, keys or fetch, or with bounds that are
  // zero or too large.
  static Result<std::unique_ptr<StatusLists>> Create(
      Options options, const Clock& clock = SystemClock::Shared());
  ~StatusLists();
  StatusLists(const StatusLists&) = delete;
  StatusLists& operator=(const StatusLists&) = delete;

  // Check tells the status, kUnknown if no list in force tells it: it was not
  // fetched, it was refused, it is too short, its uri has another beginning.
  // Unknown is neither yes nor no: what follows is for the caller's policy.
  TokenStatus Check(const StatusReference& reference);

 private:
  struct Impl;
  explicit StatusLists(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// ---- The issuer's side ----

// StatusListContent is what a Status List Token says.
struct StatusListContent {
  std::string uri;
  EpochSeconds issued_at{};
  EpochSeconds expires_at{};
  Seconds ttl{};
  // One bit per index, the least significant of the first byte first
  // (section 4.1).
  std::string bytes;
};

// SignStatusList makes a Status List Token of 1-bit statuses. The ring is of
// purpose kStatements. Errors as SignStatement.
Result<std::string> SignStatusList(const SigningRing& ring,
                                   const StatusListContent& content, Time now);

}  // namespace signet

#endif  // SIGNET_STATUS_LIST_H_
