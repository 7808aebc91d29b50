// Shared Signals, as a transmitter: partners poll a real signetd.
#include <thread>

#include "tests/revocation-service/ssf_fixture.h"

namespace signet::testing {
namespace {

namespace json = boost::json;

void Revoke(RunningSignetd& signetd, const std::string& kind,
            const std::string& value) {
  const std::string member =
      value.empty() ? "" : R"(,"value":")" + value + "\"";
  const auto answer = signetd.Json("/v1/revocations",
                                   R"({"kind":")" + kind + "\"" + member + "}");
  REQUIRE(answer);
  REQUIRE_MESSAGE(answer->status == 201, answer->body);
}

std::string Subject(const Polled& polled, const std::string& id) {
  return json::serialize(polled.sets.at(id).at("sub_id"));
}

TEST_CASE("a logout is told to a partner until it has acknowledged it") {
  RunningSignetd signetd(Partner("b"));
  PartnerClient partner(signetd, "b");
  // What was before the stream began is not told.
  Revoke(signetd, "subject", "early");
  CHECK(partner.Poll().sets.empty());

  const std::string sid =
      RunningSignetd::Text(signetd.Open("alice"), "session_id");
  REQUIRE(signetd.client
              ->Delete(("/v1/sessions/" + sid).c_str(), RunningSignetd::AsDev())
              ->status == 204);
  Revoke(signetd, "token", "no-event");
  Revoke(signetd, "key", "no-event");
  Revoke(signetd, "subject", "alice");
  const Polled first = partner.Poll();
  REQUIRE(first.ids().size() == 2);
  const json::object& claims = first.sets.at(first.ids()[0]);
  CHECK(claims.at("iss") == json::value(signetd.process().url()));
  CHECK(!claims.contains("sub"));
  CHECK(!claims.contains("exp"));
  CHECK(Subject(first, first.ids()[0]) ==
        R"({"format":"complex","user":{"format":"iss_sub","iss":")" +
            signetd.process().url() +
            R"(","sub":"alice"},"session":{"format":"opaque","id":")" + sid +
            "\"}}");
  CHECK(Subject(first, first.ids()[1]) == R"({"format":"iss_sub","iss":")" +
                                              signetd.process().url() +
                                              R"(","sub":"alice"})");
  const auto* event = Polled::Event(claims, service::ssf::kSessionRevoked);
  CHECK(event->at("initiating_entity") == json::value("user"));
  CHECK(event->at("event_timestamp") == claims.at("iat"));

  // The same again, under the same names, until it is acknowledged.
  CHECK(partner.Poll().sets == first.sets);
  const Polled later = partner.Poll(Acks({first.ids()[1]}));
  CHECK(later.ids() == std::vector{first.ids()[0]});
  CHECK(partner.Poll(Acks({first.ids()[0], "junk", ""})).sets.empty());
  CHECK(partner.Poll(Acks(first.ids())).sets.empty());
}

TEST_CASE("whose session it was is for partners, not for verifiers") {
  RunningSignetd signetd(Partner("b"));
  PartnerClient partner(signetd, "b");
  partner.Poll();
  const std::string subject = "somebody-with-a-name";
  const std::string sid =
      RunningSignetd::Text(signetd.Open(subject), "session_id");
  Revoke(signetd, "session", sid);
  // Of a session that is not there nobody knows whose it was.
  const std::string gone = "AAAAAAAAAAAAAAAAAAAAAA";
  Revoke(signetd, "session", gone);
  const Polled polled = partner.Poll();
  REQUIRE(polled.ids().size() == 2);
  CHECK(Subject(polled, polled.ids()[0]).find(subject) != std::string::npos);
  CHECK(Subject(polled, polled.ids()[1]) ==
        R"({"format":"opaque","id":")" + gone + "\"}");
  for (const std::string path : {"/feed/log?epoch=1&after=0", "/feed/snapshot",
                                 "/v1/revocations", "/v1/revocations/live"}) {
    CAPTURE(path);
    auto answer = signetd.Get(path);
    REQUIRE(answer);
    if (answer->status == 307) {
      answer = signetd.Get("/feed/" + answer->get_header_value("Location"));
      REQUIRE(answer);
    }
    CHECK(answer->status == 200);
    CHECK(answer->body.size() > 50);
    CHECK(answer->body.find(subject) == std::string::npos);
  }
}

TEST_CASE("a step up ends no session, and is not told") {
  RunningSignetd signetd(Partner("b"));
  PartnerClient partner(signetd, "b");
  partner.Poll();
  const std::string sid =
      RunningSignetd::Text(signetd.Open("alice"), "session_id");
  const auto stepped =
      signetd.Json(("/v1/sessions/" + sid).c_str(), R"({"scope":"pay"})");
  REQUIRE(stepped);
  REQUIRE(stepped->status == 201);
  CHECK(partner.Poll().sets.empty());
  Revoke(signetd, "subject", "alice");
  CHECK(!partner.Poll().sets.empty());
}

TEST_CASE("clients and all are told as complex subjects") {
  RunningSignetd signetd(Partner("b"));
  PartnerClient partner(signetd, "b");
  partner.Poll();
  Revoke(signetd, "client", "dev-app");
  Revoke(signetd, "all", "");
  const Polled polled = partner.Poll();
  // Each is told twice if its commit took until the next second.
  const auto ids = polled.ids();
  REQUIRE(ids.size() >= 2);
  CHECK(Subject(polled, ids.front()) ==
        R"({"format":"complex","application":)"
        R"({"format":"opaque","id":"dev-app"}})");
  CHECK(Subject(polled, ids.back()) ==
        R"({"format":"complex","tenant":{"format":"uri","uri":")" +
            signetd.process().url() + "\"}}");
}

TEST_CASE("each partner has a stream of its own, which a restart keeps") {
  RunningSignetd signetd(Partner("b") + Partner("c"));
  PartnerClient b(signetd, "b");
  PartnerClient c(signetd, "c");
  b.Poll();
  c.Poll();
  CHECK(b.StreamId() != c.StreamId());
  for (const char* subject : {"u1", "u2", "u3"}) {
    Revoke(signetd, "subject", subject);
  }
  const auto ids = b.Poll().ids();
  REQUIRE(ids.size() == 3);
  // Out of order, so that both forms of the position are kept.
  CHECK(b.Poll(Acks({ids[0], ids[2]})).ids() == std::vector{ids[1]});
  signetd.Restart();
  CHECK(b.Poll().ids() == std::vector{ids[1]});
  CHECK(c.Poll().ids() == ids);
  const Polled one = c.Poll("\"maxEvents\":1");
  CHECK(one.ids() == std::vector{ids[0]});
  CHECK(one.more);
  const Polled none = c.Poll("\"maxEvents\":0," + Acks({ids[0]}));
  CHECK(none.sets.empty());
  CHECK(c.Poll().ids() == std::vector{ids[1], ids[2]});
}

TEST_CASE("what a partner will not take is audited, and not sent again") {
  RunningSignetd signetd(Partner("b"));
  PartnerClient partner(signetd, "b");
  partner.Poll();
  Revoke(signetd, "subject", "alice");
  const auto ids = partner.Poll().ids();
  REQUIRE(ids.size() == 1);
  const std::string error = R"({"err":"invalid_key","description":"<script>"})";
  CHECK(partner
            .Poll("\"setErrs\":{\"" + ids[0] + "\":" + error +
                  ",\"unknown\":" + error + "}")
            .sets.empty());
  CHECK(partner.Poll().sets.empty());
  CHECK(signetd.Admin("/metrics")
            ->body.find("signet_ssf_sent_total{outcome=\"rejected\"} 1\n") !=
        std::string::npos);
  const auto audit = signetd.Audit("&event=event_rejected");
  REQUIRE(audit.at("lines").as_array().size() == 1);
  const json::object& line = audit.at("lines").at(0).as_object();
  CHECK(line.at("client") == json::value("b"));
  CHECK(line.at("reason") == json::value("invalid_key"));
  CHECK(line.at("target") == json::value("event " + ids[0]));
}

TEST_CASE("a long poll is answered by a revocation, or by a verification") {
  RunningSignetd signetd(Partner("b"));
  PartnerClient partner(signetd, "b");
  const std::string id = partner.StreamId();
  Polled polled;
  std::thread waiting([&] { polled = PartnerClient(partner).LongPoll(); });
  Revoke(signetd, "token", "no-event");
  Revoke(signetd, "subject", "alice");
  waiting.join();
  REQUIRE(polled.ids().size() == 1);
  CHECK(partner.Poll(Acks(polled.ids())).sets.empty());

  std::thread again([&] { polled = PartnerClient(partner).LongPoll(); });
  const auto asked = partner.Post(
      "/ssf/verify", R"({"stream_id":")" + id + R"(","state":"VGhpcw"})");
  CHECK(asked->status == 204);
  again.join();
  REQUIRE(polled.sets.size() == 1);
  const auto& [jti, claims] = *polled.sets.begin();
  const auto* event = Polled::Event(claims, service::ssf::kVerification);
  REQUIRE(event != nullptr);
  CHECK(event->at("state") == json::value("VGhpcw"));
  CHECK(claims.at("sub_id").at("id") == json::value(id));
  CHECK(partner.Poll(Acks({jti})).sets.empty());
}

TEST_CASE("a long poll does not keep the service from stopping") {
  RunningSignetd signetd(Partner("b"));
  PartnerClient partner(signetd, "b");
  partner.Poll();
  const auto connections = [&](const char* number) {
    const auto metrics = signetd.Admin("/metrics");
    return metrics &&
           metrics->body.find(std::string("signet_http_connections ") +
                              number) != std::string::npos;
  };
  CHECK(Eventually([&] { return connections("0"); }));
  std::string body;
  std::thread waiting([&] {
    const auto answer = partner.Post("/ssf/poll", "{}");
    if (answer) body = answer->body;
  });
  CHECK(Eventually([&] { return connections("1"); }));
  signetd.process().Kill(SIGTERM);
  CHECK(signetd.process().Wait() == 0);
  waiting.join();
  // It may not have been read whole when the service stopped.
  if (!body.empty()) CHECK(body == R"({"sets":{},"moreAvailable":false})");
}

TEST_CASE("who may not poll, or asks for nonsense, is told so") {
  RunningSignetd signetd(
      Partner("b") + "[[client]]\nid = \"edge\"\n" + "secret_digest = \"" +
      service::DigestSecret("edge-secret") + "\"\npermissions = [\"feed\"]\n");
  PartnerClient partner(signetd, "b");
  PartnerClient edge(signetd, "edge");
  CHECK(edge.Poll().status == 403);
  CHECK(edge.Get("/ssf/stream")->status == 403);
  CHECK(PartnerClient(signetd, "nobody").Poll().status == 401);
  CHECK(partner.Post("/ssf/poll", "{}", "text/plain")->status == 415);
  for (const char* body :
       {"", "[]", "{", "null", R"({"ack":1})", R"({"ack":[1]})",
        R"({"maxEvents":-1})", R"({"maxEvents":1.5})", R"({"maxEvents":"1"})",
        R"({"returnImmediately":1})", R"({"setErrs":[]})",
        R"({"setErrs":{"x":"y"}})", R"({"setErrs":{"x":{"err":1}}})",
        R"({"ack":[],"ack":[]})"}) {
    CAPTURE(body);
    CHECK(partner.Post("/ssf/poll", body)->status == 400);
  }
  CHECK(partner.Poll("\"extension\":{}").status == 200);
  CHECK(partner.Get("/ssf/stream?stream_id=other")->status == 404);
  CHECK(partner.Get("/ssf/status")->status == 400);
  CHECK(partner.Get("/ssf/status?stream_id=" + partner.StreamId())->status ==
        200);
  CHECK(partner.Post("/ssf/verify", "{}")->status == 400);
  CHECK(partner.Post("/ssf/verify", R"({"stream_id":"x"})")->status == 404);
}

}  // namespace
}  // namespace signet::testing
