#include "revocation-service/http/tls.h"

#include <openssl/ssl.h>

namespace signet::service::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Error FileError(const std::string& what, const std::string& path,
                const error_code& code) {
  return {ErrorCode::kInvalid,
          "reading the TLS " + what + " " + path + ": " + code.message()};
}

}  // namespace

Result<std::unique_ptr<ssl::context>> NewTlsContext(
    const std::string& certificate_file, const std::string& key_file) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // An idle connection gives its record buffers back.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  error_code code;
  context->use_certificate_chain_file(certificate_file, code);
  if (code) return FileError("certificate", certificate_file, code);
  // A passphrase could only be asked for on a terminal: refuse instead.
  context->set_password_callback(
      [](size_t, ssl::context::password_purpose) { return std::string(); },
      code);
  context->use_private_key_file(key_file, ssl::context::pem, code);
  if (code) return FileError("key", key_file, code);
  if (SSL_CTX_check_private_key(native) != 1) {
    return Error{
        ErrorCode::kInvalid,
        "the TLS key " + key_file + " is not that of " + certificate_file};
  }
  return context;
}

}  // namespace signet::service::http
