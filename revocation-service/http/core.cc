#include "revocation-service/http/core.h"

#include <vector>

namespace signet::service::http {

bool Core::Add(std::shared_ptr<Connection> connection) {
  MutexLock lock(mutex);
  if (draining || registry.size() >= options.max_connections) return false;
  Connection* key = connection.get();
  registry.emplace(key, std::move(connection));
  connections = registry.size();
  return true;
}

void Core::Remove(Connection* connection) {
  std::shared_ptr<Connection> last;  // dies after the lock is released
  MutexLock lock(mutex);
  const auto found = registry.find(connection);
  if (found == registry.end()) return;
  last = std::move(found->second);
  registry.erase(found);
  connections = registry.size();
  if (registry.empty()) empty.NotifyAll();
}

void Core::ForEach(void (Connection::*call)()) {
  std::vector<std::shared_ptr<Connection>> all;
  {
    MutexLock lock(mutex);
    for (const auto& [key, connection] : registry) all.push_back(connection);
  }
  for (const auto& connection : all) (connection.get()->*call)();
}

bool Core::WaitUntilEmpty(Duration limit) {
  const auto deadline = SteadyClock::now() + limit;
  MutexLock lock(mutex);
  while (!registry.empty()) {
    if (!empty.WaitUntil(mutex, deadline)) return registry.empty();
  }
  return true;
}

}  // namespace signet::service::http
