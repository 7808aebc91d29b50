#include "revocation-service/kek_place.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/revocation-service/signetd_process.h"

namespace signet::service {
namespace {

using signet::testing::TempDir;

std::string Write(const std::string& path, const std::string& text,
                  mode_t mode = 0600) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
  return path;
}

TEST_CASE("a key is read from a file or from the environment") {
  TempDir dir;
  REQUIRE(KeyEncryptionKey::CreateFile(dir / "kek").ok());
  CHECK(OpenKek("file:" + dir / "kek").ok());
  std::string text;
  std::ifstream(dir / "kek") >> text;
  ::setenv("SIGNET_TEST_KEK", text.c_str(), 1);
  CHECK(OpenKek("env:SIGNET_TEST_KEK").ok());
  ::unsetenv("SIGNET_TEST_KEK");
  CHECK_FALSE(OpenKek("env:SIGNET_TEST_KEK").ok());
}

TEST_CASE("a key is read from systemd's credentials, whatever their mode") {
  TempDir dir;
  REQUIRE(KeyEncryptionKey::CreateFile(dir / "kek").ok());
  ::chmod((dir / "kek").c_str(), 0440);
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(OpenKek("credential:kek").error().code == ErrorCode::kNotFound);
  ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
  CHECK(OpenKek("credential:kek").ok());
  CHECK(::getenv("SIGNET_CREDENTIAL_KEK") == nullptr);
  CHECK(OpenKek("credential:other").error().code == ErrorCode::kNotFound);
  CHECK(OpenKek("credential:").error().code == ErrorCode::kInvalid);
  CHECK(OpenKek("credential:../kek").error().code == ErrorCode::kInvalid);
  Write(dir / "junk", "not a key\n");
  CHECK_FALSE(OpenKek("credential:junk").ok());
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("a passphrase is the first line of a private file") {
  TempDir dir;
  CHECK(OpenKek("passphrase-file:" +
                Write(dir / "p", "correct horse\nsecond line\n"))
            .ok());
  CHECK(OpenKek("passphrase-file:" + Write(dir / "q", "12345678")).ok());
}

TEST_CASE("a passphrase that others may read, or a short one, is refused") {
  TempDir dir;
  auto readable =
      OpenKek("passphrase-file:" + Write(dir / "p", "correct horse\n", 0644));
  REQUIRE_FALSE(readable.ok());
  CHECK(readable.error().code == ErrorCode::kDenied);
  CHECK(readable.error().message.find("correct") == std::string::npos);
  auto brief = OpenKek("passphrase-file:" + Write(dir / "q", "1234567\n"));
  REQUIRE_FALSE(brief.ok());
  CHECK(brief.error().code == ErrorCode::kInvalid);
  CHECK_FALSE(
      OpenKek("passphrase-file:" + Write(dir / "r", std::string(1025, 'x')))
          .ok());
  CHECK_FALSE(OpenKek("passphrase-file:" + dir.path()).ok());
  auto missing = OpenKek("passphrase-file:" + dir / "none");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a place of another kind is refused") {
  for (const char* place : {"", "file", "vault:x", "/path"}) {
    CAPTURE(place);
    CHECK_FALSE(OpenKek(place).ok());
  }
}

}  // namespace
}  // namespace signet::service
