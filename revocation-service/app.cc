#include "revocation-service/app.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "revocation-service/app_metrics.h"
#include "revocation-service/app_routes.h"
#include "revocation-service/app_settings.h"
#include "revocation-service/backup.h"
#include "revocation-service/gate.h"
#include "revocation-service/housekeeping.h"
#include "revocation-service/kek_place.h"
#include "revocation-service/log.h"
#include "revocation-service/oauth/endpoints.h"
#include "revocation-service/oauth/requests.h"
#include "revocation-service/readiness.h"
#include "revocation-service/ssf/receiver.h"
#include "revocation-service/storage/committer.h"

namespace signet::service {

// Members stand in the order in which they are built; each borrows only from
// those above it.
struct App::Impl {
  Impl(Config config_in, const Clock& clock_in)
      : config(std::move(config_in)), clock(clock_in) {}
  ~Impl() { Stop(Duration::zero()); }

  Status Build();
  Status OpenEngine();
  Status OpenStores();
  Status Listen();
  Status Serve();
  Status MakeGate();
  Status StartReceivers();
  void AuditConfig(AuditEvent event, std::string reason);
  Readiness::Findings Look() const;
  Result<Publisher::Hold> Hold() const;
  void ApplyLimits();
  void TakeOver(const Config& fresh);
  Status Reload(const Config& fresh);
  void Stop(Duration limit);

  Mutex reload_mutex;
  Config config;  // as started, with what TakeOver reloads
  const Clock& clock;
  Metrics metrics;
  ClientsInForce clients;
  std::unique_ptr<Rings> rings;
  std::unique_ptr<DiskReserve> reserve;  // null: no disk, or not wanted
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<Admission> admission;
  std::unique_ptr<Gate> gate;
  std::unique_ptr<SessionStore> sessions;
  std::unique_ptr<StatusLists> status_lists;
  std::shared_ptr<ssf::Streams> streams;  // long polls outlive the App
  std::vector<std::unique_ptr<ssf::Receiver>> receivers;
  std::unique_ptr<Backups> backups;
  std::unique_ptr<Readiness> readiness;
  std::unique_ptr<Housekeeping> housekeeping;
  std::optional<Verifier> verifier;
  std::unique_ptr<Proofs> proofs;
  std::optional<Services> services;
  std::unique_ptr<Router> router;
  std::unique_ptr<Router> operations_router;
  RouterSlot slot;
  RouterSlot operations_slot;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::Server> operations;
};

Status App::Impl::Build() {
  Result<Clients> registry = Clients::Create(config.clients);
  if (!registry.ok()) return registry.error();
  clients.Set(std::move(*registry));
  if (Status status = OpenStores(); !status.ok()) return status;
  if (Status status = Listen(); !status.ok()) return status;
  return Serve();
}

Status App::Impl::OpenEngine() {
  if (config.engine == "memory") {
    engine = NewMemoryEngine();
    return {};
  }
  if (Status made = MakeDataDirectory(config); !made.ok()) return made;
  if (config.disk_reserve_bytes > 0) {
    reserve =
        std::make_unique<DiskReserve>(config.data, config.disk_reserve_bytes);
  }
  auto opened = OpenRocksDbEngine(config.data, reserve.get());
  if (!opened.ok()) return opened.error();
  engine = std::move(*opened);
  const Time now = clock.Now();
  const Result<bool> restored =
      FinishRestore(*engine, config.data, LimitsFor(config, *rings), now);
  if (!restored.ok()) return restored.error();
  if (*restored) {
    // The new epoch is the next second; nobody is served before it.
    std::this_thread::sleep_for(ToSeconds(now) + Seconds(1) - now);
  }
  return {};
}

Status App::Impl::OpenStores() {
  auto opened_rings = OpenRings(config);
  if (!opened_rings.ok()) return opened_rings.error();
  rings = std::move(*opened_rings);
  if (Status life = CheckLifetime(config, *rings); !life.ok()) {
    return life;
  }
  if (Status able = CheckAbility(config, *rings); !able.ok()) return able;
  if (Status opened = OpenEngine(); !opened.ok()) return opened;
  auto opened_publisher =
      Publisher::Open(*engine, *rings, clock, {.heartbeat = config.heartbeat});
  if (!opened_publisher.ok()) return opened_publisher.error();
  publisher = std::move(*opened_publisher);
  Committer::Options options;
  if (reserve) options.admit = [this] { return reserve->Admit(); };
  committer = std::make_unique<Committer>(*engine, std::move(options));
  committer->AfterGroup([this] {
    // The publisher says so itself to those who ask it for a frame.
    if (Status applied = publisher->CatchUp(); !applied.ok()) {
      spdlog::error("applying the log: {}", applied.error().message);
    }
  });
  audit = std::make_unique<AuditLog>(*engine, *committer, clock, config.audit);
  sessions = std::make_unique<SessionStore>(
      *engine, *committer, [this] { return rings->refresh(); },
      LimitsFor(config, *rings), clock);
  sessions->SetAudit(AuditScopeOf(config));
  sessions->RegisterTokens(
      [this](auto format) { return rings->AccessOf(format); },
      [this] { return publisher->position().epoch; });
  status_lists = std::make_unique<StatusLists>(
      StatusLists::Parts{*engine, *committer, *publisher, *rings, clock,
                         config.status_list_staleness});
  return MakeGate();
}

Status App::Impl::MakeGate() {
  auto proxies = Proxies::Create(config.proxy);
  if (!proxies.ok()) return proxies.error();
  admission = std::make_unique<Admission>(LimitsOf(config), metrics, clock);
  gate = std::make_unique<Gate>(std::move(*proxies),
                                ParseRequestLines(config.log_requests),
                                *admission, *audit, clock);
  sessions->LimitSubjects([this](std::string_view subject) {
    return admission->AdmitSubject(subject);
  });
  return {};
}

Status App::Impl::StartReceivers() {
  for (const ssf::Transmitter& transmitter : config.ssf.transmitters) {
    auto secret = ReadSecret(transmitter.secret);
    if (!secret.ok()) return secret.error();
    receivers.push_back(std::make_unique<ssf::Receiver>(
        transmitter, std::move(*secret),
        ssf::Receiver::Parts{*sessions, *audit, metrics, clock}));
  }
  metrics.Gauge("signet_ssf_poll_age_seconds",
                "Since the last poll of a transmitter that succeeded; of the "
                "one that is worst.",
                [this] {
                  Duration worst{};
                  for (const auto& receiver : receivers) {
                    worst = std::max(worst, receiver->age());
                  }
                  return std::chrono::duration<double>(worst).count();
                });
  return {};
}

void App::Impl::AuditConfig(AuditEvent event, std::string reason) {
  AuditLine line = MakeAuditLine(event, clock.Now(), {"signetd"});
  line.reason = std::move(reason);
  audit->Record(std::move(line));
}

Status App::Impl::Listen() {
  auto started = http::Server::Start(config.server, slot.Handler());
  if (!started.ok()) return started.error();
  server = std::move(*started);
  started = http::Server::Start(config.admin, operations_slot.Handler());
  if (!started.ok()) return started.error();
  operations = std::move(*started);
  return {};
}

Status App::Impl::Serve() {
  const std::string issuer = IssuerOf(config, server->port());
  // It answers introspection, which tells the caller of a binding, and
  // revocation, which needs none.
  auto made =
      Verifier::Create({.issuer = issuer,
                        .audience = "",
                        .any_audience = true,
                        .caller_checks_binding = true,
                        .max_lifetime = MaxTokenLife(*rings)},
                       rings->live_access(), publisher->revocations(), clock);
  if (!made.ok()) return made.error();
  verifier.emplace(std::move(*made));
  auto checks = Proofs::Create(config.oauth, issuer, *rings, clock);
  if (!checks.ok()) return checks.error();
  proofs = std::move(*checks);
  streams = std::make_shared<ssf::Streams>(
      ssf::Streams::Parts{*engine, *committer, *publisher, *rings, metrics,
                          clock, issuer, [this] { return clients.Get(); }});
  backups = std::make_unique<Backups>(
      Backups::Parts{*engine, *publisher, reserve.get(), clock, config.data});
  readiness =
      std::make_unique<Readiness>(*committer, clock, [this] { return Look(); });
  housekeeping = std::make_unique<Housekeeping>(
      Housekeeping::Parts{*rings, *publisher, *committer, *sessions, *readiness,
                          reserve.get(), [this] { ApplyLimits(); }, *audit,
                          *status_lists, clock, [this] { return Hold(); }});
  RegisterGauges({*server, *publisher, *committer, *rings, *housekeeping,
                  *verifier, *audit, clock, config.data},
                 metrics);
  if (reserve) RegisterReserve(*reserve, metrics);
  services.emplace(Services{*sessions, *publisher, *rings, *verifier, *proofs,
                            metrics, clock, issuer,
                            [this] { return clients.Get(); }, audit.get(),
                            admission.get(), status_lists.get()});
  sessions->CheckGrants([this](const Grant& grant) {
    return CheckAccessToken(*services, grant);
  });
  router = std::make_unique<Router>(PublicRoutes(*services, streams), metrics,
                                    gate.get());
  operations_router = std::make_unique<Router>(
      OperationsRoutes(*readiness, *backups, metrics), metrics);
  if (Status started = StartReceivers(); !started.ok()) return started;
  slot.Set(router.get());
  operations_slot.Set(operations_router.get());
  AuditConfig(AuditEvent::kStarted, "");
  return {};
}

Result<Publisher::Hold> App::Impl::Hold() const {
  const Result<uint64_t> first = streams->FirstNeeded();
  if (!first.ok()) return first.error();
  return Publisher::Hold{.after = *first,
                         .keep_for = config.ssf.keep_for,
                         .keep_entries = config.ssf.keep_entries};
}

Readiness::Findings App::Impl::Look() const {
  Readiness::Findings found;
  const Time now = clock.Now();
  std::vector<Rings::Ring> needed = rings->AccessRings();
  needed.push_back(rings->refresh());
  needed.push_back(rings->feed());
  for (const Rings::Ring& ring : needed) {
    if (ring->Active(now) != nullptr) continue;
    found.faults.push_back("keys: the " +
                           std::string(KeyPurposeName(ring->info().purpose)) +
                           " ring has no active key");
  }
  if (Result<std::string> head = publisher->Head(); !head.ok()) {
    found.faults.push_back("feed: " + head.error().message);
  }
  if (std::string fault = rings->fault(); !fault.empty()) {
    found.warnings.push_back("keys: an older ring stays in force: " +
                             std::move(fault));
  }
  return found;
}

void App::Impl::ApplyLimits() {
  MutexLock lock(reload_mutex);
  if (Status life = CheckLifetime(config, *rings); !life.ok()) {
    spdlog::error("{}", life.error().message);
  }
  sessions->SetLimits(LimitsFor(config, *rings));
}

// TakeOver puts in force what can change at any time. REQUIRES: reload_mutex.
void App::Impl::TakeOver(const Config& fresh) {
  config.clients = fresh.clients;
  config.sessions = fresh.sessions;
  config.limits = fresh.limits;
  config.audit = fresh.audit;
  config.proxy = fresh.proxy;
  config.behind_proxy = fresh.behind_proxy;
  config.log_level = fresh.log_level;
  config.log_format = fresh.log_format;
  config.log_requests = fresh.log_requests;
  ChangeLog(config.log_level, config.log_format == "json");
  admission->SetOptions(LimitsOf(config));
  sessions->SetLimits(LimitsFor(config, *rings));
  audit->SetOptions(config.audit);
  sessions->SetAudit(AuditScopeOf(config));
  gate->SetLines(ParseRequestLines(config.log_requests));
}

Status App::Impl::Reload(const Config& fresh) {
  // First: a client may name the format of a ring that was made just now.
  housekeeping->ReloadRings();
  Result<Clients> registry = Clients::Create(fresh.clients);
  if (!registry.ok()) return registry.error();
  if (Status life = CheckLifetime(fresh, *rings); !life.ok()) {
    return life;
  }
  if (Status able = CheckAbility(fresh, *rings); !able.ok()) return able;
  auto proxies = Proxies::Create(fresh.proxy);
  if (!proxies.ok()) return proxies.error();
  {
    MutexLock lock(reload_mutex);
    LogWhatNeedsRestart(config, fresh);
    TakeOver(fresh);
    gate->SetProxies(std::move(*proxies));
    clients.Set(std::move(*registry));
  }
  spdlog::info("configuration reloaded: {} clients", fresh.clients.size());
  return {};
}

// Stop takes things down so that nobody calls into what is gone: first the
// listeners, then the committer, whose last callbacks still find everything.
void App::Impl::Stop(Duration limit) {
  for (const auto& receiver : receivers) receiver->Stop();
  if (streams) streams->EndWaits();
  if (publisher) publisher->EndWaits();
  if (server) server->Drain(limit);
  if (operations) operations->Drain(Duration::zero());
  if (housekeeping) housekeeping->Stop();
  for (const auto& receiver : receivers) receiver->Join();
  if (audit && committer) audit->Flush();
  if (streams) streams->Close();
  committer.reset();
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::Start(Config config, const Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(config), clock);
  if (Status built = impl->Build(); !built.ok()) return built.error();
  return std::unique_ptr<App>(new App(std::move(impl)));
}

std::string App::url() const {
  return ListenerUrl(impl_->config.server, impl_->server->port());
}

std::string App::operations_url() const {
  return ListenerUrl(impl_->config.admin, impl_->operations->port());
}

Status App::Reload(const Config& fresh) {
  const Status reloaded = impl_->Reload(fresh);
  impl_->AuditConfig(
      reloaded.ok() ? AuditEvent::kConfigReloaded : AuditEvent::kConfigRefused,
      "");
  return reloaded;
}

void App::ReloadRefused() {
  impl_->AuditConfig(AuditEvent::kConfigRefused, "");
}

void App::Stop(Duration limit) { impl_->Stop(limit); }

}  // namespace signet::service
