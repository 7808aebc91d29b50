#include "revocation-service/storage/ledger.h"

#include <algorithm>
#include <utility>

#include "revocation-service/storage/big_endian.h"
#include "signet/primitives.h"

namespace signet::service {
namespace {

constexpr std::string_view kLinePrefix = "a/";
constexpr std::string_view kCounterKey = "m/ledger";
constexpr size_t kLineHeader = 1 + 8;

std::string LineKey(uint64_t id) {
  return std::string(kLinePrefix) + BigEndian64(id);
}

std::string TrimKey(uint8_t lane) {
  std::string key = "m/ledger-trim";
  return key += static_cast<char>('0' + lane);
}

std::string EncodeCounts(const LedgerCounts& counts, std::string_view name) {
  std::string out = BigEndian64(counts.last_id);
  for (const uint64_t number : counts.last_in_lane) out += BigEndian64(number);
  return out += name;
}

Result<LedgerCounts> DecodeCounts(const std::optional<std::string>& value) {
  LedgerCounts counts;
  if (!value) return counts;
  if (value->size() != 8 * (2 + kLedgerLanes)) {
    return Error{ErrorCode::kCorrupt,
                 "reading the ledger's counter: malformed"};
  }
  const std::string_view text = *value;
  counts.last_id = ReadBigEndian64(text.substr(0, 8));
  for (size_t lane = 0; lane < kLedgerLanes; ++lane) {
    counts.last_in_lane[lane] = ReadBigEndian64(text.substr(8 + 8 * lane, 8));
  }
  return counts;
}

void Count(const LedgerLine& line, LedgerCounts& counts) {
  ++counts.last_id;
  ++counts.last_in_lane.at(line.lane);
}

Result<NumberedLine> DecodeLine(KeyValue& pair) {
  const std::string_view key = pair.key;
  const auto lane =
      pair.value.empty() ? kLedgerLanes : static_cast<uint8_t>(pair.value[0]);
  if (key.size() != kLinePrefix.size() + 8 || pair.value.size() < kLineHeader ||
      lane >= kLedgerLanes) {
    return Error{ErrorCode::kCorrupt, "reading the ledger: malformed line"};
  }
  const std::string_view value = pair.value;
  NumberedLine line{.id = ReadBigEndian64(key.substr(kLinePrefix.size())),
                    .lane = static_cast<uint8_t>(lane),
                    .lane_number = ReadBigEndian64(value.substr(1, 8)),
                    .data = {}};
  line.data = std::move(pair.value).substr(kLineHeader);
  return line;
}

}  // namespace

Result<LedgerCounts> ReadLedgerCounts(Engine& engine) {
  const auto value = engine.Get(kCounterKey);
  if (!value.ok()) return value.error();
  return DecodeCounts(*value);
}

Result<std::vector<NumberedLine>> ReadLedger(Engine& engine, uint64_t after,
                                             size_t limit) {
  auto page = engine.Scan(kLinePrefix, after == 0 ? "" : LineKey(after), limit);
  if (!page.ok()) return page.error();
  std::vector<NumberedLine> lines;
  lines.reserve(page->size());
  for (KeyValue& pair : *page) {
    auto line = DecodeLine(pair);
    if (!line.ok()) return line.error();
    lines.push_back(std::move(*line));
  }
  return lines;
}

LedgerWriter::LedgerWriter(Engine& engine) : engine_(engine), name_(8, 0) {
  FillRandom({reinterpret_cast<uint8_t*>(name_.data()), name_.size()});
}

Status LedgerWriter::Begin() {
  if (is_known_) return {};
  auto value = engine_.Get(kCounterKey);
  if (!value.ok()) return value.error();
  const auto counts = DecodeCounts(*value);
  if (!counts.ok()) return counts.error();
  stored_ = std::move(*value);
  known_ = *counts;
  is_known_ = true;
  return {};
}

Batch LedgerWriter::Reserve(const std::vector<const LedgerLine*>& lines) {
  next_ = known_;
  reserved_ = known_;
  for (const LedgerLine* line : lines) Count(*line, reserved_);
  Batch batch;
  batch.conditions.push_back({std::string(kCounterKey), stored_});
  batch.puts.push_back(
      {std::string(kCounterKey), EncodeCounts(reserved_, name_)});
  return batch;
}

// The condition keeps the order: once another process has taken later
// numbers, none of these is written any more.
void LedgerWriter::Add(const std::vector<LedgerLine>& lines, Batch& batch) {
  batch.conditions.push_back(
      {std::string(kCounterKey), EncodeCounts(reserved_, name_)});
  for (const LedgerLine& line : lines) {
    Count(line, next_);
    std::string value(1, static_cast<char>(line.lane));
    value += BigEndian64(next_.last_in_lane[line.lane]);
    value += line.data;
    batch.puts.push_back({LineKey(next_.last_id), std::move(value)});
  }
}

void LedgerWriter::Finish(bool committed) {
  is_known_ = committed;
  known_ = reserved_;
  stored_ = EncodeCounts(reserved_, name_);
}

Result<LedgerTrim> PlanLedgerTrim(
    Engine& engine, uint8_t lane, uint64_t keep,
    const std::function<bool(const NumberedLine&)>& is_old, size_t limit) {
  const auto counts = ReadLedgerCounts(engine);
  if (!counts.ok()) return counts.error();
  const std::string mark_key = TrimKey(lane);
  const auto mark = engine.Get(mark_key);
  if (!mark.ok()) return mark.error();
  // From the mark on, so that no scan wades through what was deleted.
  const uint64_t before = mark->has_value() ? ReadBigEndian64(**mark) : 0;
  const auto lines = ReadLedger(engine, before, limit);
  if (!lines.ok()) return lines.error();

  LedgerTrim trim;
  uint64_t through = before;
  bool stopped = false;
  for (const NumberedLine& line : *lines) {
    if (line.lane == lane) {
      const uint64_t newer = counts->last_in_lane[lane] - line.lane_number;
      stopped = newer < keep && !is_old(line);
      if (stopped) break;
      trim.batch.deletes.push_back(LineKey(line.id));
      ++trim.removed;
    }
    through = line.id;
  }
  trim.finished = stopped || lines->size() < limit;
  if (through == before) return trim;
  trim.batch.conditions.push_back({mark_key, *mark});
  trim.batch.puts.push_back({mark_key, BigEndian64(through)});
  return trim;
}

}  // namespace signet::service
