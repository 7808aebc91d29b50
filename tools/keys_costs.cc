#include "tools/keys_costs.h"

#include "tools/output.h"
#include "tools/ring_view.h"

namespace signet::cli {

const SigningRing::Key* PendingKey(const SigningRing& ring, Time now) {
  for (const SigningRing::Key& key : ring.keys()) {
    if (key.schedule.StateAt(now) == KeyState::kPending) return &key;
  }
  return nullptr;
}

std::string CostOfNoLead(const RingInfo& ring, const std::string& key) {
  switch (ring.purpose) {
    case KeyPurpose::kAccess:
    case KeyPurpose::kAccessAlt:
      return "a verifier refuses the tokens of " + key +
             " until it has fetched the ring: within seconds if it follows "
             "signetd's feed, else within " +
             FormatDuration(ring.policy.verifier_refresh);
    case KeyPurpose::kRefresh:
      return "a signetd that has not read the ring yet refuses what " + key +
             " makes, for about a second";
    case KeyPurpose::kFeed:
      return "an edge believes nothing that " + key +
             " signs and becomes stale, until it is given the new "
             "feed.pub.json, or the time that its copy of the ring names";
    case KeyPurpose::kEncryption:
      return "a verifier cannot read what is encrypted to " + key +
             " until it has read the ring, within " +
             FormatDuration(ring.policy.verifier_refresh);
    case KeyPurpose::kStatements:
      return "a partner refuses the events and lists of " + key +
             " until it has fetched the service's keys again";
  }
  return {};
}

std::string WhoMustHear(KeyPurpose purpose, const std::string& id) {
  switch (purpose) {
    case KeyPurpose::kAccess:
    case KeyPurpose::kAccessAlt:
      return "signetd reads the ring within a second, and who follows its feed "
             "fetches it at once; who has a copy of the ring of their own "
             "hears of it by `signet revoke key " +
             id + "`";
    case KeyPurpose::kRefresh:
      return "signetd reads the ring within a second and need not be told";
    case KeyPurpose::kFeed:
      return "signetd reads the ring within a second; an edge that does not "
             "know the key that signs then needs the new feed.pub.json";
    case KeyPurpose::kEncryption:
      return "give issuers the new encryption.pub.json, or they go on "
             "encrypting to the key";
    case KeyPurpose::kStatements:
      return "signetd reads the ring within a second; partners learn it when "
             "they fetch the service's keys again: tell them";
  }
  return {};
}

std::string CostOfRevocation(const SigningRing& ring,
                             const SigningRing::Key& key, Time now) {
  std::string cost;
  switch (ring.info().purpose) {
    case KeyPurpose::kAccess:
    case KeyPurpose::kAccessAlt:
      cost =
          "every token that it signed is refused from now on; their holders "
          "refresh, or sign in again";
      break;
    case KeyPurpose::kRefresh:
      cost =
          "every session that it made a refresh token for has to sign in "
          "again";
      break;
    case KeyPurpose::kFeed:
      cost = "edges believe nothing that it signed";
      break;
    case KeyPurpose::kEncryption:
      cost = "every token that is encrypted to it is refused from now on";
      break;
    case KeyPurpose::kStatements:
      cost =
          "partners believe no event or list that it signed, once they have "
          "fetched the keys again";
      break;
  }
  if (ring.Active(now) == &key && PendingKey(ring, now) == nullptr) {
    cost += ". No key is pending: nothing signs until `signet keys rotate " +
            std::string(KeyPurposeName(ring.info().purpose)) + "`";
  }
  return cost;
}

}  // namespace signet::cli
