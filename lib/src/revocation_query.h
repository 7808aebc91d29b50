#ifndef SIGNET_SRC_REVOCATION_QUERY_H_
#define SIGNET_SRC_REVOCATION_QUERY_H_

#include <optional>

#include "id_place.h"
#include "published.h"
#include "signet/revocation.h"

namespace signet {

// A RevocationQuery asks a list about one token in two steps, so that other
// work can be done while memory arrives: a list of a million entries lies in
// no cache of the processor. The list's writer may wait for the query to end.
class RevocationQuery {
 public:
  explicit RevocationQuery(const RevocationList& list) : list_(list) {}
  RevocationQuery(const RevocationQuery&) = delete;
  RevocationQuery& operator=(const RevocationQuery&) = delete;

  // PlaceOf is where the list would hold the token's session: most of what is
  // revoked are sessions.
  static IdPlace PlaceOf(const RevocationList& list,
                         const TokenIdentity& token);

  // Prepare is a hint that the answer is wanted soon for a token with that
  // PlaceOf. Its identity is not read: that may not have arrived either.
  void Prepare(IdPlace place, const TokenIdentity& token);

  // PrepareOthers is the same for what else stands against the token. REQUIRES:
  // Prepare was called.
  void PrepareOthers(const TokenIdentity& token) const;

  // Abandon takes Prepare back: no writer waits any more.
  void Abandon() { section_.reset(); }

  // IsRevoked answers like RevocationList::IsRevoked, as of now.
  bool IsRevoked(const TokenIdentity& token) const;

 private:
  const RevocationList& list_;
  std::optional<ReadSection> section_;  // of the list's gate, once prepared
};

}  // namespace signet

#endif  // SIGNET_SRC_REVOCATION_QUERY_H_
