#ifndef SIGNET_SERVICE_HTTP_TLS_H_
#define SIGNET_SERVICE_HTTP_TLS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "signet/result.h"

namespace signet::service::http {

// NewTlsContext reads a PEM certificate chain and its key. kInvalid names the
// file that cannot be read, or says that the two do not belong together.
Result<std::unique_ptr<boost::asio::ssl::context>> NewTlsContext(
    const std::string& certificate_file, const std::string& key_file);

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_TLS_H_
