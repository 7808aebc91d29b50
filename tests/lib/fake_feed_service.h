#ifndef SIGNET_TESTS_LIB_FAKE_FEED_SERVICE_H_
#define SIGNET_TESTS_LIB_FAKE_FEED_SERVICE_H_

#include <httplib.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "signet/feed.h"
#include "signet/mutex.h"

namespace signet {

// A FakeFeedService speaks the feed's protocol with the real frames, and
// misbehaves on demand: the real service is tested elsewhere. Safe from any
// thread.
class FakeFeedService {
 public:
  static constexpr char kClient[] = "edge 1";
  static constexpr char kSecret[] = "s:ecret+%";

  FakeFeedService();
  ~FakeFeedService();

  std::string url() const;
  FeedOptions Options() const;

  // Revoke appends a session to the log.
  void Revoke(uint8_t session);

  // ---- Faults. ----
  // Answer makes a path answer with this status; 0 ends that.
  void Answer(const std::string& path, int status);
  // Tamper changes every frame sequence before it is sent.
  using Tampering = std::function<void(std::string& frame)>;
  void Tamper(const std::string& path, Tampering tampering);
  // Freeze keeps streams open and silent.
  void Freeze(bool frozen);
  // CutStreams ends those that are open.
  void CutStreams();
  // SkipNext leaves the next entry out of streams.
  void LoseInStreams(size_t entries);
  // Restart replaces the log: a restore, with or without a new epoch.
  void Restart(uint32_t epoch, const std::vector<uint8_t>& sessions);
  // RotateRings raises the access ring's generation, with a new key.
  void RotateRings();
  // SignWith signs frames with a key that is not in the feed ring.
  void SignWithStranger();
  // AskForAcks makes every event ask for an acknowledgement.
  void AskForAcks(bool ask);

  size_t Requests(const std::string& path) const;
  // LastAck is the form of the last acknowledgement that was taken.
  std::string LastAck() const;
  KeyRing feed_ring() const;
  KeyRing access_ring() const;

 private:
  struct Stream {
    size_t cursor;
    uint64_t generation;
  };
  using Handler =
      std::function<void(const httplib::Request&, httplib::Response&)>;

  void Route(const std::string& path, Handler handler, bool post = false);
  void ServeLog(const httplib::Request& request, httplib::Response& response);
  void ServeStream(const httplib::Request& request,
                   httplib::Response& response);
  bool PushEvents(Stream& stream, httplib::DataSink& sink);
  bool CheckCursor(const httplib::Request& request,
                   httplib::Response& response) const SIGNET_REQUIRES(mutex_);

  FeedHead Head() const SIGNET_REQUIRES(mutex_);
  Frame LogAfter(size_t cursor) const SIGNET_REQUIRES(mutex_);
  std::string Seal(const std::string& path, const Frame& frame) const
      SIGNET_REQUIRES(mutex_);
  void Append(uint8_t session) SIGNET_REQUIRES(mutex_);
  void AddPlainRoutes();

  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool stopping_ SIGNET_GUARDED_BY(mutex_) = false;
  bool frozen_ SIGNET_GUARDED_BY(mutex_) = false;
  bool ask_ SIGNET_GUARDED_BY(mutex_) = false;
  std::string last_ack_ SIGNET_GUARDED_BY(mutex_);
  size_t lose_ SIGNET_GUARDED_BY(mutex_) = 0;
  uint64_t stream_generation_ SIGNET_GUARDED_BY(mutex_) = 0;
  uint32_t epoch_ SIGNET_GUARDED_BY(mutex_) = 1;
  std::vector<Revocation> log_ SIGNET_GUARDED_BY(mutex_);
  std::vector<LogHash> hashes_ SIGNET_GUARDED_BY(mutex_){LogHash{}};
  std::unique_ptr<RevocationList> list_ SIGNET_GUARDED_BY(mutex_) =
      std::make_unique<RevocationList>();
  SigningRing feed_ SIGNET_GUARDED_BY(mutex_);
  SigningRing access_ SIGNET_GUARDED_BY(mutex_);
  std::unique_ptr<SecretKey> stranger_ SIGNET_GUARDED_BY(mutex_);
  std::map<std::string, int> statuses_ SIGNET_GUARDED_BY(mutex_);
  std::map<std::string, Tampering> tamperings_ SIGNET_GUARDED_BY(mutex_);
  mutable std::map<std::string, size_t> requests_ SIGNET_GUARDED_BY(mutex_);

  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_LIB_FAKE_FEED_SERVICE_H_
