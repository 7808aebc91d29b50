#include "tests/lib/fake_feed_service.h"

#include <algorithm>

namespace signet {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

Time Now() { return SystemClock::Shared().Now(); }

SigningRing NewRing(KeyPurpose purpose, KeyFormat format) {
  return *SigningRing::New({purpose, format, 1, DefaultPolicy(purpose)},
                           Now() - minutes(10));
}

}  // namespace

FakeFeedService::FakeFeedService()
    : feed_(NewRing(KeyPurpose::kFeed, KeyFormat::kFeedEd25519)),
      access_(NewRing(KeyPurpose::kAccess, KeyFormat::kPasetoV4Public)) {
  AddPlainRoutes();
  Route("/feed/log", [this](const auto& request, auto& response) {
    ServeLog(request, response);
  });
  Route("/feed/stream", [this](const auto& request, auto& response) {
    ServeStream(request, response);
  });
  Route(
      "/feed/ack",
      [this](const httplib::Request& request, httplib::Response& response) {
        const MutexLock lock(mutex_);
        last_ack_ = request.body;
        response.status = 204;
      },
      true);
  // Each stream and each kept-alive connection holds a thread.
  server_.new_task_queue = [] { return new httplib::ThreadPool(12); };
  server_.set_keep_alive_timeout(1);
  port_ = server_.bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  while (!server_.is_running()) std::this_thread::yield();
}

FakeFeedService::~FakeFeedService() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  server_.stop();
  thread_.join();
}

std::string FakeFeedService::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

FeedOptions FakeFeedService::Options() const {
  FeedOptions options;
  options.services = {url()};
  options.client_id = kClient;
  options.client_secret = kSecret;
  options.feed_ring = feed_ring();
  options.poll_interval = milliseconds(50);
  options.max_backoff = milliseconds(100);
  return options;
}

void FakeFeedService::Append(uint8_t session) {
  const EpochSeconds now = ToSeconds(Now());
  Revocation entry{RevocationKind::kSession, {}, now, {}, now + minutes(15)};
  entry.drop_after = std::chrono::ceil<minutes>(entry.drop_after);
  entry.id[0] = session;
  log_.push_back(entry);
  list_->Apply({&entry, 1});
  hashes_.push_back(ChainLogHash(hashes_.back(), entry));
}

void FakeFeedService::Revoke(uint8_t session) {
  const MutexLock lock(mutex_);
  Append(session);
  changed_.NotifyAll();
}

void FakeFeedService::Answer(const std::string& path, int status) {
  const MutexLock lock(mutex_);
  statuses_[path] = status;
}

void FakeFeedService::Tamper(const std::string& path, Tampering tampering) {
  const MutexLock lock(mutex_);
  tamperings_[path] = std::move(tampering);
}

void FakeFeedService::Freeze(bool frozen) {
  const MutexLock lock(mutex_);
  frozen_ = frozen;
}

void FakeFeedService::CutStreams() {
  const MutexLock lock(mutex_);
  ++stream_generation_;
  changed_.NotifyAll();
}

void FakeFeedService::LoseInStreams(size_t entries) {
  const MutexLock lock(mutex_);
  lose_ = entries;
}

void FakeFeedService::Restart(uint32_t epoch,
                              const std::vector<uint8_t>& sessions) {
  const MutexLock lock(mutex_);
  epoch_ = epoch;
  log_.clear();
  hashes_ = {LogHash{}};
  list_ = std::make_unique<RevocationList>();
  for (const uint8_t session : sessions) Append(session);
  ++stream_generation_;
  changed_.NotifyAll();
}

void FakeFeedService::RotateRings() {
  const MutexLock lock(mutex_);
  (void)access_.Rotate(Now());
  changed_.NotifyAll();
}

void FakeFeedService::SignWithStranger() {
  const MutexLock lock(mutex_);
  stranger_ =
      std::make_unique<SecretKey>(SecretKey::Generate(KeyFormat::kFeedEd25519));
}

void FakeFeedService::AskForAcks(bool ask) {
  const MutexLock lock(mutex_);
  ask_ = ask;
}

std::string FakeFeedService::LastAck() const {
  const MutexLock lock(mutex_);
  return last_ack_;
}

size_t FakeFeedService::Requests(const std::string& path) const {
  const MutexLock lock(mutex_);
  return requests_[path];
}

KeyRing FakeFeedService::feed_ring() const {
  const MutexLock lock(mutex_);
  return feed_.Public();
}

KeyRing FakeFeedService::access_ring() const {
  const MutexLock lock(mutex_);
  return access_.Public();
}

void FakeFeedService::Route(const std::string& path, Handler handler,
                            bool post) {
  const auto serve = [this, path, handler](const httplib::Request& request,
                                           httplib::Response& response) {
    const auto expected = httplib::make_basic_authentication_header(
        "edge%201", "s%3Aecret%2B%25");
    int status = 0;
    {
      const MutexLock lock(mutex_);
      ++requests_[path];
      status = statuses_[path];
    }
    if (request.get_header_value("Authorization") != expected.second) {
      status = 401;
    }
    if (status != 0) {
      response.status = status;
      response.set_content("{}", "application/json");
      return;
    }
    handler(request, response);
  };
  if (post) {
    server_.Post(path, serve);
  } else {
    server_.Get(path, serve);
  }
}

FeedHead FakeFeedService::Head() const {
  const Time now = Now();
  return {{epoch_, log_.size()},
          now,
          list_->DigestAt(now),
          feed_.info().generation + access_.info().generation};
}

Frame FakeFeedService::LogAfter(size_t cursor) const {
  if (cursor == log_.size()) return HeadFrame{Head(), hashes_.back()};
  return BatchFrame{
      Head(),
      cursor + 1,
      hashes_[cursor],
      {log_.begin() + static_cast<ptrdiff_t>(cursor), log_.end()}};
}

std::string FakeFeedService::Seal(const std::string& path,
                                  const Frame& frame) const {
  const SecretKey& key = stranger_ ? *stranger_ : feed_.Active(Now())->key;
  std::string bytes = EncodeFrame(frame, key);
  const auto found = tamperings_.find(path);
  if (found != tamperings_.end() && found->second) found->second(bytes);
  return bytes;
}

void FakeFeedService::AddPlainRoutes() {
  const auto send = [](const std::string& frame, httplib::Response& response) {
    std::string body;
    AppendFrame(body, frame);
    response.set_content(body, "application/octet-stream");
  };
  Route("/feed/snapshot", [this, send](const auto&, auto& response) {
    const MutexLock lock(mutex_);
    const FeedHead head = Head();
    send(Seal("/feed/snapshot",
              SnapshotFrame{head, hashes_.back(), list_->Entries(head.time)}),
         response);
  });
  Route("/feed/rings", [this, send](const auto&, auto& response) {
    const MutexLock lock(mutex_);
    send(Seal("/feed/rings",
              RingsFrame{Head(), {access_.Public(), feed_.Public()}}),
         response);
  });
}

bool FakeFeedService::CheckCursor(const httplib::Request& request,
                                  httplib::Response& response) const {
  const auto epoch = std::stoull(request.get_param_value("epoch"));
  const auto after = std::stoull(request.get_param_value("after"));
  if (epoch == epoch_ && after <= log_.size()) return true;
  response.status = 409;
  return false;
}

void FakeFeedService::ServeLog(const httplib::Request& request,
                               httplib::Response& response) {
  const MutexLock lock(mutex_);
  if (!CheckCursor(request, response)) return;
  const size_t cursor = std::stoull(request.get_param_value("after"));
  if (request.has_param("wait") && cursor == log_.size()) {
    changed_.WaitFor(mutex_, milliseconds(200));
    if (!CheckCursor(request, response)) return;
  }
  std::string body;
  AppendFrame(body, Seal("/feed/log", LogAfter(cursor)));
  response.set_content(body, "application/octet-stream");
}

void FakeFeedService::ServeStream(const httplib::Request& request,
                                  httplib::Response& response) {
  const MutexLock lock(mutex_);
  if (!CheckCursor(request, response)) return;
  const size_t cursor = std::stoull(request.get_param_value("after"));
  if (request.get_header_value("Last-Event-ID") !=
      std::to_string(epoch_) + "." + std::to_string(cursor)) {
    response.status = 400;
    return;
  }
  // One past the end: the first push sends a head whatever the cursor.
  auto stream = std::make_shared<Stream>(Stream{cursor, stream_generation_});
  response.set_chunked_content_provider(
      "text/event-stream", [this, stream](size_t, httplib::DataSink& sink) {
        return PushEvents(*stream, sink);
      });
}

bool FakeFeedService::PushEvents(Stream& stream, httplib::DataSink& sink) {
  std::string text = ": a comment\n";
  {
    const MutexLock lock(mutex_);
    if (frozen_) changed_.WaitFor(mutex_, milliseconds(50));
    if (stopping_ || stream.generation != stream_generation_) {
      sink.done();
      return !stopping_;
    }
    if (frozen_) return true;
    if (lose_ > 0 && stream.cursor < log_.size()) {
      stream.cursor += std::exchange(lose_, 0);
    }
    if (ask_) text += "event: ack\n";
    text += "data: " +
            Base64UrlEncode(
                AsBytes(Seal("/feed/stream", LogAfter(stream.cursor)))) +
            "\n\n";
    stream.cursor = log_.size();
  }
  if (!sink.write(text.data(), text.size())) return false;
  const MutexLock lock(mutex_);
  if (stream.cursor == log_.size() && !stopping_) {
    changed_.WaitFor(mutex_, milliseconds(50));
  }
  return true;
}

}  // namespace signet
