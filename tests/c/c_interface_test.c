/* A C program that uses signet.h and signet_feed.h as an embedder does, and
 * as one who makes mistakes does: c_interface_test FIXTURES. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/signet.h"
#include "signet/signet_feed.h"

static const char* fixtures;
static int checks_failed;

static void check(int holds, const char* what, int line) {
  if (holds) return;
  ++checks_failed;
  printf("%s:%d: not so: %s\n", __FILE__, line, what);
}
#define CHECK(x) check((x) != 0, #x, __LINE__)

static char* path_of(const char* name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", fixtures, name);
  return path;
}

/* read_fixture gives a whole file, which the caller frees. */
static char* read_fixture(const char* name) {
  char* text = calloc(1, 16384);
  FILE* file = fopen(path_of(name), "r");
  if (text == NULL || file == NULL || fread(text, 1, 16383, file) == 0) {
    printf("can't read %s\n", path_of(name));
    exit(1);
  }
  fclose(file);
  return text;
}

static signet_ring* load(const char* name) {
  char error[SIGNET_ERROR_SIZE];
  signet_ring* ring = NULL;
  CHECK(signet_ring_load(path_of(name), &ring, error, sizeof error) ==
        SIGNET_OK);
  CHECK(error[0] == '\0');
  return ring;
}

static signet_policy* good_policy(void) {
  signet_policy* policy = signet_policy_new();
  CHECK(signet_policy_set_issuer(policy, "https://login.example") == SIGNET_OK);
  CHECK(signet_policy_set_audience(policy, "orders") == SIGNET_OK);
  return policy;
}

static signet_verifier* make_verifier(signet_policy* policy,
                                      signet_ring* ring) {
  signet_verifier* verifier = NULL;
  char error[SIGNET_ERROR_SIZE];
  CHECK(signet_verifier_new_without_revocation(policy, ring, &verifier, error,
                                               sizeof error) == SIGNET_OK);
  CHECK(error[0] == '\0');
  return verifier;
}

/* good_verifier is all that most tests need. Its parts are freed here. */
static signet_verifier* good_verifier(void) {
  signet_ring* ring = load("access.pub.json");
  signet_policy* policy = good_policy();
  signet_verifier* verifier = make_verifier(policy, ring);
  signet_policy_free(policy);
  signet_ring_free(ring);
  return verifier;
}

static signet_code verify(const signet_verifier* verifier, const char* name,
                          signet_verdict* verdict) {
  char* token = read_fixture(name);
  signet_code code = signet_verify(verifier, token, strlen(token), verdict);
  free(token);
  return code;
}

static int is(const char* text, const char* expected) {
  return text != NULL && strcmp(text, expected) == 0;
}

static int describes(const signet_verdict* verdict, const char* expected) {
  char text[64];
  size_t length = signet_verdict_describe(verdict, text, sizeof text);
  return length == strlen(expected) && is(text, expected);
}

/* ---- Tests. ---- */

static void a_good_token_is_accepted_and_says_who_it_is(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  const char* key_id;
  size_t length = 99;
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_OK);
  CHECK(signet_verdict_accepted(verdict) == 1);
  CHECK(signet_verdict_stale(verdict) == 0);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_NONE);
  CHECK(signet_verdict_stage(verdict) == SIGNET_STAGE_NONE);
  CHECK(is(signet_verdict_fault(verdict), ""));
  CHECK(signet_verdict_retry_may_help(verdict) == 0);
  CHECK(describes(verdict, "accepted"));

  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_ISS, NULL),
           "https://login.example"));
  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_SUB, &length),
           "z\xc3\xbcrich"));
  CHECK(length == 7);
  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_JTI, NULL),
           "AAAAAAAAAAAAAAAAAAAAAA"));
  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_CLIENT_ID, NULL), "app"));
  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_SCOPE, NULL),
           "orders.read orders.write"));
  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_SID, NULL),
           "BBBBBBBBBBBBBBBBBBBBBA"));
  key_id = signet_verdict_claim(verdict, SIGNET_CLAIM_KEY_ID, NULL);
  CHECK(key_id != NULL && strncmp(key_id, "k4.pid.", 7) == 0);
  /* Absent is NULL, and the length says so too. */
  CHECK(signet_verdict_claim(verdict, SIGNET_CLAIM_CNF_JKT, &length) == NULL);
  CHECK(length == 0);
  CHECK(signet_verdict_claim(verdict, SIGNET_CLAIM_CUSTOM, NULL) == NULL);

  CHECK(signet_verdict_audience_count(verdict) == 2);
  CHECK(is(signet_verdict_audience(verdict, 0, NULL), "orders"));
  CHECK(is(signet_verdict_audience(verdict, 1, &length), "billing"));
  CHECK(length == 7);
  CHECK(signet_verdict_audience(verdict, 2, &length) == NULL);
  CHECK(length == 0);
  CHECK(signet_verdict_audience(verdict, (size_t)-1, NULL) == NULL);

  CHECK(signet_verdict_time(verdict, SIGNET_TIME_EXP) -
            signet_verdict_time(verdict, SIGNET_TIME_IAT) ==
        1800);
  CHECK(signet_verdict_time(verdict, SIGNET_TIME_NBF) == 0);
  CHECK(signet_verdict_has_scope(verdict, "orders.read", 11) == 1);
  CHECK(signet_verdict_has_scope(verdict, "orders.read", 10) == 0);
  CHECK(signet_verdict_has_scope(verdict, "orders.read orders.write", 24) == 0);
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

static void an_expired_token_is_refused_and_says_why(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  CHECK(verify(verifier, "expired.token", verdict) == SIGNET_REFUSED);
  CHECK(signet_verdict_accepted(verdict) == 0);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_EXPIRED);
  CHECK(signet_verdict_stage(verdict) == SIGNET_STAGE_POLICY);
  CHECK(is(signet_verdict_fault(verdict), "exp"));
  CHECK(signet_verdict_retry_may_help(verdict) == 0);
  CHECK(describes(verdict, "expired at policy (exp)"));
  CHECK(signet_verdict_claim(verdict, SIGNET_CLAIM_SUB, NULL) == NULL);
  CHECK(signet_verdict_audience_count(verdict) == 0);
  CHECK(signet_verdict_time(verdict, SIGNET_TIME_EXP) == 0);
  CHECK(signet_verdict_has_scope(verdict, "orders.read", 11) == 0);
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

static void no_changed_character_passes(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  char* token = read_fixture("good.token");
  size_t length = strlen(token);
  size_t i;
  for (i = 0; i < length; ++i) {
    char kept = token[i];
    token[i] = kept == 'A' ? 'B' : 'A';
    CHECK(signet_verify(verifier, token, length, verdict) == SIGNET_REFUSED);
    CHECK(signet_verdict_accepted(verdict) == 0);
    token[i] = kept;
  }
  for (i = 0; i < length; ++i) {
    CHECK(signet_verify(verifier, token, i, verdict) == SIGNET_REFUSED);
  }
  CHECK(signet_verify(verifier, token, length, verdict) == SIGNET_OK);
  free(token);
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

static void a_text_need_not_end_with_nul(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  char* token = read_fixture("good.token");
  size_t length = strlen(token);
  char* bare = malloc(length);
  memcpy(bare, token, length);
  CHECK(signet_verify(verifier, bare, length, verdict) == SIGNET_OK);
  free(bare);
  free(token);
  /* The verdict keeps nothing of the text. */
  CHECK(is(signet_verdict_audience(verdict, 0, NULL), "orders"));
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

static void a_verdict_forgets_what_it_said_before(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  CHECK(signet_verdict_accepted(verdict) == 0);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_NO_VERDICT);
  CHECK(describes(verdict, "no verdict"));
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_OK);
  CHECK(signet_verify(verifier, NULL, 5, verdict) == SIGNET_INVALID);
  CHECK(signet_verdict_accepted(verdict) == 0);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_NO_VERDICT);
  CHECK(signet_verdict_claim(verdict, SIGNET_CLAIM_SUB, NULL) == NULL);
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_OK);
  CHECK(signet_verify(NULL, "x", 1, verdict) == SIGNET_INVALID);
  CHECK(signet_verdict_accepted(verdict) == 0);
  CHECK(verify(verifier, "expired.token", verdict) == SIGNET_REFUSED);
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_OK);
  CHECK(is(signet_verdict_fault(verdict), ""));
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

static void a_binding_is_refused_unless_the_caller_checks_it(void) {
  signet_ring* ring = load("access.pub.json");
  signet_policy* policy = good_policy();
  signet_verifier* strict = make_verifier(policy, ring);
  signet_verifier* checks;
  signet_verdict* verdict = signet_verdict_new();
  CHECK(signet_policy_caller_checks_binding(policy) == SIGNET_OK);
  checks = make_verifier(policy, ring);
  CHECK(verify(strict, "bound.token", verdict) == SIGNET_REFUSED);
  CHECK(describes(verdict, "unsupported at policy (cnf)"));
  CHECK(verify(checks, "bound.token", verdict) == SIGNET_OK);
  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_CNF_JKT, NULL),
           "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"));
  CHECK(is(signet_verdict_claim(verdict, SIGNET_CLAIM_CUSTOM, NULL),
           "{\"role\":\"clerk\"}"));
  CHECK(signet_verdict_time(verdict, SIGNET_TIME_NBF) ==
        signet_verdict_time(verdict, SIGNET_TIME_IAT));
  signet_verdict_free(verdict);
  signet_verifier_free(strict);
  signet_verifier_free(checks);
  signet_policy_free(policy);
  signet_ring_free(ring);
}

static void the_assertion_must_be_the_one_of_the_token(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  char* token = read_fixture("asserted.token");
  size_t length = strlen(token);
  CHECK(signet_verify_bound(verifier, token, length, "request 7", 9, verdict) ==
        SIGNET_OK);
  CHECK(signet_verify_bound(verifier, token, length, "request 8", 9, verdict) ==
        SIGNET_REFUSED);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_BAD_SIGNATURE);
  CHECK(signet_verify(verifier, token, length, verdict) == SIGNET_REFUSED);
  CHECK(signet_verify_bound(verifier, token, length, NULL, 9, verdict) ==
        SIGNET_INVALID);
  free(token);
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

static void a_policy_must_name_or_waive(void) {
  signet_ring* ring = load("access.pub.json");
  signet_policy* policy = signet_policy_new();
  signet_verifier* verifier = NULL;
  signet_verdict* verdict = signet_verdict_new();
  char error[SIGNET_ERROR_SIZE];
  CHECK(signet_verifier_new_without_revocation(policy, ring, &verifier, error,
                                               sizeof error) == SIGNET_INVALID);
  CHECK(strstr(error, "issuer is not set") != NULL);
  CHECK(strstr(error, "audience is not set") != NULL);
  CHECK(verifier == NULL);
  CHECK(signet_policy_any_issuer(policy) == SIGNET_OK);
  CHECK(signet_policy_any_audience(policy) == SIGNET_OK);
  CHECK(signet_policy_set_clock_skew(policy, -1) == SIGNET_OK);
  CHECK(signet_policy_set_max_lifetime(policy, INT64_MAX) == SIGNET_OK);
  CHECK(signet_policy_set_staleness(policy, SIGNET_STALE_REJECT, INT64_MIN,
                                    INT64_MIN) == SIGNET_OK);
  CHECK(signet_verifier_new_without_revocation(policy, ring, &verifier, error,
                                               sizeof error) == SIGNET_INVALID);
  CHECK(strstr(error, "clock_skew") != NULL);
  CHECK(strstr(error, "max_lifetime") != NULL);
  CHECK(strstr(error, "max_staleness") != NULL);
  CHECK(signet_policy_set_clock_skew(policy, 0) == SIGNET_OK);
  CHECK(signet_policy_set_max_lifetime(policy, 1800000) == SIGNET_OK);
  CHECK(signet_policy_set_staleness(policy, SIGNET_STALE_ACCEPT_UNTIL, 10000,
                                    60000) == SIGNET_OK);
  verifier = make_verifier(policy, ring);
  CHECK(verify(verifier, "elsewhere.token", verdict) == SIGNET_OK);
  signet_verifier_free(verifier);
  CHECK(signet_policy_set_max_lifetime(policy, 1799000) == SIGNET_OK);
  verifier = make_verifier(policy, ring);
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_REFUSED);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_LIFETIME_TOO_LONG);
  signet_verifier_free(verifier);
  verifier = good_verifier();
  CHECK(verify(verifier, "elsewhere.token", verdict) == SIGNET_REFUSED);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_WRONG_AUDIENCE);
  signet_verifier_free(verifier);
  signet_verdict_free(verdict);
  signet_policy_free(policy);
  signet_ring_free(ring);
}

static void a_ring_is_replaced_under_its_verifiers(void) {
  signet_ring* ring = load("access.pub.json");
  signet_policy* policy = good_policy();
  signet_verifier* verifier = make_verifier(policy, ring);
  signet_verdict* verdict = signet_verdict_new();
  char* first = read_fixture("access.pub.json");
  char error[SIGNET_ERROR_SIZE];
  uint64_t generation = signet_ring_generation(ring);
  CHECK(signet_ring_reload(ring, path_of("rotated.pub.json"), error,
                           sizeof error) == SIGNET_OK);
  CHECK(signet_ring_generation(ring) == generation + 1);
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_OK);
  CHECK(signet_ring_replace(ring, first, strlen(first), error, sizeof error) ==
        SIGNET_ROLLBACK);
  CHECK(strstr(error, "generation") != NULL);
  CHECK(signet_ring_reload(ring, path_of("feed.pub.json"), error,
                           sizeof error) == SIGNET_INVALID);
  CHECK(signet_ring_reload(ring, path_of("absent"), error, sizeof error) ==
        SIGNET_NOT_FOUND);
  CHECK(signet_ring_replace(ring, "{}", 2, error, sizeof error) ==
        SIGNET_INVALID);
  CHECK(signet_ring_generation(ring) == generation + 1);
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_OK);
  free(first);
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
  signet_policy_free(policy);
  signet_ring_free(ring);
}

static void a_jwt_ring_checks_jwts(void) {
  signet_ring* ring = load("jwt.pub.json");
  signet_policy* policy = good_policy();
  signet_verifier* verifier = make_verifier(policy, ring);
  signet_verdict* verdict = signet_verdict_new();
  CHECK(verify(verifier, "jwt.token", verdict) == SIGNET_OK);
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_REFUSED);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_WRONG_ALGORITHM);
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
  signet_policy_free(policy);
  signet_ring_free(ring);
}

static void a_feed_ring_makes_no_verifier(void) {
  signet_ring* ring = load("feed.pub.json");
  signet_policy* policy = good_policy();
  signet_verifier* verifier = NULL;
  char error[SIGNET_ERROR_SIZE];
  CHECK(signet_verifier_new_without_revocation(policy, ring, &verifier, error,
                                               sizeof error) == SIGNET_INVALID);
  CHECK(is(error, "the ring's purpose is not access"));
  CHECK(verifier == NULL);
  signet_policy_free(policy);
  signet_ring_free(ring);
}

/* ---- Texts that come out. ---- */

static void a_message_is_cut_to_its_buffer(void) {
  char whole[SIGNET_ERROR_SIZE];
  char text[8];
  signet_ring* ring = NULL;
  size_t size;
  CHECK(signet_ring_load("/absent", &ring, whole, sizeof whole) ==
        SIGNET_NOT_FOUND);
  for (size = 1; size <= sizeof text; ++size) {
    memset(text, 'x', sizeof text);
    CHECK(signet_ring_load("/absent", &ring, text, size) == SIGNET_NOT_FOUND);
    CHECK(strlen(text) == size - 1);
    CHECK(strncmp(text, whole, size - 1) == 0);
    CHECK(size == sizeof text || text[size] == 'x');
  }
  memset(text, 'x', sizeof text);
  CHECK(signet_ring_load("/absent", &ring, text, 0) == SIGNET_NOT_FOUND);
  CHECK(text[0] == 'x');
  CHECK(signet_ring_load("/absent", &ring, NULL, 0) == SIGNET_NOT_FOUND);
  CHECK(signet_ring_load("/absent", &ring, NULL, 99) == SIGNET_NOT_FOUND);
  CHECK(ring == NULL);
}

static void a_description_is_cut_and_its_length_told(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  char text[8] = "xxxxxxx";
  CHECK(verify(verifier, "expired.token", verdict) == SIGNET_REFUSED);
  CHECK(signet_verdict_describe(verdict, NULL, 0) == 23);
  CHECK(signet_verdict_describe(verdict, text, 0) == 23);
  CHECK(text[0] == 'x');
  CHECK(signet_verdict_describe(verdict, text, sizeof text) == 23);
  CHECK(is(text, "expired"));
  CHECK(signet_verdict_describe(verdict, text, 1) == 23);
  CHECK(is(text, ""));
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

static void every_number_has_its_name(void) {
  static const char* const refusals[] = {
      "none",           "too_long",          "malformed",
      "unsupported",    "no_keys",           "unknown_key",
      "key_not_usable", "wrong_algorithm",   "bad_signature",
      "wrong_type",     "missing_claim",     "bad_claim",
      "wrong_issuer",   "wrong_audience",    "expired",
      "not_yet_valid",  "lifetime_too_long", "revoked",
      "stale"};
  static const char* const stages[] = {
      "none",      "length", "format", "header",     "key",
      "signature", "claims", "policy", "revocation", "freshness"};
  static const char* const codes[] = {
      "ok",          "invalid", "not_found", "conflict",    "denied",
      "unavailable", "corrupt", "rollback",  "unsupported", "internal"};
  int32_t i;
  /* By number, not by name: these are what programs are built with. */
  for (i = 0; i <= 18; ++i) CHECK(is(signet_refusal_name(i), refusals[i]));
  for (i = 0; i <= 9; ++i) CHECK(is(signet_stage_name(i), stages[i]));
  for (i = 0; i <= 9; ++i) CHECK(is(signet_code_name(i), codes[i]));
  CHECK(is(signet_refusal_name(-1), "no_verdict"));
  CHECK(is(signet_code_name(100), "refused"));
  CHECK(is(signet_refusal_name(-2), "unknown"));
  CHECK(is(signet_refusal_name(INT32_MAX), "unknown"));
  CHECK(is(signet_stage_name(-1), "unknown"));
  CHECK(is(signet_stage_name(INT32_MAX), "unknown"));
  CHECK(is(signet_code_name(-1), "unknown"));
  CHECK(is(signet_code_name(INT32_MIN), "unknown"));
  CHECK(strchr(signet_version(), '.') != NULL);
}

static void every_verdict_is_counted(void) {
  signet_verifier* verifier = good_verifier();
  signet_verdict* verdict = signet_verdict_new();
  uint64_t accepted = 7;
  uint64_t stale = 7;
  uint64_t refused[64];
  uint64_t two[2];
  uint64_t sum = 0;
  size_t known;
  size_t i;
  verify(verifier, "good.token", verdict);
  verify(verifier, "good.token", verdict);
  verify(verifier, "expired.token", verdict);
  signet_verify(verifier, "", 0, verdict);
  memset(refused, 0xff, sizeof refused);
  known = signet_verifier_counters(verifier, &accepted, &stale, refused, 64);
  CHECK(known > SIGNET_REFUSAL_STALE && known <= 64);
  CHECK(accepted == 2 && stale == 0);
  CHECK(refused[SIGNET_REFUSAL_EXPIRED] == 1);
  CHECK(refused[SIGNET_REFUSAL_MALFORMED] == 1);
  for (i = 0; i < 64; ++i) sum += refused[i];
  CHECK(sum == 2);
  CHECK(signet_verifier_counters(verifier, NULL, NULL, NULL, 0) == known);
  CHECK(signet_verifier_counters(verifier, NULL, NULL, NULL, 5) == known);
  two[1] = 5;
  CHECK(signet_verifier_counters(verifier, NULL, NULL, two, 1) == known);
  CHECK(two[0] == 0 && two[1] == 5);
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
}

/* ---- Threads. ---- */

enum { kThreads = 4, kRounds = 200 };

struct work {
  const signet_verifier* verifier;
  signet_ring* ring;
  const char* good;
  int wrong;
};

static void* verify_many(void* argument) {
  struct work* work = argument;
  signet_verdict* verdict = signet_verdict_new();
  int i;
  for (i = 0; i < kRounds; ++i) {
    if (signet_verify(work->verifier, work->good, strlen(work->good),
                      verdict) != SIGNET_OK ||
        !is(signet_verdict_audience(verdict, 0, NULL), "orders")) {
      ++work->wrong;
    }
    if (signet_verify(work->verifier, "v4.public.AA", 12, verdict) !=
        SIGNET_REFUSED) {
      ++work->wrong;
    }
    if (i % 50 == 0 && signet_ring_generation(work->ring) == 0) ++work->wrong;
  }
  signet_verdict_free(verdict);
  return NULL;
}

static void many_threads_share_a_verifier_while_its_ring_changes(void) {
  signet_ring* ring = load("access.pub.json");
  signet_policy* policy = good_policy();
  signet_verifier* verifier = make_verifier(policy, ring);
  char* good = read_fixture("good.token");
  char* rotated = read_fixture("rotated.pub.json");
  pthread_t threads[kThreads];
  struct work work[kThreads];
  uint64_t accepted = 0;
  uint64_t refused[64];
  int i;
  for (i = 0; i < kThreads; ++i) {
    work[i].verifier = verifier;
    work[i].ring = ring;
    work[i].good = good;
    work[i].wrong = 0;
    CHECK(pthread_create(&threads[i], NULL, verify_many, &work[i]) == 0);
  }
  for (i = 0; i < 50; ++i) {
    CHECK(signet_ring_replace(ring, rotated, strlen(rotated), NULL, 0) ==
          SIGNET_OK);
  }
  for (i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(work[i].wrong == 0);
  }
  signet_verifier_counters(verifier, &accepted, NULL, refused, 64);
  CHECK(accepted == kThreads * kRounds);
  CHECK(refused[SIGNET_REFUSAL_MALFORMED] == kThreads * kRounds);
  free(good);
  free(rotated);
  signet_verifier_free(verifier);
  signet_policy_free(policy);
  signet_ring_free(ring);
}

/* ---- Mistakes. ---- */

static void null_is_answered_and_never_followed(void) {
  signet_ring* ring = load("access.pub.json");
  signet_policy* policy = good_policy();
  signet_verifier* verifier = NULL;
  char error[SIGNET_ERROR_SIZE];
  size_t length = 9;
  CHECK(signet_ring_load(NULL, &ring, error, sizeof error) == SIGNET_INVALID);
  CHECK(is(error, "an argument is NULL"));
  CHECK(signet_ring_load("x", NULL, error, sizeof error) == SIGNET_INVALID);
  CHECK(signet_ring_parse(NULL, 3, &ring, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_ring_parse("{}", 2, NULL, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_ring_reload(NULL, "x", NULL, 0) == SIGNET_INVALID);
  CHECK(signet_ring_reload(ring, NULL, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_ring_replace(NULL, "{}", 2, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_ring_replace(ring, NULL, 2, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_ring_generation(NULL) == 0);
  CHECK(signet_policy_set_issuer(NULL, "x") == SIGNET_INVALID);
  CHECK(signet_policy_set_issuer(policy, NULL) == SIGNET_INVALID);
  CHECK(signet_policy_set_audience(NULL, "x") == SIGNET_INVALID);
  CHECK(signet_policy_set_audience(policy, NULL) == SIGNET_INVALID);
  CHECK(signet_policy_any_issuer(NULL) == SIGNET_INVALID);
  CHECK(signet_policy_any_audience(NULL) == SIGNET_INVALID);
  CHECK(signet_policy_caller_checks_binding(NULL) == SIGNET_INVALID);
  CHECK(signet_policy_set_clock_skew(NULL, 1) == SIGNET_INVALID);
  CHECK(signet_policy_set_max_lifetime(NULL, 1) == SIGNET_INVALID);
  CHECK(signet_policy_set_staleness(NULL, SIGNET_STALE_REJECT, 1, 0) ==
        SIGNET_INVALID);
  CHECK(signet_verifier_new_without_revocation(NULL, ring, &verifier, NULL,
                                               0) == SIGNET_INVALID);
  CHECK(signet_verifier_new_without_revocation(policy, NULL, &verifier, NULL,
                                               0) == SIGNET_INVALID);
  CHECK(signet_verifier_new_without_revocation(policy, ring, NULL, NULL, 0) ==
        SIGNET_INVALID);
  CHECK(verifier == NULL);
  verifier = make_verifier(policy, ring);
  CHECK(signet_verify(verifier, "x", 1, NULL) == SIGNET_INVALID);
  CHECK(signet_verifier_counters(NULL, NULL, NULL, NULL, 0) == 0);
  CHECK(signet_verdict_accepted(NULL) == 0);
  CHECK(signet_verdict_stale(NULL) == 0);
  CHECK(signet_verdict_refusal(NULL) == SIGNET_REFUSAL_NO_VERDICT);
  CHECK(signet_verdict_stage(NULL) == SIGNET_STAGE_NONE);
  CHECK(is(signet_verdict_fault(NULL), ""));
  CHECK(signet_verdict_retry_may_help(NULL) == 0);
  CHECK(describes(NULL, "no verdict"));
  CHECK(signet_verdict_claim(NULL, SIGNET_CLAIM_SUB, &length) == NULL);
  CHECK(length == 0);
  CHECK(signet_verdict_time(NULL, SIGNET_TIME_EXP) == 0);
  CHECK(signet_verdict_audience_count(NULL) == 0);
  CHECK(signet_verdict_audience(NULL, 0, NULL) == NULL);
  CHECK(signet_verdict_has_scope(NULL, "x", 1) == 0);
  signet_ring_free(NULL);
  signet_policy_free(NULL);
  signet_verifier_free(NULL);
  signet_verdict_free(NULL);
  signet_verifier_free(verifier);
  signet_policy_free(policy);
  signet_ring_free(ring);
}

static void junk_is_refused(void) {
  static const char* const junk[] = {"",
                                     ".",
                                     "..",
                                     "....",
                                     "v4.public.",
                                     "v4.local.AAAA",
                                     "\xff\xfe\x01",
                                     "eyJhbGciOiJub25lIn0.e30.",
                                     "v4.public.AAAA.",
                                     "Bearer x"};
  signet_verifier* verifier = good_verifier();
  signet_policy* policy = good_policy();
  signet_verdict* verdict = signet_verdict_new();
  signet_ring* ring = NULL;
  char error[SIGNET_ERROR_SIZE];
  char* long_text = malloc(10000);
  size_t i;
  for (i = 0; i < sizeof junk / sizeof junk[0]; ++i) {
    CHECK(signet_verify(verifier, junk[i], strlen(junk[i]), verdict) ==
          SIGNET_REFUSED);
    CHECK(signet_ring_parse(junk[i], strlen(junk[i]), &ring, error,
                            sizeof error) == SIGNET_INVALID);
    CHECK(error[0] != '\0');
  }
  memset(long_text, 'A', 10000);
  CHECK(signet_verify(verifier, long_text, 10000, verdict) == SIGNET_REFUSED);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_TOO_LONG);
  CHECK(signet_verify(verifier, NULL, 0, verdict) == SIGNET_REFUSED);
  memset(long_text, 0, 10000);
  CHECK(signet_verify(verifier, long_text, 100, verdict) == SIGNET_REFUSED);
  CHECK(signet_ring_load(fixtures, &ring, error, sizeof error) != SIGNET_OK);
  CHECK(signet_ring_load("", &ring, error, sizeof error) != SIGNET_OK);
  CHECK(ring == NULL);
  CHECK(signet_policy_set_staleness(policy, 0, 1000, 0) == SIGNET_INVALID);
  CHECK(signet_policy_set_staleness(policy, 4, 1000, 0) == SIGNET_INVALID);

  CHECK(verify(verifier, "good.token", verdict) == SIGNET_OK);
  CHECK(signet_verdict_claim(verdict, 0, NULL) == NULL);
  CHECK(signet_verdict_claim(verdict, 10, NULL) == NULL);
  CHECK(signet_verdict_claim(verdict, INT32_MIN, NULL) == NULL);
  CHECK(signet_verdict_time(verdict, 0) == 0);
  CHECK(signet_verdict_time(verdict, INT32_MAX) == 0);
  CHECK(signet_verdict_has_scope(verdict, NULL, 0) == 0);
  CHECK(signet_verdict_has_scope(verdict, NULL, 8) == 0);
  CHECK(signet_verdict_has_scope(verdict, "", 0) == 0);
  CHECK(signet_verdict_has_scope(verdict, " ", 1) == 0);
  CHECK(signet_verdict_has_scope(verdict, "orders.read\0", 12) == 0);
  free(long_text);
  signet_verdict_free(verdict);
  signet_policy_free(policy);
  signet_verifier_free(verifier);
}

/* ---- The feed, without a service. ---- */

static signet_feed_options* dead_options(const signet_ring* feed_ring) {
  signet_feed_options* options = signet_feed_options_new();
  /* Port 1 of this machine: nobody listens there. */
  CHECK(signet_feed_options_add_service(options, "http://127.0.0.1:1") ==
        SIGNET_OK);
  CHECK(signet_feed_options_set_client(options, "edge", "secret") == SIGNET_OK);
  CHECK(signet_feed_options_set_ring(options, feed_ring) == SIGNET_OK);
  CHECK(signet_feed_options_set_timeout(options, 500) == SIGNET_OK);
  CHECK(signet_feed_options_set_max_backoff(options, 50) == SIGNET_OK);
  return options;
}

static void a_feed_without_a_service_says_so_and_nothing_passes(void) {
  signet_ring* feed_ring = load("feed.pub.json");
  signet_feed_options* options = dead_options(feed_ring);
  signet_policy* policy = good_policy();
  signet_verdict* verdict = signet_verdict_new();
  signet_verifier* verifier = NULL;
  signet_feed* feed = NULL;
  signet_feed_status status;
  struct {
    signet_feed_status known;
    char more[16];
  } newer;
  unsigned char part[8];
  char error[SIGNET_ERROR_SIZE];
  CHECK(signet_feed_start(options, &feed, error, sizeof error) == SIGNET_OK);
  CHECK(signet_verifier_new(policy, feed, &verifier, error, sizeof error) ==
        SIGNET_OK);
  CHECK(signet_feed_wait_until_fresh(feed, 200, error, sizeof error) ==
        SIGNET_UNAVAILABLE);
  CHECK(error[0] != '\0');
  CHECK(signet_feed_wait_until_fresh(feed, -1, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_feed_wait_until_fresh(feed, INT64_MAX, NULL, 0) ==
        SIGNET_INVALID);
  memset(&status, 0xff, sizeof status);
  CHECK(signet_feed_read_status(feed, &status, sizeof status) == SIGNET_OK);
  CHECK(status.connected == 0 && status.staleness_ms == -1);
  CHECK(status.entries == 0 && status.ring_generation == 0);
  CHECK(signet_feed_last_error(feed, error, sizeof error) > 0);
  CHECK(signet_feed_last_error(feed, NULL, 0) > 0);
  /* A program that knows more of the status, or less. */
  memset(&newer, 0xff, sizeof newer);
  CHECK(signet_feed_read_status(feed, &newer.known, sizeof newer) == SIGNET_OK);
  CHECK(newer.known.staleness_ms == -1 && newer.more[15] == 0);
  memset(part, 0xff, sizeof part);
  CHECK(signet_feed_read_status(feed, (signet_feed_status*)(void*)part, 4) ==
        SIGNET_OK);
  CHECK(part[0] == 0 && part[4] == 0xff);

  CHECK(verify(verifier, "good.token", verdict) == SIGNET_REFUSED);
  CHECK(signet_verdict_refusal(verdict) == SIGNET_REFUSAL_NO_KEYS);
  CHECK(signet_verdict_retry_may_help(verdict) == 1);
  /* The verifier keeps the feed; the order of freeing does not matter. */
  signet_feed_free(feed);
  CHECK(verify(verifier, "good.token", verdict) == SIGNET_REFUSED);
  signet_verifier_free(verifier);
  signet_verdict_free(verdict);
  signet_policy_free(policy);
  signet_feed_options_free(options);
  signet_ring_free(feed_ring);
}

static void a_feed_names_what_is_wrong_with_its_options(void) {
  signet_ring* access = load("access.pub.json");
  signet_feed_options* options = signet_feed_options_new();
  signet_feed* feed = NULL;
  char error[SIGNET_ERROR_SIZE];
  CHECK(signet_feed_start(options, &feed, error, sizeof error) ==
        SIGNET_INVALID);
  CHECK(strstr(error, "no service is named") != NULL);
  CHECK(strstr(error, "feed_ring is missing") != NULL);
  CHECK(signet_feed_options_add_service(options, "nonsense") == SIGNET_OK);
  CHECK(signet_feed_options_set_ring(options, access) == SIGNET_OK);
  CHECK(signet_feed_options_poll(options, -5) == SIGNET_OK);
  CHECK(signet_feed_options_subscribe(options) == SIGNET_OK);
  CHECK(signet_feed_options_set_timeout(options, INT64_MIN) == SIGNET_OK);
  CHECK(signet_feed_options_set_ca_file(options, "/absent") == SIGNET_OK);
  CHECK(signet_feed_options_set_state_directory(options, "/absent/x") ==
        SIGNET_OK);
  CHECK(signet_feed_start(options, &feed, error, sizeof error) ==
        SIGNET_INVALID);
  CHECK(strstr(error, "not of purpose feed") != NULL);
  CHECK(strstr(error, "timeout") != NULL);
  CHECK(feed == NULL);
  signet_feed_options_free(options);
  signet_ring_free(access);
}

static void null_is_answered_by_the_feed_too(void) {
  signet_ring* feed_ring = load("feed.pub.json");
  signet_feed_options* options = dead_options(feed_ring);
  signet_policy* policy = good_policy();
  signet_verifier* verifier = NULL;
  signet_feed* feed = NULL;
  signet_feed_status status;
  char text[4] = "abc";
  CHECK(signet_feed_options_add_service(NULL, "x") == SIGNET_INVALID);
  CHECK(signet_feed_options_add_service(options, NULL) == SIGNET_INVALID);
  CHECK(signet_feed_options_set_client(NULL, "x", "y") == SIGNET_INVALID);
  CHECK(signet_feed_options_set_client(options, NULL, "y") == SIGNET_INVALID);
  CHECK(signet_feed_options_set_client(options, "x", NULL) == SIGNET_INVALID);
  CHECK(signet_feed_options_set_ring(NULL, feed_ring) == SIGNET_INVALID);
  CHECK(signet_feed_options_set_ring(options, NULL) == SIGNET_INVALID);
  CHECK(signet_feed_options_subscribe(NULL) == SIGNET_INVALID);
  CHECK(signet_feed_options_poll(NULL, 1000) == SIGNET_INVALID);
  CHECK(signet_feed_options_set_timeout(NULL, 1000) == SIGNET_INVALID);
  CHECK(signet_feed_options_set_max_backoff(NULL, 1) == SIGNET_INVALID);
  CHECK(signet_feed_options_set_state_directory(NULL, "x") == SIGNET_INVALID);
  CHECK(signet_feed_options_set_state_directory(options, NULL) ==
        SIGNET_INVALID);
  CHECK(signet_feed_options_set_ca_file(NULL, "x") == SIGNET_INVALID);
  CHECK(signet_feed_options_set_ca_file(options, NULL) == SIGNET_INVALID);
  CHECK(signet_feed_start(NULL, &feed, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_feed_start(options, NULL, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_feed_wait_until_fresh(NULL, 1, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_feed_read_status(NULL, &status, sizeof status) ==
        SIGNET_INVALID);
  CHECK(signet_feed_last_error(NULL, text, sizeof text) == 0);
  CHECK(text[0] == '\0');
  CHECK(signet_feed_start(options, &feed, NULL, 0) == SIGNET_OK);
  CHECK(signet_feed_read_status(feed, NULL, 8) == SIGNET_INVALID);
  CHECK(signet_verifier_new(NULL, feed, &verifier, NULL, 0) == SIGNET_INVALID);
  CHECK(signet_verifier_new(policy, NULL, &verifier, NULL, 0) ==
        SIGNET_INVALID);
  CHECK(signet_verifier_new(policy, feed, NULL, NULL, 0) == SIGNET_INVALID);
  CHECK(verifier == NULL);
  signet_feed_free(feed);
  signet_feed_free(NULL);
  signet_feed_options_free(options);
  signet_feed_options_free(NULL);
  signet_policy_free(policy);
  signet_ring_free(feed_ring);
}

typedef void (*test)(void);

int main(int argc, char** argv) {
  static const test tests[] = {
      a_good_token_is_accepted_and_says_who_it_is,
      an_expired_token_is_refused_and_says_why,
      no_changed_character_passes,
      a_text_need_not_end_with_nul,
      a_verdict_forgets_what_it_said_before,
      a_binding_is_refused_unless_the_caller_checks_it,
      the_assertion_must_be_the_one_of_the_token,
      a_policy_must_name_or_waive,
      a_ring_is_replaced_under_its_verifiers,
      a_jwt_ring_checks_jwts,
      a_feed_ring_makes_no_verifier,
      a_message_is_cut_to_its_buffer,
      a_description_is_cut_and_its_length_told,
      every_number_has_its_name,
      every_verdict_is_counted,
      many_threads_share_a_verifier_while_its_ring_changes,
      null_is_answered_and_never_followed,
      junk_is_refused,
      a_feed_without_a_service_says_so_and_nothing_passes,
      a_feed_names_what_is_wrong_with_its_options,
      null_is_answered_by_the_feed_too,
  };
  int passed = 0;
  int failed = 0;
  size_t i;
  if (argc != 2) {
    fputs("usage: c_interface_test FIXTURES\n", stderr);
    return 2;
  }
  fixtures = argv[1];
  for (i = 0; i < sizeof tests / sizeof tests[0]; ++i) {
    checks_failed = 0;
    tests[i]();
    *(checks_failed == 0 ? &passed : &failed) += 1;
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
