#include "ring_document.h"

#include <charconv>

#include "ring_rules.h"
#include "strict_json.h"
#include "time_text.h"

// A public ring is one JSON object:
//
//   signet_public_ring  1, the version of the format
//   purpose             "access" | "refresh" | "feed" | "encryption" |
//                       "statements"
//   format              a KeyFormat's name (keys.h)
//   generation          1 to 2^53 - 1
//   policy              {verifier_refresh_ms, max_token_life_ms,
//                       clock_skew_ms}: integers
//   keys                1 to 1,000 objects, by activates_at:
//     id                the PASERK id or JWK thumbprint of `public`
//     public            the public half, as key_text.h spells it; no member
//                       if the format is symmetric
//     created_at, activates_at, [verify_only_at], [retires_at], [revoked_at]
//                       "YYYY-MM-DDThh:mm:ss.sssZ"; absent: not decided
//     [longest_life_ms] an integer; absent: 0
//     [ready_at]        a moment; absent: as activates_at
//     [lead_waived], [tail_waived]
//                       true; absent: false
//
// A sealed ring has the same members, but signet_ring for
// signet_public_ring, and also
//
//   kek_id              PASERK "k4.lid.…" of the key-encryption key
//   kdf                 only if that comes from a passphrase: {name:
//                       "argon2id", salt: base64url of 16 bytes, passes,
//                       memory_bytes}
//   keys[].secret       the secret half, sealed as in key_text.h

namespace signet {

namespace {

constexpr uint64_t kVersion = 1;
// A key has at most 12 members, the rest of the ring fewer than 20.
constexpr size_t kMaxMembers = kMaxRingKeys * 12 + 20;

// Far from overflow; which values make sense is for the rules to say.
constexpr uint64_t kMaxMs = uint64_t{1} << 40;

std::string_view VersionMember(bool sealed) {
  return sealed ? "signet_ring" : "signet_public_ring";
}

// Shown makes a name that somebody else chose fit for a message.
std::string Shown(std::string_view name) {
  if (name.size() > 64 || !IsPlainText(name)) return "(unprintable)";
  return std::string(name);
}

// A MemberReader takes the members of one JSON object, each by name and type.
// The first error stays; what is read after it is empty.
class MemberReader {
 public:
  // `path` leads to the object: "policy.", "keys[2].". All are borrowed.
  MemberReader(const JsonNode& object, std::string path,
               std::optional<Error>& error)
      : object_(object), path_(std::move(path)), error_(error) {}

  uint64_t Number(std::string_view name, uint64_t max, bool required = true) {
    const JsonNode* node = Take(name, JsonKind::kNumber, required);
    if (node == nullptr) return 0;
    uint64_t value = 0;
    const char* end = node->text.data() + node->text.size();
    const auto parsed = std::from_chars(node->text.data(), end, value);
    // RFC 8259 section 6 allows 1.0, 1e0 and -0 for an integer. We do not:
    // one spelling per value.
    if (parsed.ec != std::errc() || parsed.ptr != end || value > max) {
      Fail(name, "is not an integer from 0 to " + std::to_string(max));
      return 0;
    }
    return value;
  }

  Duration Milliseconds(std::string_view name, bool required = true) {
    return Duration(static_cast<int64_t>(Number(name, kMaxMs, required)));
  }

  std::string Text(std::string_view name, bool required = true) {
    const JsonNode* node = Take(name, JsonKind::kString, required);
    return node == nullptr ? std::string() : std::string(node->text);
  }

  // Moment is absent only if the member is, or on error.
  std::optional<Time> Moment(std::string_view name, bool required) {
    const JsonNode* node = Take(name, JsonKind::kString, required);
    if (node == nullptr) return std::nullopt;
    const std::optional<Time> moment = ParseMoment(node->text);
    if (!moment) Fail(name, "is not a moment like 2026-03-01T12:00:00.000Z");
    return moment;
  }

  // True tells whether the member stands there. Then it must be true: false
  // is spelled by absence.
  bool True(std::string_view name) {
    const JsonNode* node = Take(name, JsonKind::kBool, false);
    if (node == nullptr) return false;
    if (node->text != "true") Fail(name, "is not true");
    return true;
  }

  const JsonNode* Object(std::string_view name, bool required = true) {
    return Take(name, JsonKind::kObject, required);
  }
  const JsonNode* Array(std::string_view name) {
    return Take(name, JsonKind::kArray, true);
  }

  // Named reads a text and looks it up by `parse`, which gives a Result.
  template <typename Parse>
  auto Named(std::string_view name, Parse parse) {
    auto value = parse(Text(name));
    using Value = std::remove_reference_t<decltype(*value)>;
    if (!value.ok()) Fail(name, value.error().message);
    return value.ok() ? *value : Value{};
  }

  // Finish refuses the members that nobody took.
  void Finish() {
    for (const JsonNode& member : JsonChildren(object_)) {
      bool taken = false;
      for (std::string_view name : taken_) taken |= name == member.name;
      if (!taken) Fail(Shown(member.name), "is not known");
    }
  }

  void Fail(std::string_view name, const std::string& what) {
    if (error_) return;
    error_ = Error{ErrorCode::kInvalid,
                   "member " + path_ + std::string(name) + " " + what};
  }

 private:
  // Take finds the member, or null. REQUIRES: `name` outlives the reader.
  const JsonNode* Take(std::string_view name, JsonKind kind, bool required) {
    taken_.push_back(name);
    if (error_) return nullptr;
    for (const JsonNode& member : JsonChildren(object_)) {
      if (member.name != name) continue;
      if (member.kind == kind) return &member;
      Fail(name, "has the wrong JSON type");
      return nullptr;
    }
    if (required) Fail(name, "is missing");
    return nullptr;
  }

  const JsonNode& object_;
  const std::string path_;
  std::optional<Error>& error_;
  std::vector<std::string_view> taken_;
};

RotationPolicy ReadPolicy(const JsonNode& node, std::optional<Error>& error) {
  MemberReader in(node, "policy.", error);
  const RotationPolicy policy{
      .verifier_refresh = in.Milliseconds("verifier_refresh_ms"),
      .max_token_life = in.Milliseconds("max_token_life_ms"),
      .clock_skew = in.Milliseconds("clock_skew_ms"),
  };
  in.Finish();
  return policy;
}

RingInfo ReadInfo(MemberReader& in, std::optional<Error>& error) {
  RingInfo info;
  info.purpose = in.Named("purpose", ParseKeyPurpose);
  info.format = in.Named("format", ParseKeyFormat);
  info.generation = in.Number("generation", kMaxGeneration);
  const JsonNode* policy = in.Object("policy");
  if (policy != nullptr) info.policy = ReadPolicy(*policy, error);
  return info;
}

KdfParams ReadKdf(const JsonNode& node, std::optional<Error>& error) {
  MemberReader in(node, "kdf.", error);
  KdfParams params;
  if (in.Text("name") != "argon2id") in.Fail("name", "is not argon2id");
  if (!Base64UrlDecodeTo(in.Text("salt"), params.salt)) {
    in.Fail("salt", "is not base64url of 16 bytes");
  }
  params.cost.passes = in.Number("passes", hazmat::kMaxArgon2Passes);
  params.cost.memory_bytes =
      in.Number("memory_bytes", hazmat::kMaxArgon2Memory);
  in.Finish();
  return params;
}

RingDocument::Sealing ReadSealing(MemberReader& in,
                                  std::optional<Error>& error) {
  RingDocument::Sealing sealing;
  sealing.kek_id = in.Text("kek_id");
  const JsonNode* kdf = in.Object("kdf", false);
  if (kdf != nullptr) sealing.kdf = ReadKdf(*kdf, error);
  return sealing;
}

RingDocument::Key ReadKey(const JsonNode& node, const std::string& path,
                          const RingDocument& document,
                          std::optional<Error>& error) {
  MemberReader in(node, path, error);
  RingDocument::Key key;
  key.id = in.Text("id");
  if (!IsSymmetric(document.info.format)) key.public_text = in.Text("public");
  if (document.sealing) key.sealed_text = in.Text("secret");
  key.schedule.created_at = in.Moment("created_at", true).value_or(Time());
  key.schedule.activates_at = in.Moment("activates_at", true).value_or(Time());
  key.schedule.verify_only_at = in.Moment("verify_only_at", false);
  key.schedule.retires_at = in.Moment("retires_at", false);
  key.schedule.revoked_at = in.Moment("revoked_at", false);
  key.schedule.longest_life = in.Milliseconds("longest_life_ms", false);
  key.schedule.ready_at = in.Moment("ready_at", false);
  key.schedule.lead_waived = in.True("lead_waived");
  key.schedule.tail_waived = in.True("tail_waived");
  in.Finish();
  return key;
}

void ReadKeys(const JsonNode& array, RingDocument& document,
              std::optional<Error>& error) {
  for (const JsonNode& element : JsonChildren(array)) {
    const std::string path =
        "keys[" + std::to_string(document.keys.size()) + "]";
    if (!error && element.kind != JsonKind::kObject) {
      error = Error{ErrorCode::kInvalid,
                    "member " + path + " has the wrong JSON type"};
    }
    if (error) return;
    document.keys.push_back(ReadKey(element, path + ".", document, error));
  }
}

void ReadVersion(MemberReader& in, bool sealed, std::optional<Error>& error) {
  const std::string_view name = VersionMember(sealed);
  const uint64_t version = in.Number(name, UINT64_MAX);
  if (error || version == kVersion) return;
  error =
      Error{ErrorCode::kUnsupported,
            "member " + std::string(name) + " is " + std::to_string(version) +
                ", this program reads " + std::to_string(kVersion)};
}

// A Writer appends JSON, a member a line, indented.
class Writer {
 public:
  void Open(std::string_view name, char bracket) {
    Start(name);
    out_ += bracket;
    indent_ += 2;
    first_ = true;
  }
  void Close(char bracket) {
    indent_ -= 2;
    out_.append("\n").append(indent_, ' ') += bracket;
    first_ = false;
  }
  void Number(std::string_view name, uint64_t value) {
    Start(name);
    out_ += std::to_string(value);
  }
  void Milliseconds(std::string_view name, Duration value) {
    Number(name, static_cast<uint64_t>(value.count()));
  }
  void Text(std::string_view name, std::string_view value) {
    Start(name);
    AppendJsonString(out_, value);
  }
  void Moment(std::string_view name, const std::optional<Time>& moment) {
    if (moment) Text(name, FormatMoment(*moment));
  }
  void True(std::string_view name) {
    Start(name);
    out_ += "true";
  }
  std::string Take() { return std::move(out_ += '\n'); }

 private:
  void Start(std::string_view name) {
    if (!first_) out_ += ',';
    if (indent_ > 0) out_.append("\n").append(indent_, ' ');
    first_ = false;
    if (name.empty()) return;
    AppendJsonString(out_, name);
    out_ += ": ";
  }

  std::string out_;
  size_t indent_ = 0;
  bool first_ = true;
};

void WritePolicy(Writer& out, const RotationPolicy& policy) {
  out.Open("policy", '{');
  out.Milliseconds("verifier_refresh_ms", policy.verifier_refresh);
  out.Milliseconds("max_token_life_ms", policy.max_token_life);
  out.Milliseconds("clock_skew_ms", policy.clock_skew);
  out.Close('}');
}

void WriteSealing(Writer& out, const RingDocument::Sealing& sealing) {
  out.Text("kek_id", sealing.kek_id);
  if (!sealing.kdf) return;
  out.Open("kdf", '{');
  out.Text("name", "argon2id");
  out.Text("salt", Base64UrlEncode(sealing.kdf->salt));
  out.Number("passes", sealing.kdf->cost.passes);
  out.Number("memory_bytes", sealing.kdf->cost.memory_bytes);
  out.Close('}');
}

void WriteKey(Writer& out, const RingDocument::Key& key) {
  out.Open({}, '{');
  out.Text("id", key.id);
  if (!key.public_text.empty()) out.Text("public", key.public_text);
  if (!key.sealed_text.empty()) out.Text("secret", key.sealed_text);
  out.Moment("created_at", key.schedule.created_at);
  out.Moment("activates_at", key.schedule.activates_at);
  out.Moment("verify_only_at", key.schedule.verify_only_at);
  out.Moment("retires_at", key.schedule.retires_at);
  out.Moment("revoked_at", key.schedule.revoked_at);
  if (key.schedule.longest_life != Duration(0)) {
    out.Milliseconds("longest_life_ms", key.schedule.longest_life);
  }
  out.Moment("ready_at", key.schedule.ready_at);
  if (key.schedule.lead_waived) out.True("lead_waived");
  if (key.schedule.tail_waived) out.True("tail_waived");
  out.Close('}');
}

}  // namespace

Result<RingDocument> ParseRingDocument(std::string_view json,
                                       RingDocumentKind kind) {
  JsonDocument parsed;
  if (!parsed.Parse(json, kMaxMembers)) {
    return Error{ErrorCode::kInvalid,
                 "not one JSON object, or a member is repeated"};
  }
  const bool sealed = kind == RingDocumentKind::kSealed;
  std::optional<Error> error;
  MemberReader in(parsed.root(), "", error);
  RingDocument document;
  ReadVersion(in, sealed, error);
  document.info = ReadInfo(in, error);
  if (sealed) document.sealing = ReadSealing(in, error);
  const JsonNode* keys = in.Array("keys");
  if (keys != nullptr) ReadKeys(*keys, document, error);
  in.Finish();
  if (error) return *std::move(error);
  return document;
}

std::string WriteRingDocument(const RingDocument& document) {
  Writer out;
  out.Open({}, '{');
  out.Number(VersionMember(document.sealing.has_value()), kVersion);
  out.Text("purpose", KeyPurposeName(document.info.purpose));
  out.Text("format", KeyFormatName(document.info.format));
  out.Number("generation", document.info.generation);
  WritePolicy(out, document.info.policy);
  if (document.sealing) WriteSealing(out, *document.sealing);
  out.Open("keys", '[');
  for (const RingDocument::Key& key : document.keys) WriteKey(out, key);
  out.Close(']');
  out.Close('}');
  return out.Take();
}

}  // namespace signet
