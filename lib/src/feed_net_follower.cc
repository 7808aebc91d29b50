#include "feed_net_follower.h"

namespace signet {

void FeedFollower::Run() {
  while (!board_.stopping()) {
    const FeedQuestion question = rounds_.Next();
    const FeedPause pause = rounds_.Take(Ask(question));
    if (board_.stopping()) break;
    if (pause.next_service) http_.NextService();
    if (pause.reconnect) board_.Reconnecting();
    const Duration wait = pause.interval + RandomUpTo(pause.jitter);
    if (wait > Duration::zero()) board_.Sleep(wait);
  }
  rounds_.Save();
}

Result<FeedHttp::Answer> FeedFollower::Ask(const FeedQuestion& question) {
  if (!question.stream) return http_.Get(question.path, question.limit);
  return http_.Stream(question.path, question.last_event_id,
                      [this](std::string_view chunk) {
                        const bool go_on = rounds_.Chunk(chunk);
                        if (const auto position = rounds_.TakeAckWish()) {
                          board_.WantAck({*position, http_.service()});
                        }
                        return go_on;
                      });
}

}  // namespace signet
