// Makes what the C tests read: make_fixtures DIRECTORY. With --refusals it
// prints the names of all refusals instead, for the check of the documents.
#include <fstream>
#include <iostream>
#include <string>

#include "signet/issuer.h"
#include "signet/verifier.h"

using std::chrono::hours;
using std::chrono::minutes;

namespace {

signet::Claims GoodClaims(signet::Time now) {
  signet::Claims claims;
  claims.issuer = "https://login.example";
  claims.subject = "z\u00fcrich";
  claims.audience = {"orders", "billing"};
  claims.issued_at = signet::ToSeconds(now);
  claims.expires_at = claims.issued_at + minutes(30);
  claims.token_id = "AAAAAAAAAAAAAAAAAAAAAA";
  claims.client_id = "app";
  claims.scope = "orders.read orders.write";
  claims.session_id = "BBBBBBBBBBBBBBBBBBBBBA";
  return claims;
}

class Fixtures {
 public:
  explicit Fixtures(std::string folder) : folder_(std::move(folder)) {}

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }

  void Mint(const std::string& name, const signet::SigningRing& ring,
            const signet::Claims& claims, std::string_view assertion = {}) {
    // At a time when the token can be minted.
    const signet::ManualClock clock{signet::Time(claims.issued_at)};
    auto token = signet::Issuer(ring, clock).Mint(claims, assertion);
    if (!token) {
      std::cerr << name << ": " << token.error().message << "\n";
      std::exit(1);
    }
    Write(name, *token);
  }

 private:
  std::string folder_;
};

signet::SigningRing NewRing(signet::KeyPurpose purpose,
                            signet::KeyFormat format, signet::Time now) {
  signet::RingInfo info;
  info.purpose = purpose;
  info.format = format;
  info.policy = signet::DefaultPolicy(purpose);
  info.policy.max_token_life = hours(2);
  auto ring = signet::SigningRing::New(info, now - hours(6));
  if (!ring) {
    std::cerr << ring.error().message << "\n";
    std::exit(1);
  }
  return *std::move(ring);
}

void MakeAll(Fixtures& fixtures) {
  using signet::KeyFormat;
  using signet::KeyPurpose;
  const signet::Time now = signet::SystemClock::Shared().Now();
  auto ring = NewRing(KeyPurpose::kAccess, KeyFormat::kPasetoV4Public, now);
  const auto jwt = NewRing(KeyPurpose::kAccess, KeyFormat::kJwtEdDsa, now);
  const auto feed = NewRing(KeyPurpose::kFeed, KeyFormat::kFeedEd25519, now);
  fixtures.Write("access.pub.json", ring.Public().Serialize());
  fixtures.Write("jwt.pub.json", jwt.Public().Serialize());
  fixtures.Write("feed.pub.json", feed.Public().Serialize());

  signet::Claims claims = GoodClaims(now);
  fixtures.Mint("good.token", ring, claims);
  fixtures.Mint("jwt.token", jwt, claims);
  fixtures.Mint("asserted.token", ring, claims, "request 7");
  claims.cnf_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  claims.custom = R"({"role":"clerk"})";
  claims.not_before = claims.issued_at;
  fixtures.Mint("bound.token", ring, claims);
  claims = GoodClaims(now - hours(3));
  fixtures.Mint("expired.token", ring, claims);
  claims = GoodClaims(now);
  claims.audience = {"elsewhere"};
  fixtures.Mint("elsewhere.token", ring, claims);

  if (!ring.Rotate(now)) std::exit(1);
  fixtures.Write("rotated.pub.json", ring.Public().Serialize());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (std::string(argv[1]) == "--refusals") {
    for (size_t i = 0; i < std::size(signet::VerifierCounters{}.refused); ++i) {
      std::cout << RefusalCodeName(static_cast<signet::RefusalCode>(i)) << "\n";
    }
    return 0;
  }
  Fixtures fixtures(argv[1]);
  MakeAll(fixtures);
}
