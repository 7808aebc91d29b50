#ifndef SIGNET_SERVICE_HTTP_OUTPUT_H_
#define SIGNET_SERVICE_HTTP_OUTPUT_H_

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <utility>
#include <vector>

#include "revocation-service/http/stream.h"

namespace signet::service::http {

// Output is what a connection has yet to write: shared texts in order, the
// first of them perhaps written in part.
class Output {
 public:
  bool empty() const { return index_ == texts_.size(); }
  void Push(SharedText text) {
    if (text && !text->empty()) texts_.push_back(std::move(text));
  }

  // Refill takes what waits in the queue; false if nothing does. REQUIRES:
  // empty().
  bool Refill(StreamQueue& queue) {
    Clear();
    return queue.Take(texts_);
  }

  // WriteWith gives `write` the next bytes, for one system call, as one buffer
  // if there is one text, as for most events: it costs the system less than a
  // list. REQUIRES: !empty().
  template <class Write>
  auto WriteWith(const Write& write) const {
    return index_ + 1 == texts_.size() ? write(First()) : write(Gather());
  }

  // Skip tells that so many bytes are written.
  void Skip(size_t written) {
    written += offset_;
    while (!empty() && written >= texts_[index_]->size()) {
      written -= texts_[index_]->size();
      texts_[index_++] = nullptr;
    }
    offset_ = written;
    if (empty()) Clear();
  }

 private:
  using Buffers = std::array<net::const_buffer, 32>;

  net::const_buffer First() const {
    return net::buffer(*texts_[index_]) + offset_;
  }
  Buffers Gather() const {
    Buffers buffers;
    const size_t count = std::min(buffers.size(), texts_.size() - index_);
    for (size_t i = 1; i < count; ++i) {
      buffers[i] = net::buffer(*texts_[index_ + i]);
    }
    buffers[0] = First();
    return buffers;
  }
  void Clear() {
    texts_.clear();
    index_ = 0;
    offset_ = 0;
  }

  std::vector<SharedText> texts_;
  size_t index_ = 0;
  size_t offset_ = 0;
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_OUTPUT_H_
