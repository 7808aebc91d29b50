#include "feed_model_world.h"

#include <algorithm>

namespace signet::service::model {
namespace {

constexpr size_t kMaxTokens = 40;
constexpr size_t kMaxCached = 48;
constexpr FeedMode kModes[] = {FeedMode::kSubscribe, FeedMode::kPoll,
                               FeedMode::kSubscribe};

std::string KindOf(const std::string& path) {
  return path.substr(0, path.find('?'));
}

// TamperWith changes a list of frames or events as a bad network does.
void TamperWith(std::vector<std::string>& parts, uint32_t value) {
  if (parts.empty()) return;
  const size_t at = value / 8 % parts.size();
  const size_t other = value / 512 % parts.size();
  switch (value % 5) {
    case 0:
      parts.erase(parts.begin() + static_cast<ptrdiff_t>(at));
      return;
    case 1:
      parts.push_back(parts[at]);
      return;
    case 2:
      std::swap(parts[at], parts[other]);
      return;
    case 3:
      parts[at].resize(parts[at].size() / 2);
      return;
    default: {
      char& byte = parts[at][value / 4096 % parts[at].size()];
      byte = static_cast<char>(byte ^ (1 << value % 7));
    }
  }
}

}  // namespace

World::World() : service_(testing::kFeedStart) {
  for (FeedMode mode : kModes) {
    peers_.push_back(std::make_unique<Peer>(testing::kFeedStart, mode,
                                            service_.feed_ring()));
  }
}

Time World::Truth() const { return testing::kFeedStart + elapsed_; }

void World::Wait(Duration by) {
  elapsed_ += by;
  service_.Advance(by);
  for (auto& peer : peers_) peer->clock.Advance(by);
  // No clock of the model is so wrong that they still live anywhere.
  std::erase_if(tokens_, [&](const auto& token) {
    return Truth() >
           Time(token.second.token.expires_at) + std::chrono::hours(5);
  });
}

// Settle tells the service of a stream that the replica has left.
void World::Settle(Peer& peer) {
  if (peer.replica.line().state == ModelReplica::Line::State::kStreaming) {
    return;
  }
  if (peer.subscription) service_.Unsubscribe(*peer.subscription);
  peer.subscription.reset();
}

void World::Record(const std::string& path, const FeedHttp::Answer& answer) {
  auto& cached = cache_[KindOf(path)];
  cached.push_back(answer);
  if (cached.size() > kMaxCached) cached.erase(cached.begin());
}

void World::Serve(Peer& peer) {
  using State = ModelReplica::Line::State;
  ModelReplica::Line& line = peer.replica.line();
  if (line.state != State::kAsked) return;
  if (!line.question.stream) {
    line.answer = service_.Get(line.question.path);
    line.state = State::kAnswered;
    return Record(line.question.path, line.answer);
  }
  const auto sink = [this, &line](const std::shared_ptr<const std::string>& e) {
    line.events.push_back(*e);
    old_events_.push_back(*e);
    if (old_events_.size() > kMaxCached) old_events_.erase(old_events_.begin());
    return true;
  };
  line.answer = service_.Subscribe(line.question.path, sink, peer.subscription);
  line.state = peer.subscription ? State::kStreaming : State::kAnswered;
}

void World::Replay(Peer& peer, uint32_t value) {
  using State = ModelReplica::Line::State;
  ModelReplica::Line& line = peer.replica.line();
  if (line.state != State::kAsked) return;
  if (line.question.stream) {
    if (old_events_.empty()) return;
    const auto from = static_cast<ptrdiff_t>(value % old_events_.size());
    line.events.assign(old_events_.begin() + from, old_events_.end());
    line.state = State::kStreaming;
  } else {
    const auto& cached = cache_[KindOf(line.question.path)];
    if (cached.empty()) return;
    line.answer = cached[value % cached.size()];
    line.state = State::kAnswered;
  }
  line.misleading = true;
}

void World::Tamper(Peer& peer, uint32_t value) {
  ModelReplica::Line& line = peer.replica.line();
  if (!line.events.empty()) {
    std::vector<std::string> events(line.events.begin(), line.events.end());
    TamperWith(events, value);
    line.events.assign(events.begin(), events.end());
    return;
  }
  std::string& body = line.answer.body;
  const auto frames = SplitFrames(AsBytes(body));
  if (body.empty() || !frames.ok()) return;
  if (value % 11 == 0) return body.resize(value / 16 % body.size());
  std::vector<std::string> parts;
  for (Bytes frame : *frames) parts.emplace_back(AsText(frame));
  TamperWith(parts, value);
  body.clear();
  for (const std::string& part : parts) AppendFrame(body, part);
}

void World::Exchange(Peer& peer) {
  using State = ModelReplica::Line::State;
  if (peer.replica.line().state == State::kIdle) peer.replica.Ask();
  Serve(peer);
  if (peer.replica.line().state == State::kStreaming) service_.Turn(true);
  while (peer.replica.Deliver()) {
  }
  Settle(peer);
}

// EndStreams is what a restart of the service does to them.
void World::EndStreams() {
  for (auto& peer : peers_) {
    if (!peer->subscription) continue;
    peer->subscription.reset();
    peer->replica.Break();
  }
}

void World::Open(uint32_t value) {
  if (tokens_.size() >= kMaxTokens) return;
  auto token = service_.Open("user" + std::to_string(value % 5),
                             "app" + std::to_string(value / 8 % 2));
  if (!token) return;
  Token& added = tokens_[next_token_++];
  added.token = std::move(*token);
  for (const Known& known : log_) Apply(known, added);
}

void World::Revoke(uint32_t value) {
  if (tokens_.empty()) return;
  const auto chosen = std::next(
      tokens_.begin(), static_cast<ptrdiff_t>(value / 64 % tokens_.size()));
  const ModelToken& token = chosen->second.token;
  const uint32_t kind = value % 64;
  bool done = false;
  if (kind == 0) {
    done = service_.Revoke(RevocationKind::kAll, "");
  } else if (kind == 1) {
    done = service_.Revoke(RevocationKind::kKey, token.key);
  } else if (kind < 6) {
    done = service_.Revoke(RevocationKind::kClient, token.client);
  } else if (kind < 22) {
    done = service_.Revoke(RevocationKind::kSubject, token.subject);
  } else if (kind < 43) {
    done = service_.Revoke(RevocationKind::kSession, token.session);
  } else {
    done = service_.Revoke(RevocationKind::kToken, token.id);
  }
  Learn(done, done);
}

void World::RevokeInVain(uint32_t value) {
  service_.SetFault(value % 2 == 0 ? Fault::kUnavailable : Fault::kLostAnswer);
  Revoke(value / 2);
  service_.SetFault(Fault::kNone);
}

// Learn looks at what the log has got; what was acknowledged is expected.
void World::Learn(bool acknowledged, bool expected) {
  const auto entries = service_.NewEntries();
  if (expected && entries.empty()) fault_ = "acknowledged, and not in the log";
  for (const Publisher::Numbered& numbered : entries) {
    log_.push_back({.entry = numbered.entry.revocation,
                    .sequence = numbered.sequence,
                    .acknowledged = acknowledged,
                    .at = elapsed_});
    for (auto& [id, token] : tokens_) Apply(log_.back(), token);
  }
}

void World::Apply(const Known& known, Token& token) {
  if (!token.token.VoidedBy(known.entry)) return;
  token.may_be_void = true;
  // A store that went back in time may not know how late tokens are dated.
  const bool covers =
      known.entry.drop_after >=
      token.token.expires_at + std::chrono::floor<Seconds>(Policy().clock_skew);
  token.covered |= covers;
  if (!covers && !store_went_back_) {
    fault_ = "the entry against token " + token.token.id +
             " leaves before the token dies";
  }
  if (!covers || !known.acknowledged || known.lost) return;
  const Duration since = std::max(known.at, Duration{});
  token.void_since = std::min(token.void_since.value_or(since), since);
}

// GoBack puts the backup in the store's place.
void World::GoBack(bool told, uint32_t value) {
  if (!service_.has_backup()) return;
  EndStreams();
  const uint64_t kept = service_.backup_sequence();
  for (Known& known : log_) {
    // Sequences of an earlier history are lost already, or in the backup.
    known.lost = known.lost || known.sequence > kept;
  }
  store_went_back_ = true;
  furthest_epoch_ = std::max(furthest_epoch_, service_.epoch());
  told ? service_.Restore(value % 2 == 0) : service_.LoseEnd();
  epoch_is_old_ = service_.epoch() <= furthest_epoch_;
  for (auto& [id, token] : tokens_) {
    token.void_since.reset();
    for (const Known& known : log_) Apply(known, token);
  }
  Learn(true);
  // signetd serves nobody before the next second.
  if (told) {
    const Time now = service_.clock().Now();
    Wait(ToSeconds(now) + Seconds(1) - now);
  }
}

void World::SetServiceClock(Duration offset) {
  for (auto& peer : peers_) {
    ModelReplica::Line& line = peer->replica.line();
    line.misleading |= offset > service_offset_ && peer->subscription;
  }
  service_offset_ = offset;
  service_ahead_ = std::max(service_ahead_, offset);
  service_.SetWall(Truth() + offset);
}

void World::RestartReplica(Peer& peer, uint32_t value) {
  peer.replica.Break();
  Settle(peer);
  peer.replica.Restart(value % 2 == 0, value / 2 % 3 == 0,
                       service_.feed_ring());
}

}  // namespace signet::service::model
