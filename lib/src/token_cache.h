#ifndef SIGNET_LIB_SRC_TOKEN_CACHE_H_
#define SIGNET_LIB_SRC_TOKEN_CACHE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "authentic_token.h"
#include "signet/mutex.h"

namespace signet {

// A TokenCache remembers which token texts have been found authentic, and what
// they say. It knows nothing of time, policy or revocation: whoever finds a
// token here still has all of that to check.
//
// Any thread finds, without a lock or an allocation. Any thread inserts: one
// at a time does, the others go without, and nobody waits.
//
// A token may stand in either of two small buckets, chosen by a keyed hash of
// its text. What has not been used since it was last passed over leaves first.
class TokenCache {
 public:
  // `max_bytes` bounds table and tokens together.
  explicit TokenCache(size_t max_bytes);
  // REQUIRES: no call is under way. Handles may live on.
  ~TokenCache();
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  // A Place is where a token stands if it stands anywhere.
  struct Place {
    uint64_t hash;
    size_t text_size;

    // tag is what a way remembers of the hash.
    uint32_t tag() const { return static_cast<uint32_t>(hash ^ hash >> 32); }
  };
  Place PlaceOf(std::string_view text, std::string_view assertion) const;
  // Prefetch is a hint that Find is near.
  void Prefetch(Place place) const;

  // Find returns a token that stands at the place, or null, and has its memory
  // fetched. Whether it is the token that the caller means is not known before
  // AuthenticToken::IsOf has said so.
  struct Found {
    TokenHandle token;
    IdPlace listed_at = 0;  // AuthenticToken::listed_at, known before the token
  };
  Found Find(Place place) const;

  // Insert keeps the token, unless it is there already, too large, or another
  // thread inserts just now.
  void Insert(Place place, const TokenHandle& token);

  // bytes is what table and tokens occupy.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kWays = 4;

  struct Way {
    AuthenticToken::Slot token{nullptr};
    std::atomic<uint32_t> tag{0};
    std::atomic<IdPlace> listed_at{0};
  };
  struct alignas(64) Bucket {
    std::array<Way, kWays> ways;
  };

  // Buckets gives the two buckets of a place, which may be one.
  std::array<Bucket*, 2> Buckets(Place place) const;

  Way* Choose(Place place, const AuthenticToken& token)
      SIGNET_REQUIRES(inserting_);
  void Clear(Way& way) SIGNET_REQUIRES(inserting_);
  void ClearNext() SIGNET_REQUIRES(inserting_);

  const size_t max_bytes_;
  const size_t bucket_count_;
  const std::array<uint64_t, 6> hash_keys_;
  const std::unique_ptr<Bucket[]> buckets_;
  std::atomic<size_t> bytes_;

  Mutex inserting_;
  size_t hand_ SIGNET_GUARDED_BY(inserting_) = 0;
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_TOKEN_CACHE_H_
