#ifndef SIGNET_DPOP_NONCE_H_
#define SIGNET_DPOP_NONCE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/primitives.h"
#include "signet/result.h"

namespace signet {

// DpopNonceState says what a server makes of the nonce in a proof.
enum class DpopNonceState : uint8_t {
  kCurrent,  // it is good
  kAging,    // it is good, and a newer one should go out (RFC 9449 section 8.2)
  kUnknown,  // it is not one of ours, or too old
};

// DpopNonces makes and knows the nonces that a server asks for in DPoP proofs
// (RFC 9449 sections 8 and 9), so that nobody can make proofs in advance.
// Implementations are safe from any thread.
class DpopNonces {
 public:
  virtual ~DpopNonces() = default;

  // Make gives the value of a DPoP-Nonce field.
  virtual std::string Make(Time now) const = 0;

  // Check judges the nonce of a proof, which may be any text.
  virtual DpopNonceState Check(std::string_view nonce, Time now) const = 0;
};

// SlotNonces keeps nothing: time is cut into slots, and the nonce of a slot is
// a MAC of its number. Instances of one secret and one slot length know each
// other's nonces. A nonce is good in its slot, in the one after it, and, since
// the clocks of instances differ, in the one before. Const use is safe from
// any thread.
class SlotNonces final : public DpopNonces {
 public:
  // Create succeeds only if the secret has 32 to 64 bytes and a slot 10 s to
  // 1 hour.
  static Result<SlotNonces> Create(Bytes secret,
                                   Duration slot = std::chrono::minutes(5));

  std::string Make(Time now) const override;
  DpopNonceState Check(std::string_view nonce, Time now) const override;

 private:
  SlotNonces(Bytes secret, Duration slot);
  std::string NonceOf(int64_t slot) const;
  int64_t SlotOf(Time now) const;

  SecretBytes<32> key_;
  Duration slot_;
};

}  // namespace signet

#endif  // SIGNET_DPOP_NONCE_H_
