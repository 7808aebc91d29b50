// Seeds of what the service reads: requests, events and records.
#include "revocation-service/audit/line.h"
#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/feed/log_entry.h"
#include "revocation-service/session/session.h"
#include "revocation-service/ssf/stream_state.h"
#include "revocation-service/status/status_entry.h"
#include "tests/fuzz/seeds.h"

namespace signet::fuzz {
namespace {

using std::chrono::hours;

void AddEvents(Corpus& corpus) {
  const std::string times =
      std::to_string(kNow.time_since_epoch().count()) + ",";
  const std::string begin =
      R"({"iss":"https://partner.example","jti":"event-1","aud":"us","iat":)" +
      times + R"("sub_id":)";
  const std::string end =
      R"(,"events":{"https://schemas.openid.net/secevent/caep/event-type/)"
      R"(session-revoked":{"event_timestamp":)" +
      times + R"("initiating_entity":"user"}}})";
  const std::string user =
      R"({"format":"iss_sub","iss":"https://partner.example","sub":"alice"})";
  for (const std::string& subject :
       {user, R"({"format":"complex","user":)" + user + "}",
        std::string(R"({"format":"opaque","id":"x"})"),
        std::string(R"({"format":"email","email":"a@b.example"})")}) {
    const std::string claims = begin + subject + end;
    for (const char choice : {'\x00', '\x01'}) {
      corpus.Add("security_event", choice + claims);
    }
  }
}

void AddHttp(Corpus& corpus) {
  const std::string host = " HTTP/1.1\r\nHost: server.example\r\n";
  const std::string form = "grant_type=refresh_token&refresh_token=srt1.AA";
  const std::string length = "Content-Length: " + std::to_string(form.size());
  for (const char piece : {'\0', '\7', '\x7f'}) {
    const auto add = [&](const std::string& text) {
      corpus.Add("http_request", std::string(1, piece) + text);
    };
    add("POST /token" + host + length + "\r\n\r\n" + form + "GET /healthz" +
        host + "Connection: close\r\n\r\n");
    add("POST /v1/sessions" + host + "Transfer-Encoding: chunked\r\n" +
        "Expect: 100-continue\r\n\r\n3;a=b\r\n{\"a\r\n1\r\n}\r\n0\r\nX: "
        "y\r\n\r\n");
    add("GET http://a.example/x%2fy?after=1&limit=2" + host +
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" +
        "\r\nX-Forwarded-For: 198.51.100.7, 10.0.0.2\r\nForwarded: " +
        "for=\"[2001:db8::1]:80\";proto=https, for=10.1.1.1\r\n\r\n");
    add("\r\nOPTIONS * HTTP/1.0\r\nContent-Length: 2\r\n\r\nab");
  }
}

void AddRequestTexts(Corpus& corpus) {
  const auto add = [&](char choice, const std::string& text) {
    corpus.Add("request_text", std::string(1, choice) + text);
  };
  add(0, "grant_type=refresh_token&scope=a+b%20c&x=%C3%BC&&y");
  add(0, "limit=10&after=3.7");
  add(1, R"({"a":"alice","b":["orders","b"],"c":{"role":1},"d":1795341600})");
  add(1, R"({"a":"alice","b":"orders","d":"2026-11-22T10:00:00Z"})");
  const SecretKey key = FixedKey(KeyFormat::kRefreshMac, 2);
  add(2, service::MakeRefreshToken(key, {1}, 7, {2}));
  add(3, "\x10 any thirty-six bytes, for a session ..");
  for (const char* text :
       {"0", "999999", "AAAAAAAAAAAAAAAAAAAAAA", "192.0.2.1", "2001:db8::1",
        "::ffff:192.0.2.1", "10.0.0.0/8, ::1", "read write"}) {
    add(4, text);
  }
  const service::StatusListId list{kNow, kNow, {1, 2}};
  add(4, service::StatusListText(list));
  add(4, service::StatusKey({list, 7}));
  add(4, "read" + std::string(kZero) + "read write");
}

void AddRecords(Corpus& corpus) {
  const auto add = [&](char kind, const std::string& bytes) {
    corpus.Add("store_record", std::string(1, kind) + bytes);
  };
  service::Session session;
  session.subject = "alice";
  session.client_id = "app";
  session.audience = {"orders", "billing"};
  session.scope = "read";
  session.created_at = session.last_seen = kNow;
  session.rotated_at = Time(kNow);
  session.expires_at = session.access_until = kNow + hours(1);
  add(0, service::EncodeSession(session));
  session.custom = R"({"role":"clerk"})";
  session.device = "phone";
  session.dpop_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  session.retry_proof = std::string(32, 'p');
  session.replayed = true;
  add(0, service::EncodeSession(session));
  for (const Revocation& entry : SomeEntries(1)) {
    add(1, service::EncodeLogEntry({entry, "value", "logout", "app"}));
  }
  service::AuditLine line =
      service::MakeAuditLine(service::AuditEvent::kSessionEnded, Time(kNow),
                             {"app", "192.0.2.1", std::string(32, 'a')});
  add(2, service::EncodeAuditLine(line));
  line.session = RevocationId{7};
  line.subject = "alice";
  add(2, service::EncodeAuditLine(line));
  service::ssf::StreamState state;
  add(3, service::ssf::EncodeStreamState(state));
  state.done = 5;
  state.out_of_order = {7, 9};
  state.notices = {{service::ssf::Notice::Kind::kUpdated, "id", kNow, "text"}};
  add(3, service::ssf::EncodeStreamState(state));
  TokenIdentity token;
  token.token = {1};
  token.issued_at = kNow;
  add(4, service::EncodeStatusEntry(token));
  add(5, service::feed::EncodeCheckpoint({}));
  RevocationList live;
  const std::vector<Revocation> entries = SomeEntries(2);
  live.Apply(entries);
  add(5, service::feed::EncodeCheckpoint({9, {3}, live.Entries(Time(kNow))}));
}

}  // namespace

void AddServiceSeeds(Corpus& corpus) {
  AddEvents(corpus);
  AddHttp(corpus);
  AddRequestTexts(corpus);
  AddRecords(corpus);
}

}  // namespace signet::fuzz
