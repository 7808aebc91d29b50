#ifndef SIGNET_SRC_FEED_EVENTS_H_
#define SIGNET_SRC_FEED_EVENTS_H_

#include <functional>
#include <string>
#include <string_view>

#include "signet/result.h"

namespace signet {

// An EventReader cuts a stream of server-sent events (HTML Living Standard,
// section 9.2.6) into the data of its events. Only `event` and one `data` line
// an event are known here; other fields and comments are passed over, for the
// cursor stands in the signed frame itself. One thread.
class EventReader {
 public:
  // A longer line ends the stream: a batch of kMaxBatch entries is shorter.
  static constexpr size_t kMaxLine = 1u << 20;

  // type is that of the event at hand; empty unless it has one. For on_data.
  std::string_view type() const { return type_; }

  // on_data gets each event's data, and ends the stream if it gives false.
  using OnData = std::function<bool(std::string_view data)>;
  explicit EventReader(OnData on_data) : on_data_(std::move(on_data)) {}

  // Read takes what has come. False ends the stream; error() says why, unless
  // on_data ended it.
  bool Read(std::string_view chunk);
  const Status& error() const { return error_; }

 private:
  bool Line(std::string_view line);

  OnData on_data_;
  std::string line_;  // what has come of an unfinished line
  std::string data_;
  std::string type_;
  bool has_data_ = false;
  Status error_;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_EVENTS_H_
