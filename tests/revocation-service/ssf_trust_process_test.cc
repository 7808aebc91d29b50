// Shared Signals, as a receiver: how it proves itself to a transmitter, and how
// it knows the transmitter and its keys.
#include <cstdlib>

#include "tests/revocation-service/certificate.h"
#include "tests/revocation-service/fake_transmitter.h"

namespace signet::testing {
namespace {

// Polling is the stanza of a transmitter with further settings.
std::string Polling(const FakeTransmitter& transmitter, const std::string& keys,
                    const std::string& more) {
  return "[[ssf.transmitter]]\nissuer = \"" + transmitter.url() +
         "\"\naudience = \"b\"\npoll_url = \"" + transmitter.url() +
         "/ssf/poll\"\n" + keys + "\n" + more + "\n";
}

// Said delivers a set and waits for what the receiver says of it.
std::string Said(FakeTransmitter& transmitter, const std::string& id,
                 const std::string& set) {
  transmitter.Deliver(id, set);
  CHECK(Eventually([&] { return !transmitter.ErrorOf(id).empty(); }));
  return transmitter.ErrorOf(id);
}

TEST_CASE("without a client id the secret is a bearer token") {
  TempDir directory;
  FakeTransmitter transmitter(directory);
  RunningSignetd signetd(
      Polling(transmitter, transmitter.keys(),
              "secret = \"file:" + WriteSecret(directory) + "\""));
  CHECK(Eventually([&] { return transmitter.polls() > 0; }));
  CHECK(transmitter.authorization() == "Bearer b-secret");
}

TEST_CASE("a receiver's secret can come from the environment") {
  TempDir directory;
  FakeTransmitter transmitter(directory);
  ::setenv("SIGNET_TEST_PARTNER_SECRET", "a secret:%", 1);
  RunningSignetd signetd(Polling(
      transmitter, transmitter.keys(),
      "client_id = \"b\"\nsecret = \"env:SIGNET_TEST_PARTNER_SECRET\""));
  ::unsetenv("SIGNET_TEST_PARTNER_SECRET");
  CHECK(Eventually([&] { return transmitter.polls() > 0; }));
  // RFC 6749 section 2.3.1: encoded, and then joined by a colon.
  CHECK(transmitter.authorization() ==
        httplib::make_basic_authentication_header("b", "a%20secret%3A%25")
            .second);
}

TEST_CASE("a receiver's secret can be a credential of systemd") {
  TempDir directory, credentials;
  FakeTransmitter transmitter(directory);
  std::ofstream(credentials / "partner") << "from-systemd\n";
  ::setenv("CREDENTIALS_DIRECTORY", credentials.path().c_str(), 1);
  RunningSignetd signetd(Polling(transmitter, transmitter.keys(),
                                 "secret = \"credential:partner\""));
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(Eventually([&] { return transmitter.polls() > 0; }));
  CHECK(transmitter.authorization() == "Bearer from-systemd");
}

TEST_CASE("a secret that is not there keeps signetd from starting") {
  TempDir directory;
  FakeTransmitter transmitter(directory);
  ::unsetenv("SIGNET_TEST_NO_SECRET");
  std::ofstream(directory / "signetd.toml")
      << Polling(transmitter, transmitter.keys(),
                 "secret = \"env:SIGNET_TEST_NO_SECRET\"");
  const auto run = SignetdProcess::Run(
      {"--dev", "--config", directory / "signetd.toml", "--data",
       directory / "data", "--keys", directory / "keys", "--listen",
       "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  CHECK(run.second != 0);
  CHECK(run.first.log().find("SIGNET_TEST_NO_SECRET") != std::string::npos);
  CHECK(transmitter.polls() == 0);
}

// A Tls is a transmitter behind a certificate of an authority of its own.
struct Tls {
  Tls() {
    WriteCertificate(directory / "cert.pem", directory / "key.pem");
    transmitter.emplace(directory, std::make_unique<httplib::SSLServer>(
                                       (directory / "cert.pem").c_str(),
                                       (directory / "key.pem").c_str()));
  }
  std::string Settings(const std::string& ca_file) const {
    return Polling(
        *transmitter, transmitter->keys_url(),
        "secret = \"file:" + WriteSecret(directory) + "\"" + ca_file);
  }
  TempDir directory;
  std::optional<FakeTransmitter> transmitter;
};

TEST_CASE("a transmitter is known by an authority that is named") {
  Tls tls;
  RunningSignetd signetd(
      tls.Settings("\nca_file = \"" + tls.directory / "cert.pem" + "\""));
  const auto alice = signetd.Open("alice");
  CHECK(Said(*tls.transmitter, "good",
             tls.transmitter->Sign(tls.transmitter->Claims("good"))) == "ack");
  CHECK(!Lives(signetd, alice));
}

TEST_CASE("a transmitter whose authority is not known gets no secret") {
  Tls tls, other;
  for (const std::string& ca :
       {std::string(),
        "\nca_file = \"" + other.directory / "cert.pem" + "\""}) {
    CAPTURE(ca);
    RunningSignetd signetd(tls.Settings(ca));
    CHECK(Eventually([&] {
      return Metric(signetd, "signet_ssf_polls_total{outcome=\"failed\"}") >= 1;
    }));
    CHECK(tls.transmitter->polls() == 0);
  }
}

TEST_CASE("a transmitter may change its keys at any time") {
  TempDir directory;
  FakeTransmitter transmitter(directory);
  RunningSignetd signetd(
      Polling(transmitter, transmitter.keys_url(),
              "secret = \"file:" + WriteSecret(directory) + "\""));
  CHECK(Said(transmitter, "first",
             transmitter.Sign(transmitter.Claims("first"))) == "ack");
  const std::string of_old_key = transmitter.Sign(transmitter.Claims("old"));
  const auto alice = signetd.Open("alice");
  transmitter.Rotate();
  // What it signs now is held until its keys were read again.
  CHECK(Said(transmitter, "second",
             transmitter.Sign(transmitter.Claims("second"))) == "ack");
  CHECK(!Lives(signetd, alice));
  const auto again = signetd.Open("alice");
  CHECK(Said(transmitter, "old", of_old_key) == "invalid_key");
  CHECK(Lives(signetd, again));
}

}  // namespace
}  // namespace signet::testing
