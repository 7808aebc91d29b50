#include "revocation-service/oauth/proofs.h"

#include <utility>
#include <vector>

#include "revocation-service/http/message.h"

namespace signet::service {
namespace {

// RingNonces makes the nonces of a slot from the refresh ring, so every
// instance that has the ring knows them, and a restart changes nothing.
class RingNonces final : public DpopNonces {
 public:
  explicit RingNonces(const Rings& rings) : rings_(rings) {}

  std::string Make(Time now) const override {
    const Rings::Ring ring = rings_.refresh();
    const SigningRing::Key* active = ring->Active(now);
    // While no key is active nothing is exchanged either.
    return active == nullptr ? "" : NoncesOf(active->key).Make(now);
  }

  DpopNonceState Check(std::string_view nonce, Time now) const override {
    const Rings::Ring ring = rings_.refresh();
    const Duration skew = ring->info().policy.clock_skew;
    for (const SigningRing::Key& entry : ring->keys()) {
      if (!entry.schedule.MayVerify(now, skew)) continue;
      const DpopNonceState state = NoncesOf(entry.key).Check(nonce, now);
      if (state != DpopNonceState::kUnknown) return state;
    }
    return DpopNonceState::kUnknown;
  }

 private:
  static SlotNonces NoncesOf(const SecretKey& key) {
    // 32 bytes, and the slot that is its default: Create cannot refuse them.
    return SlotNonces::Create(key.ComputeMac(AsBytes("signet dpop nonce")))
        .value();
  }

  const Rings& rings_;
};

std::unique_ptr<const DpopNonces> NoncesFor(const ProofOptions& options,
                                            const Rings& rings) {
  if (!options.dpop_nonce) return nullptr;
  return std::make_unique<RingNonces>(rings);
}

}  // namespace

Proofs::Proofs(const ProofOptions& options, std::string token_endpoint,
               const Rings& rings, const Clock& clock)
    : token_endpoint_(std::move(token_endpoint)),
      clock_(clock),
      nonces_(NoncesFor(options, rings)),
      dpop_memory_(options.replay_memory),
      assertion_memory_(options.replay_memory) {}

Result<std::unique_ptr<Proofs>> Proofs::Create(const ProofOptions& options,
                                               const std::string& issuer,
                                               const Rings& rings,
                                               const Clock& clock) {
  // As the metadata spells it.
  std::string base = issuer;
  while (base.ends_with('/')) base.pop_back();
  std::unique_ptr<Proofs> proofs(
      new Proofs(options, base + "/token", rings, clock));
  auto dpop = DpopVerifier::Create(
      {.max_age = options.dpop_max_age, .nonces = proofs->nonces_.get()},
      proofs->dpop_memory_, clock);
  if (!dpop) return dpop.error();
  proofs->dpop_.emplace(std::move(dpop).value());
  std::vector<std::string> audiences = {issuer};
  if (options.assertion_for_token_endpoint) {
    audiences.push_back(proofs->token_endpoint_);
  }
  auto assertions = AssertionVerifier::Create(
      {.audiences = std::move(audiences),
       // A process that ended here may have seen what is older.
       .remembers_since = ToSeconds(clock.Now())},
      proofs->assertion_memory_, clock);
  if (!assertions) return assertions.error();
  proofs->assertions_.emplace(std::move(assertions).value());
  return proofs;
}

Result<std::optional<DpopProof>, DpopRefusal> Proofs::CheckDpop(
    const http::Request& request) const {
  std::vector<std::string_view> fields;
  for (const auto& [name, value] : request.headers) {
    if (http::EqualsIgnoringCase(name, "DPoP")) fields.emplace_back(value);
  }
  if (fields.empty()) return std::optional<DpopProof>();
  auto proof =
      dpop_->Verify(fields, {.method = request.method, .uri = token_endpoint_});
  if (!proof) return proof.error();
  return std::optional<DpopProof>(std::move(proof).value());
}

std::string Proofs::NewNonce() const {
  return nonces_ == nullptr ? "" : nonces_->Make(clock_.Now());
}

}  // namespace signet::service
