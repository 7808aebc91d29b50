#include "revocation-service/http/responder.h"

#include <utility>

#include "revocation-service/http/message.h"

namespace signet::service::http {
namespace {

class QueueStream final : public EventStream {
 public:
  QueueStream(std::weak_ptr<AnswerSink> connection,
              std::shared_ptr<StreamQueue> queue)
      : connection_(std::move(connection)), queue_(std::move(queue)) {}
  ~QueueStream() override { Close(); }

  bool Send(SharedText data) override {
    switch (queue_->Push(std::move(data))) {
      case StreamQueue::Pushed::kQueued:
        return true;
      case StreamQueue::Pushed::kWake:
        if (auto connection = connection_.lock()) connection->PostPump();
        return true;
      case StreamQueue::Pushed::kOverflow:
        Cut();
        return false;
      case StreamQueue::Pushed::kClosed:
        return false;
    }
    return false;
  }

  void Close() override {
    if (!queue_->Finish()) return;
    if (auto connection = connection_.lock()) connection->PostPump();
  }

  void OnClose(std::function<void()> hook) override {
    queue_->OnEnd(std::move(hook));
  }

 private:
  void Cut() {
    if (auto connection = connection_.lock()) {
      ++connection->core().streams_cut;
      connection->Abort();
    }
  }

  const std::weak_ptr<AnswerSink> connection_;
  const std::shared_ptr<StreamQueue> queue_;
};

class OneAnswer final : public Responder {
 public:
  OneAnswer(std::weak_ptr<AnswerSink> connection, const RequestFacts& request)
      : connection_(std::move(connection)), request_(request) {}
  ~OneAnswer() override {
    if (!used_) Send(ErrorAnswer({500, "the request was not answered"}));
  }

  void Send(Response response) override {
    const auto connection = connection_.lock();
    if (used_.exchange(true) || !connection) return;
    Answer answer = StartAnswer(*connection, response, false);
    if (!request_.is_head && MayHaveBody(response.status)) {
      answer.body =
          std::make_shared<const std::string>(std::move(response.body));
    }
    connection->PostAnswer(std::move(answer));
  }

  std::shared_ptr<EventStream> Stream(Response response) override {
    const auto connection = connection_.lock();
    const size_t backlog =
        connection ? connection->core().options.max_stream_backlog : 0;
    auto queue = std::make_shared<StreamQueue>(backlog);
    auto stream = std::make_shared<QueueStream>(connection_, queue);
    if (used_.exchange(true) || !connection) {
      queue->Ended();
      return stream;
    }
    Answer answer = StartAnswer(*connection, response, true);
    if (request_.is_head) {
      queue->Ended();
    } else {
      answer.stream = std::move(queue);
    }
    connection->PostAnswer(std::move(answer));
    return stream;
  }

 private:
  // StartAnswer makes the answer without its body. A stream ends with its
  // connection (RFC 9112 section 6.3, the last case): events are shared by
  // all subscribers as they are, with no chunk headers between them.
  Answer StartAnswer(AnswerSink& connection, const Response& response,
                     bool stream) const {
    Answer answer;
    answer.request_number = request_.number;
    answer.keep_alive =
        request_.keep_alive && !stream && !connection.core().draining;
    answer.head = std::make_shared<const std::string>(
        SerializeHead(response, {answer.keep_alive, request_.http11, stream}));
    return answer;
  }

  const std::weak_ptr<AnswerSink> connection_;
  const RequestFacts request_;
  std::atomic<bool> used_{false};
};

}  // namespace

std::shared_ptr<Responder> MakeResponder(std::weak_ptr<AnswerSink> connection,
                                         const RequestFacts& request) {
  return std::make_shared<OneAnswer>(std::move(connection), request);
}

}  // namespace signet::service::http
