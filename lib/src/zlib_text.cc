#include "zlib_text.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace signet {
namespace {

constexpr size_t kFirstPiece = 4096;

// zlib counts in unsigned ints and takes input by a pointer that is not const,
// though it does not write there.
Bytef* InputOf(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

bool FitsZlib(size_t size) {
  return size < std::numeric_limits<uInt>::max() / 2;
}

// InflateAll fills `out`, which grows as long as the stream has more.
bool InflateAll(z_stream& stream, size_t max_bytes, std::string& out) {
  // One byte more than is allowed, to see whether there is more.
  const size_t limit = max_bytes + 1;
  for (;;) {
    const size_t done = out.size();
    out.resize(std::min(limit, std::max(kFirstPiece, done * 2)));
    stream.next_out = reinterpret_cast<Bytef*>(out.data()) + done;
    stream.avail_out = static_cast<uInt>(out.size() - done);
    const int result = inflate(&stream, Z_NO_FLUSH);
    const bool full = stream.avail_out == 0;
    out.erase(out.size() - stream.avail_out);
    if (out.size() > max_bytes) return false;
    if (result == Z_STREAM_END) return stream.avail_in == 0;
    // Room left and no end: it was cut short.
    if (result != Z_OK || !full) return false;
  }
}

}  // namespace

std::string Deflate(std::string_view bytes) {
  if (!FitsZlib(bytes.size())) return {};
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, InputOf(bytes),
                static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION) != Z_OK) {
    return {};
  }
  out.resize(size);
  return out;
}

std::optional<std::string> Inflate(std::string_view text, size_t max_bytes) {
  if (!FitsZlib(text.size()) || !FitsZlib(max_bytes)) return std::nullopt;
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  stream.next_in = InputOf(text);
  stream.avail_in = static_cast<uInt>(text.size());
  std::string out;
  const bool whole = InflateAll(stream, max_bytes, out);
  inflateEnd(&stream);
  if (!whole) return std::nullopt;
  return out;
}

}  // namespace signet
