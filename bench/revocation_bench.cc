// The revocation list at a million live entries, and at ten: what it costs to
// ask, and how much memory an entry takes.

#include "bench/paired.h"
#include "bench/setup.h"

namespace signet::bench {
namespace {

constexpr size_t kEntries = 1'000'000;
constexpr EpochSeconds kNow{std::chrono::seconds(1'800'000'000)};

void Run() {
  std::mt19937_64 random(1);
  RevocationList full, empty;
  Fill(full, kEntries, random, kNow);

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

  RevocationList huge;
  for (int million = 0; million < 10; ++million) {
    Fill(huge, kEntries, random, kNow);
  }
  Compare("revocation_check_10m", "the same with a tenth of the entries",
          10'000, ask(huge), ask(full));
}

}  // namespace
}  // namespace signet::bench

int main() { signet::bench::Run(); }
