#ifndef SIGNET_SRC_FEED_NET_HTTP_H_
#define SIGNET_SRC_FEED_NET_HTTP_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "signet/feed.h"
#include "signet/mutex.h"

namespace signet {

// ServiceUrl is a base URL taken apart: "https://host:port" and "/prefix".
struct ServiceUrl {
  std::string origin;
  std::string prefix;  // empty, or begins with a slash and does not end so
  bool https = false;
};

// ParseServiceUrl accepts http and https, a host, and optionally a port and a
// path; no user, query or fragment.
Result<ServiceUrl> ParseServiceUrl(std::string_view url);

// A FeedHttp asks the services of a feed, one at a time, over a connection
// that it keeps open. It authenticates with HTTP Basic (RFC 6749 section
// 2.3.1). It takes no compressed body, and follows a redirect only from one
// path to another below it. One thread
// asks; any thread may cancel.
class FeedHttp {
 public:
  struct Answer {
    int status = 0;
    bool streamed = false;      // the body went to on_chunk
    std::string location = {};  // of a redirect
    std::string body;
  };
  using OnChunk = std::function<bool(std::string_view chunk)>;

  // REQUIRES: the options are valid. `verifier_id`, if it is not empty, is
  // said with every question; it is borrowed, as the options are.
  explicit FeedHttp(const FeedOptions& options,
                    std::string_view verifier_id = {});
  ~FeedHttp();
  FeedHttp(const FeedHttp&) = delete;
  FeedHttp& operator=(const FeedHttp&) = delete;

  // NextService turns to the next address, round and round.
  void NextService();
  // service is the number of the present address; UseService turns to it.
  size_t service() const { return service_; }
  void UseService(size_t service);

  // Get fetches a path, or where it is redirected to. kUnavailable if there is
  // no whole answer of at most `limit` bytes. Any status is an answer.
  Result<Answer> Get(const std::string& path, size_t limit);

  // Stream fetches an event stream and hands it to on_chunk until that gives
  // false, the stream ends or is silent for the timeout. Whatever is not an
  // event stream is an answer like Get's.
  Result<Answer> Stream(const std::string& path,
                        const std::string& last_event_id,
                        const OnChunk& on_chunk);

  // Post sends a form and returns the status of the answer. The connection is
  // closed, so that a service with many followers has few to hold open.
  Result<int> Post(const std::string& path, const std::string& form);

  // Cancel ends the request that is under way and refuses all later ones.
  // Call it until the asking thread has noticed: a connection that is just
  // being made may escape one call.
  void Cancel();

 private:
  struct Connection;
  Connection& Connected();
  Result<Answer> Ask(const std::string& path, bool stream,
                     const std::string& last_event_id, size_t limit,
                     const OnChunk& on_chunk);
  bool cancelled() const;
  Error AskingFailed(std::string_view why) const;
  void Watch(int socket);
  void Unwatch();

  const FeedOptions& options_;
  const std::string_view verifier_id_;
  size_t service_ = 0;
  std::unique_ptr<Connection> connection_;

  mutable Mutex mutex_;
  bool cancelled_ SIGNET_GUARDED_BY(mutex_) = false;
  // A duplicate of the connection's socket, so that Cancel can shut it down
  // whatever has become of the original's number.
  int watched_ SIGNET_GUARDED_BY(mutex_) = -1;
};

// ExplainStatus says what an answer that is no success means. It quotes
// nothing of the answer.
Error ExplainStatus(int status);

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_HTTP_H_
