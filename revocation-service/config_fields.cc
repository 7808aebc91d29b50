#include "revocation-service/config_fields.h"

#include <charconv>

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kDay = hours(24);

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr Unit kUnits[] = {
    {"d", kDay},       {"h", hours(1)},         {"m", minutes(1)},
    {"s", seconds(1)}, {"ms", milliseconds(1)},
};

// The longest time that a setting may name, so that sums never overflow.
constexpr Duration kLongest = kDay * 36'500;

void AddListener(std::string_view table, http::ServerOptions& options,
                 std::vector<Field>& fields) {
  fields.insert(
      fields.end(),
      {{table, "listen", "HOST:PORT; port 0 is any free one",
        TextField{&options.listen}},
       {table, "tls_certificate", "PEM file; with tls_key",
        TextField{&options.tls_certificate}},
       {table, "tls_key", "PEM file", TextField{&options.tls_key}},
       {table, "max_header_bytes", "request line and headers",
        CountField{&options.max_header_bytes, 1024, 65536, "bytes"}},
       {table, "max_body_bytes", "a request's body",
        CountField{&options.max_body_bytes, 1024, 16 << 20, "bytes"}},
       {table, "max_connections", "open at a time",
        CountField{&options.max_connections, 1, 1'000'000, ""}},
       {table, "request_timeout", "from a request's first byte to its last",
        TimeField{&options.request_timeout, milliseconds(100), minutes(5)}},
       {table, "idle_timeout", "between requests of a connection",
        TimeField{&options.idle_timeout, milliseconds(100), hours(1)}},
       {table, "response_timeout", "from there to the answer's last byte",
        TimeField{&options.response_timeout, milliseconds(100), minutes(10)}},
       {table, "max_stream_backlog", "unsent on a stream",
        CountField{&options.max_stream_backlog, 4096, 64 << 20, "bytes"}},
       {table, "threads", "of input and output",
        CountField{&options.threads, 1, 64, ""}}});
}

void AddSessions(SessionLimits& limits, std::vector<Field>& fields) {
  const std::string_view table = "sessions";
  fields.insert(
      fields.end(),
      {{table, "access_lifetime", "of an access token",
        TimeField{&limits.access_lifetime, seconds(1), kDay}},
       {table, "idle_timeout", "a session not refreshed for this long ends",
        TimeField{&limits.idle_timeout, seconds(1), kDay * 400}},
       {table, "absolute_lifetime", "of a session, whatever happens",
        TimeField{&limits.absolute_lifetime, seconds(1), kDay * 3650}},
       {table, "grace", "a superseded refresh token gets its successor again",
        TimeField{&limits.grace, milliseconds(0), hours(1)}},
       {table, "proven_grace", "the same, for an authenticated client",
        TimeField{&limits.proven_grace, milliseconds(0), kDay}},
       {table, "max_graces", "in a row; then a replay counts as reuse",
        CountField{&limits.max_graces, 0, 1'000'000, ""}},
       {table, "max_per_subject", "live sessions",
        CountField{&limits.max_per_subject, 1, 100'000, ""}},
       {table, "evict_oldest", "when there are too many; false refuses",
        FlagField{&limits.evict_oldest}},
       {table, "clock_skew", "how far clocks may disagree",
        TimeField{&limits.clock_skew, milliseconds(0), minutes(5)}}});
}

void AddOAuth(ProofOptions& options, std::vector<Field>& fields) {
  const std::string_view table = "oauth";
  fields.insert(
      fields.end(),
      {{table, "dpop_nonce", "DPoP proofs must carry a nonce of this service",
        FlagField{&options.dpop_nonce}},
       {table, "dpop_max_age", "how old a DPoP proof may be",
        TimeField{&options.dpop_max_age, seconds(1), minutes(10)}},
       {table, "replay_memory", "DPoP proofs, and client assertions, at a time",
        CountField{&options.replay_memory, 1000, 1 << 24, ""}},
       {table, "assertion_for_token_endpoint",
        "client assertions may name the token endpoint as their audience",
        FlagField{&options.assertion_for_token_endpoint}}});
}

void AddRate(std::string_view name, std::string_view burst_name,
             std::string_view meaning, Rate& rate, std::vector<Field>& fields) {
  fields.push_back({"limits", name, meaning,
                    CountField{&rate.per_second, 0, 1'000'000, ""}});
  fields.push_back({"limits", burst_name, "at once",
                    CountField{&rate.burst, 0, 1'000'000, ""}});
}

void AddLimits(LimitOptions& limits, std::vector<Field>& fields) {
  AddRate("address_per_second", "address_burst",
          "requests of one address; 0 is no limit", limits.address, fields);
  AddRate("client_per_second", "client_burst",
          "requests of one authenticated client; 0 is no limit", limits.client,
          fields);
  AddRate("subject_per_second", "subject_burst",
          "exchanges and new sessions of one subject; 0 is no limit",
          limits.subject, fields);
  AddRate("failures_per_second", "failures_burst",
          "failed authentications and junk tokens of one address",
          limits.failures, fields);
}

void AddAudit(AuditOptions& audit, std::vector<Field>& fields) {
  const std::string_view table = "audit";
  constexpr uint64_t kMost = 1'000'000'000;
  fields.insert(
      fields.end(),
      {{table, "keep_for", "lines older than this are forgotten",
        TimeField{&audit.keep_for, hours(1), kDay * 3650}},
       {table, "keep_events", "lines about sessions, revocations and keys",
        CountField{&audit.keep_events, 1000, kMost, ""}},
       {table, "keep_exchanges", "lines about exchanges; 0 writes none",
        CountField{&audit.keep_exchanges, 0, kMost, ""}},
       {table, "keep_refusals", "lines about what was refused; 0 writes none",
        CountField{&audit.keep_refusals, 0, kMost, ""}},
       {table, "refusals_per_second", "written one by one; more are counted",
        CountField{&audit.refusals_per_second, 1, 10'000, ""}}});
}

void AddSsf(ssf::Options& options, std::vector<Field>& fields) {
  const std::string_view table = "ssf";
  fields.insert(fields.end(),
                {{table, "keep_for", "events wait as long for a partner",
                  TimeField{&options.keep_for, hours(1), kDay * 90}},
                 {table, "keep_entries", "of the log, at most, for partners",
                  CountField{&options.keep_entries, 0, 100'000'000, ""}}});
}

}  // namespace

std::vector<TransmitterField> TransmitterFields(ssf::Transmitter& transmitter) {
  return {{"issuer", &transmitter.issuer},
          {"audience", &transmitter.audience},
          {"poll_url", &transmitter.poll_url},
          {"jwks_file", &transmitter.jwks_file},
          {"jwks_url", &transmitter.jwks_url},
          {"client_id", &transmitter.client_id},
          {"secret", &transmitter.secret},
          {"subject_format", &transmitter.subject_format, {"iss_sub", "email"}},
          {"subject_issuer", &transmitter.subject_issuer},
          {"subject_prefix", &transmitter.subject_prefix},
          {"session_claim", &transmitter.session_claim},
          {"ca_file", &transmitter.ca_file}};
}

std::vector<Field> ConfigFields(Config& config) {
  std::vector<Field> fields = {
      {"", "data", "directory of the store", TextField{&config.data}},
      {"", "keys", "directory of the rings", TextField{&config.keys}},
      {"", "engine", "the store",
       TextField{&config.engine, {"rocksdb", "memory"}}},
      {"", "disk_reserve_bytes", "kept for revocations; 0: none",
       CountField{&config.disk_reserve_bytes, 0, uint64_t{1} << 40, "bytes"}},
      {"", "issuer", "URL; empty: it follows the listener",
       TextField{&config.issuer}},
      {"", "access_format", "of access tokens",
       FormatField{&config.access_format}},
      {"", "kek",
       "file:PATH, env:NAME, credential:NAME, passphrase-file:PATH; empty: "
       "KEYS/kek",
       TextField{&config.kek}},
      {"", "behind_proxy", "a proxy terminates TLS",
       FlagField{&config.behind_proxy}},
      {"", "heartbeat", "between signed heads on a quiet feed",
       TimeField{&config.heartbeat, milliseconds(50), minutes(1)}},
      {"", "status_list_staleness",
       "a status list in use tells all that was revoked this long ago",
       TimeField{&config.status_list_staleness, seconds(5), hours(1)}},
  };
  AddListener("server", config.server, fields);
  AddListener("admin", config.admin, fields);
  AddSessions(config.sessions, fields);
  AddOAuth(config.oauth, fields);
  AddLimits(config.limits, fields);
  AddAudit(config.audit, fields);
  AddSsf(config.ssf, fields);
  fields.insert(
      fields.end(),
      {{"proxy", "trusted", "addresses and networks, with commas between",
        TextField{&config.proxy.trusted}},
       {"proxy", "header", "that they write the client's address into",
        TextField{&config.proxy.header, {"x-forwarded-for", "forwarded"}}},
       {"log", "level", "what is logged",
        TextField{&config.log_level,
                  {"trace", "debug", "info", "warn", "error"}}},
       {"log", "format", "of a line",
        TextField{&config.log_format, {"text", "json"}}},
       {"log", "requests", "that leave a line; failed is 500 and above",
        TextField{&config.log_requests, {"none", "failed", "all"}}}});
  return fields;
}

std::optional<Duration> ParseTime(std::string_view text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc() || number < 0) return std::nullopt;
  const std::string_view name(stop, static_cast<size_t>(end - stop));
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (number > kLongest / unit.length) return std::nullopt;
    return unit.length * number;
  }
  return std::nullopt;
}

std::string TimeText(Duration time) {
  if (time == Duration::zero()) return "0s";
  for (const Unit& unit : kUnits) {
    if (time % unit.length != Duration::zero()) continue;
    return std::to_string(time / unit.length) + std::string(unit.name);
  }
  return {};
}

uint64_t CountOf(const CountField& field) {
  return std::visit([](auto* value) { return static_cast<uint64_t>(*value); },
                    field.value);
}

void SetCount(const CountField& field, uint64_t count) {
  std::visit(
      [count](auto* value) {
        *value = static_cast<std::remove_pointer_t<decltype(value)>>(count);
      },
      field.value);
}

Duration TimeOf(const TimeField& field) {
  return std::visit([](auto* value) { return Duration(*value); }, field.value);
}

bool SetTime(const TimeField& field, Duration time) {
  if (auto* const* exact = std::get_if<Duration*>(&field.value)) {
    **exact = time;
    return true;
  }
  const Seconds whole = std::chrono::floor<Seconds>(time);
  if (whole != time) return false;
  *std::get<Seconds*>(field.value) = whole;
  return true;
}

}  // namespace signet::service
