#ifndef SIGNET_SERVICE_HTTP_RESPONDER_H_
#define SIGNET_SERVICE_HTTP_RESPONDER_H_

#include <cstdint>
#include <memory>

#include "revocation-service/http/core.h"
#include "revocation-service/http/stream.h"

namespace signet::service::http {

// Answer is a response on its way to the connection that writes it.
struct Answer {
  uint64_t request_number = 0;
  SharedText head;
  SharedText body;
  bool keep_alive = false;
  std::shared_ptr<StreamQueue> stream;  // if the answer is one
};

// AnswerSink is the side of a connection that responders see. The calls are
// safe from any thread and come into effect on the connection's strand; an
// answer to another request than the one that is waiting is dropped.
class AnswerSink : public Connection {
 public:
  virtual Core& core() = 0;
  virtual void PostAnswer(Answer answer) = 0;
  virtual void PostPump() = 0;
};

// RequestFacts is what a responder must know of its request.
struct RequestFacts {
  uint64_t number = 0;
  bool is_head = false;  // HEAD: the body is not sent
  bool http11 = true;
  bool keep_alive = true;
};

std::shared_ptr<Responder> MakeResponder(std::weak_ptr<AnswerSink> connection,
                                         const RequestFacts& request);

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_RESPONDER_H_
