#include "bench/store_load.h"

#include <rocksdb/db.h>

#include <chrono>

#include "bench/setup.h"
#include "revocation-service/feed/log_entry.h"
#include "revocation-service/status/status_entry.h"
#include "signet/mutex.h"

namespace signet::bench {
namespace {

using Stopwatch = std::chrono::steady_clock;
constexpr size_t kUnderWay = 64;

}  // namespace

// A Flight lets so many calls be under way and no more.
class StoreLoad::Flight {
 public:
  explicit Flight(size_t most) : most_(most) {}
  ~Flight() {
    MutexLock lock(mutex_);
    while (under_way_ > 0) landed_.Wait(mutex_);
  }

  void Take() {
    MutexLock lock(mutex_);
    while (under_way_ >= most_) landed_.Wait(mutex_);
    ++under_way_;
  }
  void Land() {
    MutexLock lock(mutex_);
    --under_way_;
    landed_.NotifyAll();
  }

 private:
  const size_t most_;
  Mutex mutex_;
  CondVar landed_;
  size_t under_way_ SIGNET_GUARDED_BY(mutex_) = 0;
};

StoreLoad::StoreLoad(const std::string& directory, const Clock& clock)
    : ring_(std::make_shared<const SigningRing>(Require(SigningRing::New(
          {.purpose = KeyPurpose::kRefresh, .format = KeyFormat::kRefreshMac},
          clock.Now())))),
      engine_(Require(service::OpenRocksDbEngine(directory))),
      committer_(std::make_unique<service::Committer>(
          *engine_, service::Committer::Options{})),
      store_(std::make_unique<service::SessionStore>(
          *engine_, *committer_, [this] { return ring_; },
          service::SessionLimits(), clock)) {}

StoreLoad::~StoreLoad() { committer_.reset(); }

void StoreLoad::Open(size_t count) {
  const size_t first = tokens_.size();
  tokens_.resize(first + count);
  Flight flight(512);
  for (size_t i = 0; i < count; ++i) {
    flight.Take();
    std::string& token = tokens_[first + i];
    store_->Open({.subject = "user-" + std::to_string(first + i),
                  .client_id = "mobile-app",
                  .audience = {std::string(kAudience)},
                  .scope = "orders.read orders.write",
                  .device = "a telephone"},
                 [&](Result<service::Grant> grant) {
                   token = Require(std::move(grant)).refresh_token;
                   flight.Land();
                 });
  }
}

std::vector<double> StoreLoad::Exchange(size_t count, bool in_turn) {
  std::vector<double> times(count);
  // A session whose exchange is under way is left alone.
  std::vector<size_t> picked(count);
  for (size_t i = 0; i < count; ++i) {
    picked[i] = in_turn ? next_++ % sessions()
                        : (i % kUnderWay) * (sessions() / kUnderWay) +
                              random_() % (sessions() / kUnderWay);
  }
  std::vector<std::unique_ptr<Flight>> one_each;
  for (size_t i = 0; i < kUnderWay; ++i) {
    one_each.push_back(std::make_unique<Flight>(1));
  }
  for (size_t i = 0; i < count; ++i) {
    Flight& flight = *one_each[i % kUnderWay];
    flight.Take();
    std::string& token = tokens_[picked[i]];
    double& time = times[i];
    const Stopwatch::time_point start = Stopwatch::now();
    store_->Exchange(
        {.refresh_token = token, .client_id = "mobile-app"},
        [&token, &time, &flight, start](service::ExchangeResult result) {
          Require(result.grant.has_value(), "an exchange was refused");
          token = result.grant->refresh_token;
          time = std::chrono::duration<double, std::milli>(Stopwatch::now() -
                                                           start)
                     .count();
          flight.Land();
        });
  }
  return times;
}

size_t StoreLoad::Sweep(size_t limit) {
  return Require(store_->SweepExpired(limit));
}

void FillLog(const std::string& directory, size_t entries) {
  constexpr size_t kBatch = 1'000;
  const auto engine = Require(service::OpenRocksDbEngine(directory));
  std::mt19937_64 random(1);
  const EpochSeconds now = ToSeconds(SystemClock::Shared().Now());
  for (size_t done = 0; done < entries; done += kBatch) {
    service::Batch batch;
    for (size_t i = 0; i < std::min(kBatch, entries - done); ++i) {
      service::LogEntry entry;
      entry.revocation = {.kind = RevocationKind::kSession,
                          .id = RandomId(random),
                          .at = now,
                          .drop_after = now + Seconds(60 * 15)};
      entry.value = Base64UrlEncode(entry.revocation.id);
      entry.reason = "logout";
      entry.actor = "backend";
      batch.log.push_back(service::EncodeLogEntry(entry));
    }
    for (auto& committed : engine->Commit({&batch, 1})) {
      Require(committed.ok(), "filling a log");
    }
  }
}

std::vector<std::string> FillStatusLists(const std::string& directory,
                                         size_t lists) {
  constexpr uint32_t kBatch = 1'024;
  const auto engine = Require(service::OpenRocksDbEngine(directory));
  // The second draws the ids of FillLog again.
  std::mt19937_64 random(2), revoked(1);
  const EpochSeconds now = ToSeconds(SystemClock::Shared().Now());
  std::vector<std::string> names;
  for (size_t i = 0; i < lists; ++i) {
    service::StatusListId list{.retires_at = now + std::chrono::hours(1),
                               .opened_at = now};
    for (uint8_t& byte : list.random) byte = static_cast<uint8_t>(random());
    names.push_back(service::StatusListText(list));
    for (uint32_t index = 0; index < service::kStatusListSize;) {
      service::Batch batch;
      for (uint32_t j = 0; j < kBatch; ++j, ++index) {
        const TokenIdentity token{
            .token = RandomId(random),
            .session = RandomId(random() % 10 == 0 ? revoked : random),
            .subject = RandomId(random),
            .has_token = true,
            .has_session = true,
            .issued_at = now};
        batch.puts.push_back({service::StatusKey({list, index}),
                              service::EncodeStatusEntry(token)});
      }
      for (auto& committed : engine->Commit({&batch, 1})) {
        Require(committed.ok(), "filling a status list");
      }
    }
  }
  return names;
}

double CompactedBytes(const std::string& directory) {
  rocksdb::DB* opened = nullptr;
  rocksdb::Options options;
  options.compression = rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  Require(rocksdb::DB::Open(options, directory, &opened).ok(),
          "opening the store to compact it");
  const std::unique_ptr<rocksdb::DB> db(opened);
  Require(
      db->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr).ok(),
      "compacting");
  uint64_t bytes = 0;
  Require(db->GetIntProperty("rocksdb.live-sst-files-size", &bytes),
          "asking for the size");
  return static_cast<double>(bytes);
}

}  // namespace signet::bench
