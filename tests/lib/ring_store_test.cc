#include "signet/ring_store.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>
#include <vector>

#include "kek.h"
#include "ring_file.h"

namespace signet {
namespace {

using std::chrono::minutes;

constexpr Time kT0{Duration{1'772'366'400'000}};
constexpr RingInfo kAccess{};
const RingInfo kRefresh{.purpose = KeyPurpose::kRefresh,
                        .format = KeyFormat::kRefreshMac,
                        .policy = DefaultPolicy(KeyPurpose::kRefresh)};

// A TestDirectory is removed with what is in it.
class TestDirectory {
 public:
  TestDirectory() {
    char name[] = "/tmp/signet-ring-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~TestDirectory() {
    const std::string command = "rm -rf '" + path_ + "'";
    if (std::system(command.c_str()) != 0) MESSAGE("left ", path_);
  }
  std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void Spill(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

KeyEncryptionKey KekFile(const std::string& path) {
  Result<KeyEncryptionKey> kek = Exists(path)
                                     ? KeyEncryptionKey::FromFile(path)
                                     : KeyEncryptionKey::CreateFile(path);
  REQUIRE(kek.ok());
  return *std::move(kek);
}

// Passphrase is one whose rings cost next to nothing to open.
KeyEncryptionKey Passphrase(const std::string& text) {
  Result<KeyEncryptionKey> kek = KeyEncryptionKey::FromPassphrase(text);
  REQUIRE(kek.ok());
  KekAccess::Open(*kek).new_cost = {.passes = 1, .memory_bytes = 8192};
  return *std::move(kek);
}

SigningRing NewRing(const RingInfo& info = kAccess) {
  Result<SigningRing> ring = SigningRing::New(info, kT0);
  REQUIRE(ring.ok());
  return *std::move(ring);
}

// SameRing compares schedules and secret keys.
bool SameRing(const SigningRing& a, const SigningRing& b) {
  if (!(a.info() == b.info()) || a.keys().size() != b.keys().size()) {
    return false;
  }
  for (size_t i = 0; i < a.keys().size(); ++i) {
    const auto& x = a.keys()[i];
    const auto& y = b.keys()[i];
    if (x.key.id() != y.key.id() || !(x.schedule == y.schedule) ||
        !ConstantTimeEqual(x.key.ExposeSecret(), y.key.ExposeSecret())) {
      return false;
    }
  }
  return true;
}

// Touch is a small change that can be made any number of times.
Status Touch(SigningRing& ring) { return ring.SetPolicy(ring.info().policy); }

// A Shelf is a directory with a key file and a store.
struct Shelf {
  TestDirectory dir;
  RingStore store{dir / "keys", KekFile(dir / "kek")};

  RingStore Reopen() { return {dir / "keys", KekFile(dir / "kek")}; }
};

ErrorCode LoadError(RingStore& store,
                    KeyPurpose purpose = KeyPurpose::kAccess) {
  const Result<SigningRing> ring = store.Load(purpose);
  REQUIRE(!ring.ok());
  return ring.error().code;
}

// Corruption is what Load says behind the path of a file that is kCorrupt.
std::string Corruption(RingStore& store) {
  const Result<SigningRing> ring = store.Load(KeyPurpose::kAccess);
  if (ring.ok()) return "loaded";
  if (ring.error().code != ErrorCode::kCorrupt) return "not corrupt";
  return ring.error().message.substr(
      store.RingPath(KeyPurpose::kAccess).size() + 2);
}

// ---- the key-encryption key -----------------------------------------------

TEST_CASE("a key file is made with mode 0600 and is never overwritten") {
  TestDirectory dir;
  const std::string path = dir / "kek";
  REQUIRE(KeyEncryptionKey::CreateFile(path).ok());
  CHECK(ModeOf(path) == 0600);
  const std::string text = Slurp(path);
  CHECK(text.size() == 44);
  const Result<KeyEncryptionKey> again = KeyEncryptionKey::CreateFile(path);
  REQUIRE(!again.ok());
  CHECK(again.error().code == ErrorCode::kConflict);
  CHECK(Slurp(path) == text);
  CHECK(KeyEncryptionKey::FromFile(path).ok());
}

TEST_CASE("a key file that group or others can touch is refused") {
  TestDirectory dir;
  const std::string path = dir / "kek";
  REQUIRE(KeyEncryptionKey::CreateFile(path).ok());
  for (mode_t mode : {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    const Result<KeyEncryptionKey> kek = KeyEncryptionKey::FromFile(path);
    REQUIRE(!kek.ok());
    CHECK(kek.error().code == ErrorCode::kInvalid);
    CHECK(kek.error().hint == "chmod 600 " + path);
  }
  REQUIRE(chmod(path.c_str(), 0400) == 0);
  CHECK(KeyEncryptionKey::FromFile(path).ok());
}

TEST_CASE("a key file is a regular file that holds one line of 32 bytes") {
  TestDirectory dir;
  CHECK(KeyEncryptionKey::FromFile(dir / "none").error().code ==
        ErrorCode::kNotFound);
  CHECK(KeyEncryptionKey::FromFile(dir / "").error().code ==
        ErrorCode::kInvalid);
  const std::string pipe = dir / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(KeyEncryptionKey::FromFile(pipe).error().code == ErrorCode::kInvalid);

  const std::string path = dir / "kek";
  REQUIRE(KeyEncryptionKey::CreateFile(path).ok());
  const std::string good = Slurp(path).substr(0, 43);
  const auto accepts = [&path](const std::string& text) {
    Spill(path, text);
    return KeyEncryptionKey::FromFile(path).ok();
  };
  CHECK(accepts(good));
  CHECK(accepts(good + "\n"));
  CHECK(!accepts(good + "\n\n"));
  CHECK(!accepts(good + "\r\n"));
  CHECK(!accepts(good + "="));
  CHECK(!accepts(" " + good));
  CHECK(!accepts(good.substr(1)));
  CHECK(!accepts(""));
  CHECK(!accepts(std::string(1 << 20, 'A')));
}

TEST_CASE("a key from the environment is the key from the file") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  setenv("SIGNET_TEST_KEK", Slurp(shelf.dir / "kek").c_str(), 1);
  Result<KeyEncryptionKey> kek =
      KeyEncryptionKey::FromEnvironment("SIGNET_TEST_KEK");
  REQUIRE(kek.ok());
  RingStore store(shelf.dir / "keys", *std::move(kek));
  CHECK(store.Load(KeyPurpose::kAccess).ok());

  setenv("SIGNET_TEST_KEK", "short", 1);
  CHECK(KeyEncryptionKey::FromEnvironment("SIGNET_TEST_KEK").error().code ==
        ErrorCode::kInvalid);
  unsetenv("SIGNET_TEST_KEK");
  CHECK(KeyEncryptionKey::FromEnvironment("SIGNET_TEST_KEK").error().code ==
        ErrorCode::kNotFound);
}

TEST_CASE("a passphrase has at least eight bytes") {
  CHECK(!KeyEncryptionKey::FromPassphrase("1234567").ok());
  CHECK(KeyEncryptionKey::FromPassphrase("12345678").ok());
  CHECK(!KeyEncryptionKey::FromPassphrase(std::string(1025, 'x')).ok());
}

TEST_CASE("a passphrase opens a ring at the full cost of Argon2id") {
  TestDirectory dir;
  Result<KeyEncryptionKey> kek =
      KeyEncryptionKey::FromPassphrase("correct horse");
  REQUIRE(kek.ok());
  RingStore store(dir / "keys", *std::move(kek));
  const SigningRing ring = NewRing();
  REQUIRE(store.Create(ring).ok());
  CHECK(Contains(Slurp(store.RingPath(KeyPurpose::kAccess)),
                 "\"passes\": 3,\n    \"memory_bytes\": 268435456\n"));
  CHECK(SameRing(*store.Load(KeyPurpose::kAccess), ring));
}

TEST_CASE("another passphrase is denied") {
  TestDirectory dir;
  RingStore store(dir / "keys", Passphrase("correct horse"));
  const SigningRing ring = NewRing();
  REQUIRE(store.Create(ring).ok());
  REQUIRE(store.Update(KeyPurpose::kAccess, Touch).ok());

  RingStore right(dir / "keys", Passphrase("correct horse"));
  CHECK(right.Load(KeyPurpose::kAccess).ok());
  RingStore wrong(dir / "keys", Passphrase("battery staple"));
  CHECK(LoadError(wrong) == ErrorCode::kDenied);
  RingStore key(dir / "keys", KekFile(dir / "kek"));
  CHECK(LoadError(key) == ErrorCode::kDenied);
}

TEST_CASE("each ring that a passphrase opens has a salt of its own") {
  TestDirectory dir;
  RingStore store(dir / "keys", Passphrase("correct horse"));
  REQUIRE(store.Create(NewRing()).ok());
  REQUIRE(store.Create(NewRing(kRefresh)).ok());
  const auto salt = [&store](KeyPurpose purpose) {
    const std::string text = Slurp(store.RingPath(purpose));
    return text.substr(text.find("\"salt\""), 32);
  };
  CHECK(salt(KeyPurpose::kAccess) != salt(KeyPurpose::kRefresh));
  CHECK(store.Load(KeyPurpose::kAccess).ok());
  CHECK(store.Load(KeyPurpose::kRefresh).ok());
}

// ---- create, load, update -------------------------------------------------

TEST_CASE("a ring of every purpose comes back as it was stored") {
  Shelf shelf;
  const RingInfo infos[] = {
      kAccess,
      kRefresh,
      {.purpose = KeyPurpose::kFeed, .format = KeyFormat::kFeedEd25519}};
  for (const RingInfo& info : infos) {
    SigningRing ring = NewRing(info);
    REQUIRE(ring.Rotate(kT0).ok());
    REQUIRE(shelf.store.Create(ring).ok());
    RingStore other = shelf.Reopen();
    const Result<SigningRing> loaded = other.Load(info.purpose);
    REQUIRE_MESSAGE(loaded.ok(), loaded.error().message);
    CHECK(SameRing(*loaded, ring));
  }
}

constexpr KeyFormat kAllFormats[] = {
    KeyFormat::kPasetoV4Public, KeyFormat::kJwtEdDsa,
    KeyFormat::kRefreshMac,     KeyFormat::kFeedEd25519,
    KeyFormat::kPasetoV4Local,  KeyFormat::kJwtEs256,
    KeyFormat::kJwtRs256,       KeyFormat::kJwtPs256,
    KeyFormat::kJwtHs256,       KeyFormat::kJweDir,
    KeyFormat::kJweP256,        KeyFormat::kJweX25519};

RingInfo InfoOfFormat(KeyFormat format) {
  RingInfo info{.format = format};
  for (KeyPurpose purpose : {KeyPurpose::kAccess, KeyPurpose::kRefresh,
                             KeyPurpose::kFeed, KeyPurpose::kEncryption}) {
    if (FitsPurpose(purpose, format)) info.purpose = purpose;
  }
  info.policy = DefaultPolicy(info.purpose);
  return info;
}

TEST_CASE("a ring of every format comes back, with a public file if it may") {
  for (KeyFormat format : kAllFormats) {
    CAPTURE(KeyFormatName(format));
    Shelf shelf;
    const RingInfo info = InfoOfFormat(format);
    SigningRing ring = NewRing(info);
    REQUIRE(ring.Rotate(kT0).ok());
    REQUIRE(shelf.store.Create(ring).ok());
    RingStore other = shelf.Reopen();
    const Result<SigningRing> loaded = other.Load(info.purpose);
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().message));
    CHECK(SameRing(*loaded, ring));
    CHECK(loaded->ForVerifier() == ring.ForVerifier());

    const std::string text = Slurp(shelf.store.RingPath(info.purpose));
    for (const SigningRing::Key& key : ring.keys()) {
      const Bytes secret = key.key.ExposeSecret();
      CHECK(!Contains(text, Base64UrlEncode(secret)));
      CHECK(!Contains(text, std::string(AsText(secret))));
      CHECK(Contains(text, "\"" + key.key.id() + "\""));
    }
    const std::string public_path = shelf.store.PublicPath(info.purpose);
    CHECK(Exists(public_path) == !IsSymmetric(format));
    if (IsSymmetric(format)) continue;
    const Result<KeyRing> open = ReadPublicRing(public_path);
    REQUIRE(open.ok());
    CHECK(*open == ring.Public());
  }
}

TEST_CASE("a secret of one key under another's name is corrupt") {
  // The MAC has been checked by then: only whoever has the key could do it.
  for (KeyFormat format :
       {KeyFormat::kJwtEs256, KeyFormat::kJwtHs256, KeyFormat::kJweX25519}) {
    CAPTURE(KeyFormatName(format));
    std::array<uint8_t, 32> kek;
    FillRandom(kek);
    const auto file_of = [&](const SigningRing& ring) {
      Result<RingFile> file =
          ParseRingFile(WriteRingFile(ring, kek, std::nullopt));
      REQUIRE(file.ok());
      return *std::move(file);
    };
    RingFile file = file_of(NewRing(InfoOfFormat(format)));
    REQUIRE(OpenRingFile(file, kek).ok());
    file.document.keys[0].sealed_text =
        file_of(NewRing(InfoOfFormat(format))).document.keys[0].sealed_text;
    const Result<SigningRing> opened = OpenRingFile(file, kek);
    REQUIRE(!opened.ok());
    CHECK(opened.error().code == ErrorCode::kCorrupt);
    CHECK(Contains(opened.error().message, "its secret half is another key's"));
  }
}

TEST_CASE("secret files are private, the public file is for all") {
  Shelf shelf;
  const mode_t before = umask(0077);
  REQUIRE(shelf.store.Create(NewRing()).ok());
  umask(before);
  CHECK(ModeOf(shelf.dir / "keys") == 0700);
  CHECK(ModeOf(shelf.store.RingPath(KeyPurpose::kAccess)) == 0600);
  CHECK(ModeOf(shelf.store.PublicPath(KeyPurpose::kAccess)) == 0644);
}

TEST_CASE("the public file is the ring's public side") {
  Shelf shelf;
  const SigningRing ring = NewRing();
  REQUIRE(shelf.store.Create(ring).ok());
  const Result<KeyRing> open =
      ReadPublicRing(shelf.store.PublicPath(KeyPurpose::kAccess));
  REQUIRE(open.ok());
  CHECK(*open == ring.Public());
  CHECK(ReadPublicRing(shelf.dir / "none").error().code ==
        ErrorCode::kNotFound);
}

TEST_CASE("a symmetric ring has no public file") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing(kRefresh)).ok());
  CHECK(!Exists(shelf.store.PublicPath(KeyPurpose::kRefresh)));
  REQUIRE(shelf.store.Load(KeyPurpose::kRefresh).ok());
  CHECK(!Exists(shelf.store.PublicPath(KeyPurpose::kRefresh)));
}

TEST_CASE("no secret stands in the files in the clear") {
  Shelf shelf;
  const SigningRing ring = NewRing(kRefresh);
  REQUIRE(shelf.store.Create(ring).ok());
  const std::string text = Slurp(shelf.store.RingPath(KeyPurpose::kRefresh));
  const auto seed = ring.keys()[0].key.ExposeSecret();
  CHECK(!Contains(text, Base64UrlEncode(seed)));
  CHECK(!Contains(text, std::string(AsText(seed))));
  CHECK(Contains(text, "k4.local-wrap.pie."));
}

TEST_CASE("a ring is not created over another, not even a broken one") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  CHECK(shelf.store.Create(NewRing()).error().code == ErrorCode::kConflict);
  Spill(shelf.store.RingPath(KeyPurpose::kAccess), "broken");
  CHECK(shelf.store.Create(NewRing()).error().code == ErrorCode::kConflict);
  CHECK(Slurp(shelf.store.RingPath(KeyPurpose::kAccess)) == "broken");
}

TEST_CASE("what is not there is not found") {
  Shelf shelf;
  CHECK(LoadError(shelf.store) == ErrorCode::kNotFound);
  CHECK(shelf.store.Update(KeyPurpose::kAccess, Touch).error().code ==
        ErrorCode::kNotFound);
  REQUIRE(shelf.store.Create(NewRing()).ok());
  CHECK(LoadError(shelf.store, KeyPurpose::kFeed) == ErrorCode::kNotFound);
}

TEST_CASE("Update writes what the change has done, to both files") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const Status s = shelf.store.Update(
      KeyPurpose::kAccess, [](SigningRing& ring) { return ring.Rotate(kT0); });
  REQUIRE(s.ok());
  RingStore other = shelf.Reopen();
  const Result<SigningRing> ring = other.Load(KeyPurpose::kAccess);
  REQUIRE(ring.ok());
  CHECK(ring->info().generation == 2);
  CHECK(ring->keys().size() == 2);
  CHECK(*ReadPublicRing(shelf.store.PublicPath(KeyPurpose::kAccess)) ==
        ring->Public());
}

TEST_CASE("a change that fails, or does not raise the generation, is lost") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.RingPath(KeyPurpose::kAccess);
  const std::string before = Slurp(path);
  const auto update = [&shelf](const std::function<Status(SigningRing&)>& f) {
    return shelf.store.Update(KeyPurpose::kAccess, f).error().code;
  };
  CHECK(update([](SigningRing& ring) -> Status {
          CHECK(Touch(ring).ok());
          return Error{ErrorCode::kUnsupported, "no"};
        }) == ErrorCode::kUnsupported);
  CHECK(update([](SigningRing&) { return Status(); }) == ErrorCode::kConflict);
  CHECK(update([](SigningRing& ring) {
          ring = NewRing(kRefresh);
          return Touch(ring);
        }) == ErrorCode::kInvalid);
  CHECK(Slurp(path) == before);
  CHECK(!Exists(path + ".tmp"));
}

// ---- what is refused ------------------------------------------------------

TEST_CASE("another key-encryption key is denied, not called corruption") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  RingStore wrong(shelf.dir / "keys", KekFile(shelf.dir / "other"));
  CHECK(LoadError(wrong) == ErrorCode::kDenied);
  CHECK(wrong.Update(KeyPurpose::kAccess, Touch).error().code ==
        ErrorCode::kDenied);
  RingStore passphrase(shelf.dir / "keys", Passphrase("correct horse"));
  CHECK(LoadError(passphrase) == ErrorCode::kDenied);
}

TEST_CASE("no byte of a ring file can be changed") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.RingPath(KeyPurpose::kAccess);
  const std::string good = Slurp(path);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    Spill(path, bad);
    CHECK(Corruption(shelf.store).starts_with("edited: "));
  }
}

TEST_CASE("no ring file can be cut short or prolonged") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.RingPath(KeyPurpose::kAccess);
  const std::string good = Slurp(path);
  for (size_t size = 0; size < good.size(); ++size) {
    Spill(path, good.substr(0, size));
    CHECK(Corruption(shelf.store) ==
          "truncated: the file ends before its mac does");
  }
  for (const std::string& tail : {std::string("\n"), std::string(1, '\0'), good,
                                  std::string("mac: AA\n")}) {
    Spill(path, good + tail);
    CHECK(Corruption(shelf.store).starts_with("edited: "));
  }
  Spill(path, good);
  CHECK(shelf.store.Load(KeyPurpose::kAccess).ok());
}

// Resummed makes the check sum right again, as an attacker would.
std::string Resummed(const std::string& text) {
  const size_t mac = text.rfind("mac: ");
  const size_t sum = text.rfind("sum: ");
  REQUIRE(mac != std::string::npos);
  REQUIRE(sum != std::string::npos);
  std::array<uint8_t, 16> digest;
  Blake2b(digest, AsBytes(text).first(sum));
  return text.substr(0, sum) + "sum: " + Base64UrlEncode(digest) + "\n" +
         text.substr(mac);
}

std::string Replaced(std::string text, const std::string& from,
                     const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("an edit with a right check sum does not pass for authentic") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.RingPath(KeyPurpose::kAccess);
  const std::string good = Slurp(path);
  const auto load = [&](const std::string& from, const std::string& to) {
    Spill(path, Resummed(Replaced(good, from, to)));
    return LoadError(shelf.store);
  };
  CHECK(load("\"generation\": 1", "\"generation\": 2") == ErrorCode::kCorrupt);
  CHECK(load("\"clock_skew_ms\": 30000", "\"clock_skew_ms\": 30001") ==
        ErrorCode::kCorrupt);
  CHECK(load("  \"keys\"", "   \"keys\"") == ErrorCode::kCorrupt);
  CHECK(load("\"kek_id\"", "\"kek_ib\"") == ErrorCode::kCorrupt);
  CHECK(load("\"signet_ring\": 1", "\"signet_ring\": 2") ==
        ErrorCode::kUnsupported);
}

TEST_CASE(
    "a key that has sealed a file is never told that it is the wrong one") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.RingPath(KeyPurpose::kAccess);
  const std::string good = Slurp(path);
  const size_t id = good.find("k4.lid.");
  REQUIRE(id != std::string::npos);
  const std::string other_id =
      "k4.lid." + Base64UrlEncode(std::array<uint8_t, 33>{});
  Spill(path, Resummed(Replaced(good, good.substr(id, 51), other_id)));
  CHECK(Corruption(shelf.store) == "edited: the mac is wrong");
  Spill(path, Resummed(Replaced(good, "\",\n  \"keys\"",
                                "\",\n  \"kdf\": {\"name\": \"argon2id\", "
                                "\"salt\": \"AAAAAAAAAAAAAAAAAAAAAA\", "
                                "\"passes\": 1, \"memory_bytes\": 8192},\n"
                                "  \"keys\"")));
  CHECK(Corruption(shelf.store) ==
        "edited: the file asks for a passphrase, and a key sealed it");
}

TEST_CASE("a file whose every key another key has sealed is that key's file") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  RingStore theirs(shelf.dir / "theirs", KekFile(shelf.dir / "other"));
  REQUIRE(theirs.Create(NewRing()).ok());
  Spill(shelf.store.RingPath(KeyPurpose::kAccess),
        Slurp(theirs.RingPath(KeyPurpose::kAccess)));
  CHECK(LoadError(shelf.store) == ErrorCode::kDenied);
}

TEST_CASE("a demand for endless hashing is refused without hashing") {
  TestDirectory dir;
  RingStore store(dir / "keys", Passphrase("correct horse"));
  REQUIRE(store.Create(NewRing()).ok());
  const std::string path = store.RingPath(KeyPurpose::kAccess);
  const std::string good = Slurp(path);
  const auto load = [&](const std::string& from, const std::string& to) {
    Spill(path, Resummed(Replaced(good, from, to)));
    return LoadError(store);
  };
  CHECK(load("\"passes\": 1", "\"passes\": 17") == ErrorCode::kCorrupt);
  CHECK(load("\"passes\": 1", "\"passes\": 2147483648") == ErrorCode::kCorrupt);
  CHECK(load("\"memory_bytes\": 8192",
             "\"memory_bytes\": 9223372036854775808") == ErrorCode::kCorrupt);
  CHECK(load("\"argon2id\"", "\"argon2i\"") == ErrorCode::kCorrupt);
  CHECK(load("\"passes\": 1", "\"passes\": 2") == ErrorCode::kDenied);
}

TEST_CASE("a ring file under another purpose's name is refused") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string text = Slurp(shelf.store.RingPath(KeyPurpose::kAccess));
  Spill(shelf.store.RingPath(KeyPurpose::kFeed), text);
  CHECK(LoadError(shelf.store, KeyPurpose::kFeed) == ErrorCode::kCorrupt);
}

TEST_CASE("an older file than has been loaded is a rollback") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.RingPath(KeyPurpose::kAccess);
  const std::string old = Slurp(path);
  REQUIRE(shelf.store.Update(KeyPurpose::kAccess, Touch).ok());
  const std::string current = Slurp(path);
  Spill(path, old);
  const Result<SigningRing> ring = shelf.store.Load(KeyPurpose::kAccess);
  REQUIRE(!ring.ok());
  CHECK(ring.error().code == ErrorCode::kRollback);
  CHECK(Contains(ring.error().message,
                 "generation 1, but 2 has been loaded before"));
  CHECK(shelf.store.Update(KeyPurpose::kAccess, Touch).error().code ==
        ErrorCode::kRollback);
  Spill(path, current);
  CHECK(shelf.store.Load(KeyPurpose::kAccess).ok());
}

TEST_CASE("a rollback is seen by a process that has just started") {
  const KeyPurpose purposes[] = {KeyPurpose::kAccess, KeyPurpose::kRefresh};
  for (const KeyPurpose purpose : purposes) {
    Shelf shelf;
    const bool access = purpose == KeyPurpose::kAccess;
    REQUIRE(shelf.store.Create(NewRing(access ? kAccess : kRefresh)).ok());
    const std::string path = shelf.store.RingPath(purpose);
    const std::string old = Slurp(path);
    REQUIRE(shelf.store.Update(purpose, Touch).ok());
    Spill(path, old);
    const std::string side = shelf.dir / (access ? "keys/access.pub.json"
                                                 : "keys/refresh.generation");

    RingStore fresh = shelf.Reopen();
    const Result<SigningRing> ring = fresh.Load(purpose);
    REQUIRE(!ring.ok());
    CHECK(ring.error().code == ErrorCode::kRollback);
    CHECK(ring.error().message ==
          path + ": generation 1, but " + side + " tells of 2: rolled back");
    CHECK(ring.error().hint ==
          "put the newest copy of the ring back; if there is no newer one, "
          "remove " +
              side + ", then rotate");
    CHECK(fresh.Update(purpose, Touch).error().code == ErrorCode::kRollback);
    // The hint is right.
    REQUIRE(unlink(side.c_str()) == 0);
    CHECK(shelf.Reopen().Load(purpose).ok());
    CHECK(Exists(side));
  }
}

TEST_CASE("the file beside a symmetric ring tells its generation") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing(kRefresh)).ok());
  const std::string path = shelf.dir / "keys/refresh.generation";
  CHECK(Slurp(path) == "1\n");
  CHECK(ModeOf(path) == 0600);
  REQUIRE(shelf.store.Update(KeyPurpose::kRefresh, Touch).ok());
  CHECK(Slurp(path) == "2\n");
  // What makes no sense, or is left from before a crash, is made anew.
  for (const char* wrong : {"", "1\n", "99", "-3\n", "x\n", "3 \n"}) {
    Spill(path, wrong);
    REQUIRE(shelf.Reopen().Load(KeyPurpose::kRefresh).ok());
    CHECK(Slurp(path) == "2\n");
  }
}

TEST_CASE("a lost or wrong public file is made anew by Load") {
  Shelf shelf;
  const SigningRing ring = NewRing();
  REQUIRE(shelf.store.Create(ring).ok());
  const std::string path = shelf.store.PublicPath(KeyPurpose::kAccess);
  const std::function<void()> damages[] = {
      [&path] { Spill(path, ""); },
      [&path] { Spill(path, NewRing().Public().Serialize()); },
      [&path] { REQUIRE(unlink(path.c_str()) == 0); },
  };
  for (const auto& damage : damages) {
    damage();
    REQUIRE(shelf.store.Load(KeyPurpose::kAccess).ok());
    CHECK(Slurp(path) == ring.Public().Serialize());
  }
}

TEST_CASE("Load needs no lock, only the repair does") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.PublicPath(KeyPurpose::kAccess);
  const Status s =
      shelf.store.Update(KeyPurpose::kAccess, [&](SigningRing& ring) {
        // The lock is held here.
        REQUIRE(unlink(path.c_str()) == 0);
        CHECK(shelf.Reopen().Load(KeyPurpose::kAccess).ok());
        CHECK(!Exists(path));
        return Touch(ring);
      });
  CHECK(s.ok());
  CHECK(Exists(path));
}

TEST_CASE("a file that cannot be written leaves the ring as it was") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string path = shelf.store.RingPath(KeyPurpose::kAccess);
  const std::string before = Slurp(path);
  // A directory of the temporary's name stops even the superuser.
  const std::string obstacle =
      shelf.store.PublicPath(KeyPurpose::kAccess) + ".tmp";
  REQUIRE(mkdir(obstacle.c_str(), 0700) == 0);
  CHECK(!shelf.store.Update(KeyPurpose::kAccess, Touch).ok());
  CHECK(Slurp(path) == before);
  CHECK(!Exists(path + ".tmp"));
  REQUIRE(rmdir(obstacle.c_str()) == 0);
  CHECK(shelf.store.Update(KeyPurpose::kAccess, Touch).ok());
}

// ---- another key-encryption key -------------------------------------------

TEST_CASE("after Rewrap the new key opens the ring and the old one does not") {
  Shelf shelf;
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0).ok());
  REQUIRE(shelf.store.Create(ring).ok());
  const KeyEncryptionKey next = KekFile(shelf.dir / "next");
  REQUIRE(shelf.store.Rewrap(KeyPurpose::kAccess, next).ok());
  CHECK(LoadError(shelf.store) == ErrorCode::kDenied);
  RingStore reader(shelf.dir / "keys", KekFile(shelf.dir / "next"));
  CHECK(SameRing(*reader.Load(KeyPurpose::kAccess), ring));
  // Again changes nothing, so that a run over several rings can be repeated.
  CHECK(shelf.store.Rewrap(KeyPurpose::kAccess, next).ok());
  CHECK(SameRing(*reader.Load(KeyPurpose::kAccess), ring));
}

TEST_CASE("Rewrap goes from a key to a passphrase and back") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing(kRefresh)).ok());
  const KeyEncryptionKey passphrase = Passphrase("correct horse");
  REQUIRE(shelf.store.Rewrap(KeyPurpose::kRefresh, passphrase).ok());
  CHECK(LoadError(shelf.store, KeyPurpose::kRefresh) == ErrorCode::kDenied);
  RingStore reader(shelf.dir / "keys", Passphrase("correct horse"));
  REQUIRE(reader.Load(KeyPurpose::kRefresh).ok());
  REQUIRE(reader.Rewrap(KeyPurpose::kRefresh, KekFile(shelf.dir / "kek")).ok());
  CHECK(shelf.store.Load(KeyPurpose::kRefresh).ok());
}

TEST_CASE("Rewrap of a ring that neither key opens changes nothing") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const std::string before = Slurp(shelf.store.RingPath(KeyPurpose::kAccess));
  RingStore wrong(shelf.dir / "keys", KekFile(shelf.dir / "other"));
  CHECK(wrong.Rewrap(KeyPurpose::kAccess, KekFile(shelf.dir / "next"))
            .error()
            .code == ErrorCode::kDenied);
  CHECK(wrong.Rewrap(KeyPurpose::kFeed, KekFile(shelf.dir / "next"))
            .error()
            .code == ErrorCode::kNotFound);
  CHECK(Slurp(shelf.store.RingPath(KeyPurpose::kAccess)) == before);
}

// ---- several at once ------------------------------------------------------

pid_t Fork(const std::function<void()>& child) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    child();
    _exit(1);
  }
  return pid;
}

// A BusyWriter is a process that updates the ring without end.
class BusyWriter {
 public:
  explicit BusyWriter(Shelf& shelf) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_ = Fork([&shelf, &ends] {
      while (write(ends[1], "u", 1) == 1 &&
             shelf.store.Update(KeyPurpose::kAccess, Touch).ok()) {
      }
    });
    close(ends[1]);
    started_ = ends[0];
  }
  ~BusyWriter() {
    kill(pid_, SIGKILL);
    int status = 0;
    CHECK(waitpid(pid_, &status, 0) == pid_);
    CHECK(WIFSIGNALED(status));  // it was at work until then
    close(started_);
  }
  BusyWriter(const BusyWriter&) = delete;
  BusyWriter& operator=(const BusyWriter&) = delete;

  // WaitForStart returns when the next update has begun.
  void WaitForStart() const {
    char byte;
    REQUIRE(read(started_, &byte, 1) == 1);
  }

 private:
  pid_t pid_ = -1;
  int started_ = -1;
};

TEST_CASE("a writer killed at any moment leaves a ring that loads") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  uint64_t last = 1;
  for (int round = 0; round < 40; ++round) {
    {
      const BusyWriter writer(shelf);
      writer.WaitForStart();
      writer.WaitForStart();
      // The moment of death wanders through the steps of a write.
      usleep(static_cast<useconds_t>(round * 53));
    }
    RingStore reader = shelf.Reopen();
    const Result<SigningRing> ring = reader.Load(KeyPurpose::kAccess);
    REQUIRE_MESSAGE(ring.ok(), ring.error().message);
    CHECK(ring->info().generation > last);
    last = ring->info().generation;
    const Result<KeyRing> open =
        ReadPublicRing(shelf.store.PublicPath(KeyPurpose::kAccess));
    REQUIRE(open.ok());
    CHECK(*open == ring->Public());
  }
}

TEST_CASE("a reader beside a busy writer always gets a whole ring") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const BusyWriter writer(shelf);
  RingStore reader = shelf.Reopen();
  uint64_t last = 0;
  for (int i = 0; i < 300; ++i) {
    const Result<SigningRing> ring = reader.Load(KeyPurpose::kAccess);
    REQUIRE_MESSAGE(ring.ok(), ring.error().message);
    CHECK(ring->info().generation >= last);
    last = ring->info().generation;
    CHECK(ReadPublicRing(shelf.store.PublicPath(KeyPurpose::kAccess)).ok());
  }
}

TEST_CASE("of updates by two processes at once none is lost") {
  constexpr int kEach = 25;
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  const auto work = [&shelf] {
    RingStore store = shelf.Reopen();
    for (int i = 0; i < kEach; ++i) {
      if (!store.Update(KeyPurpose::kAccess, Touch).ok()) _exit(2);
    }
    _exit(0);
  };
  const pid_t writers[] = {Fork(work), Fork(work)};
  for (pid_t writer : writers) {
    int status = 0;
    REQUIRE(waitpid(writer, &status, 0) == writer);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  CHECK(shelf.store.Load(KeyPurpose::kAccess)->info().generation ==
        1 + 2 * kEach);
}

TEST_CASE("threads share one store, and no load takes a write for rollback") {
  Shelf shelf;
  REQUIRE(shelf.store.Create(NewRing()).ok());
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&shelf, &failures, t] {
      for (int i = 0; i < 20; ++i) {
        const bool ok =
            t < 2 ? shelf.store.Update(KeyPurpose::kAccess, Touch).ok()
                  : shelf.store.Load(KeyPurpose::kAccess).ok();
        if (!ok) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(shelf.store.Load(KeyPurpose::kAccess)->info().generation == 41);
}

}  // namespace
}  // namespace signet
