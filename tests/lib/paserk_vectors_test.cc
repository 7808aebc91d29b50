// Runs the public PASERK vectors, the files paserk/k4.*.json in the folder
// that SIGNET_VECTORS names. They are not part of this tree.

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>

#include "signet/paserk.h"
#include "tests/lib/hex.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using paserk::KeySpan;

// Vector is one case of a file; what the file does not say is empty.
struct Vector {
  std::string paserk;
  std::string key;        // also "unwrapped" and "unsealed"
  std::string other_key;  // the wrapping or the unsealing one
  std::string seed;
  std::string public_key;
  std::string password;
};

KeySpan Key32(const std::string& bytes) {
  REQUIRE(bytes.size() == 32);
  return AsBytes(bytes).first<32>();
}

// Seed cuts the seed from a vector's seed ‖ public key.
KeySpan Seed(const std::string& bytes) {
  REQUIRE(bytes.size() == 64);
  return AsBytes(bytes).first<32>();
}

// Handler is one type of PASERK: what a good case must give, and what comes
// of reading a text that must fail.
struct Handler {
  std::function<void(const Vector&)> succeed;
  std::function<Status(const Vector&)> read;
};

template <typename T>
Status StatusOf(const Result<T>& result) {
  if (result.ok()) return {};
  return result.error();
}

// GaveSeed checks a secret key that was read against seed ‖ public key.
void GaveSeed(const Result<paserk::SecretKeyBytes>& seed,
              const std::string& key) {
  REQUIRE_MESSAGE(seed.ok(), (seed.ok() ? "" : seed.error().message));
  CHECK(AsText(seed->span()) == key.substr(0, 32));
  auto secret = SecretKey::FromSecret(KeyFormat::kPasetoV4Public, seed->span());
  REQUIRE(secret.ok());
  CHECK(AsText(secret->Public().bytes()) == key.substr(32));
}

void GaveKey(const Result<paserk::SecretKeyBytes>& read,
             const std::string& key) {
  REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.error().message));
  CHECK(AsText(read->span()) == key);
}

// The keys themselves and their ids. An id is never read back to a key: where
// a key must not get one, it is the key's text that is read.
std::map<std::string, Handler> PlainHandlers() {
  auto read_local = [](const Vector& v) {
    return StatusOf(paserk::DecodeLocal(v.paserk));
  };
  auto read_public = [](const Vector& v) {
    return StatusOf(paserk::DecodePublic(v.paserk));
  };
  auto read_secret = [](const Vector& v) {
    return StatusOf(paserk::DecodeSecret(v.paserk));
  };
  std::map<std::string, Handler> handlers;
  handlers["k4.lid"] = {
      [](const Vector& v) {
        CHECK(paserk::LocalId(Key32(v.key)) == v.paserk);
        CHECK(paserk::CheckId(paserk::Type::kLid, v.paserk).ok());
      },
      read_local};
  handlers["k4.pid"] = {
      [](const Vector& v) {
        CHECK(paserk::PublicId(Key32(v.key)) == v.paserk);
        CHECK(paserk::CheckId(paserk::Type::kPid, v.paserk).ok());
      },
      read_public};
  handlers["k4.sid"] = {
      [](const Vector& v) {
        CHECK(paserk::SecretId(Seed(v.key)) == v.paserk);
        CHECK(paserk::CheckId(paserk::Type::kSid, v.paserk).ok());
        CHECK(v.key.substr(0, 32) == v.seed);
      },
      read_secret};
  handlers["k4.local"] = {
      [](const Vector& v) {
        CHECK(paserk::ExposeLocal(Key32(v.key)) == v.paserk);
        GaveKey(paserk::DecodeLocal(v.paserk), v.key);
      },
      read_local};
  handlers["k4.public"] = {
      [](const Vector& v) {
        CHECK(paserk::EncodePublic(Key32(v.key)) == v.paserk);
        auto key = paserk::DecodePublic(v.paserk);
        REQUIRE(key.ok());
        CHECK(AsText(*key) == v.key);
      },
      read_public};
  handlers["k4.secret"] = {
      [](const Vector& v) {
        CHECK(v.key == v.seed + v.public_key);
        CHECK(paserk::ExposeSecret(Seed(v.key)) == v.paserk);
        GaveSeed(paserk::DecodeSecret(v.paserk), v.key);
      },
      read_secret};
  return handlers;
}

std::map<std::string, Handler> Handlers() {
  std::map<std::string, Handler> handlers = PlainHandlers();
  auto unwrap_local = [](const Vector& v) {
    return paserk::UnwrapLocal(v.paserk, Key32(v.other_key));
  };
  auto unwrap_secret = [](const Vector& v) {
    return paserk::UnwrapSecret(v.paserk, Key32(v.other_key));
  };
  auto unlock_local = [](const Vector& v) {
    return paserk::UnwrapLocalWithPassword(v.paserk, v.password);
  };
  auto unlock_secret = [](const Vector& v) {
    return paserk::UnwrapSecretWithPassword(v.paserk, v.password);
  };
  auto unseal = [](const Vector& v) {
    return paserk::Unseal(v.paserk, Seed(v.other_key));
  };
  auto add = [&](const std::string& name, auto open, auto gave) {
    handlers[name] = {[=](const Vector& v) { gave(open(v), v.key); },
                      [=](const Vector& v) { return StatusOf(open(v)); }};
  };
  add("k4.local-wrap.pie", unwrap_local, GaveKey);
  add("k4.secret-wrap.pie", unwrap_secret, GaveSeed);
  add("k4.local-pw", unlock_local, GaveKey);
  add("k4.secret-pw", unlock_secret, GaveSeed);
  add("k4.seal", unseal, GaveKey);
  return handlers;
}

json::array ReadTests(const fs::path& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), "cannot read " << path.string());
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str()).at("tests").as_array();
}

// ReadVector takes every member there is; an unknown one fails, for it may
// change what the case means.
Vector ReadVector(const std::string& file, const json::object& test) {
  Vector vector;
  for (const auto& member : test) {
    const std::string name(member.key());
    const json::value& value = member.value();
    std::string text;
    if (value.is_string()) text = json::value_to<std::string>(value);
    if (name == "paserk") {
      vector.paserk = text;
    } else if (name == "key" || name == "unwrapped" || name == "unsealed") {
      vector.key = FromHex(text);
    } else if (name == "wrapping-key" || name == "sealing-secret-key") {
      vector.other_key = FromHex(text);
    } else if (name == "public-key" || name == "sealing-public-key") {
      vector.public_key = FromHex(text);
    } else if (name == "seed" || name == "secret-key-seed") {
      vector.seed = FromHex(text);
    } else if (name == "password") {
      vector.password = text;  // as it stands, also where it looks like hex
    } else {
      REQUIRE_MESSAGE((name == "name" || name == "expect-fail" ||
                       name == "comment" || name == "options"),
                      "unknown member " << name);
    }
  }
  if (vector.paserk.empty()) {
    // A key that must not be written: its text must not be read either.
    const std::string type = file == "k4.lid"   ? "k4.local"
                             : file == "k4.pid" ? "k4.public"
                             : file == "k4.sid" ? "k4.secret"
                                                : file;
    vector.paserk = type + "." + Base64UrlEncode(AsBytes(vector.key));
  }
  return vector;
}

void ExpectFailure(const Handler& handler, const Vector& vector) {
  const Status status = handler.read(vector);
  REQUIRE_FALSE(status.ok());
  const ErrorCode code = status.error().code;
  if (!vector.paserk.starts_with("k4.")) {
    CHECK(code == ErrorCode::kUnsupported);
  } else {
    CHECK((code == ErrorCode::kInvalid || code == ErrorCode::kDenied));
  }
}

// Counts of one file.
struct Counts {
  int succeeding = 0;
  int failing = 0;
};

Counts RunFile(const std::string& name, const Handler& handler,
               const json::array& tests) {
  Counts counts;
  for (const json::value& value : tests) {
    const json::object& test = value.as_object();
    const std::string test_name = json::value_to<std::string>(test.at("name"));
    CAPTURE(test_name);
    const Vector vector = ReadVector(name, test);
    if (test.at("expect-fail").as_bool()) {
      ++counts.failing;
      ExpectFailure(handler, vector);
    } else {
      ++counts.succeeding;
      handler.succeed(vector);
    }
  }
  return counts;
}

// RefuseFile runs a file of another version: every text is refused by the
// name of its version.
int RefuseFile(const std::string& name, const json::array& tests) {
  int texts = 0;
  for (const json::value& value : tests) {
    const json::value& text = value.as_object().at("paserk");
    if (!text.is_string()) continue;
    const std::string paserk = json::value_to<std::string>(text);
    auto type = paserk::TypeOf(paserk);
    REQUIRE_FALSE(type.ok());
    CHECK(type.error().code == ErrorCode::kUnsupported);
    CHECK(type.error().message.find(paserk.substr(0, 2)) != std::string::npos);
    ++texts;
  }
  CHECK_MESSAGE(texts > 0, name << " holds no text");
  return texts;
}

TEST_CASE("the PASERK vectors come out as they say") {
  const char* folder = std::getenv("SIGNET_VECTORS");
  if (folder == nullptr || *folder == '\0') {
    std::cout << "skipped: SIGNET_VECTORS is not set, no PASERK vectors"
              << std::endl;
    return;
  }
  std::map<std::string, Handler> handlers = Handlers();
  int succeeding = 0, failing = 0, refused = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(folder) / "paserk")) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().stem().string();
    CAPTURE(name);
    const json::array tests = ReadTests(entry.path());
    if (!name.starts_with("k4.")) {
      refused += RefuseFile(name, tests);
      continue;
    }
    auto handler = handlers.extract(name);
    REQUIRE_MESSAGE(!handler.empty(), "a file of an unknown type");
    const Counts counts = RunFile(name, handler.mapped(), tests);
    CHECK(counts.succeeding > 0);
    CHECK(counts.failing > 0);
    succeeding += counts.succeeding;
    failing += counts.failing;
  }
  for (const auto& [name, handler] : handlers) {
    FAIL_CHECK("no vectors for " << name);
  }
  MESSAGE("PASERK vectors: ", succeeding, " accepted, ", failing,
          " refused, and ", refused, " of other versions");
}

TEST_CASE("every type of the versions k1, k2 and k3 is refused by name") {
  for (std::string_view version : {"k1", "k2", "k3"}) {
    for (std::string_view type :
         {"lid", "local", "local-pw", "local-wrap.pie", "pid", "public", "seal",
          "secret", "secret-pw", "secret-wrap.pie", "sid"}) {
      const std::string text =
          std::string(version) + "." + std::string(type) + ".AAAA";
      CAPTURE(text);
      auto found = paserk::TypeOf(text);
      REQUIRE_FALSE(found.ok());
      CHECK(found.error().code == ErrorCode::kUnsupported);
      CHECK(found.error().message == "a PASERK of version " +
                                         std::string(version) +
                                         ", only k4 is supported");
    }
  }
}

}  // namespace
}  // namespace signet
