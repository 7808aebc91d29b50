#ifndef SIGNET_SIGNET_FEED_H_
#define SIGNET_SIGNET_FEED_H_

/* The C interface of the feed: a live, signed replica of the revocation list
 * and of the public access ring. The rules of signet.h hold.
 *
 * 1. signet_ring_load the service's feed.pub.json. 2. signet_feed_options_new;
 * say where and as whom. 3. signet_feed_start. 4. signet_verifier_new.
 * 5. signet_feed_wait_until_fresh. Then as in signet.h.
 *
 * A feed runs threads of its own, in which all signals are blocked. Threads do
 * not survive fork: start it in the process that verifies (in nginx, when a
 * worker begins).
 */

#include "signet/signet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct signet_feed_options signet_feed_options;
typedef struct signet_feed signet_feed;

/* ---- Options: one at a time. ---- */

/* Values out of range are told by signet_feed_start, all at once. NULL if
 * memory ran out. */
signet_feed_options* signet_feed_options_new(void);
void signet_feed_options_free(signet_feed_options* options);

/* A base URL of the service, "http://127.0.0.1:8420". Call it once for each;
 * they are tried in turn. */
signet_code signet_feed_options_add_service(signet_feed_options* options,
                                            const char* url);
/* The credentials of a client with the permission `feed`. */
signet_code signet_feed_options_set_client(signet_feed_options* options,
                                           const char* client_id,
                                           const char* client_secret);
/* The ring of purpose feed whose frames are believed. It is copied. */
signet_code signet_feed_options_set_ring(signet_feed_options* options,
                                         const signet_ring* feed_ring);
/* Subscribe, the default: the service pushes within milliseconds. Where a
 * stream does not get through, the feed falls back to long poll and returns.
 * Poll: it asks every so often, 50 to 3,600,000 ms. */
signet_code signet_feed_options_subscribe(signet_feed_options* options);
signet_code signet_feed_options_poll(signet_feed_options* options, int64_t ms);
/* For connecting and answers, and for a stream that is silent: 100 to 60,000
 * ms, 6,000 unless set. */
signet_code signet_feed_options_set_timeout(signet_feed_options* options,
                                            int64_t ms);
/* The longest pause before another attempt: 50 to 3,600,000 ms, 5,000 unless
 * set. */
signet_code signet_feed_options_set_max_backoff(signet_feed_options* options,
                                                int64_t ms);
/* A directory for the last list and ring: a restart is protected before its
 * first answer, and refuses a feed that went back in time. One process at a
 * time: SIGNET_CONFLICT for the next, so give each worker its own. */
signet_code signet_feed_options_set_state_directory(
    signet_feed_options* options, const char* path);
/* A PEM file with the CA of https services; the system's unless set. */
signet_code signet_feed_options_set_ca_file(signet_feed_options* options,
                                            const char* path);

/* What may happen to a feed. */
typedef enum signet_feed_event {
  SIGNET_FEED_CONNECTED = 1,
  SIGNET_FEED_DISCONNECTED = 2, /* the message says why */
  SIGNET_FEED_FRESH = 3,        /* the list is younger than stale_after, */
  SIGNET_FEED_STALE = 4,        /* or older */
  SIGNET_FEED_RESYNCED = 5,     /* a snapshot took the place of the log */
  SIGNET_FEED_NEW_RINGS = 6,    /* other keys are in force */
  /* Refused: the service is behind what was seen already; its log is another
   * one; another reason, such as a signature. */
  SIGNET_FEED_ROLLED_BACK = 7,
  SIGNET_FEED_FORKED = 8,
  SIGNET_FEED_REFUSED = 9
} signet_feed_event;

/* The callback is told what happens, in order, on a thread of the feed's own.
 * It must not block, as the next event waits for it, and must not free the
 * feed or a verifier; it may read the status. The message is for people, may
 * be empty, and is gone after the call. Be ready for events that are not in
 * this list. The context is used until the feed and its verifiers are freed.
 * NULL: no callback. */
typedef void (*signet_feed_callback)(void* context, signet_feed_event event,
                                     const char* message);
signet_code signet_feed_options_set_callback(signet_feed_options* options,
                                             signet_feed_callback callback,
                                             void* context);
/* From when on events and the status call the list stale: 100 to 86,400,000
 * ms, 10,000 unless set. Verifiers have their policy's bound. */
signet_code signet_feed_options_set_stale_after(signet_feed_options* options,
                                                int64_t ms);

/* ---- Feeds. ---- */

/* signet_feed_start begins to follow the service and returns at once. Any
 * thread. The caller frees *feed, and the options when he likes. */
signet_code signet_feed_start(const signet_feed_options* options,
                              signet_feed** feed, char* error,
                              size_t error_size);

/* The feed stops, within a second, when it is freed and with it every verifier
 * that was made from it: a verifier never asks a list that nobody updates. */
void signet_feed_free(signet_feed* feed);

/* signet_feed_wait_until_fresh waits until ring and list have been received,
 * or limit_ms, 0 to 86,400,000, have passed: SIGNET_UNAVAILABLE, with the last
 * error. Any thread. A verifier answers before that too: `no_keys`, `stale`. */
signet_code signet_feed_wait_until_fresh(const signet_feed* feed,
                                         int64_t limit_ms, char* error,
                                         size_t error_size);

/* How answers come in at present. */
enum {
  SIGNET_FEED_NO_TRANSPORT = 0,
  SIGNET_FEED_STREAM = 1,
  SIGNET_FEED_LONG_POLL = 2,
  SIGNET_FEED_POLL = 3
};

/* What a server may show and alarm on. New members come at the end. */
typedef struct signet_feed_status {
  int32_t connected; /* 1 while an answer or a stream is coming in */
  uint32_t epoch;    /* of the log, and the place in it */
  uint64_t sequence;
  int64_t staleness_ms; /* age of the list; -1: it never was complete */
  uint64_t ring_generation;
  uint64_t entries;
  uint64_t frames;  /* accepted since start */
  uint64_t refused; /* forged, replayed or in conflict */
  uint64_t reconnects;
  uint64_t acks;     /* acknowledgements that the service asked for */
  int32_t transport; /* SIGNET_FEED_NO_TRANSPORT, … */
  int32_t stale;     /* 1 if the list is older than stale_after */
} signet_feed_status;

/* signet_feed_read_status writes the first `size` bytes of the status, and
 * zeros behind its end: give sizeof *status, and programs and libraries of
 * different age agree. Any thread. */
signet_code signet_feed_read_status(const signet_feed* feed,
                                    signet_feed_status* status, size_t size);

/* The last error, or "" while all is well; as signet_verdict_describe. Any
 * thread. */
size_t signet_feed_last_error(const signet_feed* feed, char* buffer,
                              size_t size);

/* A verifier on the feed's ring and list. SIGNET_INVALID names every problem
 * of the policy. Any thread. The caller frees *verifier. */
signet_code signet_verifier_new(const signet_policy* policy, signet_feed* feed,
                                signet_verifier** verifier, char* error,
                                size_t error_size);

#ifdef __cplusplus
}
#endif

#endif /* SIGNET_SIGNET_FEED_H_ */
