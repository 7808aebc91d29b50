#include "feed_net_acks.h"

namespace signet {
namespace {

// Whoever waits for it has gone after that.
constexpr int kTries = 5;

}  // namespace

AckSender::AckSender(const FeedOptions& options, FeedBoard& board,
                     const std::string& verifier_id)
    : board_(board),
      verifier_id_(verifier_id),
      http_(options),
      backoff_(options.max_backoff) {}

void AckSender::Run() {
  int tries = 0;
  while (const auto wish = board_.AwaitAckWish()) {
    if (Send(*wish) || ++tries == kTries) {
      backoff_.Reset();
      tries = 0;
      continue;
    }
    if (!board_.Sleep(backoff_.Next())) return;
    board_.WantAck(*wish);  // unless there is a later one
  }
}

bool AckSender::Send(const FeedBoard::AckWish& wish) {
  http_.UseService(wish.service);
  const Result<int> status = http_.Post(
      "/feed/ack", "verifier=" + verifier_id_ +
                       "&epoch=" + std::to_string(wish.position.epoch) +
                       "&seq=" + std::to_string(wish.position.sequence));
  if (!status) return false;
  if (*status == 204) board_.AckTaken();
  return *status < 500;
}

}  // namespace signet
