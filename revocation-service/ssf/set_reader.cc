#include "revocation-service/ssf/set_reader.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "revocation-service/api/input.h"
#include "revocation-service/session/text_rules.h"
#include "revocation-service/ssf/event.h"
#include "signet/revocation.h"
#include "signet/statement.h"

namespace signet::service::ssf {
namespace {

namespace json = boost::json;

constexpr size_t kMaxSet = 64 << 10;
constexpr size_t kMaxId = 200;

SetRefusal Invalid(std::string_view text) { return {"invalid_request", text}; }

SetRefusal RefusalOf(RefusalCode code) {
  switch (code) {
    case RefusalCode::kUnknownKey:
      return {"invalid_key", "its key is not among the transmitter's", true};
    case RefusalCode::kNoKeys:
    case RefusalCode::kKeyNotUsable:
    case RefusalCode::kWrongAlgorithm:
      return {"invalid_key", "its key and its algorithm do not agree"};
    case RefusalCode::kBadSignature:
      return {"authentication_failed", "the signature is wrong"};
    case RefusalCode::kWrongType:
      return Invalid("its type is not secevent+jwt");
    default:
      return Invalid("it is not a signed token");
  }
}

const json::value* Find(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

// TextOf is empty if the member is absent or no string.
std::string_view TextOf(const json::object& object, std::string_view name) {
  const json::value* value = Find(object, name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// ReadDate reads a NumericDate (RFC 7519 section 2), to the second before.
std::optional<EpochSeconds> ReadDate(const json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->to_number<double>();
  const auto last = static_cast<double>(kForever.time_since_epoch().count());
  if (!(number >= 1 && number <= last)) return std::nullopt;
  return EpochSeconds(Seconds(static_cast<int64_t>(number)));
}

bool Names(const json::value* audience, const std::string& name) {
  if (audience == nullptr) return false;
  if (audience->is_string()) return audience->get_string() == name;
  if (!audience->is_array()) return false;
  return std::any_of(audience->get_array().begin(), audience->get_array().end(),
                     [&](const json::value& one) {
                       return one.is_string() && one.get_string() == name;
                     });
}

// User is a subject as it is named here; empty for what is not mapped.
using User = Result<std::string, SetRefusal>;

User Named(const Transmitter& transmitter, std::string_view name) {
  std::string subject = transmitter.subject_prefix + std::string(name);
  if (name.empty() || !IsName(subject)) {
    return Invalid("sub_id names no subject that can be");
  }
  return subject;
}

User ReadIssSub(const Transmitter& transmitter, const json::object& id) {
  const std::string_view issuer = TextOf(id, "iss");
  const std::string_view sub = TextOf(id, "sub");
  if (issuer.empty() || sub.empty()) {
    return Invalid("sub_id of iss_sub lacks iss or sub");
  }
  if (transmitter.subject_format != "iss_sub") return std::string();
  const std::string& ours = transmitter.subject_issuer.empty()
                                ? transmitter.issuer
                                : transmitter.subject_issuer;
  if (issuer != ours) {
    return SetRefusal{"access_denied",
                      "it tells of a subject of another issuer"};
  }
  return Named(transmitter, sub);
}

User ReadEmail(const Transmitter& transmitter, const json::object& id) {
  const std::string_view email = TextOf(id, "email");
  if (email.empty()) return Invalid("sub_id of email lacks email");
  if (transmitter.subject_format != "email") return std::string();
  return Named(transmitter, email);
}

Result<const json::object*, SetRefusal> ReadIdentifier(
    const json::value* value) {
  if (value == nullptr || !value->is_object()) {
    return Invalid("sub_id is missing or no object");
  }
  if (TextOf(value->get_object(), "format").empty()) {
    return Invalid("sub_id has no format");
  }
  return &value->get_object();
}

User ReadUser(const Transmitter& transmitter, const json::object& id) {
  const std::string_view format = TextOf(id, "format");
  if (format == "iss_sub") return ReadIssSub(transmitter, id);
  if (format == "email") return ReadEmail(transmitter, id);
  return std::string();
}

// ReadComplex: a complex subject (SSF 1.0 section 3.2) means what all its
// members have in common. A user is all of its sessions, a user and a session
// that one; whatever else there is makes it less, and is not mapped.
Result<ReceivedSet, SetRefusal> ReadComplex(const Transmitter& transmitter,
                                            const json::object& id) {
  const json::value* session = Find(id, "session");
  if (Find(id, "user") == nullptr) return ReceivedSet();
  if (id.size() != (session == nullptr ? 2 : 3)) return ReceivedSet();
  const auto user = ReadIdentifier(Find(id, "user"));
  if (!user.ok()) return user.error();
  User subject = ReadUser(transmitter, **user);
  if (!subject.ok()) return subject.error();
  ReceivedSet set{.subject = *std::move(subject)};
  if (session == nullptr) return set;
  const auto one = ReadIdentifier(session);
  if (!one.ok()) return one.error();
  if (TextOf(**one, "format") != "opaque") return ReceivedSet();
  set.session = TextOf(**one, "id");
  if (!IsName(set.session)) return Invalid("sub_id names no session");
  return set;
}

// ReadSubject: RFC 9493; empty for what is not mapped.
Result<ReceivedSet, SetRefusal> ReadSubject(const Transmitter& transmitter,
                                            const json::value* value) {
  const auto id = ReadIdentifier(value);
  if (!id.ok()) return id.error();
  if (TextOf(**id, "format") == "complex") {
    return ReadComplex(transmitter, **id);
  }
  User subject = ReadUser(transmitter, **id);
  if (!subject.ok()) return subject.error();
  return ReceivedSet{.subject = *std::move(subject)};
}

// CheckClaims checks what every SET has.
std::optional<SetRefusal> CheckClaims(const Transmitter& transmitter,
                                      std::string_view id,
                                      const json::object& claims, Time now) {
  if (TextOf(claims, "iss") != transmitter.issuer) {
    return SetRefusal{"invalid_issuer", "it is of another issuer"};
  }
  if (!Names(Find(claims, "aud"), transmitter.audience)) {
    return SetRefusal{"invalid_audience", "it is for another audience"};
  }
  if (TextOf(claims, "jti") != id || !IsName(id) || id.size() > kMaxId) {
    return Invalid("its jti is not the name that it is delivered under");
  }
  const auto issued = ReadDate(Find(claims, "iat"));
  if (!issued) return Invalid("iat is missing or no time");
  if (Time(*issued) > now + kClockSkew) return Invalid("iat is in the future");
  // SSF 1.0 section 4.1: neither may be there, so that nobody takes an event
  // for a token that lets somebody in.
  if (Find(claims, "exp") != nullptr) return Invalid("exp is there");
  if (Find(claims, "sub") != nullptr) return Invalid("sub is there");
  return std::nullopt;
}

Result<ReceivedSet, SetRefusal> ReadEvent(const Transmitter& transmitter,
                                          const json::object& claims,
                                          Time now) {
  const json::value* events = Find(claims, "events");
  if (events == nullptr || !events->is_object() ||
      events->get_object().empty()) {
    return Invalid("events is missing or empty");
  }
  for (const auto& event : events->get_object()) {
    if (!event.value().is_object()) return Invalid("an event is no object");
  }
  const json::value* event = Find(events->get_object(), kSessionRevoked);
  if (event == nullptr) return ReceivedSet();
  auto set = ReadSubject(transmitter, Find(claims, "sub_id"));
  if (!set.ok()) return set.error();
  const json::value* told = Find(event->get_object(), "event_timestamp");
  if (told == nullptr) told = Find(claims, "toe");
  if (told == nullptr) told = Find(claims, "iat");
  const auto ended = ReadDate(told);
  if (!ended) return Invalid("event_timestamp is no time");
  if (Time(*ended) > now + kClockSkew) {
    return Invalid("event_timestamp is in the future");
  }
  set->ended = *ended;
  return set;
}

}  // namespace

Result<ReceivedSet, SetRefusal> ReadSet(const Transmitter& transmitter,
                                        const JwsKeys& keys,
                                        std::string_view id,
                                        std::string_view text, Time now) {
  if (text.size() > kMaxSet) return Invalid("it is longer than 64 KiB");
  const auto payload = ReadStatement(keys, kEventType, text);
  if (!payload.ok()) return RefusalOf(payload.error().code);
  if (!CheckJson(*payload).ok()) return Invalid("its payload is no JSON");
  json::error_code error;
  const json::value value = json::parse(*payload, error);
  if (error || !value.is_object()) return Invalid("its payload is no object");
  const json::object& claims = value.get_object();
  if (const auto wrong = CheckClaims(transmitter, id, claims, now)) {
    return *wrong;
  }
  return ReadEvent(transmitter, claims, now);
}

}  // namespace signet::service::ssf
