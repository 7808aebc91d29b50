// The feed over HTTP. All endpoints demand the permission `feed`, and all but
// the last are GET:
//
//   /feed/head                      one head frame
//   /feed/log?epoch=E&after=N[&wait=S]
//                                   the batches after E.N, or a head if there
//                                   are none; with `wait`, once there are some
//                                   or S seconds (0 to 55) have passed
//   /feed/stream?epoch=E&after=N    the same without end, as server-sent
//                                   events `id: E.N`, `data: <base64url>`;
//                                   the header Last-Event-ID: E.N wins
//   /feed/snapshot                  307 to the piece that is newest
//   /feed/snapshot/NAME             one snapshot frame; of another name than
//                                   the newest one's, 307 to that
//   /feed/rings                     one rings frame
//
//   POST /feed/ack                  `verifier=ID&epoch=E&seq=N` as a form: that
//                                   verifier has E.N in force
//
// A piece never changes, so that a shared cache may keep it: however many
// verifiers start at once behind one, the service sends each piece once. Its
// name can't be guessed, so only those learn it who may read the feed.
//
// A verifier names itself with Feed-Verifier: ID, 16 random bytes in base64url.
// Whoever only watches says `none`.
//
// Bodies are frames in the form of AppendFrame, but for the stream. Without a
// cursor the log is told from the beginning of the present epoch.
//
// The ETag of /feed/log is the cursor for the next request, "E.N". It is never
// answered 304: an empty poll must carry a fresh head, for the head is the
// proof that nothing was revoked.
#include <boost/json.hpp>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "revocation-service/api/input.h"
#include "revocation-service/api/verifiers.h"
#include "revocation-service/feed/snapshot_worker.h"
#include "revocation-service/oauth/requests.h"

namespace signet::service {
namespace {

constexpr uint64_t kMaxEpoch = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMaxSequence = std::numeric_limits<int64_t>::max();
// Below ServerOptions::response_timeout, so that the answer still gets out.
constexpr uint64_t kMaxWaitSeconds = 55;

http::Response StoreUnavailable() {
  return Unavailable("the state of the feed is not known; try again");
}

std::string CursorText(const FeedPosition& position) {
  return std::to_string(position.epoch) + "." +
         std::to_string(position.sequence);
}

http::Response FramesResponse(std::string frames, std::string_view caching) {
  return {200,
          {{"Content-Type", "application/octet-stream"},
           {"Cache-Control", std::string(caching)}},
          std::move(frames)};
}

http::Response OneFrameResponse(const Result<std::string>& frame) {
  if (!frame.ok()) return StoreUnavailable();
  std::string body;
  AppendFrame(body, *frame);
  return FramesResponse(std::move(body), "no-store");
}

http::Response CursorError(Publisher::Cursor cursor, uint32_t epoch) {
  boost::json::object body;
  if (cursor == Publisher::Cursor::kGone) {
    body["error"] = "gone";
    body["error_description"] =
        "the log no longer reaches back that far; take /feed/snapshot and go "
        "on from its position";
    return JsonResponse(410, boost::json::serialize(body));
  }
  body["error"] = "new_epoch";
  body["error_description"] =
      "the cursor is not of this log; take /feed/snapshot, and keep what you "
      "hold";
  body["epoch"] = epoch;
  return JsonResponse(409, boost::json::serialize(body));
}

// ---- Reading requests ----

struct LogQuery {
  FeedPosition after;
  Seconds wait{};
};

// ReadCursor reads `epoch` and `after`. A sequence means nothing without its
// epoch; an epoch alone means its beginning.
Result<FeedPosition, http::Response> ReadCursor(const http::Form& query,
                                                uint32_t present_epoch) {
  FeedPosition after{.epoch = present_epoch, .sequence = 0};
  if (query.Has("epoch")) {
    const auto epoch = ParseNumber(query.Get("epoch"), kMaxEpoch);
    if (!epoch) return InvalidRequest("epoch must be a whole number");
    after.epoch = static_cast<uint32_t>(*epoch);
  } else if (query.Has("after")) {
    return InvalidRequest("epoch is missing; after is a number within one");
  }
  if (query.Has("after")) {
    const auto sequence = ParseNumber(query.Get("after"), kMaxSequence);
    if (!sequence) return InvalidRequest("after must be a whole number");
    after.sequence = *sequence;
  }
  return after;
}

std::optional<FeedPosition> ParseCursorText(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == text.npos) return std::nullopt;
  const auto epoch = ParseNumber(text.substr(0, dot), kMaxEpoch);
  const auto sequence = ParseNumber(text.substr(dot + 1), kMaxSequence);
  if (!epoch || !sequence) return std::nullopt;
  return FeedPosition{static_cast<uint32_t>(*epoch), *sequence};
}

Result<LogQuery, http::Response> ReadLogQuery(const Services& services,
                                              const http::Request& request) {
  const auto query = ParseQuery(request.query, {"epoch", "after", "wait"});
  if (!query.ok()) return InvalidRequest(query.error().message);
  auto after = ReadCursor(*query, services.publisher.position().epoch);
  if (!after.ok()) return std::move(after).error();
  LogQuery read{.after = *after};
  if (query->Has("wait")) {
    const auto wait = ParseNumber(query->Get("wait"), kMaxWaitSeconds);
    if (!wait) {
      return InvalidRequest("wait must be whole seconds, from 0 to " +
                            std::to_string(kMaxWaitSeconds));
    }
    read.wait = Seconds(static_cast<int64_t>(*wait));
  }
  return read;
}

Result<FeedPosition, http::Response> ReadStreamCursor(
    const Services& services, const http::Request& request) {
  constexpr std::string_view kHeader = "Last-Event-ID";
  const auto query = ParseQuery(request.query, {"epoch", "after"});
  if (!query.ok()) return InvalidRequest(query.error().message);
  const size_t headers = request.CountHeader(kHeader);
  if (headers == 0) {
    return ReadCursor(*query, services.publisher.position().epoch);
  }
  const auto after = ParseCursorText(request.Header(kHeader));
  if (headers > 1 || !after) {
    return InvalidRequest("Last-Event-ID must be EPOCH.SEQUENCE, once");
  }
  return *after;
}

// ReadFollower reads who asks. A header, as an older service takes no notice
// of it.
Result<feed::Verifiers::Caller, http::Response> ReadFollower(
    const http::Request& request, const std::string& client) {
  constexpr std::string_view kHeader = "Feed-Verifier";
  feed::Verifiers::Caller caller{
      .id = {}, .watches = false, .client = client, .address = request.remote};
  const size_t headers = request.CountHeader(kHeader);
  if (headers == 0) return caller;
  const std::string_view text = request.Header(kHeader);
  caller.watches = text == "none";
  if (!caller.watches) caller.id = ParseVerifierId(text);
  if (headers > 1 || (!caller.watches && !caller.id)) {
    return InvalidRequest(
        "Feed-Verifier must be 16 bytes in base64url, or none, once");
  }
  return caller;
}

// InForce is what a cursor acknowledges: one of another log, nothing.
uint64_t InForce(Publisher::Cursor cursor, const FeedPosition& after) {
  return cursor == Publisher::Cursor::kNewEpoch ? 0 : after.sequence;
}

// ---- Answering ----

void SendHead(const Services& services, const http::Request&,
              const std::string&, const ResponderPtr& responder) {
  responder->Send(OneFrameResponse(services.publisher.Head()));
}

void SendRings(const Services& services, const http::Request&,
               const std::string&, const ResponderPtr& responder) {
  responder->Send(OneFrameResponse(services.publisher.RingsFrameBytes()));
}

http::Response LogResponse(Result<Publisher::LogAnswer> answer) {
  if (!answer.ok()) return StoreUnavailable();
  if (answer->cursor != Publisher::Cursor::kOk) {
    return CursorError(answer->cursor, answer->position.epoch);
  }
  http::Response response =
      FramesResponse(std::move(answer->frames), "no-store");
  response.headers.emplace_back("ETag",
                                '"' + CursorText(answer->position) + '"');
  return response;
}

// WaitForLog answers a long poll.
void WaitForLog(Publisher& publisher, const LogQuery& query,
                const feed::Verifiers::Caller& follower,
                const ResponderPtr& responder) {
  const FeedPosition after = query.after;
  const auto cursor = publisher.CheckCursor(after);
  publisher.verifiers().Polled(
      follower, cursor.ok() ? InForce(*cursor, after) : 0, query.wait);
  const auto answer = [&publisher, after, follower, responder] {
    responder->Send(LogResponse(publisher.Log(after)));
    publisher.verifiers().Answered(follower);
  };
  // A cursor that will never be right must not wait for its answer.
  if (!cursor.ok() || *cursor != Publisher::Cursor::kOk) return answer();
  publisher.WhenPast(after, query.wait, answer);
}

void SendLog(const Services& services, const http::Request& request,
             const std::string& client, const ResponderPtr& responder) {
  auto query = ReadLogQuery(services, request);
  if (!query.ok()) return responder->Send(std::move(query).error());
  const auto follower = ReadFollower(request, client);
  if (!follower.ok()) return responder->Send(follower.error());
  Publisher& publisher = services.publisher;
  if (query->wait > Seconds::zero()) {
    return WaitForLog(publisher, *query, *follower, responder);
  }
  Result<Publisher::LogAnswer> answer = publisher.Log(query->after);
  publisher.verifiers().Polled(
      *follower, answer.ok() ? InForce(answer->cursor, query->after) : 0,
      Seconds::zero());
  responder->Send(LogResponse(std::move(answer)));
}

http::Response StreamHead() {
  return {200,
          {{"Content-Type", "text/event-stream"},
           {"Cache-Control", "no-store"},
           // Proxies such as nginx hold events back unless told not to.
           {"X-Accel-Buffering", "no"}},
          {}};
}

void OpenStream(const Services& services, const http::Request& request,
                const std::string& client, const ResponderPtr& responder) {
  auto after = ReadStreamCursor(services, request);
  if (!after.ok()) return responder->Send(std::move(after).error());
  const auto follower = ReadFollower(request, client);
  if (!follower.ok()) return responder->Send(follower.error());
  Publisher& publisher = services.publisher;
  const auto cursor = publisher.CheckCursor(*after);
  if (!cursor.ok()) return responder->Send(StoreUnavailable());
  if (*cursor != Publisher::Cursor::kOk) {
    return responder->Send(CursorError(*cursor, publisher.position().epoch));
  }
  std::shared_ptr<http::EventStream> stream = responder->Stream(StreamHead());
  const auto mark = publisher.verifiers().Joined(*follower, after->sequence);
  const auto id = publisher.Subscribe(
      *after,
      [stream](std::shared_ptr<const std::string> event) {
        return stream->Send(std::move(event));
      },
      mark);
  // The stream just ends if the log was compacted or lost in between; the
  // client finds out when it comes back.
  if (!id.ok()) return publisher.verifiers().Left(*follower, mark);
  stream->OnClose([&publisher, id = *id, caller = *follower, mark] {
    publisher.Unsubscribe(id);
    publisher.verifiers().Left(caller, mark);
  });
}

// PieceResponse is for a name under which nothing else was ever sent.
http::Response PieceResponse(const Publisher::SnapshotAnswer& snapshot) {
  std::string body;
  body.reserve(snapshot.frame.size() + sizeof(uint32_t));
  AppendFrame(body, snapshot.frame);
  // RFC 9111 section 3.5: `public` lets a cache keep what was asked for with
  // credentials. RFC 8246: no need to ask whether it has changed.
  http::Response response =
      FramesResponse(std::move(body), "public, max-age=600, immutable");
  response.headers.emplace_back("ETag", '"' + snapshot.name + '"');
  return response;
}

http::Response RedirectTo(std::string reference) {
  return {307,
          {{"Location", std::move(reference)}, {"Cache-Control", "no-store"}},
          {}};
}

// SnapshotResponse answers for /feed/snapshot if the name is empty. The
// references are relative: a proxy may have put a path before ours.
http::Response SnapshotResponse(Publisher& publisher, std::string_view name) {
  const auto snapshot = publisher.Snapshot();
  if (!snapshot.ok()) return StoreUnavailable();
  const std::string& newest = (*snapshot)->name;
  if (name.empty()) return RedirectTo("snapshot/" + newest);
  return name == newest ? PieceResponse(**snapshot) : RedirectTo(newest);
}

void SendSnapshot(const Services& services, feed::SnapshotWorker& worker,
                  std::string name, const ResponderPtr& responder) {
  const bool queued = worker.Submit(
      [&publisher = services.publisher, responder, name = std::move(name)] {
        responder->Send(SnapshotResponse(publisher, name));
      });
  if (!queued) {
    responder->Send(Unavailable("too many want a snapshot; try again"));
  }
}

}  // namespace

std::vector<Route> FeedRoutes(const Services& services) {
  const auto route = [&services](std::string path, std::string name,
                                 auto handle) {
    return Route{"GET", std::move(path), std::move(name),
                 [&services, handle](const http::Request& request,
                                     const ResponderPtr& responder) {
                   auto caller = RequirePermission(services, request, "feed");
                   if (!caller.ok()) {
                     return responder->Send(std::move(caller).error());
                   }
                   handle(services, request, caller->client->id, responder);
                 },
                 kNeverShed};
  };
  auto worker = std::make_shared<feed::SnapshotWorker>();
  return {
      route("/feed/head", "feed_head", SendHead),
      route("/feed/log", "feed_log", SendLog),
      route("/feed/stream", "feed_stream", OpenStream),
      route("/feed/snapshot", "feed_snapshot",
            [worker](const Services& with, const http::Request&,
                     const std::string&, const ResponderPtr& responder) {
              SendSnapshot(with, *worker, {}, responder);
            }),
      route("/feed/snapshot/{}", "feed_snapshot_piece",
            [worker](const Services& with, const http::Request& request,
                     const std::string&, const ResponderPtr& responder) {
              const size_t name = request.path.rfind('/') + 1;
              SendSnapshot(with, *worker, request.path.substr(name), responder);
            }),
      route("/feed/rings", "feed_rings", SendRings),
      {"POST", "/feed/ack", "feed_ack",
       [&services](const http::Request& request, ResponderPtr responder) {
         PostAck(services, request, std::move(responder));
       },
       kNeverShed},
  };
}

}  // namespace signet::service
