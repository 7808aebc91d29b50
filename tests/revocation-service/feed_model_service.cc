#include "feed_model_service.h"

#include <doctest/doctest.h>

#include <charconv>
#include <fstream>
#include <future>

#include "revocation-service/backup.h"
#include "revocation-service/feed/checkpoint.h"
#include "signet/issuer.h"

namespace signet::service::model {
namespace {

template <typename Answer, typename Start>
Answer Wait(Start start) {
  std::promise<Answer> promise;
  start([&](Answer answer) { promise.set_value(std::move(answer)); });
  return promise.get_future().get();
}

uint64_t NumberAfter(const std::string& path, const std::string& name) {
  const size_t at = path.find(name);
  uint64_t number = 0;
  if (at != path.npos) {
    std::from_chars(path.data() + at + name.size(), path.data() + path.size(),
                    number);
  }
  return number;
}

FeedPosition CursorOf(const std::string& path) {
  return {static_cast<uint32_t>(NumberAfter(path, "epoch=")),
          NumberAfter(path, "after=")};
}

FeedHttp::Answer Status(int status) {
  return {.status = status, .streamed = false, .body = {}};
}

FeedHttp::Answer OneFrame(const std::string& frame) {
  FeedHttp::Answer answer = Status(200);
  AppendFrame(answer.body, frame);
  return answer;
}

int StatusOf(Publisher::Cursor cursor) {
  switch (cursor) {
    case Publisher::Cursor::kOk:
      return 200;
    case Publisher::Cursor::kGone:
      return 410;
    case Publisher::Cursor::kNewEpoch:
      break;
  }
  return 409;
}

}  // namespace

bool ModelToken::VoidedBy(const Revocation& entry) const {
  const auto names = [&](const std::string& value) {
    return entry.id == MakeRevocationId(entry.kind, value);
  };
  const bool before =
      issued_at < entry.not_before || entry.not_before == kForever;
  switch (entry.kind) {
    case RevocationKind::kToken:
      return names(id);
    case RevocationKind::kSession:
      return names(session);
    case RevocationKind::kSubject:
      return before && names(subject);
    case RevocationKind::kClient:
      return before && names(client);
    case RevocationKind::kKey:
      return before && names(key);
    case RevocationKind::kAll:
      return before;
  }
  return false;
}

ModelService::ModelService(Time now)
    : clock_(now),
      limits_{.access_lifetime = kTokenLife, .max_access_lifetime = kTokenLife},
      directory_(now),
      rings_(directory_.Open()) {
  PutInPlace({});
  Start();
}

ModelService::~ModelService() { Stop(); }

void ModelService::Start() {
  auto opened = Publisher::Open(*engine_, *rings_, clock_,
                                {.max_recent = 40, .threaded = false});
  REQUIRE(opened.ok());
  publisher_ = std::move(opened).value();
  committer_ = std::make_unique<Committer>(*engine_, Committer::Options{});
  committer_->AfterGroup([this] { (void)publisher_->CatchUp(); });
  sessions_ = std::make_unique<SessionStore>(
      *engine_, *committer_, [this] { return rings_->refresh(); }, limits_,
      clock_);
}

void ModelService::Stop() {
  sessions_.reset();
  committer_.reset();
  publisher_.reset();
}

void ModelService::Restart() {
  fault_ = Fault::kNone;
  Stop();
  Start();
}

std::optional<ModelToken> ModelService::Open(const std::string& subject,
                                             const std::string& client) {
  const auto grant = Wait<Result<Grant>>([&](auto done) {
    sessions_->Open(
        {.subject = subject, .client_id = client, .audience = {"api"}}, done);
  });
  const auto ring = rings_->access();
  const auto* active = ring->Active(clock_.Now());
  if (!grant.ok() || active == nullptr) return std::nullopt;
  ModelToken token{.text = {},
                   .id = "t" + std::to_string(++tokens_),
                   .session = SessionIdText(grant->session.id),
                   .subject = subject,
                   .client = client,
                   .key = active->key.id(),
                   .issued_at = grant->issued_at,
                   .expires_at = grant->expires_at};
  Claims claims;
  claims.issuer = "model";
  claims.subject = subject;
  claims.audience = {"api"};
  claims.issued_at = token.issued_at;
  claims.expires_at = token.expires_at;
  claims.token_id = token.id;
  claims.client_id = client;
  claims.session_id = token.session;
  auto text = Issuer(*ring, clock_).Mint(claims);
  REQUIRE_MESSAGE(text.ok(), text.error().message);
  token.text = std::move(text).value();
  return token;
}

bool ModelService::Revoke(RevocationKind kind, const std::string& value) {
  return Wait<Result<Revoked>>([&](auto done) {
           sessions_->Revoke({.kind = kind, .value = value, .reason = "model"},
                             done);
         })
      .ok();
}

uint64_t ModelService::last_sequence() { return *store_->LastSequence(); }

std::vector<Publisher::Numbered> ModelService::NewEntries() {
  std::vector<Publisher::Numbered> entries;
  const auto records = store_->Tail(read_, 1'000);
  REQUIRE(records.ok());
  for (const LogRecord& record : *records) {
    entries.push_back({record.sequence, DecodeLogEntry(record.data).value()});
    entries.back().entry.revocation = *feed::ReadRevocation(record);
    read_ = record.sequence;
  }
  return entries;
}

FeedHttp::Answer ModelService::Get(const std::string& path) {
  latest_signed_ = std::max(latest_signed_, clock_.Now());
  if (path.starts_with("/feed/log")) return Log(CursorOf(path));
  if (path.starts_with("/feed/snapshot")) {
    const auto snapshot = publisher_->Snapshot();
    return snapshot.ok() ? OneFrame((*snapshot)->frame) : Status(503);
  }
  const auto rings = publisher_->RingsFrameBytes();
  return rings.ok() ? OneFrame(*rings) : Status(503);
}

FeedHttp::Answer ModelService::Log(const FeedPosition& after) {
  auto log = publisher_->Log(after);
  if (!log.ok()) return Status(503);
  FeedHttp::Answer answer = Status(StatusOf(log->cursor));
  if (answer.status == 200) answer.body = std::move(log->frames);
  return answer;
}

FeedHttp::Answer ModelService::Subscribe(const std::string& path,
                                         Publisher::Sink sink,
                                         std::optional<uint64_t>& id) {
  const FeedPosition after = CursorOf(path);
  const auto cursor = publisher_->CheckCursor(after);
  if (!cursor.ok()) return Status(503);
  FeedHttp::Answer answer = Status(StatusOf(*cursor));
  if (answer.status != 200) return answer;
  const auto subscribed = publisher_->Subscribe(after, std::move(sink));
  if (subscribed.ok()) id = *subscribed;
  answer.streamed = true;
  return answer;
}

void ModelService::Unsubscribe(uint64_t id) { publisher_->Unsubscribe(id); }

void ModelService::Turn(bool head) {
  latest_signed_ = std::max(latest_signed_, clock_.Now());
  while (publisher_->Turn(head)) {
  }
}

void ModelService::Trim() {
  (void)Wait<Result<size_t>>(
      [&](auto done) { publisher_->Trim(*committer_, 1'000, done); });
}

void ModelService::Rotate(KeyPurpose purpose) {
  // One that is pending already is left alone.
  (void)directory_.Store()->Update(
      purpose, [this](SigningRing& ring) { return ring.Rotate(clock_.Now()); });
  REQUIRE(rings_->Reload().ok());
}

bool ModelService::SignsWithKeyOf(const KeyRing& ring) const {
  const auto held = rings_->feed();
  const auto* active = held->Active(clock_.Now());
  return active != nullptr && ring.Find(active->key.id()) != nullptr;
}

ModelService::Copy ModelService::CopyOfStore() {
  Copy copy{.values = *store_->Scan("", "", 1'000'000),
            .log = {},
            .trimmed = feed::LoadCheckpoint(*store_)->checkpoint.sequence,
            .last = *store_->LastSequence()};
  copy.log = *store_->Tail(copy.trimmed, 1'000'000);
  return copy;
}

void ModelService::PutInPlace(const Copy& copy) {
  Batch batch{.puts = copy.values,
              .log = std::vector<std::string>(copy.trimmed),
              .trim_log_through = copy.trimmed};
  for (const LogRecord& record : copy.log) batch.log.push_back(record.data);
  auto store = NewMemoryEngine();
  REQUIRE(store->Commit({&batch, 1}).front().ok());
  engine_.reset();
  store_ = std::move(store);
  engine_ = std::make_unique<FaultyEngine>(*store_, [this](EngineCall call) {
    return call == EngineCall::kCommit || fault_ == Fault::kUnavailable
               ? fault_
               : Fault::kNone;
  });
  read_ = copy.last;
}

void ModelService::BackUp() { backup_ = CopyOfStore(); }

void ModelService::LoseEnd() {
  fault_ = Fault::kNone;
  Stop();
  PutInPlace(*backup_);
  Start();
}

void ModelService::Restore(bool keep_sessions) {
  fault_ = Fault::kNone;
  Stop();
  PutInPlace(*backup_);
  std::ofstream(data_ / "backup.json")
      << R"({"signet_backup":1,"keep_sessions":)"
      << (keep_sessions ? "true}" : "false}");
  // The new epoch is the next second.
  latest_signed_ =
      std::max<Time>(latest_signed_, ToSeconds(clock_.Now()) + Seconds(1));
  REQUIRE(FinishRestore(*engine_, data_.path(), limits_, clock_.Now()).ok());
  Start();
}

}  // namespace signet::service::model
