#include "revocation-service/http/core.h"

#include <array>
#include <boost/asio/post.hpp>
#include <vector>

namespace signet::service::http {
namespace {

constexpr size_t kPumpedAtOnce = 64;

}  // namespace

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

void Core::PumpSoon(std::weak_ptr<Connection> connection) {
  MutexLock lock(pump_mutex);
  to_pump.push_back(std::move(connection));
  PostPump();
}

// PostPump has what waits pumped. If memory runs out here, the next call does.
void Core::PostPump() {
  if (pump_posted || to_pump.empty()) return;
  net::post(io, [this] { PumpSome(); });
  pump_posted = true;
}

void Core::PumpSome() {
  std::array<std::weak_ptr<Connection>, kPumpedAtOnce> some;
  {
    MutexLock lock(pump_mutex);
    for (auto& connection : some) {
      if (to_pump.empty()) break;
      connection = std::move(to_pump.front());
      to_pump.pop_front();
    }
    pump_posted = false;
    PostPump();  // another thread may take the next ones meanwhile
  }
  for (const auto& connection : some) {
    if (auto open = connection.lock()) open->Pump();
  }
}

}  // namespace signet::service::http
