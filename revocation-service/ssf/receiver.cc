#include "revocation-service/ssf/receiver.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "revocation-service/api/input.h"
#include "revocation-service/ssf/event.h"

namespace signet::service::ssf {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMaxEvents = 100;
constexpr size_t kMaxKeys = 256 << 10;
constexpr Duration kMaxBackoff = seconds(60);
// Between two polls that bring nothing new at once.
constexpr Duration kIdle = seconds(1);
// Keys are looked at again for a key that is not among them, and each hour for
// one that was taken away.
constexpr auto kKeysCooldown = seconds(10);
constexpr auto kKeysLife = std::chrono::hours(1);

Result<std::string> ReadKeyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxKeys + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.empty() || text.size() > kMaxKeys) {
    return Error{ErrorCode::kNotFound,
                 "reading " + path + ": cannot, or it is not a JWK set"};
  }
  return text;
}

// HasClaim tells whether a custom claim of the session is this text.
bool HasClaim(const Session& session, std::string_view name,
              std::string_view text) {
  if (session.custom.empty()) return false;
  json::error_code error;
  const json::value claims = json::parse(session.custom, error);
  if (error || !claims.is_object()) return false;
  const json::value* claim =
      claims.get_object().if_contains({name.data(), name.size()});
  return claim != nullptr && claim->is_string() && claim->get_string() == text;
}

// Outcome is what a callback of another thread brings; it may come when nobody
// waits any more.
struct Outcome {
  Mutex mutex;
  CondVar came;
  std::optional<Result<Revoked>> result SIGNET_GUARDED_BY(mutex);
};

}  // namespace

Receiver::Receiver(Transmitter transmitter, std::string secret, Parts parts)
    : transmitter_(std::move(transmitter)),
      actor_(std::string(kReceivedPrefix) + transmitter_.issuer),
      parts_(parts),
      client_(transmitter_, std::move(secret)),
      last_success_(Steady::now().time_since_epoch().count()),
      random_(std::random_device()()) {
  thread_ = std::thread([this] { Run(); });
}

Receiver::~Receiver() {
  Stop();
  Join();
}

void Receiver::Join() {
  if (thread_.joinable()) thread_.join();
}

void Receiver::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  client_.Cancel();
}

bool Receiver::stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

Duration Receiver::age() const {
  const Steady::time_point last{Steady::duration(last_success_)};
  return std::chrono::floor<Duration>(Steady::now() - last);
}

bool Receiver::Sleep(Duration time) {
  const auto end = Steady::now() + time;
  MutexLock lock(mutex_);
  while (!stopping_ && wake_.WaitUntil(mutex_, end)) {
  }
  return !stopping_;
}

// Backoff doubles, and half of it is chance, so that many receivers do not
// come back together.
Duration Receiver::Backoff() {
  const int doublings = std::min(failures_ - 1, 6);
  const Duration whole =
      std::min(kMaxBackoff, Duration(seconds(1)) * (1 << doublings));
  std::uniform_int_distribution<int64_t> chance(whole.count() / 2,
                                                whole.count());
  return Duration(chance(random_));
}

void Receiver::Run() {
  while (!stopping()) {
    const Status turn = Turn();
    if (stopping()) return;
    parts_.metrics.CountEventPoll(turn.ok() ? "ok" : "failed");
    const std::string failure = turn.ok() ? "" : turn.error().message;
    if (failure != last_failure_) {
      last_failure_ = failure;
      if (turn.ok()) {
        spdlog::info("ssf: events of {} come again", transmitter_.issuer);
      } else {
        spdlog::error("ssf: no events of {}: {}", transmitter_.issuer, failure);
      }
    }
    if (!turn.ok()) {
      ++failures_;
      if (!Sleep(Backoff())) return;
      continue;
    }
    failures_ = 0;
    last_success_ = Steady::now().time_since_epoch().count();
    if (idle_ && !Sleep(kIdle)) return;
  }
}

Status Receiver::Turn() {
  if (!keys_) {
    if (Status loaded = LoadKeys(); !loaded.ok()) return loaded;
  } else if (Steady::now() - loaded_ > kKeysLife) {
    RefreshKeys();
  }
  const auto start = Steady::now();
  const auto answer = client_.Poll(Body());
  if (!answer.ok()) return answer.error();
  Status taken = TakeAnswer(*answer);
  // A transmitter that answers at once with nothing new is not asked at once.
  idle_ = idle_ && Steady::now() - start < kIdle;
  return taken;
}

std::string Receiver::Body() const {
  json::array ack;
  for (const std::string& id : done_) ack.emplace_back(id);
  json::object errors;
  for (const auto& [id, code] : refused_) {
    errors[id] = json::object{{"err", code},
                              {"description", "this event is not accepted"}};
  }
  json::object body;
  body["maxEvents"] = kMaxEvents;
  body["returnImmediately"] = false;
  body["ack"] = std::move(ack);
  if (!errors.empty()) body["setErrs"] = std::move(errors);
  return json::serialize(body);
}

// TakeAnswer: the acknowledgements of the poll before have arrived.
Status Receiver::TakeAnswer(const std::string& body) {
  const Error malformed{ErrorCode::kInvalid,
                        "the transmitter's answer is not that of a poll"};
  if (!CheckJson(body).ok()) return malformed;
  json::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* members = value.if_object();
  if (error || members == nullptr) return malformed;
  const json::value* sets = members->if_contains("sets");
  if (sets == nullptr || !sets->is_object()) return malformed;
  const std::set<std::string> before = std::exchange(done_, {});
  refused_.clear();
  idle_ = true;
  for (const auto& member : sets->get_object()) {
    if (stopping()) return {};
    const std::string id(member.key());
    // It has had its effect: the acknowledgement was late, or got lost.
    if (before.contains(id)) {
      done_.insert(id);
      continue;
    }
    const json::string* text = member.value().if_string();
    const Fate fate = text == nullptr
                          ? Refuse(id, {"invalid_request", "it is not a text"})
                          : Take(id, std::string(text->data(), text->size()));
    if (fate == Fate::kLater) continue;
    idle_ = false;
    if (fate == Fate::kDone) done_.insert(id);
  }
  return {};
}

Receiver::Fate Receiver::Take(const std::string& id, const std::string& set) {
  auto read = ReadSet(transmitter_, *keys_, id, set, parts_.clock.Now());
  if (!read.ok() && read.error().unknown_key) {
    // It may be a new key. Until that is known the event is not lost.
    if (Steady::now() - loaded_ < kKeysCooldown) return Fate::kLater;
    if (!LoadKeys().ok()) return Fate::kLater;
    read = ReadSet(transmitter_, *keys_, id, set, parts_.clock.Now());
  }
  if (!read.ok()) return Refuse(id, read.error());
  if (read->subject.empty()) {
    parts_.metrics.CountEventReceived("ignored");
    return Fate::kDone;
  }
  return End(id, *read);
}

Receiver::Fate Receiver::Refuse(const std::string& id,
                                const SetRefusal& refusal) {
  parts_.metrics.CountEventReceived("refused");
  spdlog::warn("ssf: an event of {} is refused, {}: {}", transmitter_.issuer,
               refusal.code, refusal.text);
  AuditLine line =
      MakeAuditLine(AuditEvent::kEventRefused, parts_.clock.Now(), origin());
  line.reason = refusal.code;
  parts_.audit.Refuse(std::move(line));
  refused_.emplace_back(id, refusal.code);
  return Fate::kRefused;
}

Receiver::Fate Receiver::End(const std::string& id, const ReceivedSet& event) {
  const std::string reason = ("session-revoked " + id).substr(0, 255);
  return event.session.empty() || transmitter_.session_claim.empty()
             ? EndAll(reason, event)
             : EndOne(reason, event);
}

// EndAll ends what began before the event, as it was told: an event that comes
// late, or again, does not end what was opened since.
Receiver::Fate Receiver::EndAll(const std::string& reason,
                                const ReceivedSet& event) {
  NewRevocation revocation{.kind = RevocationKind::kSubject,
                           .value = event.subject,
                           .not_before = {},
                           .reason = reason,
                           .actor = origin()};
  const EpochSeconds until = event.ended + kClockSkew;
  if (until < ToSeconds(parts_.clock.Now())) revocation.not_before = until;
  const auto revoked = Await([&](auto done) {
    parts_.sessions.Revoke(std::move(revocation), std::move(done));
  });
  if (!revoked) return Fate::kLater;
  if (!revoked->ok()) return Failed(revoked->error());
  parts_.metrics.CountEventReceived("ended");
  parts_.metrics.CountRevocation(RevocationKindName(RevocationKind::kSubject));
  return Fate::kDone;
}

// EndOne ends the sessions that belong to the transmitter's one, whenever they
// began: its id comes once.
Receiver::Fate Receiver::EndOne(const std::string& reason,
                                const ReceivedSet& event) {
  const auto sessions = parts_.sessions.List(event.subject);
  if (!sessions.ok()) return Failed(sessions.error());
  bool known = false;
  std::optional<Error> failure;  // the others end all the same
  for (const Session& session : *sessions) {
    if (!HasClaim(session, transmitter_.session_claim, event.session)) continue;
    known = true;
    const auto revoked = Await([&](auto done) {
      parts_.sessions.End(session.id, reason, origin(), std::move(done));
    });
    if (!revoked) return Fate::kLater;
    if (revoked->ok()) {
      parts_.metrics.CountRevocation(
          RevocationKindName(RevocationKind::kSession));
    } else if (revoked->error().code != ErrorCode::kNotFound) {
      failure = revoked->error();  // else it ended meanwhile
    }
  }
  if (failure) return Failed(*failure);
  parts_.metrics.CountEventReceived(known ? "ended" : "ignored");
  return Fate::kDone;
}

std::optional<Result<Revoked>> Receiver::Await(const Revoking& start) {
  const auto outcome = std::make_shared<Outcome>();
  start([outcome](Result<Revoked> revoked) {
    MutexLock lock(outcome->mutex);
    outcome->result = std::move(revoked);
    outcome->came.NotifyAll();
  });
  MutexLock lock(outcome->mutex);
  while (!outcome->result) {
    outcome->came.WaitFor(outcome->mutex, milliseconds(100));
    if (!outcome->result && stopping()) return std::nullopt;
  }
  return outcome->result;
}

// Failed: the event is asked for again.
Receiver::Fate Receiver::Failed(const Error& error) {
  spdlog::error("ssf: an event of {} has no effect yet: {}",
                transmitter_.issuer, error.message);
  parts_.metrics.CountEventReceived("failed");
  return Fate::kLater;
}

// LoadKeys keeps what it has if there is nothing better.
Status Receiver::LoadKeys() {
  loaded_ = Steady::now();
  const auto text = transmitter_.jwks_file.empty()
                        ? client_.FetchKeys()
                        : ReadKeyFile(transmitter_.jwks_file);
  if (!text.ok()) return text.error();
  auto keys = JwsKeys::Parse(*text);
  if (!keys.ok()) return keys.error();
  keys_ = std::move(*keys);
  return {};
}

void Receiver::RefreshKeys() {
  if (Status loaded = LoadKeys(); !loaded.ok()) {
    spdlog::error("ssf: the keys of {} stay as they are: {}",
                  transmitter_.issuer, loaded.error().message);
  }
}

}  // namespace signet::service::ssf
