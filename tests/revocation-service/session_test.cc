#include "revocation-service/session/session.h"

#include <doctest/doctest.h>

namespace signet::service {
namespace {

constexpr SessionId kId = {1, 2, 3};

EpochSeconds At(int64_t seconds) { return EpochSeconds(Seconds(seconds)); }

Session Example() {
  Session session;
  session.id = kId;
  session.salt = {9, 8, 7};
  session.subject = "alice";
  session.client_id = "app";
  session.audience = {"https://api.example", ""};
  session.scope = "read write";
  session.device = "Zo\xc3\xab's phone";
  session.custom = R"({"tier":"gold"})";
  session.created_at = At(1'700'000'000);
  session.rotated_at = Time(Duration(1'700'000'000'123));
  session.last_seen = At(1'700'000'001);
  session.expires_at = At(1'707'776'000);
  session.idle_timeout = Seconds(86'400);
  session.generation = 300;
  session.key_id = "k4.lid.example";
  session.graces = 3;
  session.replayed = true;
  session.access_until = At(1'700'000'600);
  session.dpop_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  session.retry_proof = "sixteen bytes...";
  return session;
}

ErrorCode CodeOf(std::string_view bytes) {
  const auto session = DecodeSession(kId, bytes);
  REQUIRE_FALSE(session.ok());
  return session.error().code;
}

TEST_CASE("a record is decoded to the session that was encoded") {
  const Session session = Example();
  CHECK(DecodeSession(kId, EncodeSession(session)).value() == session);
}

TEST_CASE("a session whose fields are all empty survives too") {
  Session session;
  session.id = kId;
  CHECK(DecodeSession(kId, EncodeSession(session)).value() == session);
}

TEST_CASE("the largest counters and the year 9999 survive") {
  Session session = Example();
  session.generation = 0xffffffff;
  session.graces = 0xffffffff;
  session.expires_at = At(253'402'300'799);
  session.rotated_at = Time(session.expires_at);
  CHECK(DecodeSession(kId, EncodeSession(session)).value() == session);
}

TEST_CASE("a usual record is at most 200 bytes long") {
  Session session = Example();
  session.dpop_jkt.clear();
  session.retry_proof.clear();
  CHECK(EncodeSession(session).size() <= 200);
}

TEST_CASE("a record that was cut short anywhere is corrupt") {
  const std::string bytes = EncodeSession(Example());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(CodeOf(bytes.substr(0, size)) == ErrorCode::kCorrupt);
  }
}

TEST_CASE("a record with a byte too many is corrupt") {
  CHECK(CodeOf(EncodeSession(Example()) + '\0') == ErrorCode::kCorrupt);
}

TEST_CASE("a record of another version is unsupported") {
  std::string bytes = EncodeSession(Example());
  bytes[0] = 3;
  CHECK(CodeOf(bytes) == ErrorCode::kUnsupported);
}

TEST_CASE("a record of version 1 has no DPoP key and no proof of a retry") {
  Session session = Example();
  session.dpop_jkt.clear();
  session.retry_proof.clear();
  std::string bytes = EncodeSession(session);
  bytes[0] = 1;
  bytes.resize(bytes.size() - 2);
  CHECK(DecodeSession(kId, bytes).value() == session);
}

TEST_CASE("a record with any byte changed is refused or encodes to itself") {
  const std::string bytes = EncodeSession(Example());
  for (size_t i = 1; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto session = DecodeSession(kId, changed);
      if (session.ok()) CHECK(EncodeSession(*session) == changed);
    }
  }
}

TEST_CASE("a number that is not in its shortest form is corrupt") {
  Session session;
  session.id = kId;
  std::string bytes = EncodeSession(session);
  REQUIRE(bytes[17] == 0);  // the length of the subject
  bytes.replace(17, 1, std::string("\x80\x00", 2));
  CHECK(CodeOf(bytes) == ErrorCode::kCorrupt);
}

TEST_CASE("a count of audiences in the millions allocates nothing") {
  Session session;
  session.id = kId;
  std::string bytes = EncodeSession(session);
  REQUIRE(bytes[19] == 0);  // behind subject and client
  bytes.replace(19, 1, "\xff\xff\xff\x7f");
  CHECK(CodeOf(bytes) == ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace signet::service
