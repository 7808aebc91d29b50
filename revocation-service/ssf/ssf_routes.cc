// Shared Signals, as a transmitter (OpenID SSF 1.0, poll delivery RFC 8936):
//
//   GET  /.well-known/ssf-configuration   what there is (SSF section 7)
//   POST /ssf/poll                        events, and their acknowledgement
//   GET  /ssf/stream[?stream_id=ID]       the caller's stream (section 8.1.1)
//   GET  /ssf/status?stream_id=ID         that it is enabled (section 8.1.2)
//   POST /ssf/verify                      asks for a verification event
//
// A client with the permission `ssf` has one stream. It is made and taken away
// by the configuration, so there is nothing to create, change or delete here.
#include "revocation-service/ssf/ssf_routes.h"

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "revocation-service/api/input.h"
#include "revocation-service/oauth/requests.h"
#include "revocation-service/oauth/security.h"
#include "revocation-service/ssf/event.h"

namespace signet::service {
namespace {

namespace json = boost::json;
using ssf::Streams;
using Steady = std::chrono::steady_clock;
using StreamsPtr = std::shared_ptr<Streams>;

constexpr std::string_view kWellKnown = "/.well-known/ssf-configuration";
// Below ServerOptions::response_timeout, so that the answer still gets out.
constexpr Duration kLongPoll = std::chrono::seconds(55);
// A waiting poll looks at its stream as often: for a verification event, which
// does not stand in the log.
constexpr Duration kLook = std::chrono::seconds(1);
constexpr size_t kMaxState = 1000;

std::string Base(const std::string& issuer) {
  std::string base = issuer;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

http::Response NoRing() {
  return ErrorResponse(404, "not_found", "this service sends no events");
}

http::Response Failed() {
  return Unavailable("the state of the stream is not known; try again");
}

// ---- What there is ----

http::Response Configuration(const Streams& streams) {
  if (!streams.HasKey()) return NoRing();
  const std::string base = Base(streams.issuer());
  json::object body;
  body["spec_version"] = "1_0";
  body["issuer"] = streams.issuer();
  body["jwks_uri"] = base + "/.well-known/statements-jwks.json";
  body["delivery_methods_supported"] = json::array{"urn:ietf:rfc:8936"};
  body["configuration_endpoint"] = base + "/ssf/stream";
  body["status_endpoint"] = base + "/ssf/status";
  body["verification_endpoint"] = base + "/ssf/verify";
  // Section 7.1.1: Basic, and a client assertion as a bearer token.
  body["authorization_schemes"] =
      json::array{json::object{{"spec_urn", "urn:ietf:rfc:7617"}},
                  json::object{{"spec_urn", "urn:ietf:rfc:7523"}}};
  body["default_subjects"] = "ALL";
  return {200,
          {{"Content-Type", "application/json"},
           {"Cache-Control", "public, max-age=300"}},
          json::serialize(body)};
}

json::object StreamConfiguration(const Streams& streams,
                                 const std::string& client_id) {
  const json::array events = {ssf::kSessionRevoked};
  json::object body;
  body["stream_id"] = ssf::StreamIdOf(client_id);
  body["iss"] = streams.issuer();
  body["aud"] = client_id;
  body["delivery"] = {{"method", "urn:ietf:rfc:8936"},
                      {"endpoint_url", Base(streams.issuer()) + "/ssf/poll"}};
  body["events_supported"] = events;
  body["events_requested"] = events;
  body["events_delivered"] = events;
  return body;
}

// ReadStreamId: nullopt if the caller names none. It has only one.
Result<std::optional<std::string>, http::Response> ReadStreamId(
    const http::Request& request, const std::string& client_id) {
  const auto query = ParseQuery(request.query, {"stream_id"});
  if (!query.ok()) return InvalidRequest(query.error().message);
  if (!query->Has("stream_id")) return std::optional<std::string>();
  std::string id(query->Get("stream_id"));
  if (id != ssf::StreamIdOf(client_id)) {
    return ErrorResponse(404, "not_found", "there is no such stream");
  }
  return std::optional<std::string>(std::move(id));
}

// Opened answers once the caller's stream has begun.
void Opened(const Services&, Streams& streams, const Origin& origin,
            json::value body, const ResponderPtr& responder) {
  streams.Take(
      origin, {}, [responder, text = json::serialize(body)](Status opened) {
        responder->Send(opened.ok() ? JsonResponse(200, text) : Failed());
      });
}

void GetStream(const Services& services, const StreamsPtr& streams,
               const http::Request& request, const Client& client,
               const ResponderPtr& responder) {
  const auto id = ReadStreamId(request, client.id);
  if (!id.ok()) return responder->Send(id.error());
  json::value body = StreamConfiguration(*streams, client.id);
  // Section 8.1.1.2: without an id, the list of all.
  if (!id->has_value()) body = json::array{std::move(body)};
  Opened(services, *streams, OriginOf(request, client.id), std::move(body),
         responder);
}

void GetStatus(const Services& services, const StreamsPtr& streams,
               const http::Request& request, const Client& client,
               const ResponderPtr& responder) {
  const auto id = ReadStreamId(request, client.id);
  if (!id.ok()) return responder->Send(id.error());
  if (!id->has_value()) {
    return responder->Send(InvalidRequest("stream_id is missing"));
  }
  Opened(services, *streams, OriginOf(request, client.id),
         json::object{{"stream_id", **id}, {"status", "enabled"}}, responder);
}

void PostVerify(const Services&, const StreamsPtr& streams,
                const http::Request& request, const Client& client,
                const ResponderPtr& responder) {
  auto body = JsonBody::Parse(request.body, {"stream_id", "state"});
  if (!body.ok()) {
    return responder->Send(InvalidRequest(body.error().message));
  }
  const std::string id = body->Required("stream_id", kMaxState);
  std::string state = body->Text("state", kMaxState);
  if (!body->status().ok()) {
    return responder->Send(InvalidRequest(body->status().error().message));
  }
  if (id != ssf::StreamIdOf(client.id)) {
    return responder->Send(
        ErrorResponse(404, "not_found", "there is no such stream"));
  }
  streams->AskVerification(
      OriginOf(request, client.id), std::move(state),
      [responder](const Status& asked) {
        if (!asked.ok()) return responder->Send(Failed());
        responder->Send({204, {{"Cache-Control", "no-store"}}, ""});
      });
}

// ---- Poll ----

// A Poll answers once there are events, or its time is over. It reads and
// signs on the streams' thread.
class Poll : public std::enable_shared_from_this<Poll> {
 public:
  Poll(StreamsPtr streams, Publisher& publisher, std::string client_id,
       const ssf::PollRequest& request, ResponderPtr responder)
      : streams_(std::move(streams)),
        publisher_(publisher),
        client_id_(std::move(client_id)),
        limit_(request.max_events),
        // RFC 8936 section 2.4: what asks for no events waits for none.
        until_(request.return_immediately || limit_ == 0
                   ? Steady::time_point::min()
                   : Steady::now() + kLongPoll),
        responder_(std::move(responder)) {}

  void Look() {
    const auto self = shared_from_this();
    if (limit_ == 0) return Answer({});
    if (!streams_->Later([self] { self->Read(); })) {
      responder_->Send(Unavailable("too many ask for events; try again"));
    }
  }

 private:
  void Read() {
    const FeedPosition position = publisher_.position();
    Result<ssf::Delivery> delivery = streams_->Read(client_id_, limit_);
    if (!delivery.ok()) return responder_->Send(Failed());
    const Steady::time_point now = Steady::now();
    if (!delivery->sets.empty() || now >= until_ || streams_->ending()) {
      return Answer(*delivery);
    }
    const auto left = std::chrono::ceil<Duration>(until_ - now);
    publisher_.WhenPast(position, std::min(left, kLook),
                        [self = shared_from_this()] { self->Look(); });
  }

  void Answer(const ssf::Delivery& delivery) {
    json::object sets;
    for (const auto& [id, set] : delivery.sets) sets[id] = set;
    responder_->Send(JsonResponse(200, json::serialize(json::object{
                                           {"sets", std::move(sets)},
                                           {"moreAvailable", delivery.more},
                                       })));
  }

  const StreamsPtr streams_;
  Publisher& publisher_;
  const std::string client_id_;
  const size_t limit_;
  const Steady::time_point until_;
  const ResponderPtr responder_;
};

void PostPoll(const Services& services, const StreamsPtr& streams,
              const http::Request& request, const Client& client,
              const ResponderPtr& responder) {
  auto poll = ssf::ParsePoll(request.body);
  if (!poll.ok()) {
    return responder->Send(InvalidRequest(poll.error().message));
  }
  auto waiting = std::make_shared<Poll>(streams, services.publisher, client.id,
                                        *poll, responder);
  streams->Take(OriginOf(request, client.id), std::move(poll->receipt),
                [waiting, responder](const Status& taken) {
                  if (!taken.ok()) return responder->Send(Failed());
                  waiting->Look();
                });
}

using Handle = void (*)(const Services&, const StreamsPtr&,
                        const http::Request&, const Client&,
                        const ResponderPtr&);

Route RouteAt(std::string method, std::string path, std::string name,
              const Services& services, const StreamsPtr& streams,
              Handle handle) {
  const auto serve = [&services, streams, handle](const http::Request& request,
                                                  ResponderPtr responder) {
    const auto caller = RequirePermission(services, request, "ssf");
    if (!caller.ok()) return responder->Send(caller.error());
    if (!streams->HasKey()) {
      return responder->Send(Unavailable("no key signs events; try again"));
    }
    if (request.method == "POST" && !HasMediaType(request, kJsonType)) {
      return responder->Send(ErrorResponse(
          415, "invalid_request", "the body must be application/json"));
    }
    handle(services, streams, request, *caller->client, responder);
  };
  return {std::move(method), std::move(path), std::move(name), serve,
          kNeverShed};
}

void AddEndpoints(const std::string& path, const Services& services,
                  const StreamsPtr& streams, std::vector<Route>& routes) {
  const auto add = [&](const char* method, const char* name, const char* metric,
                       Handle handle) {
    routes.push_back(
        RouteAt(method, path + name, metric, services, streams, handle));
  };
  add("POST", "/ssf/poll", "ssf_poll", PostPoll);
  add("GET", "/ssf/stream", "ssf_stream", GetStream);
  add("GET", "/ssf/status", "ssf_status", GetStatus);
  add("POST", "/ssf/verify", "ssf_verify", PostVerify);
}

void AddConfiguration(std::string path, const StreamsPtr& streams,
                      std::vector<Route>& routes) {
  routes.push_back({"GET", std::move(path), "ssf_configuration",
                    [streams](const http::Request&, ResponderPtr responder) {
                      responder->Send(Configuration(*streams));
                    }});
}

}  // namespace

std::vector<Route> SsfRoutes(const Services& services, StreamsPtr streams) {
  std::vector<Route> routes;
  AddEndpoints("", services, streams, routes);
  AddConfiguration(std::string(kWellKnown), streams, routes);
  const std::string path = IssuerPath(services.issuer);
  if (path.empty()) return routes;
  // As in OAuthRoutes; SSF section 7.2 puts the well-known path between host
  // and path, as RFC 8414 does.
  AddEndpoints(path, services, streams, routes);
  AddConfiguration(std::string(kWellKnown) + path, streams, routes);
  return routes;
}

}  // namespace signet::service
