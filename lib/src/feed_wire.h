#ifndef SIGNET_SRC_FEED_WIRE_H_
#define SIGNET_SRC_FEED_WIRE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "signet/primitives.h"

namespace signet {

template <class Integer>
void StoreLittleEndian(uint8_t* to, Integer value) {
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    to[i] = static_cast<uint8_t>(value >> (8 * i));
  }
}

template <class Integer>
Integer LoadLittleEndian(const uint8_t* from) {
  Integer value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value |= static_cast<Integer>(from[i]) << (8 * i);
  }
  return value;
}

// ZigZag maps small numbers of either sign to small unsigned ones.
inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^
         static_cast<uint64_t>(value >> 63);
}
inline int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// A WireWriter appends to a string.
class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  void Byte(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void Raw(Bytes bytes) { out_.append(AsText(bytes)); }
  // Varint is LEB128, in the fewest bytes.
  void Varint(uint64_t value);
  void Signed(int64_t value) { Varint(ZigZag(value)); }
  std::string& buffer() { return out_; }

 private:
  std::string& out_;
};

// A WireReader reads what a WireWriter wrote. The first thing that is missing
// or not in its one spelling makes it fail for good: reads then give zero,
// and ok() is false. The bytes are borrowed.
class WireReader {
 public:
  explicit WireReader(Bytes bytes) : rest_(bytes) {}

  uint8_t Byte();
  uint64_t Varint();
  // VarintUpTo fails if the number is above `limit`.
  uint64_t VarintUpTo(uint64_t limit);
  int64_t Signed() { return UnZigZag(Varint()); }
  // Raw fails unless `count` bytes are there.
  Bytes Raw(size_t count);
  void RawTo(std::span<uint8_t> out);

  void Fail() {
    ok_ = false;
    rest_ = {};
  }
  bool ok() const { return ok_; }
  size_t remaining() const { return rest_.size(); }
  Bytes Rest() const { return rest_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  Bytes rest_;
  bool ok_ = true;
};

// A BitWriter appends bits to a string, lowest bit of a byte first; the last
// byte is filled up with zeros.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  ~BitWriter() { Flush(); }
  BitWriter(const BitWriter&) = delete;
  BitWriter& operator=(const BitWriter&) = delete;

  // Put writes the low `count` bits. REQUIRES: count <= 56.
  void Put(uint64_t bits, int count);
  // Unary writes `value` zeros and a one.
  void Unary(uint64_t value);

 private:
  void Flush();

  std::string& out_;
  uint64_t held_ = 0;
  int held_bits_ = 0;  // below 8 between calls
};

// A BitReader reads what a BitWriter wrote, within bounds.
class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  // Get reads `count` bits. REQUIRES: count <= 56.
  uint64_t Get(int count);
  // Unary fails if the value is above `limit`.
  uint64_t Unary(uint64_t limit);

  bool ok() const { return ok_; }
  // BytesUsed is how many bytes have been begun.
  size_t BytesUsed() const { return (position_ + 7) / 8; }
  // RestIsZero tells whether the begun byte ends in zeros.
  bool RestIsZero() const;

 private:
  // Peek gives the next 56 bits, zeros beyond the end.
  uint64_t Peek() const;

  Bytes bytes_;
  size_t position_ = 0;  // in bits
  bool ok_ = true;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_WIRE_H_
