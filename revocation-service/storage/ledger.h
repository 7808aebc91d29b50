#ifndef SIGNET_SERVICE_STORAGE_LEDGER_H_
#define SIGNET_SERVICE_STORAGE_LEDGER_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "revocation-service/storage/engine.h"

namespace signet::service {

// A ledger is a row of numbered lines among an engine's keys. A line goes in
// the batch whose effect it tells, and gets its number when that is committed
// (Committer). Numbers grow in the order of the commits, over all processes
// that share the engine: whoever has seen line N finds every later one behind
// it. They may have gaps, where a batch with lines came to nothing.
//
// Each line belongs to a lane, so that a flood of one sort can't push out the
// lines of another: lanes are trimmed by themselves.
//
// Keys in the store:
//   a/<id, 8 bytes BE>      lane u8 ‖ its number in the lane, 8 bytes BE ‖ data
//   m/ledger                last id ‖ the last number of each lane, 8 bytes BE
//                           ‖ 8 bytes that tell apart who wrote it
//   m/ledger-trim<lane>     id up to which the lane was trimmed, 8 bytes BE
inline constexpr size_t kLedgerLanes = 3;

struct LedgerLine {
  uint8_t lane = 0;  // below kLedgerLanes
  std::string data;
};

struct NumberedLine {
  uint64_t id = 0;
  uint8_t lane = 0;
  uint64_t lane_number = 0;  // 1, 2, … within the lane
  std::string data;
};

// LedgerCounts is what was numbered so far.
struct LedgerCounts {
  uint64_t last_id = 0;
  std::array<uint64_t, kLedgerLanes> last_in_lane{};
};
Result<LedgerCounts> ReadLedgerCounts(Engine& engine);

// ReadLedger returns up to `limit` lines after `after`, as of one moment.
Result<std::vector<NumberedLine>> ReadLedger(Engine& engine, uint64_t after,
                                             size_t limit);

// A LedgerWriter gives numbers to the lines of one group of batches. One
// thread uses it.
class LedgerWriter {
 public:
  explicit LedgerWriter(Engine& engine);

  // Begin reads the counter if it is not known.
  Status Begin();

  // Reserve is the batch that goes first: it takes numbers for `lines`. Add
  // then puts lines into a batch of the group, on condition that the counter
  // is still what Reserve has made it. REQUIRES: Begin was ok; what is added
  // is what was reserved, in that order.
  Batch Reserve(const std::vector<const LedgerLine*>& lines);
  void Add(const std::vector<LedgerLine>& lines, Batch& batch);

  // Finish tells whether the reservation was committed. If it was not, the
  // counter is read again next time.
  void Finish(bool committed);

 private:
  Engine& engine_;
  // Two writers that take the same numbers must not both find the counter as
  // they have left it.
  std::string name_;
  bool is_known_ = false;
  std::optional<std::string> stored_;  // the counter, as it is if known
  LedgerCounts known_;
  LedgerCounts reserved_;  // the counter after the group
  LedgerCounts next_;      // of the line added last
};

// LedgerTrim is one bounded step of forgetting lines of a lane.
struct LedgerTrim {
  Batch batch;           // empty if there is nothing to do
  size_t removed = 0;    // lines that it deletes
  bool finished = true;  // else another step would find more
};

// PlanLedgerTrim looks at up to `limit` lines and removes those of the lane
// beyond the newest `keep`, or for which `is_old` says so, oldest first.
Result<LedgerTrim> PlanLedgerTrim(
    Engine& engine, uint8_t lane, uint64_t keep,
    const std::function<bool(const NumberedLine&)>& is_old, size_t limit);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_LEDGER_H_
