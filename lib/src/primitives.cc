#include "signet/primitives.h"

#include <cstring>

#include "wide_id.h"

namespace signet {

namespace {

constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// A value with this bit is not a digit. It lies above the 24 bits of four
// digits, so that one test covers all four of them.
constexpr uint32_t kNoDigit = 1u << 31;

// Digits maps a character at each of the four places of a group to its six
// bits, already shifted.
struct Digits {
  std::array<std::array<uint32_t, 256>, 4> at;
};

constexpr Digits MakeDigits(std::string_view alphabet) {
  Digits digits{};
  for (auto& place : digits.at) place.fill(kNoDigit);
  for (uint32_t value = 0; value < 64; ++value) {
    const auto character = static_cast<uint8_t>(alphabet[value]);
    for (uint32_t place = 0; place < 4; ++place) {
      digits.at[place][character] = value << (18 - 6 * place);
    }
  }
  return digits;
}

constexpr Digits kUrlDigits = MakeDigits(kUrlAlphabet);
constexpr Digits kStandardDigits = MakeDigits(kStandardAlphabet);

constexpr size_t DecodedSize(size_t text_size) {
  return text_size / 4 * 3 + text_size % 4 * 3 / 4;
}

// DecodeTail decodes the last two or three characters. RFC 4648 section 3.5:
// the bits that no byte takes must be zero, or one value had many spellings.
bool DecodeTail(const Digits& digits, const uint8_t* in, size_t size,
                uint8_t* out) {
  uint32_t bits = digits.at[0][in[0]] | digits.at[1][in[1]];
  if (size == 3) bits |= digits.at[2][in[2]];
  const uint32_t unused = size == 2 ? 0xffff : 0xff;
  if ((bits & (kNoDigit | unused)) != 0) return false;
  out[0] = static_cast<uint8_t>(bits >> 16);
  if (size == 3) out[1] = static_cast<uint8_t>(bits >> 8);
  return true;
}

// Decode decodes unpadded text. REQUIRES: out has room for DecodedSize.
bool Decode(const Digits& digits, std::string_view text, uint8_t* out) {
  const size_t tail = text.size() % 4;
  if (tail == 1) return false;
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* const end = in + (text.size() - tail);
  const auto group = [&digits](const uint8_t* four) {
    return digits.at[0][four[0]] | digits.at[1][four[1]] |
           digits.at[2][four[2]] | digits.at[3][four[3]];
  };
  // Two groups make six bytes, which are stored as eight while there is room.
  for (; end - in >= 16; in += 8, out += 6) {
    const uint32_t first = group(in), second = group(in + 4);
    if (((first | second) & kNoDigit) != 0) return false;
    const uint64_t bytes =
        BigEndian(uint64_t{first} << 40 | uint64_t{second} << 16);
    std::memcpy(out, &bytes, sizeof(bytes));
  }
  for (; in != end; in += 4, out += 3) {
    const uint32_t bits = group(in);
    if ((bits & kNoDigit) != 0) return false;
    out[0] = static_cast<uint8_t>(bits >> 16);
    out[1] = static_cast<uint8_t>(bits >> 8);
    out[2] = static_cast<uint8_t>(bits);
  }
  return tail == 0 || DecodeTail(digits, in, tail, out);
}

Result<std::string> DecodeText(const Digits& digits, std::string_view text,
                               const char* name) {
  std::string out(DecodedSize(text.size()), '\0');
  if (!Decode(digits, text, reinterpret_cast<uint8_t*>(out.data()))) {
    return Error{ErrorCode::kInvalid, std::string("not canonical ") + name};
  }
  return out;
}

}  // namespace

std::string Base64UrlEncode(Bytes bytes) {
  const size_t tail = bytes.size() % 3;
  std::string text(bytes.size() / 3 * 4 + (tail == 0 ? 0 : tail + 1), '\0');
  const auto digit = [](uint32_t bits, int shift) {
    return kUrlAlphabet[(bits >> shift) & 63];
  };
  const uint8_t* in = bytes.data();
  const uint8_t* const end = in + (bytes.size() - tail);
  char* out = text.data();
  for (; in != end; in += 3, out += 4) {
    const uint32_t bits = in[0] << 16 | in[1] << 8 | in[2];
    out[0] = digit(bits, 18);
    out[1] = digit(bits, 12);
    out[2] = digit(bits, 6);
    out[3] = digit(bits, 0);
  }
  if (tail != 0) {
    const uint32_t bits = in[0] << 16 | (tail == 2 ? in[1] << 8 : 0);
    out[0] = digit(bits, 18);
    out[1] = digit(bits, 12);
    if (tail == 2) out[2] = digit(bits, 6);
  }
  return text;
}

Result<std::string> Base64UrlDecode(std::string_view text) {
  return DecodeText(kUrlDigits, text, "base64url");
}

bool Base64UrlDecodeTo(std::string_view text, std::span<uint8_t> out) {
  return DecodedSize(text.size()) == out.size() &&
         Decode(kUrlDigits, text, out.data());
}

Result<std::string> Base64Decode(std::string_view text) {
  // RFC 4648 section 4: padding makes the length a multiple of four; at most
  // two characters of it, and Decode refuses any that is left.
  if (text.size() % 4 != 0) {
    return Error{ErrorCode::kInvalid, "not canonical base64"};
  }
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return DecodeText(kStandardDigits, text, "base64");
}

}  // namespace signet
