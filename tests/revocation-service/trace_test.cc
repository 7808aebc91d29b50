#include "revocation-service/trace.h"

#include <doctest/doctest.h>

#include "revocation-service/log.h"

namespace signet::service {
namespace {

constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";

// Header joins the parts of a traceparent.
std::string Header(const std::string& version,
                   const std::string& trace = kTrace,
                   const std::string& parent = "b7ad6b7169203331",
                   const std::string& flags = "01") {
  std::string header = version;
  for (const std::string* part : {&trace, &parent, &flags}) {
    header += '-';
    header += *part;
  }
  return header;
}

TEST_CASE("a traceparent gives its trace id") {
  CHECK(ParseTraceparent(Header("00")) == kTrace);
  // A later version may append fields.
  CHECK(ParseTraceparent(Header("cc")) == kTrace);
  CHECK(ParseTraceparent(Header("cc") + "-more") == kTrace);
}

TEST_CASE("a traceparent that is malformed is none") {
  const std::string upper = "0AF7651916CD43DD8448EB211C80319C";
  std::string dashless = Header("00");
  dashless[2] = '_';
  for (const std::string& bad :
       {std::string(), Header("0"), Header("00") + "-more", Header("00") + "x",
        Header("ff"), Header("0x"), Header("cc") + "m", dashless,
        Header("00", std::string(32, '0')), Header("00", upper),
        Header("00", kTrace, std::string(16, '0')),
        Header("00", kTrace, "b7ad6b7169203331", "0z"),
        Header("00", kTrace, "b7ad6b716920333")}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseTraceparent(bad).has_value());
  }
}

TEST_CASE("new trace ids are valid and differ") {
  const std::string one = NewTraceId();
  CHECK(ParseTraceparent("00-" + one + "-b7ad6b7169203331-01") == one);
  CHECK(one != NewTraceId());
}

TEST_CASE("a field cannot break out of its line") {
  const std::vector<LogField> fields = {
      {"a", "plain"}, {"b", "two words\n\"quoted\""}, {"c", ""}};
  CHECK(FormatFields("event", fields, false) ==
        "event a=plain b=\"two words\\n\\\"quoted\\\"\"");
  CHECK(FormatFields("event", fields, true) ==
        "\x1e\"event\":\"event\",\"a\":\"plain\","
        "\"b\":\"two words\\n\\\"quoted\\\"\"");
}

}  // namespace
}  // namespace signet::service
