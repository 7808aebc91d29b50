#include "feed_wire.h"

#include <algorithm>
#include <bit>

namespace signet {

void WireWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    Byte(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  Byte(static_cast<uint8_t>(value));
}

uint8_t WireReader::Byte() {
  if (rest_.empty()) {
    Fail();
    return 0;
  }
  const uint8_t value = rest_.front();
  rest_ = rest_.subspan(1);
  return value;
}

uint64_t WireReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Byte();
    const uint64_t bits = byte & 0x7f;
    // The tenth byte has room for one bit; a last byte of zero is padding.
    if (!ok_ || (shift == 63 && bits > 1)) break;
    value |= bits << shift;
    if ((byte & 0x80) == 0) {
      if (byte == 0 && shift > 0) break;
      return value;
    }
  }
  Fail();
  return 0;
}

uint64_t WireReader::VarintUpTo(uint64_t limit) {
  const uint64_t value = Varint();
  if (value <= limit) return value;
  Fail();
  return 0;
}

Bytes WireReader::Raw(size_t count) {
  if (rest_.size() < count) {
    Fail();
    return {};
  }
  const Bytes out = rest_.first(count);
  rest_ = rest_.subspan(count);
  return out;
}

void WireReader::RawTo(std::span<uint8_t> out) {
  const Bytes bytes = Raw(out.size());
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

void BitWriter::Put(uint64_t bits, int count) {
  held_ |= bits << held_bits_;
  held_bits_ += count;
  while (held_bits_ >= 8) {
    out_.push_back(static_cast<char>(held_));
    held_ >>= 8;
    held_bits_ -= 8;
  }
}

void BitWriter::Unary(uint64_t value) {
  for (; value >= 32; value -= 32) Put(0, 32);
  Put(uint64_t{1} << value, static_cast<int>(value) + 1);
}

void BitWriter::Flush() {
  if (held_bits_ > 0) out_.push_back(static_cast<char>(held_));
}

uint64_t BitReader::Peek() const {
  const size_t first = position_ / 8;
  uint64_t word = 0;
  if (bytes_.size() - first >= 8) {
    word = LoadLittleEndian<uint64_t>(bytes_.data() + first);
  } else {
    for (size_t i = first; i < bytes_.size(); ++i) {
      word |= uint64_t{bytes_[i]} << (8 * (i - first));
    }
  }
  return (word >> (position_ % 8)) & ((uint64_t{1} << 56) - 1);
}

uint64_t BitReader::Get(int count) {
  if (!ok_ || bytes_.size() * 8 - position_ < static_cast<size_t>(count)) {
    ok_ = false;
    return 0;
  }
  const uint64_t bits = Peek() & ((uint64_t{1} << count) - 1);
  position_ += count;
  return bits;
}

uint64_t BitReader::Unary(uint64_t limit) {
  uint64_t value = 0;
  while (ok_) {
    const uint64_t bits = Peek();
    if (bits != 0) {
      const int zeros = std::countr_zero(bits);
      value += zeros;
      position_ += zeros + 1;
      ok_ = value <= limit;
      break;
    }
    value += 56;
    position_ += 56;
    ok_ = position_ < bytes_.size() * 8 && value <= limit;
  }
  return ok_ ? value : 0;
}

bool BitReader::RestIsZero() const {
  return position_ % 8 == 0 || bytes_[position_ / 8] >> (position_ % 8) == 0;
}

}  // namespace signet
