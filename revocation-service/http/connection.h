#ifndef SIGNET_SERVICE_HTTP_CONNECTION_H_
#define SIGNET_SERVICE_HTTP_CONNECTION_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "revocation-service/http/core.h"

namespace signet::service::http {

// NewConnection takes an accepted socket; with a TLS context it begins with a
// handshake. Null if the peer is gone already.
std::shared_ptr<Connection> NewConnection(std::shared_ptr<Core> core,
                                          Socket socket,
                                          boost::asio::ssl::context* tls);

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_CONNECTION_H_
