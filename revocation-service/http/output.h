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
  using Buffers = std::array<net::const_buffer, 32>;

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

  // Gather names the next bytes to write, for one system call.
  Buffers Gather() const {
    Buffers buffers;
    const size_t count = std::min(buffers.size(), texts_.size() - index_);
    for (size_t i = 0; i < count; ++i) {
      buffers[i] = net::buffer(*texts_[index_ + i]);
    }
    buffers[0] += offset_;
    return buffers;
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
