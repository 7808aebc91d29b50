#ifndef SIGNET_SERVICE_FEED_WIRE_H_
#define SIGNET_SERVICE_FEED_WIRE_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "signet/revocation.h"

namespace signet::service::feed {

// The fields that the stored forms of this folder are made of. Integers are
// big endian; a text is its length (u32) and its bytes; a revocation is
// kind u8 ‖ id 16 ‖ at u64 ‖ not_before u64 ‖ drop_after u64, in seconds.
inline constexpr size_t kRevocationSize = 1 + 16 + 3 * 8;

// A FieldWriter appends fields to a text.
class FieldWriter {
 public:
  template <typename T>
  void Integer(T value) {
    for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0;
         shift -= 8) {
      out_.push_back(static_cast<char>(value >> shift));
    }
  }
  void Raw(Bytes bytes) { out_.append(AsText(bytes)); }
  void Text(std::string_view text) {
    Integer(static_cast<uint32_t>(text.size()));
    out_.append(text);
  }
  void Entry(const Revocation& entry) {
    Integer(static_cast<uint8_t>(entry.kind));
    Raw(entry.id);
    Moment(entry.at);
    Moment(entry.not_before);
    Moment(entry.drop_after);
  }
  std::string Take() { return std::move(out_); }

 private:
  void Moment(EpochSeconds moment) {
    Integer(static_cast<uint64_t>(moment.time_since_epoch().count()));
  }
  std::string out_;
};

// A FieldReader reads them back. After a field that is cut short or out of
// range, ok() is false and every value is zero or empty. The text is borrowed.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  size_t left() const { return rest_.size(); }
  // done tells that all was well and nothing is left over.
  bool done() const { return ok_ && rest_.empty(); }

  template <typename T>
  T Integer() {
    T value = 0;
    for (char byte : Take(sizeof(T))) {
      value = static_cast<T>(static_cast<uint64_t>(value) << 8 |
                             static_cast<uint8_t>(byte));
    }
    return value;
  }
  // Flag reads a byte that is 0 or 1.
  bool Flag() {
    const auto value = Integer<uint8_t>();
    ok_ = ok_ && value <= 1;
    return ok_ && value == 1;
  }
  std::string Text() { return std::string(Take(Integer<uint32_t>())); }
  template <size_t N>
  std::array<uint8_t, N> Raw() {
    std::array<uint8_t, N> out{};
    std::ranges::copy(Take(N), out.begin());
    return out;
  }
  Revocation Entry() {
    Revocation entry;
    entry.kind = Kind(Integer<uint8_t>());
    entry.id = Raw<16>();
    entry.at = Moment();
    entry.not_before = Moment();
    entry.drop_after = Moment();
    return entry;
  }

 private:
  std::string_view Take(size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  RevocationKind Kind(uint8_t number) {
    const auto last = static_cast<uint8_t>(RevocationKind::kAll);
    ok_ = ok_ && number >= 1 && number <= last;
    return ok_ ? static_cast<RevocationKind>(number) : RevocationKind::kToken;
  }
  EpochSeconds Moment() {
    const uint64_t seconds = Integer<uint64_t>();
    ok_ = ok_ && seconds <= kMaxSeconds;
    return EpochSeconds(Seconds(ok_ ? static_cast<int64_t>(seconds) : 0));
  }

  // The year 9999: far beyond kForever, and safe to calculate with.
  static constexpr uint64_t kMaxSeconds = 253'402'300'799;

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_WIRE_H_
