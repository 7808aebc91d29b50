#ifndef SIGNET_TESTS_FUZZ_PLAIN_OPEN_H_
#define SIGNET_TESTS_FUZZ_PLAIN_OPEN_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/plain_verify.h"

namespace signet::fuzz {

// How a token is opened, a second time: its form, its key, its signature or
// its encryption. Shared with the library are the primitives alone.

struct PlainOpened {
  std::string key_id;
  std::string claims;
  // Whether the signature is good, asked last since it takes longest.
  std::function<bool()> is_signed = [] { return true; };
};

// PlainOpen gives what a token holds that is good but for its signature. What
// a claims set must say is not its business. The result borrows the world's
// keys.
std::optional<PlainOpened> PlainOpen(const PlainWorld& world,
                                     std::string_view token,
                                     std::string_view assertion);

// PlainSegments cuts a text at its dots.
std::vector<std::string_view> PlainSegments(std::string_view text);

// PlainWrappingKey is what ECDH-ES+A256KW makes of an agreed secret (RFC 7518
// section 4.6.2).
std::array<uint8_t, 32> PlainWrappingKey(Bytes shared, std::string_view apu,
                                         std::string_view apv);

// PlainPartyInfo is the value of apu or apv; empty if it is not there.
std::optional<std::string> PlainPartyInfo(const PlainValue& header,
                                          std::string_view name);

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_PLAIN_OPEN_H_
