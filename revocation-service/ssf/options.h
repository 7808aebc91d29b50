#ifndef SIGNET_SERVICE_SSF_OPTIONS_H_
#define SIGNET_SERVICE_SSF_OPTIONS_H_

#include <string>
#include <vector>

#include "signet/clock.h"

namespace signet::service::ssf {

// Transmitter is one [[ssf.transmitter]] of the configuration: a service whose
// events end sessions here. It is a value.
struct Transmitter {
  std::string issuer;    // `iss` of its events
  std::string audience;  // what their `aud` must name
  std::string poll_url;
  // Its keys, a JWK set: in a file or where it publishes them.
  std::string jwks_file;
  std::string jwks_url;
  // How to prove who asks: a client id and its secret, or a bearer token if
  // there is no client id. The secret is "file:PATH", "env:NAME" or
  // "credential:NAME".
  std::string client_id;
  std::string secret;
  // Which of its subjects are ours: "iss_sub" (RFC 9493 section 3.2.3) of an
  // issuer, itself unless another is named, or "email". What stands before
  // the name here is the prefix.
  std::string subject_format = "iss_sub";
  std::string subject_issuer;
  std::string subject_prefix;
  // A custom claim of our sessions that holds the transmitter's id of the
  // session that each belongs to. Empty: whose sessions belong to which is not
  // known, and an event about one session ends all of its user's.
  std::string session_claim = {};
  std::string ca_file;  // empty: the system's

  bool operator==(const Transmitter&) const = default;
};

struct Options {
  // How long, and how many of, the log's entries are kept for a partner that
  // has not acknowledged them.
  Duration keep_for = std::chrono::hours(24 * 7);
  size_t keep_entries = 1'000'000;
  std::vector<Transmitter> transmitters;

  bool operator==(const Options&) const = default;
};

}  // namespace signet::service::ssf

#endif  // SIGNET_SERVICE_SSF_OPTIONS_H_
