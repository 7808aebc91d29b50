#include "feed_events.h"

#include <optional>

namespace signet {
namespace {

std::optional<std::string_view> FieldOf(std::string_view line,
                                        std::string_view name) {
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

}  // namespace

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
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    const bool go_on = !has_data_ || on_data_(data_);
    has_data_ = false;
    type_.clear();
    return go_on;
  }
  if (const auto type = FieldOf(line, "event:")) type_ = *type;
  const auto data = FieldOf(line, "data:");
  if (!data) return true;
  if (has_data_) {
    error_ = Error{ErrorCode::kInvalid, "the feed sent an event of two lines"};
    return false;
  }
  data_ = *data;
  has_data_ = true;
  return true;
}

}  // namespace signet
