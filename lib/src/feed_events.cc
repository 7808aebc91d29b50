#include "feed_events.h"

namespace signet {

bool EventReader::Read(std::string_view chunk) {
  for (;;) {
    const size_t end = chunk.find('\n');
    const std::string_view part = chunk.substr(0, end);
    if (line_.size() + part.size() > kMaxLine) {
      error_ = Error{ErrorCode::kInvalid, "the feed sent an overlong line"};
      return false;
    }
    line_.append(part);
    if (end == chunk.npos) return true;
    chunk.remove_prefix(end + 1);
    const bool go_on = Line(line_);
    line_.clear();
    if (!go_on) return false;
  }
}

bool EventReader::Line(std::string_view line) {
  constexpr std::string_view kData = "data:";
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    if (!has_data_) return true;
    has_data_ = false;
    return on_data_(data_);
  }
  if (!line.starts_with(kData)) return true;
  if (has_data_) {
    error_ = Error{ErrorCode::kInvalid, "the feed sent an event of two lines"};
    return false;
  }
  line.remove_prefix(kData.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  data_ = line;
  has_data_ = true;
  return true;
}

}  // namespace signet
