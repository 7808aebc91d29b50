#ifndef SIGNET_SERVICE_APP_ROUTES_H_
#define SIGNET_SERVICE_APP_ROUTES_H_

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "revocation-service/backup.h"
#include "revocation-service/oauth/endpoints.h"
#include "revocation-service/readiness.h"
#include "revocation-service/routes.h"
#include "revocation-service/ssf/ssf_routes.h"
#include "signet/mutex.h"

namespace signet::service {

// What App puts between its listeners and its endpoints; private to it.

// ClientsInForce is the registry that requests see; Reload replaces it.
class ClientsInForce {
 public:
  std::shared_ptr<const Clients> Get() const {
    MutexLock lock(mutex_);
    return clients_;
  }
  void Set(Clients clients) {
    auto shared = std::make_shared<const Clients>(std::move(clients));
    MutexLock lock(mutex_);
    clients_ = std::move(shared);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Clients> clients_ SIGNET_GUARDED_BY(mutex_);
};

// RouterSlot lets a server listen, and so learn its port, before the routes
// exist that need to know the port.
class RouterSlot {
 public:
  void Set(const Router* router) { router_ = router; }
  http::Handler Handler() {
    return [this](http::Request request,
                  std::shared_ptr<http::Responder> responder) {
      if (const Router* router = router_) {
        router->Handle(std::move(request), std::move(responder));
      } else {
        responder->Send(Unavailable("starting"));
      }
    };
  }

 private:
  std::atomic<const Router*> router_{nullptr};
};

// PublicRoutes and OperationsRoutes are what the two listeners serve.
std::vector<Route> PublicRoutes(const Services& services,
                                std::shared_ptr<ssf::Streams> streams);
std::vector<Route> OperationsRoutes(Readiness& readiness, Backups& backups,
                                    const Metrics& metrics);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_APP_ROUTES_H_
