#include <doctest/doctest.h>
#include <httplib.h>

#include <fstream>

#include "revocation-service/http/server.h"
#include "tests/revocation-service/certificate.h"
#include "tests/revocation-service/raw_client.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::service::http {
namespace {

using signet::testing::Eventually;
using signet::testing::RawClient;
using signet::testing::TempDir;
using signet::testing::WriteCertificate;

// TlsServer echoes bodies, and streams at /s.
struct TlsServer {
  TlsServer() {
    WriteCertificate(dir / "cert.pem", dir / "key.pem");
    options.listen = "127.0.0.1:0";
    options.tls_certificate = dir / "cert.pem";
    options.tls_key = dir / "key.pem";
  }
  void Start() {
    auto started = Server::Start(
        options, [this](Request request, std::shared_ptr<Responder> out) {
          if (request.path == "/s") {
            stream = out->Stream({200, {{"Content-Type", "text/plain"}}, {}});
            ready = true;
          } else {
            out->Send({200, {}, request.body});
          }
        });
    REQUIRE(started.ok());
    server = std::move(*started);
  }
  std::unique_ptr<httplib::SSLClient> Client() {
    auto client =
        std::make_unique<httplib::SSLClient>("127.0.0.1", server->port());
    client->set_ca_cert_path((dir / "cert.pem").c_str());
    client->enable_server_certificate_verification(true);
    client->set_keep_alive(true);
    return client;
  }

  TempDir dir;
  ServerOptions options;
  std::shared_ptr<EventStream> stream;
  std::atomic<bool> ready{false};
  std::unique_ptr<Server> server;
};

TEST_CASE("requests and large answers pass over TLS") {
  TlsServer tls;
  tls.options.max_body_bytes = 4 << 20;
  tls.Start();
  auto client = tls.Client();
  for (size_t size : {size_t{1}, size_t{100'000}, size_t{3} << 20}) {
    const std::string body(size, 'b');
    auto answer = client->Post("/x", body, "text/plain");
    REQUIRE(answer);
    CHECK(answer->body == body);
  }
  CHECK(tls.server->stats().accepted == 1);
}

TEST_CASE("a stream passes over TLS and is closed by its sender") {
  TlsServer tls;
  tls.Start();
  auto client = tls.Client();
  std::string received;
  std::thread reader([&] {
    client->Get("/s", [&](const char* data, size_t size) {
      received.append(data, size);
      return true;
    });
  });
  REQUIRE(Eventually([&] { return tls.ready.load(); }));
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    const std::string event = "event " + std::to_string(i) + "\n";
    expected += event;
    CHECK(tls.stream->Send(std::make_shared<const std::string>(event)));
  }
  tls.stream->Close();
  reader.join();
  CHECK(received == expected);
}

TEST_CASE("a handshake that stalls is cut at the request deadline") {
  TlsServer tls;
  tls.options.request_timeout = std::chrono::milliseconds(100);
  tls.Start();
  RawClient client(tls.server->port());
  client.Send("\x16\x03\x01");
  bool closed = false;
  client.ReadAll(&closed);
  CHECK(closed);
  CHECK(Eventually([&] { return tls.server->stats().connections == 0; }));
}

TEST_CASE("plain HTTP at a TLS listener gets nowhere") {
  TlsServer tls;
  tls.Start();
  RawClient client(tls.server->port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.ReadAll().find("HTTP/1.1 200") == std::string::npos);
}

TEST_CASE("TLS 1.1 is refused") {
  TlsServer tls;
  tls.Start();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  BIO* bio = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(
      bio, ("127.0.0.1:" + std::to_string(tls.server->port())).c_str());
  CHECK(BIO_do_connect(bio) <= 0);
  BIO_free_all(bio);
  SSL_CTX_free(context);
}

TEST_CASE("a TLS server drains") {
  TlsServer tls;
  tls.Start();
  auto client = tls.Client();
  REQUIRE(client->Post("/x", "a", "text/plain"));
  tls.server->Drain(std::chrono::seconds(30));
  CHECK(tls.server->stats().connections == 0);
}

TEST_CASE("a key of another certificate is refused, and so is no PEM") {
  TlsServer tls;
  WriteCertificate(tls.dir / "other.pem", tls.dir / "other.key");
  tls.options.tls_key = tls.dir / "other.key";
  auto mismatch = Server::Start(tls.options, {});
  REQUIRE_FALSE(mismatch.ok());
  CHECK(mismatch.error().code == ErrorCode::kInvalid);
  std::ofstream(tls.dir / "junk.pem") << "no certificate";
  tls.options.tls_certificate = tls.dir / "junk.pem";
  auto junk = Server::Start(tls.options, {});
  REQUIRE_FALSE(junk.ok());
  CHECK(junk.error().message.find("junk.pem") != std::string::npos);
}

}  // namespace
}  // namespace signet::service::http
