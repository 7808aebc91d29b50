// What the verifier's cache is made of: tokens that are lent without a count,
// and a table that holds them in a bounded memory.

#include "token_cache.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/lib/allocation_counter.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::AllocationCounter;
using testing::GoodClaims;

TokenHandle MakeToken(std::string_view text, std::string_view assertion = {}) {
  auto draft = AuthenticToken::Make(text, assertion);
  draft->claims = GoodClaims();
  draft->key_id = "a key id that is longer than a string holds in place";
  draft->proven_by.identity = 1;
  return AuthenticToken::Share(std::move(draft));
}

// Text is as long as a token and unlike every other.
std::string Text(int number) {
  return std::string(400, 'a') + "." + std::to_string(number);
}

TokenHandle FindText(const TokenCache& cache, std::string_view text,
                     std::string_view assertion = {}) {
  TokenHandle found = cache.Find(cache.PlaceOf(text, assertion)).token;
  if (!found || !found->IsOf(text, assertion)) return {};
  found->SetUsed(true);
  return found;
}

void InsertText(TokenCache& cache, std::string_view text) {
  cache.Insert(cache.PlaceOf(text, {}), MakeToken(text));
}

TEST_CASE("the counter of these tests counts") {
  const AllocationCounter counter;
  void* const taken = ::operator new(1000);
  const uint64_t allocations = counter.allocations();
  const int64_t bytes = counter.bytes();
  ::operator delete(taken);
  const int64_t left = counter.bytes();
  CHECK(allocations == 1);
  CHECK(bytes >= 1000);
  CHECK(left == 0);
}

TEST_CASE("a token knows its texts, whole and apart") {
  for (size_t size : {0, 1, 7, 31, 32, 33, 63, 64, 65, 400}) {
    CAPTURE(size);
    const std::string text(size, 'x');
    const TokenHandle token = MakeToken(text, "ab");
    CHECK(token->IsOf(text, "ab"));
    CHECK_FALSE(token->IsOf(text + "a", "b"));
    CHECK_FALSE(token->IsOf(text, "aB"));
    CHECK_FALSE(token->IsOf(text, ""));
    for (size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = 'y';
      CHECK_FALSE(token->IsOf(other, "ab"));
    }
  }
}

TEST_CASE("a lent token lives on when it is taken out of its slot") {
  AuthenticToken::Slot slot{nullptr};
  CHECK_FALSE(AuthenticToken::Lend(slot));
  const AllocationCounter counter;
  {
    slot = AuthenticToken::Hold(MakeToken("text"));
    std::vector<TokenHandle> lent;
    lent.reserve(100);
    // More than there are places: the rest hold counts.
    for (int i = 0; i < 100; ++i) lent.push_back(AuthenticToken::Lend(slot));
    const TokenHandle copy = lent[3];
    AuthenticToken::Settle(slot.exchange(nullptr));
    CHECK_FALSE(AuthenticToken::Lend(slot));
    for (const TokenHandle& handle : lent) {
      REQUIRE(static_cast<bool>(handle));
      CHECK(handle->claims == GoodClaims());
    }
    lent.erase(lent.begin(), lent.begin() + 50);
    CHECK(copy->IsOf("text", ""));
  }
  CHECK(counter.bytes() == 0);
}

TEST_CASE("handles copy, move and are given back in any order") {
  const AllocationCounter counter;
  {
    AuthenticToken::Slot slot{AuthenticToken::Hold(MakeToken("text"))};
    TokenHandle lent = AuthenticToken::Lend(slot);
    TokenHandle copy = lent;
    TokenHandle moved = std::move(lent);
    lent = copy;
    copy = TokenHandle();
    moved = std::move(lent);
    AuthenticToken::Settle(slot.exchange(nullptr));
    CHECK(moved->IsOf("text", ""));
    std::thread([kept = std::move(moved)] {
      CHECK(kept->IsOf("text", ""));
    }).join();
  }
  // What the other thread freed was allocated here.
  CHECK(counter.bytes() > 0);
}

TEST_CASE("a token is found by its text and assertion alone") {
  TokenCache cache(1 << 20);
  const std::string text = Text(1);
  cache.Insert(cache.PlaceOf(text, "assertion"), MakeToken(text, "assertion"));
  REQUIRE(FindText(cache, text, "assertion"));
  CHECK(FindText(cache, text, "assertion")->claims == GoodClaims());
  CHECK_FALSE(FindText(cache, text));
  CHECK_FALSE(FindText(cache, text, "assertioN"));
  CHECK_FALSE(FindText(cache, Text(2), "assertion"));
  // Alike where the hash looks, and yet another text.
  std::string other = text;
  other[100] = 'b';
  CHECK_FALSE(FindText(cache, other, "assertion"));
  for (std::string_view odd : {"", ".", "x", "..", "a.b.c"}) {
    CHECK_FALSE(FindText(cache, odd));
  }
}

TEST_CASE("a cache never occupies more than its bound, and counts honestly") {
  constexpr size_t kBound = 256 << 10;
  const AllocationCounter counter;
  TokenCache cache(kBound);
  for (int i = 0; i < 2000; ++i) {
    InsertText(cache, Text(i));
    REQUIRE(cache.bytes() <= kBound);
    REQUIRE(counter.bytes() <= static_cast<int64_t>(cache.bytes()));
    REQUIRE(FindText(cache, Text(i)));
  }
  CHECK(cache.bytes() > kBound * 9 / 10);
  // The count is not far above the truth either.
  CHECK(counter.bytes() > static_cast<int64_t>(cache.bytes()) * 85 / 100);
}

TEST_CASE("a text is kept once") {
  TokenCache cache(1 << 20);
  InsertText(cache, Text(1));
  const size_t once = cache.bytes();
  InsertText(cache, Text(1));
  CHECK(cache.bytes() == once);
}

TEST_CASE("a token too large for the cache is not kept") {
  TokenCache cache(64 << 10);
  const std::string text(65 << 10, 'x');
  InsertText(cache, text);
  CHECK_FALSE(FindText(cache, text));
}

TEST_CASE("what is used outlives a flood of what is seen once") {
  TokenCache cache(256 << 10);
  InsertText(cache, Text(-1));
  for (int i = 0; i < 2000; ++i) {
    InsertText(cache, Text(i));
    REQUIRE(FindText(cache, Text(-1)));
  }
  int kept = 0;
  for (int i = 0; i < 2000; ++i)
    kept += static_cast<bool>(FindText(cache, Text(i)));
  CHECK(kept < 500);
}

TEST_CASE("nearly all tokens find room in a cache of their size") {
  TokenCache cache(4 << 20);
  constexpr int kTokens = 2000;
  for (int i = 0; i < kTokens; ++i) InsertText(cache, Text(i));
  int kept = 0;
  for (int i = 0; i < kTokens; ++i)
    kept += static_cast<bool>(FindText(cache, Text(i)));
  CHECK(kept >= kTokens - 2);
}

TEST_CASE("finding, inserting and dropping go on at once") {
  TokenCache cache(64 << 10);
  std::atomic<int> wrong{0}, found{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<TokenHandle> kept(20);
      for (int i = 0; i < 3000; ++i) {
        const std::string text = Text((i * 7 + t) % 100);
        TokenHandle token = FindText(cache, text);
        if (!token) {
          InsertText(cache, text);
          continue;
        }
        ++found;
        wrong += token->claims != GoodClaims();
        kept[i % kept.size()] = std::move(token);
        wrong += kept[i % 3] && kept[i % 3]->claims.subject != "alice";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(found > 0);
}

}  // namespace
}  // namespace signet
