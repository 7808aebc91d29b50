#ifndef SIGNET_TESTS_FUZZ_SEEDS_H_
#define SIGNET_TESTS_FUZZ_SEEDS_H_

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/world.h"

namespace signet::fuzz {

inline constexpr std::string_view kZero("\0", 1);

// A Corpus is the folder that seeds are written to, one file for each.
class Corpus {
 public:
  explicit Corpus(std::filesystem::path root) : root_(std::move(root)) {}

  void Add(const std::string& target, std::string_view bytes) {
    const auto folder = root_ / target;
    std::filesystem::create_directories(folder);
    const std::string name = std::to_string(counts_[target]++);
    std::ofstream(folder / name, std::ios::binary) << bytes;
  }

 private:
  std::filesystem::path root_;
  std::map<std::string, int> counts_;
};

// SomeEntries has `each` revocations of every kind.
inline std::vector<Revocation> SomeEntries(size_t each) {
  std::vector<Revocation> entries;
  for (uint8_t kind = 1; kind <= 6; ++kind) {
    for (size_t n = 0; n < each; ++n) {
      Revocation entry;
      entry.kind = static_cast<RevocationKind>(kind);
      const std::string value = "value " + std::to_string(n);
      const bool all = entry.kind == RevocationKind::kAll;
      entry.id = MakeRevocationId(entry.kind, all ? "" : value);
      entry.at = kNow + Seconds(static_cast<int64_t>(n));
      if (IsCutoff(entry.kind)) entry.not_before = kNow - Seconds(kind);
      entry.drop_after = kNow + std::chrono::hours(1) +
                         std::chrono::minutes(static_cast<int64_t>(n % 2));
      entries.push_back(entry);
    }
  }
  return entries;
}

// AddServiceSeeds adds those of the readers of the service.
void AddServiceSeeds(Corpus& corpus);

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_SEEDS_H_
