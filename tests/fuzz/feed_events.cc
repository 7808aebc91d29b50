#include "feed_events.h"

#include <vector>

#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

struct Seen {
  std::vector<std::string> events;
  bool open = true;
  bool operator==(const Seen&) const = default;
};

// Read hands the stream over in pieces of that size.
Seen Read(std::string_view stream, size_t piece) {
  Seen seen;
  EventReader reader([&seen](std::string_view data) {
    seen.events.emplace_back(data);
    return data != "end";
  });
  while (seen.open && !stream.empty()) {
    seen.open = reader.Read(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
  }
  if (seen.open) FUZZ_CHECK(reader.error().ok());
  return seen;
}

FUZZ_TARGET(input) {
  const size_t piece = TakeByte(input) % 32 + 1;
  const Seen whole = Read(input, input.size());
  FUZZ_CHECK(Read(input, piece) == whole);
  for (const std::string& event : whole.events) {
    FUZZ_CHECK(event.find('\n') == event.npos);
  }
}

}  // namespace
}  // namespace signet::fuzz
