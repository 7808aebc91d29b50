#ifndef SIGNET_SIGNET_H_
#define SIGNET_SIGNET_H_

/* The C interface of the verifier, for servers and languages that do not
 * speak C++. C99. Link signet_c: pkg-config signet-c. signet_feed.h, in the
 * same library, adds the live replica of the revocation list; a verifier
 * without it cannot know of a logout.
 *
 * 1. signet_ring_load. 2. signet_policy_new; say what a token must be.
 * 3. signet_verifier_new_without_revocation, or with a feed
 * signet_verifier_new. 4. In each thread signet_verdict_new, and for each
 * request signet_verify. 5. Read the verdict.
 *
 * What holds everywhere:
 * - Numbers never change their meaning, and new ones may come. Only SIGNET_OK
 *   from signet_verify means that a token was accepted.
 * - Handles are opaque. *_free takes each once, and NULL. They may be freed
 *   in any order: a verifier keeps alive what it needs of its ring or feed.
 * - "Any thread": as many at once as you like. "One at a time": no other call
 *   may use that handle meanwhile. Freeing is for the last user.
 * - Text goes in as pointer and length, without a NUL, or as a `const char *`
 *   alone that ends with NUL. It is read during the call and not kept.
 * - Text comes out ended by NUL, its length in *length unless that is NULL. It
 *   belongs to the handle that gave it. All text is UTF-8; a token's never
 *   holds a NUL.
 * - A NULL that is not allowed is answered by SIGNET_INVALID, 0 or NULL, a
 *   broken rule of use never by a crash; but a handle that was freed, or that
 *   is another's, can't be told from a good one.
 * - `error` gets a message for people, cut to error_size bytes with its NUL;
 *   empty on success. NULL with 0 for none.
 * - Nothing throws. Results are written only on success.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct signet_ring signet_ring;
typedef struct signet_policy signet_policy;
typedef struct signet_verifier signet_verifier;
typedef struct signet_verdict signet_verdict;

/* Long enough for any message. */
#define SIGNET_ERROR_SIZE 512

typedef int32_t signet_code;
enum {
  SIGNET_OK = 0,
  SIGNET_INVALID = 1,     /* an argument, a file or a text breaks a rule */
  SIGNET_NOT_FOUND = 2,   /* what was named does not exist */
  SIGNET_CONFLICT = 3,    /* somebody else has it, or it is there already */
  SIGNET_DENIED = 4,      /* not allowed, or a secret does not match */
  SIGNET_UNAVAILABLE = 5, /* a part did not answer: nothing is known */
  SIGNET_CORRUPT = 6,     /* bytes fail their integrity check */
  SIGNET_ROLLBACK = 7,    /* older than what was seen already */
  SIGNET_UNSUPPORTED = 8, /* well-formed, and refused by design */
  SIGNET_INTERNAL = 9,    /* a defect, or memory ran out */
  SIGNET_REFUSED = 100    /* signet_verify: the verdict says why */
};

/* Why a token was not accepted; what each asks of a server stands in
 * docs/verifying.md. */
typedef int32_t signet_refusal;
enum {
  SIGNET_REFUSAL_NO_VERDICT = -1, /* nothing was checked, or it failed */
  SIGNET_REFUSAL_NONE = 0,        /* accepted */
  SIGNET_REFUSAL_TOO_LONG = 1,
  SIGNET_REFUSAL_MALFORMED = 2,
  SIGNET_REFUSAL_UNSUPPORTED = 3,
  SIGNET_REFUSAL_NO_KEYS = 4,
  SIGNET_REFUSAL_UNKNOWN_KEY = 5,
  SIGNET_REFUSAL_KEY_NOT_USABLE = 6,
  SIGNET_REFUSAL_WRONG_ALGORITHM = 7,
  SIGNET_REFUSAL_BAD_SIGNATURE = 8,
  SIGNET_REFUSAL_WRONG_TYPE = 9,
  SIGNET_REFUSAL_MISSING_CLAIM = 10,
  SIGNET_REFUSAL_BAD_CLAIM = 11,
  SIGNET_REFUSAL_WRONG_ISSUER = 12,
  SIGNET_REFUSAL_WRONG_AUDIENCE = 13,
  SIGNET_REFUSAL_EXPIRED = 14,
  SIGNET_REFUSAL_NOT_YET_VALID = 15,
  SIGNET_REFUSAL_LIFETIME_TOO_LONG = 16,
  SIGNET_REFUSAL_REVOKED = 17,
  SIGNET_REFUSAL_STALE = 18
};

/* The step that refused, in the order in which they run. */
typedef int32_t signet_stage;
enum {
  SIGNET_STAGE_NONE = 0,
  SIGNET_STAGE_LENGTH = 1,
  SIGNET_STAGE_FORMAT = 2,
  SIGNET_STAGE_HEADER = 3,
  SIGNET_STAGE_KEY = 4,
  SIGNET_STAGE_SIGNATURE = 5,
  SIGNET_STAGE_CLAIMS = 6,
  SIGNET_STAGE_POLICY = 7,
  SIGNET_STAGE_REVOCATION = 8,
  SIGNET_STAGE_FRESHNESS = 9
};

/* What to do with a good token while the revocation list is too old. */
typedef int32_t signet_when_stale;
enum {
  SIGNET_STALE_REJECT = 1,
  SIGNET_STALE_ACCEPT_AND_ALARM = 2,
  SIGNET_STALE_ACCEPT_UNTIL = 3
};

typedef int32_t signet_claim;
enum {
  SIGNET_CLAIM_ISS = 1,
  SIGNET_CLAIM_SUB = 2,
  SIGNET_CLAIM_JTI = 3,
  SIGNET_CLAIM_CLIENT_ID = 4,
  SIGNET_CLAIM_SCOPE = 5,
  SIGNET_CLAIM_SID = 6,
  SIGNET_CLAIM_CNF_JKT = 7,
  SIGNET_CLAIM_CUSTOM = 8, /* every other claim, as one JSON object */
  SIGNET_CLAIM_KEY_ID = 9  /* not a claim: the key that signed */
};

typedef int32_t signet_time_claim;
enum { SIGNET_TIME_EXP = 1, SIGNET_TIME_IAT = 2, SIGNET_TIME_NBF = 3 };

/* ---- Names: any thread; the text lives for ever. ---- */

/* The library's version: "0.1.0". */
const char* signet_version(void);
/* "ok", "invalid", ...; "unknown" for another number. */
const char* signet_code_name(signet_code code);
/* "too_long", ...; "none", "no_verdict"; "unknown" for another number. */
const char* signet_refusal_name(signet_refusal refusal);
/* "length", ...; "none"; "unknown" for another number. */
const char* signet_stage_name(signet_stage stage);

/* ---- Rings: the public keys that tokens are checked with. ---- */

/* signet_ring_load reads a public ring file, <purpose>.pub.json; _parse reads
 * its text. Any thread. The caller frees *ring. */
signet_code signet_ring_load(const char* path, signet_ring** ring, char* error,
                             size_t error_size);
signet_code signet_ring_parse(const char* json, size_t length,
                              signet_ring** ring, char* error,
                              size_t error_size);

/* signet_ring_reload and _replace put a newer ring in force, in every verifier
 * of this one, between two checks. SIGNET_ROLLBACK if its generation is lower,
 * SIGNET_INVALID if its purpose is another; the old one then stays. But a ring
 * of access-alt does not replace one of access: verifiers take the tokens of
 * both. Any thread. */
signet_code signet_ring_reload(signet_ring* ring, const char* path, char* error,
                               size_t error_size);
signet_code signet_ring_replace(signet_ring* ring, const char* json,
                                size_t length, char* error, size_t error_size);

/* The ring's generation, which grows with every change. Any thread. */
uint64_t signet_ring_generation(const signet_ring* ring);

void signet_ring_free(signet_ring* ring);

/* ---- Policies: what a token must be. One at a time. ---- */

/* A new policy names no issuer and no audience: each must be set, or waived
 * by _any_*. The other values have the defaults given here. Values out of
 * range are told by the verifier that is made with them, all at once. NULL if
 * memory ran out. */
signet_policy* signet_policy_new(void);
void signet_policy_free(signet_policy* policy);

signet_code signet_policy_set_issuer(signet_policy* policy, const char* issuer);
signet_code signet_policy_set_audience(signet_policy* policy,
                                       const char* audience);
signet_code signet_policy_any_issuer(signet_policy* policy);
signet_code signet_policy_any_audience(signet_policy* policy);

/* A token that is bound to a key (cnf.jkt, RFC 9449) is refused, unless this
 * says that you check the proof of that key. */
signet_code signet_policy_caller_checks_binding(signet_policy* policy);

/* Leeway for clocks: 0 to 300,000 ms, 30,000 unless set. */
signet_code signet_policy_set_clock_skew(signet_policy* policy, int64_t ms);
/* The longest exp - iat: 1,000 to 86,400,000 ms, 3,600,000 unless set. */
signet_code signet_policy_set_max_lifetime(signet_policy* policy, int64_t ms);

/* How old the revocation list may be, and what to do beyond that. max_ms: 100
 * to 86,400,000, 10,000 unless set; SIGNET_STALE_REJECT unless set. hard_ms:
 * only with SIGNET_STALE_ACCEPT_UNTIL, more than max_ms; else 0. */
signet_code signet_policy_set_staleness(signet_policy* policy,
                                        signet_when_stale when, int64_t max_ms,
                                        int64_t hard_ms);

/* ---- Verifiers. ---- */

/* A verifier that cannot know of a logout: a revoked token passes until it
 * expires. SIGNET_INVALID names every problem of the policy, or says that the
 * ring's purpose is not access. The policy is copied. Any thread. The caller
 * frees *verifier. */
signet_code signet_verifier_new_without_revocation(const signet_policy* policy,
                                                   signet_ring* ring,
                                                   signet_verifier** verifier,
                                                   char* error,
                                                   size_t error_size);
void signet_verifier_free(signet_verifier* verifier);

/* signet_verify checks one token text, at most 8192 bytes, and writes the
 * outcome to `verdict`, over what that said before. SIGNET_OK: accepted.
 * SIGNET_REFUSED: the verdict says why. SIGNET_INVALID, SIGNET_INTERNAL: not
 * checked. Any thread may use the verifier, each with a verdict of its own;
 * takes no lock and makes no system call. `assertion`: the implicit assertion
 * that the token was minted with (PASETO), if any. */
signet_code signet_verify(const signet_verifier* verifier, const char* token,
                          size_t length, signet_verdict* verdict);
signet_code signet_verify_bound(const signet_verifier* verifier,
                                const char* token, size_t length,
                                const char* assertion, size_t assertion_length,
                                signet_verdict* verdict);

/* signet_verifier_counters reads how often each verdict was given since the
 * verifier was made: refused[r] for each signet_refusal r < refused_size, 0
 * where there is no such r; any pointer may be NULL. accepted_stale is part of
 * accepted. Returns the size that holds all that this library knows, or 0
 * for a NULL verifier. Any thread. */
size_t signet_verifier_counters(const signet_verifier* verifier,
                                uint64_t* accepted, uint64_t* accepted_stale,
                                uint64_t* refused, size_t refused_size);

/* ---- Verdicts: one at a time; reading alone from any thread. ---- */

/* A verdict is a place for the outcome of a check, to be used again for the
 * next. NULL if memory ran out. */
signet_verdict* signet_verdict_new(void);
void signet_verdict_free(signet_verdict* verdict);

/* 1 if the last check accepted, else 0. */
int signet_verdict_accepted(const signet_verdict* verdict);
/* 1 if it accepted while the list was older than the policy's bound. */
int signet_verdict_stale(const signet_verdict* verdict);

signet_refusal signet_verdict_refusal(const signet_verdict* verdict);
signet_stage signet_verdict_stage(const signet_verdict* verdict);
/* The claim or header parameter at fault, or "". Never NULL. */
const char* signet_verdict_fault(const signet_verdict* verdict);
/* 1 if the same token may be accepted soon: the reason lies in the state of
 * this machine, not in the token. */
int signet_verdict_retry_may_help(const signet_verdict* verdict);

/* One line for logs, with nothing secret in it: "expired at policy (exp)".
 * Writes at most size bytes with the NUL, and returns the whole length without
 * it. buffer may be NULL if size is 0. */
size_t signet_verdict_describe(const signet_verdict* verdict, char* buffer,
                               size_t size);

/* What an accepted token says. NULL or 0 if it does not, if the verdict is not
 * acceptance, or for an unknown number: an absent claim is never "". */
const char* signet_verdict_claim(const signet_verdict* verdict,
                                 signet_claim claim, size_t* length);
/* Seconds since 1970. */
int64_t signet_verdict_time(const signet_verdict* verdict,
                            signet_time_claim claim);
size_t signet_verdict_audience_count(const signet_verdict* verdict);
const char* signet_verdict_audience(const signet_verdict* verdict, size_t index,
                                    size_t* length);
/* 1 if `scope` is one of the token's (RFC 6749 section 3.3). */
int signet_verdict_has_scope(const signet_verdict* verdict, const char* scope,
                             size_t length);

#ifdef __cplusplus
}
#endif

#endif /* SIGNET_SIGNET_H_ */
