// A replica takes frames in any order, honest or not; what it was told once
// it does not forget before its time.
#include <optional>
#include <set>

#include "feed_replica.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Revocation EntryOf(uint8_t id) {
  Revocation entry;
  entry.kind = RevocationKind::kSession;
  entry.id[0] = id;
  entry.at = kNow;
  entry.drop_after = kNow + hours(1);
  return entry;
}

// An honest log, in part: the fuzzer picks what is sent of it, and lies.
struct Sender {
  RevocationList list;
  std::vector<Revocation> log;
  std::vector<LogHash> hashes{LogHash{}};
  uint32_t epoch = 1;
  Time time{Time(kNow)};

  void Append(uint8_t id) {
    const Revocation entry = EntryOf(id);
    list.Apply({&entry, 1});
    log.push_back(entry);
    hashes.push_back(ChainLogHash(hashes.back(), entry));
  }

  FeedHead Head(size_t sequence) const {
    return {{epoch, sequence}, time, list.DigestAt(time), 3};
  }

  Frame Snapshot() const {
    return SnapshotFrame{Head(log.size()), hashes.back(), list.Entries(time)};
  }

  Frame Heartbeat() const { return HeadFrame{Head(log.size()), hashes.back()}; }

  Frame Batch(size_t after) const {
    const auto begin = log.begin() + static_cast<ptrdiff_t>(after);
    return BatchFrame{
        Head(log.size()), after + 1, hashes[after], {begin, log.end()}};
  }
};

bool Holds(const RevocationList& list, uint8_t id) {
  TokenIdentity token;
  token.session = EntryOf(id).id;
  token.has_session = true;
  return list.IsRevoked(token);
}

struct Run {
  Sender sender;
  RevocationList list;
  std::optional<FeedReplica> replica{std::in_place, list};
  std::set<uint8_t> told;
  Time now{Time(kNow)};

  void Send(const Frame& frame) {
    const FeedPosition before = replica->position();
    const Time time_before = replica->time();
    const FeedOutcome outcome =
        replica->Accept(frame, now, Monotonic(now.time_since_epoch()));
    FUZZ_CHECK(replica->time() >= time_before);
    FUZZ_CHECK(replica->position() >= before);
    // What an accepted batch named is in the list.
    const auto* batch = std::get_if<BatchFrame>(&frame);
    if (batch != nullptr && outcome.confirmed) {
      for (const Revocation& entry : batch->entries) {
        told.insert(entry.id[0]);
      }
    }
    for (uint8_t id : told) FUZZ_CHECK(Holds(list, id));
  }

  void Step(uint8_t what, uint8_t value) {
    const size_t size = sender.log.size();
    switch (what % 9) {
      case 0:
        return sender.Append(value);
      case 1:
        return Send(sender.Heartbeat());
      case 2:
        return Send(sender.Snapshot());
      case 3:
        if (size > 0) Send(sender.Batch(value % size));
        return;
      case 4:
        sender.time += Duration(value);
        now = std::max(now, sender.time);
        return;
      case 5: {  // a liar: a head of any place, or without its entries
        HeadFrame lie{sender.Head(value), {value}};
        lie.head.position.epoch = value % 3;
        return Send(lie);
      }
      case 6: {
        SnapshotFrame lie{sender.Head(value), sender.hashes.back(), {}};
        lie.head.digest[0] ^= value;
        return Send(lie);
      }
      case 7: {  // a restore: a new epoch that has forgotten the end
        sender.log.resize(size / 2);
        sender.hashes.resize(size / 2 + 1);
        sender.epoch += value % 2;
        sender.list.Replace(sender.log);
        return;
      }
      case 8: {  // a restart from the disk
        const FeedState state = replica->State();
        if (!replica->has_cursor()) return;
        list.Replace({});
        replica.emplace(list);
        replica->Restore(state);
        for (uint8_t id : told) FUZZ_CHECK(Holds(list, id));
        return;
      }
    }
  }
};

FUZZ_TARGET(input) {
  Run run;
  input = input.substr(0, 64);
  while (!input.empty()) {
    const uint8_t what = TakeByte(input);
    run.Step(what, TakeByte(input));
  }
}

}  // namespace
}  // namespace signet::fuzz
