#include "signet/revocation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr EpochSeconds kStart{minutes(29'000'000)};

Time At(Duration after) { return Time(kStart.time_since_epoch() + after); }
Monotonic Mono(Duration after) { return Monotonic(hours(1) + after); }

RevocationId Id(uint64_t n) {
  RevocationId id{};
  for (int i = 0; i < 8; ++i) id[i] = static_cast<uint8_t>(n >> (8 * i));
  return id;
}

RevocationId RandomId(std::mt19937_64& random) {
  RevocationId id;
  for (uint8_t& byte : id) byte = static_cast<uint8_t>(random());
  return id;
}

Revocation Session(uint64_t n, Duration lives = minutes(15)) {
  return {RevocationKind::kSession,
          Id(n),
          kStart,
          {},
          kStart + std::chrono::floor<seconds>(lives)};
}

Revocation CutOff(RevocationKind kind, uint64_t n, EpochSeconds not_before,
                  Duration lives = minutes(15)) {
  return {kind, Id(n), kStart, not_before,
          kStart + std::chrono::floor<seconds>(lives)};
}

TokenIdentity Token(uint64_t session, EpochSeconds issued_at = kStart) {
  TokenIdentity token;
  token.session = Id(session);
  token.has_session = true;
  token.subject = Id(1'000'001);
  token.key = Id(1'000'002);
  token.issued_at = issued_at;
  return token;
}

void ApplyOne(RevocationList& list, const Revocation& entry) {
  list.Apply({&entry, 1});
}

TEST_CASE("an empty list revokes nothing and is infinitely stale") {
  const RevocationList list;
  CHECK_FALSE(list.IsRevoked(Token(1)));
  CHECK(list.Staleness(At(hours(1)), Mono(hours(1))) == Duration::max());
  CHECK(list.SignedTime() == Time{});
  CHECK(list.size() == 0);
  CHECK(list.DigestAt(At(hours(0))) == StateDigest{});
}

TEST_CASE("a session entry voids that session's tokens and no other's") {
  RevocationList list;
  ApplyOne(list, Session(1));
  CHECK(list.IsRevoked(Token(1)));
  CHECK(list.IsRevoked(Token(1, kStart + hours(5))));
  CHECK_FALSE(list.IsRevoked(Token(2)));
  TokenIdentity without = Token(1);
  without.has_session = false;
  CHECK_FALSE(list.IsRevoked(without));
}

TEST_CASE("a token entry voids one token; a session id does not match it") {
  RevocationList list;
  Revocation entry = Session(1);
  entry.kind = RevocationKind::kToken;
  ApplyOne(list, entry);
  CHECK_FALSE(list.IsRevoked(Token(1)));
  TokenIdentity token = Token(2);
  token.token = Id(1);
  CHECK_FALSE(list.IsRevoked(token));
  token.has_token = true;
  CHECK(list.IsRevoked(token));
}

TEST_CASE("a cut-off voids tokens issued before it, not at it") {
  for (const auto kind : {RevocationKind::kSubject, RevocationKind::kClient,
                          RevocationKind::kKey, RevocationKind::kAll}) {
    CAPTURE(RevocationKindName(kind));
    RevocationList list;
    Revocation entry = CutOff(kind, 9, kStart);
    ApplyOne(list, entry);
    TokenIdentity token = Token(1, kStart - seconds(1));
    token.subject = token.client = token.key = Id(9);
    token.has_client = true;
    CHECK(list.IsRevoked(token));
    token.issued_at = kStart;
    CHECK_FALSE(list.IsRevoked(token));
    const RevocationId id =
        kind == RevocationKind::kAll ? RevocationId{} : Id(9);
    CHECK(list.Cutoff(kind, id) == kStart);
  }
}

TEST_CASE("a cut-off for a client spares tokens that name no client") {
  RevocationList list;
  ApplyOne(list, CutOff(RevocationKind::kClient, 0, kStart + hours(1)));
  CHECK_FALSE(list.IsRevoked(Token(1)));
}

TEST_CASE("a cut-off at kForever voids every time of issue") {
  RevocationList list;
  Revocation entry{RevocationKind::kKey, Id(1'000'002), kStart, kForever,
                   kForever};
  ApplyOne(list, entry);
  CHECK(list.IsRevoked(Token(1)));
  CHECK(list.IsRevoked(Token(1, kForever)));
  CHECK(list.IsRevoked(Token(1, kForever + hours(1))));
  list.Confirm(Time(kForever), Mono(hours(0)));
  CHECK(list.IsRevoked(Token(1)));
}

TEST_CASE("entries of one id merge to the later of both times") {
  RevocationList list;
  const auto kind = RevocationKind::kSubject;
  ApplyOne(list, CutOff(kind, 5, kStart, minutes(30)));
  ApplyOne(list, CutOff(kind, 5, kStart - seconds(9), minutes(20)));
  CHECK(list.Cutoff(kind, Id(5)) == kStart);
  CHECK(list.size() == 1);
  CHECK(list.Entries(At(hours(0)))[0].drop_after == kStart + minutes(30));
  ApplyOne(list, CutOff(kind, 5, kStart + seconds(9), minutes(20)));
  CHECK(list.Cutoff(kind, Id(5)) == kStart + seconds(9));
}

TEST_CASE("an entry that left before the newer one came is replaced") {
  RevocationList list;
  const auto kind = RevocationKind::kSubject;
  ApplyOne(list, CutOff(kind, 5, kStart + hours(9), minutes(1)));
  Revocation newer = CutOff(kind, 5, kStart, minutes(20));
  newer.at = kStart + minutes(1);
  SUBCASE("one second later it was gone") {
    newer.at += seconds(1);
    ApplyOne(list, newer);
    CHECK(list.Cutoff(kind, Id(5)) == kStart);
  }
  SUBCASE("in its last second it still merges") {
    ApplyOne(list, newer);
    CHECK(list.Cutoff(kind, Id(5)) == kStart + hours(9));
  }
  CHECK(list.size() == 1);
  RevocationList fresh;
  fresh.Apply(list.Entries(At(hours(0))));
  CHECK(fresh.DigestAt(At(hours(0))) == list.DigestAt(At(hours(0))));
}

TEST_CASE("an entry is live until its last minute has passed") {
  RevocationList list;
  ApplyOne(list, Session(1, minutes(2)));
  list.Confirm(At(minutes(2)), Mono(minutes(2)));
  CHECK(list.IsRevoked(Token(1)));
  CHECK(list.size() == 1);
  list.Confirm(At(minutes(2) + milliseconds(1)), Mono(minutes(2)));
  CHECK_FALSE(list.IsRevoked(Token(1)));
  CHECK(list.size() == 0);
  CHECK(list.DigestAt(list.SignedTime()) == StateDigest{});
  CHECK(list.Entries(list.SignedTime()).empty());
}

TEST_CASE("drop_after is rounded up to a whole minute") {
  RevocationList list;
  ApplyOne(list, Session(1, seconds(61)));
  CHECK(list.Entries(At(hours(0)))[0].drop_after == kStart + minutes(2));
}

TEST_CASE("an entry that is past already does not enter") {
  RevocationList list;
  list.Confirm(At(minutes(5)), Mono(minutes(5)));
  ApplyOne(list, Session(1, minutes(4)));
  CHECK(list.size() == 0);
  CHECK_FALSE(list.IsRevoked(Token(1)));
  ApplyOne(list, Session(1, minutes(5)));
  CHECK(list.IsRevoked(Token(1)));
}

TEST_CASE("entries of unknown kind or absurd times do no harm") {
  RevocationList list;
  Revocation entry = Session(1);
  entry.kind = static_cast<RevocationKind>(7);
  ApplyOne(list, entry);
  entry.kind = static_cast<RevocationKind>(0);
  ApplyOne(list, entry);
  CHECK(list.size() == 0);
  entry = Session(2);
  entry.drop_after = EpochSeconds(seconds(-1));
  ApplyOne(list, entry);
  CHECK(list.size() == 0);
  entry.drop_after = EpochSeconds(seconds::max());
  entry.not_before = EpochSeconds(seconds::min());
  ApplyOne(list, entry);
  CHECK(list.Entries(At(hours(0)))[0].drop_after == kForever);
}

TEST_CASE("what has left is freed, bit by bit") {
  RevocationList list;
  std::mt19937_64 random(1);
  std::vector<Revocation> entries;
  for (int i = 0; i < 20'000; ++i) {
    entries.push_back(Session(0, i % 2 ? minutes(1) : minutes(9)));
    entries.back().id = RandomId(random);
  }
  list.Apply(entries);
  const size_t full = list.memory_bytes();
  for (int i = 0; i < 20; ++i) {
    list.Confirm(At(minutes(2) + seconds(i)), Mono(minutes(2)));
    CHECK(list.size() == 10'000);
  }
  CHECK(list.memory_bytes() < full * 6 / 10);
  for (int i = 0; i < 20; ++i) {
    list.Confirm(At(minutes(10) + seconds(i)), Mono(minutes(10)));
  }
  CHECK(list.size() == 0);
  CHECK(list.memory_bytes() < 50'000);
}

TEST_CASE("staleness is the larger of both estimates, and never negative") {
  RevocationList list;
  list.Confirm(At(seconds(10)), Mono(seconds(10)));
  CHECK(list.Staleness(At(seconds(12)), Mono(seconds(11))) == seconds(2));
  CHECK(list.Staleness(At(seconds(12)), Mono(seconds(13))) == seconds(3));
  CHECK(list.Staleness(At(seconds(0)), Mono(seconds(10))) == seconds(0));
  CHECK(list.Staleness(At(seconds(9)), Mono(seconds(14))) == seconds(4));
}

TEST_CASE("an earlier confirmation changes nothing") {
  RevocationList list;
  list.Confirm(At(seconds(10)), Mono(seconds(10)));
  list.Confirm(At(seconds(9)), Mono(seconds(20)));
  CHECK(list.SignedTime() == At(seconds(10)));
  CHECK(list.Staleness(At(seconds(10)), Mono(seconds(20))) == seconds(10));
  list.Confirm(At(seconds(11)), Mono(seconds(9)));
  CHECK(list.Staleness(At(seconds(11)), Mono(seconds(20))) == seconds(10));
}

TEST_CASE("the authoritative list is never stale") {
  RevocationList list;
  list.SetAuthoritative();
  CHECK(list.Staleness(At(hours(9)), Mono(hours(9))) == seconds(0));
}

TEST_CASE("DropExpired drops and does not confirm") {
  RevocationList list;
  ApplyOne(list, Session(1, minutes(2)));
  list.DropExpired(At(minutes(3)));
  CHECK(list.size() == 0);
  CHECK(list.SignedTime() == Time{});
  CHECK(list.Staleness(At(minutes(3)), Mono(minutes(3))) == Duration::max());
}

TEST_CASE("Replace makes the list hold the new entries and nothing else") {
  RevocationList list;
  ApplyOne(list, Session(1));
  ApplyOne(list, CutOff(RevocationKind::kAll, 0, kStart));
  const std::vector<Revocation> next = {Session(2), Session(3), Session(2)};
  list.Replace(next);
  CHECK(list.size() == 2);
  CHECK_FALSE(list.IsRevoked(Token(1)));
  CHECK_FALSE(list.IsRevoked(Token(1, kStart - hours(1))));
  CHECK(list.IsRevoked(Token(2)));
  list.Replace({});
  CHECK(list.size() == 0);
  CHECK_FALSE(list.IsRevoked(Token(2)));
  CHECK(list.DigestAt(At(hours(0))) == StateDigest{});
}

TEST_CASE("Entries are sorted by kind, drop_after and id, without `at`") {
  RevocationList list;
  const std::vector<Revocation> entries = {
      CutOff(RevocationKind::kAll, 0, kStart), Session(7, minutes(2)),
      Session(9, minutes(1)), Session(3, minutes(2)),
      CutOff(RevocationKind::kSubject, 1, kStart)};
  list.Apply(entries);
  const auto sorted = list.Entries(At(hours(0)));
  REQUIRE(sorted.size() == 5);
  CHECK(sorted[0].id == Id(9));
  CHECK(sorted[1].id == Id(3));
  CHECK(sorted[2].id == Id(7));
  CHECK(sorted[3].kind == RevocationKind::kSubject);
  CHECK(sorted[4].kind == RevocationKind::kAll);
  for (const Revocation& entry : sorted) CHECK(entry.at == EpochSeconds{});
  CHECK(list.Entries(At(minutes(1) + milliseconds(1))).size() == 4);
}

TEST_CASE("pages of entries hold what Entries does, by kind and id") {
  RevocationList list;
  std::mt19937_64 random(7);
  std::vector<Revocation> entries;
  for (int i = 0; i < 1000; ++i) {
    entries.push_back(Session(0, minutes(1 + i % 15)));
    entries.back().id = RandomId(random);
    entries.push_back(CutOff(RevocationKind::kSubject, 0, kStart));
    entries.back().id = RandomId(random);
  }
  entries.push_back(CutOff(RevocationKind::kAll, 0, kStart));
  list.Apply(entries);
  const Time now = At(minutes(5));
  const auto name_of = [](const Revocation& entry) {
    return RevocationName{entry.kind, entry.id};
  };
  std::vector<Revocation> expected = list.Entries(now);
  CHECK(expected.size() < entries.size());
  std::sort(
      expected.begin(), expected.end(),
      [&](const auto& a, const auto& b) { return name_of(a) < name_of(b); });
  for (const size_t limit : {1, 7, 100, 1600, 5000}) {
    CAPTURE(limit);
    std::vector<Revocation> got;
    std::optional<RevocationName> after;
    for (;;) {
      const auto page = list.EntriesAfter(now, after, limit);
      CHECK(page.size() <= limit);
      if (page.empty()) break;
      got.insert(got.end(), page.begin(), page.end());
      after = name_of(got.back());
    }
    CHECK(got == expected);
  }
}

TEST_CASE("pages that are read beside a writer miss nothing of before") {
  RevocationList list;
  std::mt19937_64 random(8);
  std::vector<Revocation> before;
  for (int i = 0; i < 3000; ++i) {
    before.push_back(Session(0, hours(10)));
    before.back().id = RandomId(random);
  }
  list.Apply(before);
  std::atomic<bool> stop{false};
  // Grows, sweeps what leaves, and begins anew: all that moves tables.
  std::thread writer([&] {
    for (int round = 1; !stop; ++round) {
      std::vector<Revocation> entries = before;
      for (int i = 0; i < 500; ++i) {
        entries.push_back(Session(0, minutes(round)));
        entries.back().id = RandomId(random);
      }
      list.Apply(entries);
      list.DropExpired(At(minutes(round) + seconds(1)));
      if (round % 5 == 0) list.Replace(before);
    }
  });
  for (int walk = 0; walk < 10; ++walk) {
    std::map<RevocationName, int> got;
    std::optional<RevocationName> after;
    for (;;) {
      const auto page = list.EntriesAfter(At(hours(9)), after, 700);
      if (page.empty()) break;
      for (const Revocation& entry : page) ++got[{entry.kind, entry.id}];
      after = RevocationName{page.back().kind, page.back().id};
    }
    CHECK(got.size() == before.size());
    CHECK(std::all_of(before.begin(), before.end(), [&](const auto& entry) {
      return got[{entry.kind, entry.id}] == 1;
    }));
  }
  stop = true;
  writer.join();
}

TEST_CASE("the digest depends on the entries, not on how they came") {
  std::mt19937_64 random(2);
  std::vector<Revocation> entries;
  for (int i = 0; i < 500; ++i) {
    const auto kind = static_cast<RevocationKind>(1 + random() % 6);
    entries.push_back(CutOff(kind, random() % 100,
                             kStart + seconds(random() % 100),
                             minutes(1 + random() % 15)));
  }
  RevocationList a, b, c;
  a.Apply(entries);
  std::shuffle(entries.begin(), entries.end(), random);
  b.Replace(entries);
  c.Apply(a.Entries(At(hours(0))));
  for (int minute = 0; minute < 17; ++minute) {
    const Time t = At(minutes(minute) + milliseconds(minute % 2));
    CHECK(a.DigestAt(t) == b.DigestAt(t));
    CHECK(a.DigestAt(t) == c.DigestAt(t));
    CHECK(a.Entries(t) == b.Entries(t));
    RevocationList later;
    later.Apply(a.Entries(t));
    CHECK(later.DigestAt(t) == a.DigestAt(t));
    if (minute % 3 == 0) a.Confirm(t, Mono(hours(0)));
  }
  ApplyOne(a, Session(12345, hours(9)));
  CHECK(a.DigestAt(At(hours(1))) != b.DigestAt(At(hours(1))));
}

TEST_CASE("the list agrees with a plain map over random changes") {
  std::mt19937_64 random(3);
  RevocationList list;
  std::map<std::pair<RevocationKind, RevocationId>, Revocation> model;
  for (int step = 0; step < 300; ++step) {
    const EpochSeconds now = kStart + seconds(step * 10);
    for (int i = 0; i < 20; ++i) {
      Revocation entry = CutOff(static_cast<RevocationKind>(1 + random() % 5),
                                random() % 400, {});
      if (IsCutoff(entry.kind)) entry.not_before = now;
      entry.at = now;
      entry.drop_after = kStart + minutes(step / 6 + 1 + random() % 10);
      ApplyOne(list, entry);
      auto& slot = model[{entry.kind, entry.id}];
      entry.drop_after = std::max(entry.drop_after, slot.drop_after);
      slot = entry;
    }
    list.Confirm(Time(now), Mono(seconds(step)));
    std::erase_if(model,
                  [&](const auto& e) { return e.second.drop_after < now; });
    REQUIRE(list.size() == model.size());
  }
  for (const Revocation& entry : list.Entries(list.SignedTime())) {
    const Revocation& expected = model.at({entry.kind, entry.id});
    CHECK(entry.not_before == expected.not_before);
    CHECK(entry.drop_after == expected.drop_after);
  }
}

TEST_CASE("a million random ids take at most 40 bytes each, at any size") {
  std::mt19937_64 random(4);
  RevocationList list;
  std::vector<Revocation> batch;
  size_t count = 0;
  while (count < 1'000'000) {
    batch.clear();
    for (int i = 0; i < 20'000; ++i) {
      batch.push_back(Session(0, minutes(1 + i % 15)));
      batch.back().id = RandomId(random);
    }
    list.Apply(batch);
    count += batch.size();
    if (count >= 100'000) CHECK(list.memory_bytes() <= 40 * count);
  }
  CHECK(list.size() == count);
  for (const Revocation& entry : batch) {
    TokenIdentity token = Token(0);
    token.session = entry.id;
    REQUIRE(list.IsRevoked(token));
    token.session[0] ^= 1;
    REQUIRE_FALSE(list.IsRevoked(token));
  }
  const auto entries = list.Entries(At(hours(0)));
  RevocationList copy;
  copy.Replace(entries);
  CHECK(copy.memory_bytes() <= 40 * count);
  CHECK(copy.DigestAt(At(hours(0))) == list.DigestAt(At(hours(0))));
}

TEST_CASE("readers see every acknowledged entry while the list changes") {
  RevocationList list;
  std::atomic<uint64_t> applied{0};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  constexpr uint64_t kEntries = 6'000;
  std::vector<std::thread> readers;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    readers.emplace_back([&, seed] {
      std::mt19937_64 random(seed);
      while (!stop) {
        const uint64_t known = applied;
        if (known > 0 && !list.IsRevoked(Token(random() % known))) ++wrong;
        if (list.IsRevoked(Token(kEntries + random() % 1000))) ++wrong;
        if (list.Cutoff(RevocationKind::kSubject, Id(1)) > kStart) ++wrong;
      }
    });
  }
  for (uint64_t i = 0; i < kEntries; ++i) {
    ApplyOne(list, Session(i, hours(2)));
    applied = i + 1;
    ApplyOne(list, Session(1'000'000 + i, minutes(1 + i / 100)));
    if (i % 50 == 0) {
      ApplyOne(list, CutOff(RevocationKind::kSubject, i, kStart));
      list.Confirm(At(seconds(i / 2)), Mono(seconds(i / 2)));
    }
    if (i % 1000 == 999) list.Replace(list.Entries(list.SignedTime()));
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("names and kinds map to each other") {
  for (int i = 1; i <= 6; ++i) {
    const auto kind = static_cast<RevocationKind>(i);
    const auto parsed = ParseRevocationKind(RevocationKindName(kind));
    REQUIRE(parsed.ok());
    CHECK(*parsed == kind);
  }
  for (const char* name : {"", "Token", "tokens", "unknown", "session "}) {
    CHECK(ParseRevocationKind(name).error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("ids of 16 bytes in canonical base64url are taken as they are") {
  const RevocationId id = Id(0x0123456789abcdef);
  const std::string text = Base64UrlEncode(id);
  CHECK(MakeRevocationId(RevocationKind::kSession, text) == id);
  CHECK(MakeRevocationId(RevocationKind::kToken, text) == id);
  CHECK(MakeRevocationId(RevocationKind::kSubject, text) != id);
  // Another spelling of the same bytes is another value.
  std::string stray = text;
  stray.back() = static_cast<char>(stray.back() + 1);
  CHECK(MakeRevocationId(RevocationKind::kSession, stray) != id);
  CHECK(MakeRevocationId(RevocationKind::kSession, text + "=") != id);
}

TEST_CASE("other values are hashed with their kind; kAll has the id zero") {
  CHECK(MakeRevocationId(RevocationKind::kToken, "a") !=
        MakeRevocationId(RevocationKind::kSession, "a"));
  CHECK(MakeRevocationId(RevocationKind::kSubject, "a") !=
        MakeRevocationId(RevocationKind::kSubject, "b"));
  CHECK(MakeRevocationId(RevocationKind::kAll, "x") == RevocationId{});
}

}  // namespace
}  // namespace signet
