// The other half of World: steps, and what must hold after each.
#include <algorithm>

#include "feed_model_world.h"

namespace signet::service::model {
namespace {

// Exchanges after which a replica is fresh, whatever was before.
constexpr int kMaxExchanges = 12;

std::string Text(Duration time) { return std::to_string(time.count()) + " ms"; }

}  // namespace

void World::Do(const Step& step) {
  Peer& peer = *peers_[step.who % peers_.size()];
  const auto get_rings = [this] {
    const FeedHttp::Answer answer = service_.Get("/feed/rings");
    Record("/feed/rings", answer);
    return answer;
  };
  const Duration offset(static_cast<int32_t>(step.value));
  switch (step.op) {
    case Op::kWait:
      return Wait(Duration(step.value));
    case Op::kExchange:
      return Exchange(peer);
    case Op::kAsk:
      if (peer.replica.line().state == ModelReplica::Line::State::kIdle) {
        peer.replica.Ask();
      }
      return;
    case Op::kServe:
      return Serve(peer);
    case Op::kReplay:
      return Replay(peer, step.value);
    case Op::kDeliver:
      peer.replica.Deliver();
      return Settle(peer);
    case Op::kBreak:
      peer.replica.Break();
      return Settle(peer);
    case Op::kTamper:
      return Tamper(peer, step.value);
    case Op::kRings:
      return peer.replica.KeepRings(get_rings);
    case Op::kOldRings: {
      const auto& cached = cache_["/feed/rings"];
      if (cached.empty()) return;
      return peer.replica.KeepRings(
          [&] { return cached[step.value % cached.size()]; });
    }
    case Op::kOpen:
      return Open(step.value);
    case Op::kRevoke:
      return Revoke(step.value);
    case Op::kRevokeInVain:
      return RevokeInVain(step.value);
    case Op::kTurn:
      return service_.Turn(step.value % 2 == 0);
    case Op::kStoreFails:
      return service_.SetFault(Fault::kUnavailable);
    case Op::kStoreWorks:
      return service_.SetFault(Fault::kNone);
    case Op::kServiceRestart:
      EndStreams();
      return service_.Restart();
    case Op::kTrim:
      return service_.Trim();
    case Op::kRotate:
      return service_.Rotate(step.value % 2 == 0 ? KeyPurpose::kAccess
                                                 : KeyPurpose::kFeed);
    case Op::kBackUp:
      return service_.BackUp();
    case Op::kRestore:
      return GoBack(true, step.value);
    case Op::kLoseEnd:
      return GoBack(false, step.value);
    case Op::kServiceClock:
      return SetServiceClock(offset);
    case Op::kReplicaClock:
      peer.offset = offset;
      return peer.clock.SetWall(Truth() + offset);
    case Op::kReplicaRestart:
      return RestartReplica(peer, step.value);
  }
}

std::optional<std::string> World::Play(const Step& step) {
  Do(step);
  ++counts_.steps;
  if (fault_) return fault_;
  return Check();
}

Duration World::Allowance(const Peer& peer) const {
  if (!peer.replica.misled) return {};
  return std::max(Duration{}, service_ahead_ - peer.offset);
}

std::string World::Name(const Peer& peer) const {
  const auto at = std::ranges::find(peers_, &peer, &std::unique_ptr<Peer>::get);
  return "replica " + std::to_string(at - peers_.begin());
}

std::optional<std::string> World::Check() {
  for (auto& peer : peers_) {
    ++(peer->replica.Staleness() <= kBound ? counts_.fresh : counts_.stale);
    if (auto found = CheckForward(*peer)) return found;
    for (const auto& [index, token] : tokens_) {
      if (auto found = Check(*peer, index)) return found;
    }
  }
  return std::nullopt;
}

std::optional<std::string> World::CheckForward(Peer& peer) {
  ModelReplica& replica = peer.replica;
  const bool back =
      replica.position() < replica.furthest || replica.time() < replica.latest;
  replica.furthest = replica.position();
  replica.latest = replica.time();
  if (!back) return std::nullopt;
  return Name(peer) + " went back in the log or in time";
}

std::optional<std::string> World::Check(Peer& peer, size_t index) {
  const Token& token = tokens_.at(index);
  const auto verdict = peer.replica.verifier().Verify(token.token.text);
  const std::string about = Name(peer) + ", token " + token.token.id + " of " +
                            token.token.subject + ": ";
  if (!verdict.ok()) {
    if (verdict.error().code != RefusalCode::kRevoked) return std::nullopt;
    ++counts_.revoked;
    if (token.covered) peer.replica.seen_revoked.insert(index);
    if (token.may_be_void) return std::nullopt;
    return about + "called revoked, and nobody revoked it";
  }
  ++counts_.accepted;
  if (peer.replica.seen_revoked.contains(index)) {
    return about + "called revoked before, and accepted now";
  }
  if (!token.void_since) return std::nullopt;
  const Duration age = elapsed_ - *token.void_since;
  if (age <= kBound + Allowance(peer)) return std::nullopt;
  return about + "accepted " + Text(age) +
         " after its revocation was acknowledged, staleness " +
         Text(peer.replica.Staleness());
}

std::optional<std::string> World::Heal() {
  service_.SetFault(Fault::kNone);
  // Times that a wrong clock has signed must pass.
  Wait(std::max(Duration{}, service_.latest_signed() - Truth()) + Duration(1));
  SetServiceClock({});
  (void)service_.Get("/feed/log");  // a leap that was in doubt
  Wait(std::chrono::seconds(31));
  if (epoch_is_old_) {
    service_.BackUp();
    GoBack(true, 0);
  }
  for (auto& peer : peers_) {
    peer->offset = {};
    peer->clock.SetWall(Truth());
    peer->replica.Break();
    Settle(*peer);
    if (!service_.SignsWithKeyOf(peer->replica.feed_ring())) {
      // It slept through a whole rotation: a new deployment brings the ring.
      peer->replica.Restart(true, false, service_.feed_ring());
    }
  }
  return CheckFresh();
}

std::optional<std::string> World::CheckFresh() {
  Open(0);
  for (int round = 0; round < kMaxExchanges; ++round) {
    Duration pause(100);
    for (auto& peer : peers_) {
      Exchange(*peer);
      peer->replica.KeepRings([this] { return service_.Get("/feed/rings"); });
      pause = std::max(
          pause, peer->replica.pause().interval + peer->replica.pause().jitter);
    }
    if (auto found = Check()) return found;
    if (round + 1 < kMaxExchanges) Wait(pause);
  }
  for (auto& peer : peers_) {
    if (peer->replica.Staleness() <= kBound) continue;
    return Name(*peer) + " is not fresh after " +
           std::to_string(kMaxExchanges) +
           " exchanges: " + peer->replica.status().last_error;
  }
  return std::nullopt;
}

std::optional<Finding> Run(const Script& script, World::Counts* counts) {
  World world;
  std::optional<Finding> finding;
  for (size_t i = 0; i < script.size() && !finding; ++i) {
    if (auto found = world.Play(script[i])) finding = {i, std::move(*found)};
  }
  if (!finding) {
    if (auto found = world.Heal()) {
      finding = {script.size(), "when all was healed, " + *found};
    }
  }
  if (counts != nullptr) *counts = world.counts();
  return finding;
}

Script Shorten(Script script) {
  for (size_t size = script.size() / 2; size > 0; size /= 2) {
    for (size_t from = 0; from < script.size();) {
      Script less = script;
      const auto begin = less.begin() + static_cast<ptrdiff_t>(from);
      less.erase(begin, begin + static_cast<ptrdiff_t>(
                                    std::min(size, less.size() - from)));
      const auto finding = Run(less, nullptr);
      if (finding) {
        less.resize(std::min(less.size(), finding->step + 1));
        script = std::move(less);
      } else {
        from += size;
      }
    }
  }
  return script;
}

}  // namespace signet::service::model
