// The revocation list at a million live entries: what it costs to ask, and
// how much memory an entry takes.

#include <random>

#include "bench/paired.h"
#include "signet/revocation.h"

namespace signet::bench {
namespace {

constexpr size_t kEntries = 1'000'000;
constexpr EpochSeconds kNow{std::chrono::seconds(1'800'000'000)};

RevocationId RandomId(std::mt19937_64& random) {
  RevocationId id;
  for (uint8_t& byte : id) byte = static_cast<uint8_t>(random());
  return id;
}

void Fill(RevocationList& list, std::mt19937_64& random) {
  std::vector<Revocation> batch;
  for (size_t i = 0; i < kEntries; ++i) {
    const Seconds life(60 * (1 + i % 15));
    batch.push_back({.kind = RevocationKind::kSession,
                     .id = RandomId(random),
                     .at = kNow,
                     .drop_after = kNow + life});
  }
  list.Apply(batch);
}

void Run() {
  std::mt19937_64 random(1);
  RevocationList full, empty;
  Fill(full, random);

  std::vector<TokenIdentity> tokens(10'000);
  for (TokenIdentity& token : tokens) {
    token.token = RandomId(random);
    token.session = RandomId(random);
    token.has_token = token.has_session = true;
    token.issued_at = kNow;
  }
  auto ask = [&](const RevocationList& list) {
    return [&](int i) { Keep(list.IsRevoked(tokens[i % tokens.size()])); };
  };
  Compare("revocation_check_1m", "the same with an empty list", 10'000,
          ask(full), ask(empty));

  const double bytes = static_cast<double>(full.memory_bytes()) /
                       static_cast<double>(full.size());
  Print("revocation_memory_1m", bytes, "bytes", 16, "the id itself",
        bytes / 16);
}

}  // namespace
}  // namespace signet::bench

int main() { signet::bench::Run(); }
