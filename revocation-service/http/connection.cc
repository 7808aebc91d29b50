#include "revocation-service/http/connection.h"

#include <netinet/tcp.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>

#include "revocation-service/http/deadline.h"
#include "revocation-service/http/output.h"
#include "revocation-service/http/request_reader.h"
#include "revocation-service/http/responder.h"
#include "revocation-service/http/transport.h"

namespace signet::service::http {
namespace {

using boost::system::error_code;

// How long, and how much, a closing connection listens after its last answer,
// so that what the peer still sends does not reset it before it has read.
constexpr Duration kLingerTime = std::chrono::seconds(2);
constexpr size_t kLingerBytes = 1 << 20;
// Data that the peer does not acknowledge for this long ends the connection.
constexpr int kUserTimeoutMs = 60'000;
// What the kernel may hold for a stream: beyond it the backlog counts.
constexpr int kStreamSendBuffer = 128 * 1024;

// An HttpConnection is the state machine of one connection. Everything but
// the calls of the base classes runs on its strand.
//
//   handshake → reading ⇄ handling → writing → reading …
//                             └→ streaming          → lingering → closed
template <class Transport>
class HttpConnection final : public AnswerSink {
 public:
  HttpConnection(std::shared_ptr<Core> core, std::string remote,
                 const Strand& strand, Transport transport)
      : core_(std::move(core)),
        remote_(std::move(remote)),
        strand_(strand),
        deadline_(strand_),
        transport_(std::move(transport)) {}

  void Start() override {
    net::dispatch(strand_, [self = Self()] { self->Begin(); });
  }
  void Drain() override { Post(&HttpConnection::BeginDrain); }
  void Abort() override { Post(&HttpConnection::Close); }
  void PostPump() override { core_->PumpSoon(Weak()); }
  void Pump() override {
    net::dispatch(strand_, [weak = Weak()] {
      if (auto self = weak.lock()) self->WriteQueue();
    });
  }
  void PostAnswer(Answer answer) override {
    net::post(strand_, [weak = Weak(), answer = std::move(answer)]() mutable {
      auto self = weak.lock();
      if (self) return self->TakeAnswer(std::move(answer));
      if (answer.stream) answer.stream->Ended();
    });
  }
  Core& core() override { return *core_; }

  void OnDeadline();

 private:
  enum class Phase : uint8_t {
    kHandshake,
    kReading,
    kHandling,
    kWriting,
    kStreaming,
    kLingering,
    kClosed,
  };

  std::shared_ptr<HttpConnection> Self() {
    return std::static_pointer_cast<HttpConnection>(shared_from_this());
  }
  // Work from outside holds weak references, as Core::to_pump does.
  std::weak_ptr<HttpConnection> Weak() { return Self(); }
  void Post(void (HttpConnection::*step)()) {
    net::post(strand_, [weak = Weak(), step] {
      if (auto self = weak.lock()) (self.get()->*step)();
    });
  }
  void SetDeadline(Duration from_now) { deadline_.Set(from_now, Self()); }

  void Begin();
  void BeginDrain();
  void BeginRequest();
  void Read();
  void OnInput(error_code code, std::string_view data);
  void Process();
  void Dispatch();
  void TakeAnswer(Answer answer);
  void AnswerAndClose(const HttpError& error);
  void Write(SharedText head, SharedText body, bool keep_alive);
  bool Flush();
  void OnWritten(error_code code, size_t written);
  void OnFlushed();
  void BeginStream(Answer answer);
  void WriteQueue();
  void Linger();
  void Close();

  const std::shared_ptr<Core> core_;
  const std::string remote_;
  Strand strand_;
  Deadline deadline_;
  Transport transport_;
  Phase phase_ = Phase::kHandshake;
  bool request_begun_ = false;  // a part of it has come
  bool close_after_write_ = false;
  bool reading_ = false;  // a read is pending
  bool writing_ = false;  // a write is pending
  uint64_t request_number_ = 0;
  std::string input_;
  std::unique_ptr<RequestReader> reader_;
  Output output_;
  std::shared_ptr<StreamQueue> queue_;
  size_t lingered_bytes_ = 0;
};

template <class Transport>
void HttpConnection<Transport>::Begin() {
  error_code ignored;
  transport_.socket().set_option(Tcp::no_delay(true), ignored);
  ::setsockopt(transport_.socket().native_handle(), IPPROTO_TCP,
               TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof kUserTimeoutMs);
  SetDeadline(core_->options.request_timeout);
  transport_.Handshake([self = Self()](error_code code) {
    if (self->phase_ == Phase::kClosed) return;
    if (code) return self->Close();
    self->BeginRequest();
  });
}

template <class Transport>
void HttpConnection<Transport>::BeginDrain() {
  switch (phase_) {
    case Phase::kHandshake:
      return Close();
    case Phase::kReading:
      if (!request_begun_) Close();
      return;
    case Phase::kStreaming:
      return WriteQueue();
    default:
      return;  // the answer under way is the last
  }
}

template <class Transport>
void HttpConnection<Transport>::BeginRequest() {
  phase_ = Phase::kReading;
  request_begun_ = false;
  reader_ = nullptr;
  if (!input_.empty()) return Process();
  if (core_->draining) return Close();
  input_ = std::string();  // gives back its memory
  SetDeadline(core_->options.idle_timeout);
  Read();
}

template <class Transport>
void HttpConnection<Transport>::Read() {
  if (std::exchange(reading_, true)) return;
  transport_.Read([self = Self()](error_code code, std::string_view data) {
    self->reading_ = false;
    self->OnInput(code, data);
  });
}

template <class Transport>
void HttpConnection<Transport>::OnInput(error_code code,
                                        std::string_view data) {
  switch (phase_) {
    case Phase::kReading:
      if (code) return Close();
      input_.append(data);
      return Process();
    case Phase::kLingering:
      lingered_bytes_ += data.size();
      if (code || lingered_bytes_ > kLingerBytes) return Close();
      return Read();
    case Phase::kStreaming:
      // The client is gone; one that speaks during a stream is as good as.
      return Close();
    default:
      return;
  }
}

template <class Transport>
void HttpConnection<Transport>::Process() {
  if (!reader_) reader_ = std::make_unique<RequestReader>(core_->options);
  switch (reader_->Advance(input_)) {
    case RequestReader::Status::kReady:
      return Dispatch();
    case RequestReader::Status::kFailed:
      ++core_->bad_requests;
      return AnswerAndClose(reader_->error());
    case RequestReader::Status::kNeedMore:
      break;
  }
  // One deadline for the whole request: drops of bytes do not extend it.
  if (!request_begun_) SetDeadline(core_->options.request_timeout);
  request_begun_ = true;
  if (reader_->TakeContinue()) {
    output_.Push(
        std::make_shared<const std::string>("HTTP/1.1 100 Continue\r\n\r\n"));
    if (!Flush()) return;
  }
  Read();
}

template <class Transport>
void HttpConnection<Transport>::Dispatch() {
  phase_ = Phase::kHandling;
  SetDeadline(core_->options.response_timeout);
  Request request = reader_->TakeRequest();
  request.remote = remote_;
  const RequestFacts facts{++request_number_, request.method == "HEAD",
                           reader_->http11(), reader_->keep_alive()};
  reader_ = nullptr;
  auto responder = MakeResponder(Self(), facts);
  try {
    core_->handler(std::move(request), std::move(responder));
  } catch (...) {
    // A handler that throws has dropped its responder, which answers 500; the
    // process lives on.
  }
}

template <class Transport>
void HttpConnection<Transport>::TakeAnswer(Answer answer) {
  if (phase_ != Phase::kHandling || answer.request_number != request_number_) {
    if (answer.stream) answer.stream->Ended();
    return;
  }
  if (answer.stream) return BeginStream(std::move(answer));
  Write(std::move(answer.head), std::move(answer.body), answer.keep_alive);
}

template <class Transport>
void HttpConnection<Transport>::AnswerAndClose(const HttpError& error) {
  Response response = ErrorAnswer(error);
  AnswerOptions options;
  options.keep_alive = false;
  auto head =
      std::make_shared<const std::string>(SerializeHead(response, options));
  SetDeadline(core_->options.request_timeout);
  Write(std::move(head),
        std::make_shared<const std::string>(std::move(response.body)), false);
}

template <class Transport>
void HttpConnection<Transport>::Write(SharedText head, SharedText body,
                                      bool keep_alive) {
  phase_ = Phase::kWriting;
  close_after_write_ = !keep_alive;
  output_.Push(std::move(head));
  output_.Push(std::move(body));
  if (Flush()) OnFlushed();
}

// Flush writes what it can; true if nothing is left. Otherwise OnFlushed
// follows when that is so, or the connection closes.
template <class Transport>
bool HttpConnection<Transport>::Flush() {
  if (writing_) return false;
  while (!output_.empty()) {
    const auto written = output_.WriteWith([this](const auto& buffers) {
      return transport_.TryWrite(buffers,
                                 [self = Self()](error_code code, size_t size) {
                                   self->OnWritten(code, size);
                                 });
    });
    if (!written.has_value()) {
      writing_ = true;
      return false;
    }
    output_.Skip(*written);
  }
  return true;
}

template <class Transport>
void HttpConnection<Transport>::OnWritten(error_code code, size_t written) {
  writing_ = false;
  if (phase_ == Phase::kClosed) return;
  if (code) return Close();
  output_.Skip(written);
  if (Flush()) OnFlushed();
}

template <class Transport>
void HttpConnection<Transport>::OnFlushed() {
  switch (phase_) {
    case Phase::kReading:  // "100 Continue" is out
      return Read();
    case Phase::kWriting:
      return close_after_write_ ? Linger() : BeginRequest();
    case Phase::kStreaming:
      queue_->Written();
      return WriteQueue();
    default:
      return;
  }
}

template <class Transport>
void HttpConnection<Transport>::BeginStream(Answer answer) {
  phase_ = Phase::kStreaming;
  ++core_->streams;
  queue_ = std::move(answer.stream);
  deadline_.Clear();
  input_ = std::string();
  error_code ignored;
  transport_.socket().set_option(
      net::socket_base::send_buffer_size(kStreamSendBuffer), ignored);
  output_.Push(std::move(answer.head));
  Read();
  if (Flush()) OnFlushed();
}

template <class Transport>
void HttpConnection<Transport>::WriteQueue() {
  if (phase_ != Phase::kStreaming) return;
  if (core_->draining) queue_->Finish();
  // Asked before the queue is emptied: nothing can be pushed after the end.
  const bool finished = queue_->finished();
  while (!writing_ && output_.Refill(*queue_)) {
    if (Flush()) queue_->Written();
  }
  if (!finished) return;
  // What was sent before the end still goes out, within a bound.
  if (!writing_) return Linger();
  SetDeadline(core_->options.request_timeout);
}

template <class Transport>
void HttpConnection<Transport>::Linger() {
  phase_ = Phase::kLingering;
  SetDeadline(kLingerTime);
  Read();
  transport_.Shutdown([self = Self()] { self->Close(); });
}

template <class Transport>
void HttpConnection<Transport>::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  const auto self = Self();
  deadline_.Cancel();
  error_code ignored;
  transport_.socket().close(ignored);
  if (queue_) {
    --core_->streams;
    queue_->Ended();
  }
  core_->Remove(this);
}

template <class Transport>
void HttpConnection<Transport>::OnDeadline() {
  if (phase_ == Phase::kReading && request_begun_) {
    ++core_->bad_requests;
    return AnswerAndClose({408, "the request took too long"});
  }
  if (phase_ == Phase::kHandling) {
    return AnswerAndClose({503, "the answer took too long"});
  }
  Close();
}

template <class Transport>
std::shared_ptr<Connection> Make(std::shared_ptr<Core> core, std::string remote,
                                 const Strand& strand, Transport transport) {
  return std::make_shared<HttpConnection<Transport>>(
      std::move(core), std::move(remote), strand, std::move(transport));
}

}  // namespace

std::shared_ptr<Connection> NewConnection(std::shared_ptr<Core> core,
                                          Socket socket,
                                          net::ssl::context* tls) {
  error_code code;
  const Tcp::endpoint peer = socket.remote_endpoint(code);
  if (code) return nullptr;
  const Strand strand = socket.get_executor();
  std::string remote = peer.address().to_string();
  if (tls == nullptr) {
    return Make(std::move(core), std::move(remote), strand,
                PlainTransport(std::move(socket)));
  }
  return Make(std::move(core), std::move(remote), strand,
              TlsTransport(std::move(socket), *tls));
}

}  // namespace signet::service::http
