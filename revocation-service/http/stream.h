#ifndef SIGNET_SERVICE_HTTP_STREAM_H_
#define SIGNET_SERVICE_HTTP_STREAM_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "revocation-service/http/core.h"
#include "revocation-service/http/server.h"
#include "signet/mutex.h"

namespace signet::service::http {

using SharedText = std::shared_ptr<const std::string>;

// StreamQueue is what lies between those who send on a stream and the
// connection that writes it. It is bounded in bytes. Safe from any thread.
class StreamQueue {
 public:
  explicit StreamQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  enum class Pushed {
    kQueued,    // the connection is at work already
    kWake,      // the caller must wake the connection
    kOverflow,  // too much waits: the caller must cut the connection
    kClosed,
  };
  Pushed Push(SharedText data) SIGNET_EXCLUDES(mutex_);

  // Take moves what waits into `out`, which must be empty. False if nothing
  // waits; the next Push then says kWake.
  bool Take(std::vector<SharedText>& out) SIGNET_EXCLUDES(mutex_);
  // Written tells that what was taken is sent.
  void Written() SIGNET_EXCLUDES(mutex_);

  // Finish refuses further data; true the first time.
  bool Finish() SIGNET_EXCLUDES(mutex_);
  bool finished() const SIGNET_EXCLUDES(mutex_);

  // Ended tells that the connection is gone, and runs the hook.
  void Ended() SIGNET_EXCLUDES(mutex_);
  void OnEnd(std::function<void()> hook) SIGNET_EXCLUDES(mutex_);

 private:
  const size_t max_bytes_;
  mutable Mutex mutex_;
  std::vector<SharedText> waiting_ SIGNET_GUARDED_BY(mutex_);
  size_t waiting_bytes_ SIGNET_GUARDED_BY(mutex_) = 0;
  size_t taken_bytes_ SIGNET_GUARDED_BY(mutex_) = 0;
  bool awake_ SIGNET_GUARDED_BY(mutex_) = true;  // until the first Take
  bool finished_ SIGNET_GUARDED_BY(mutex_) = false;
  bool ended_ SIGNET_GUARDED_BY(mutex_) = false;
  std::function<void()> hook_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_STREAM_H_
