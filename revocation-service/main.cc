#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/app.h"
#include "revocation-service/backup.h"
#include "revocation-service/config.h"
#include "revocation-service/dev.h"
#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/log.h"
#include "revocation-service/storage/big_endian.h"

#ifndef SIGNET_VERSION
#define SIGNET_VERSION "development"
#endif

namespace signet::service {
namespace {

constexpr int kFailure = 1;
constexpr int kBadUsage = 2;
constexpr Duration kDrainLimit = std::chrono::seconds(10);

// Flags are what the command line says; they override the file.
struct Flags {
  std::string config;
  std::string access_format;
  bool print_config = false;
  bool check_store = false;
  // Each sets one value of a Config, if its flag was given.
  std::vector<std::function<void(Config&)>> overrides;
  Config values;  // where CLI11 puts them
};

void AddOverride(CLI::App& cli, const std::string& name,
                 std::string Config::*member, const std::string& help,
                 Flags& flags) {
  CLI::Option* option = cli.add_option(name, flags.values.*member, help);
  flags.overrides.push_back([option, member, &flags](Config& config) {
    if (option->count() > 0) config.*member = flags.values.*member;
  });
}

void AddListenerOverride(CLI::App& cli, const std::string& name,
                         http::ServerOptions Config::*listener,
                         std::string http::ServerOptions::*member,
                         const std::string& help, Flags& flags) {
  CLI::Option* option =
      cli.add_option(name, flags.values.*listener.*member, help);
  flags.overrides.push_back([=, &flags](Config& config) {
    if (option->count() > 0) {
      config.*listener.*member = flags.values.*listener.*member;
    }
  });
}

void DefineFlags(CLI::App& cli, Flags& flags) {
  using http::ServerOptions;
  cli.set_version_flag("--version", "signetd " SIGNET_VERSION);
  cli.add_option("--config", flags.config, "TOML file");
  AddOverride(cli, "--data", &Config::data, "directory of the store", flags);
  AddOverride(cli, "--keys", &Config::keys, "directory of the rings", flags);
  AddListenerOverride(cli, "--listen", &Config::server, &ServerOptions::listen,
                      "HOST:PORT; port 0 is any free one", flags);
  AddListenerOverride(cli, "--admin-listen", &Config::admin,
                      &ServerOptions::listen,
                      "HOST:PORT of /healthz, /readyz and /metrics", flags);
  AddOverride(cli, "--issuer", &Config::issuer,
              "URL; by default it follows --listen", flags);
  cli.add_option("--access-format", flags.access_format,
                 "v4.public, v4.local or jwt");
  AddOverride(cli, "--engine", &Config::engine, "rocksdb or memory", flags);
  AddListenerOverride(cli, "--tls-cert", &Config::server,
                      &ServerOptions::tls_certificate, "PEM file", flags);
  AddListenerOverride(cli, "--tls-key", &Config::server,
                      &ServerOptions::tls_key, "PEM file", flags);
  cli.add_flag("--behind-proxy", flags.values.behind_proxy,
               "a proxy terminates TLS");
  cli.add_flag("--dev", flags.values.dev,
               "make keys and clients that are missing; loopback only");
  cli.add_flag("--print-config", flags.print_config,
               "print the configuration in force and exit");
  cli.add_flag("--check-store", flags.check_store,
               "read the store, running or not, say what it is and exit");
}

void ApplyAccessFormat(const Flags& flags, Config& config,
                       std::string& problems) {
  if (flags.access_format.empty()) return;
  Result<KeyFormat> format = ParseAccessFormat(flags.access_format);
  if (format.ok()) {
    config.access_format = *format;
  } else {
    problems += "--access-format: " + format.error().message + "\n";
  }
}

// LoadConfig reads the file, applies the flags, and checks the whole. It runs
// again on SIGHUP.
Result<Config> LoadConfig(const Flags& flags) {
  Config config;
  if (!flags.config.empty()) {
    Result<Config> read = ReadConfig(flags.config);
    if (!read.ok()) return read;
    config = std::move(*read);
  }
  std::string problems;
  for (const auto& apply : flags.overrides) apply(config);
  if (flags.values.behind_proxy) config.behind_proxy = true;
  config.dev = flags.values.dev;
  ApplyAccessFormat(flags, config, problems);
  if (config.dev) AddDevClients(config);
  if (Status checked = CheckConfig(config); !checked.ok()) {
    problems += checked.error().message;
  }
  if (problems.empty()) return config;
  return Error{ErrorCode::kInvalid, problems};
}

// ForEachLine calls `use` with each line of a text.
void ForEachLine(std::string_view text,
                 const std::function<void(const std::string&)>& use) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    use(std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void PrintError(const Error& error) {
  ForEachLine(error.message, [](const std::string& line) {
    std::fprintf(stderr, "signetd: %s\n", line.c_str());
  });
  if (!error.hint.empty()) {
    std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  }
}

// BlockSignals makes the signals wait for WaitForSignals, in every thread.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// RaiseDescriptorLimit takes what the system allows: each connection needs a
// descriptor, and the usual soft limit is 1024.
void RaiseDescriptorLimit(const Config& config) {
  constexpr size_t kForTheStore = 256;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  const size_t wanted = config.server.max_connections +
                        config.admin.max_connections + kForTheStore;
  if (limit.rlim_max < wanted) {
    spdlog::warn("{} descriptors are allowed, max_connections may need {}",
                 limit.rlim_max, wanted);
  }
}

void Reload(App& app, const Flags& flags) {
  const Result<Config> fresh = LoadConfig(flags);
  const Status status = fresh.ok() ? app.Reload(*fresh) : Status(fresh.error());
  if (!fresh.ok()) app.ReloadRefused();
  if (status.ok()) return;
  spdlog::error("reload failed, the old configuration stays in force");
  ForEachLine(status.error().message,
              [](const std::string& line) { spdlog::error("{}", line); });
}

void WaitForEnd(App& app, const Flags& flags, const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    Reload(app, flags);
  }
  // A second signal ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

int Serve(const Config& config, const Flags& flags, const sigset_t& signals) {
  if (config.dev) {
    const Status made = MakeDevKeys(config, SystemClock::Shared().Now());
    if (!made.ok()) return PrintError(made.error()), kFailure;
    spdlog::warn(
        "--dev: the client \"{}\" with the secret \"{}\" may do everything. "
        "Never use this where others can reach it.",
        kDevClient, kDevSecret);
  }
  Result<std::unique_ptr<App>> app = App::Start(config);
  if (!app.ok()) return PrintError(app.error()), kFailure;
  std::printf("signetd listening on %s (operations on %s)\n",
              (*app)->url().c_str(), (*app)->operations_url().c_str());
  std::fflush(stdout);
  WaitForEnd(**app, flags, signals);
  spdlog::info("draining, at most {} s", kDrainLimit / Seconds(1));
  (*app)->Stop(kDrainLimit);
  spdlog::info("stopped");
  return 0;
}

int PrintConfig(const Config& config) {
  std::fputs(ToToml(config).c_str(), stdout);
  const std::string& listen = config.server.listen;
  const long port =
      std::strtol(listen.c_str() + listen.rfind(':') + 1, nullptr, 10);
  if (port != 0) {
    std::printf("\n# the issuer in force: %s\n",
                IssuerOf(config, static_cast<uint16_t>(port)).c_str());
  }
  return 0;
}

// CheckStore prints one line, or says on stderr what is wrong.
int CheckStore(const Config& config) {
  if (Status whole = CheckRestored(config.data); !whole.ok()) {
    return PrintError(whole.error()), kFailure;
  }
  const Result<StoreFacts> facts =
      InspectRocksDb(config.data, std::string(feed::kEpochKey));
  if (!facts.ok()) return PrintError(facts.error()), kFailure;
  std::printf("store %s: format %d, epoch %llu, log %llu to %llu\n",
              config.data.c_str(), facts->format,
              static_cast<unsigned long long>(
                  ReadBigEndian64(facts->epoch.value_or(""))),
              static_cast<unsigned long long>(facts->trimmed_through) + 1,
              static_cast<unsigned long long>(facts->last_sequence));
  return 0;
}

int Main(int argc, char** argv) {
  const sigset_t signals = BlockSignals();
  CLI::App cli("signetd: refresh tokens, sessions and live revocation");
  Flags flags;
  DefineFlags(cli, flags);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : kBadUsage;
  }
  const Result<Config> config = LoadConfig(flags);
  if (!config.ok()) return PrintError(config.error()), kBadUsage;
  if (flags.print_config) return PrintConfig(*config);
  if (flags.check_store) return CheckStore(*config);
  SetUpLog(config->log_level, config->log_format == "json");
  RaiseDescriptorLimit(*config);
  return Serve(*config, flags, signals);
}

}  // namespace
}  // namespace signet::service

int main(int argc, char** argv) { return signet::service::Main(argc, argv); }
