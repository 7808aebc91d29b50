#include "revocation-service/feed/log_entry.h"

#include <doctest/doctest.h>

namespace signet::service {
namespace {

LogEntry Sample() {
  LogEntry entry;
  entry.revocation = {.kind = RevocationKind::kSubject,
                      .id = MakeRevocationId(RevocationKind::kSubject, "alice"),
                      .at = EpochSeconds(Seconds(1'763'769'600)),
                      .not_before = EpochSeconds(Seconds(1'763'769'601)),
                      .drop_after = EpochSeconds(Seconds(1'763'770'260))};
  entry.value = "alice";
  entry.reason = "logout";
  entry.actor = "dev";
  return entry;
}

ErrorCode CodeOf(const std::string& bytes) {
  const auto decoded = DecodeLogEntry(bytes);
  REQUIRE_FALSE(decoded.ok());
  return decoded.error().code;
}

TEST_CASE("a log entry of every kind comes back as it was") {
  LogEntry entry = Sample();
  for (auto kind : {RevocationKind::kToken, RevocationKind::kSession,
                    RevocationKind::kSubject, RevocationKind::kClient,
                    RevocationKind::kKey, RevocationKind::kAll}) {
    entry.revocation.kind = kind;
    const auto decoded = DecodeLogEntry(EncodeLogEntry(entry));
    REQUIRE(decoded.ok());
    CHECK(*decoded == entry);
  }
}

TEST_CASE("a session's entry tells whose it was, one of before does not") {
  LogEntry entry = Sample();
  entry.revocation.kind = RevocationKind::kSession;
  const std::string before = EncodeLogEntry(entry);
  CHECK(before[0] == 1);
  entry.subject = "alice";
  const std::string bytes = EncodeLogEntry(entry);
  CHECK(bytes[0] == 2);
  const auto decoded = DecodeLogEntry(bytes);
  REQUIRE(decoded.ok());
  CHECK(*decoded == entry);
  const auto old = DecodeLogEntry(before);
  REQUIRE(old.ok());
  CHECK(old->subject.empty());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(CodeOf(bytes.substr(0, size)) == ErrorCode::kCorrupt);
  }
  CHECK(CodeOf(bytes + '\0') == ErrorCode::kCorrupt);
  // One spelling: without a subject it is of the first version.
  std::string nobody = before + std::string(4, '\0');
  nobody[0] = 2;
  CHECK(CodeOf(nobody) == ErrorCode::kCorrupt);
}

TEST_CASE("empty texts, long texts and bytes of every value come back") {
  LogEntry entry = Sample();
  entry.value.clear();
  entry.reason.assign(70'000, 'r');
  entry.actor = std::string("\0\xff\n", 3);
  const auto decoded = DecodeLogEntry(EncodeLogEntry(entry));
  REQUIRE(decoded.ok());
  CHECK(*decoded == entry);
}

TEST_CASE("an entry that never leaves the list comes back") {
  LogEntry entry = Sample();
  entry.revocation.not_before = kForever;
  entry.revocation.drop_after = kForever;
  const auto decoded = DecodeLogEntry(EncodeLogEntry(entry));
  REQUIRE(decoded.ok());
  CHECK(*decoded == entry);
}

TEST_CASE("a log entry cut short anywhere is corrupt") {
  const std::string bytes = EncodeLogEntry(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(CodeOf(bytes.substr(0, size)) == ErrorCode::kCorrupt);
  }
}

TEST_CASE("a log entry with a byte too many is corrupt") {
  CHECK(CodeOf(EncodeLogEntry(Sample()) + '\0') == ErrorCode::kCorrupt);
}

TEST_CASE("a log entry of another version is unsupported") {
  std::string bytes = EncodeLogEntry(Sample());
  for (char version : {'\0', '\3', '\xff'}) {
    bytes[0] = version;
    CHECK(CodeOf(bytes) == ErrorCode::kUnsupported);
  }
}

TEST_CASE("a log entry of an unknown kind is corrupt") {
  std::string bytes = EncodeLogEntry(Sample());
  for (char kind : {'\0', '\7', '\xff'}) {
    bytes[1] = kind;
    CHECK(CodeOf(bytes) == ErrorCode::kCorrupt);
  }
}

TEST_CASE("a time that no clock shows is corrupt") {
  std::string bytes = EncodeLogEntry(Sample());
  bytes[18] = '\x80';  // the first byte of `at`
  CHECK(CodeOf(bytes) == ErrorCode::kCorrupt);
}

TEST_CASE("a text length beyond the record is corrupt") {
  std::string bytes = EncodeLogEntry(Sample());
  bytes[42] = '\xff';  // the first byte of the value's length
  CHECK(CodeOf(bytes) == ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace signet::service
