#include "token_cache.h"

#include <algorithm>
#include <cstring>

#include "signet/primitives.h"

namespace signet {
namespace {

// A typical token takes about a kilobyte. With two places for each, a table
// that is at most half full finds room for nearly all.
constexpr size_t kBytesPerWay = 512;

uint64_t Fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Sample is the last bytes of a text.
struct Sample {
  explicit Sample(std::string_view text) {
    if (text.size() < sizeof(bytes)) {
      std::copy(text.begin(), text.end(), bytes);
      return;
    }
    // Of a size that the compiler knows, this takes two instructions.
    std::memcpy(bytes, text.data() + text.size() - sizeof(bytes),
                sizeof(bytes));
  }
  uint64_t Word(size_t i) const {
    uint64_t word;
    std::memcpy(&word, bytes + i * sizeof(word), sizeof(word));
    return word;
  }
  char bytes[32] = {};
};

std::array<uint64_t, 6> RandomKeys() {
  std::array<uint64_t, 6> keys;
  FillRandom({reinterpret_cast<uint8_t*>(keys.data()), sizeof(keys)});
  return keys;
}

}  // namespace

TokenCache::TokenCache(size_t max_bytes)
    : max_bytes_(max_bytes),
      bucket_count_(std::max<size_t>(2, max_bytes / (kBytesPerWay * kWays))),
      hash_keys_(RandomKeys()),
      buckets_(std::make_unique<Bucket[]>(bucket_count_)),
      bytes_(sizeof(*this) + bucket_count_ * sizeof(Bucket)) {}

TokenCache::~TokenCache() {
  MutexLock lock(inserting_);
  for (size_t i = 0; i < bucket_count_; ++i) {
    for (Way& way : buckets_[i].ways) Clear(way);
  }
}

// PlaceOf hashes what tells two tokens of one issuer apart: the end of the text
// and what stands before its last dot. One of them is the end of a signature or
// of a tag, in every format. Texts that agree there by intent share a place,
// and no more: only authentic ones are inserted, and Find compares all of them.
TokenCache::Place TokenCache::PlaceOf(std::string_view text,
                                      std::string_view assertion) const {
  // Soon all of it is compared; its end is wanted first.
  const char* const begin = text.data();
  for (const char* at = begin + text.size(); at > begin; at -= 64) {
    __builtin_prefetch(at - 1);
  }
  const auto& key = hash_keys_;
  const Sample end(text);
  const void* const dot = ::memrchr(text.data(), '.', text.size());
  const Sample inner(
      dot == nullptr
          ? std::string_view()
          : text.substr(0, static_cast<const char*>(dot) - text.data()));
  uint64_t hash = Fold(end.Word(0) ^ key[0], end.Word(1) ^ key[1]) ^
                  Fold(end.Word(2) ^ key[1], end.Word(3) ^ key[2]) ^
                  Fold(inner.Word(0) ^ key[2], inner.Word(1) ^ key[3]) ^
                  Fold(inner.Word(2) ^ key[3], inner.Word(3) ^ key[4]);
  if (!assertion.empty()) {
    const Sample more(assertion);
    hash ^= Fold(more.Word(0) ^ key[4], more.Word(1) ^ key[5]) ^
            Fold(more.Word(2) ^ key[5], more.Word(3) ^ key[0]);
  }
  return {Fold(hash ^ key[5], text.size() ^ 0x9e3779b97f4a7c15u), text.size()};
}

std::array<TokenCache::Bucket*, 2> TokenCache::Buckets(Place place) const {
  const auto scale = [&](uint64_t part) {
    return &buckets_[(part * bucket_count_) >> 32];
  };
  return {scale(place.hash & 0xffffffff), scale(place.hash >> 32)};
}

void TokenCache::Prefetch(Place place) const {
  // Most tokens stand in the first of the two.
  __builtin_prefetch(Buckets(place)[0]);
}

TokenCache::Found TokenCache::Find(Place place) const {
  for (const Bucket* bucket : Buckets(place)) {
    for (const Way& way : bucket->ways) {
      if (way.tag.load(std::memory_order_relaxed) != place.tag()) continue;
      AuthenticToken::Prefetch(way.token, place.text_size);
      const IdPlace listed_at = way.listed_at.load(std::memory_order_relaxed);
      if (TokenHandle token = AuthenticToken::Lend(way.token)) {
        return {std::move(token), listed_at};
      }
    }
  }
  return {};
}

// Choose finds a way for a token: an empty one, in the first bucket if there is
// one, else one whose token was not used of late. A token of the same texts is
// in the way if it was proven by another key; if not, there is nothing to do,
// and Choose returns null.
TokenCache::Way* TokenCache::Choose(Place place, const AuthenticToken& token) {
  Way* empty = nullptr;
  std::array<Way*, 2 * kWays> taken{};
  size_t taken_count = 0;
  for (Bucket* bucket : Buckets(place)) {
    for (Way& way : bucket->ways) {
      const AuthenticToken* here = way.token.load(std::memory_order_relaxed);
      if (here == nullptr) {
        if (empty == nullptr) empty = &way;
        continue;
      }
      if (way.tag.load(std::memory_order_relaxed) == place.tag() &&
          here->HasTextsOf(token)) {
        return here->proven_by.identity == token.proven_by.identity ? nullptr
                                                                    : &way;
      }
      taken[taken_count++] = &way;
    }
  }
  if (empty != nullptr) return empty;
  for (size_t i = 0; i < taken_count; ++i) {
    const AuthenticToken* here =
        taken[i]->token.load(std::memory_order_relaxed);
    if (!here->WasUsed()) return taken[i];
    here->SetUsed(false);
  }
  return taken[hand_++ % taken_count];
}

void TokenCache::Clear(Way& way) {
  const AuthenticToken* const token = way.token.load(std::memory_order_relaxed);
  if (token == nullptr) return;
  way.token.store(nullptr, std::memory_order_seq_cst);
  bytes_.fetch_sub(token->bytes(), std::memory_order_relaxed);
  AuthenticToken::Settle(token);
}

// ClearNext takes out the next token that was not used since the hand passed
// it, or the one at hand after a number of chances: no call takes long.
void TokenCache::ClearNext() {
  for (size_t chances = 32;; hand_ = (hand_ + 1) % (bucket_count_ * kWays)) {
    hand_ %= bucket_count_ * kWays;
    Way& way = buckets_[hand_ / kWays].ways[hand_ % kWays];
    const AuthenticToken* token = way.token.load(std::memory_order_relaxed);
    if (token == nullptr) continue;
    if (token->WasUsed() && chances-- > 0) {
      token->SetUsed(false);
      continue;
    }
    return Clear(way);
  }
}

void TokenCache::Insert(Place place, const TokenHandle& token) {
  const size_t size = token->bytes();
  if (bucket_count_ * sizeof(Bucket) + sizeof(*this) + size > max_bytes_)
    return;
  if (!inserting_.TryLock()) return;
  if (Way* way = Choose(place, *token)) {
    Clear(*way);
    while (bytes() + size > max_bytes_) ClearNext();
    way->tag.store(place.tag(), std::memory_order_relaxed);
    way->listed_at.store(token->listed_at, std::memory_order_relaxed);
    bytes_.fetch_add(size, std::memory_order_relaxed);
    way->token.store(AuthenticToken::Hold(token), std::memory_order_seq_cst);
  }
  inserting_.Unlock();
}

}  // namespace signet
