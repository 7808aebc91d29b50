/* signet-guard: says for each Authorization header on its input, one a line,
 * how a server should answer that request. What a module of nginx or a binding
 * does is the same, with its own way to read headers and to answer.
 *
 *   SIGNET_CLIENT_SECRET=... signet-guard SERVICE FEED_RING CLIENT AUDIENCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "signet/signet.h"
#include "signet/signet_feed.h"

struct answer {
  int status;
  const char* challenge; /* WWW-Authenticate, or NULL */
  int retry_after;       /* seconds, or 0 */
};

/* find_bearer finds the token in an Authorization header (RFC 6750 section
 * 2.1). The scheme's case does not matter (RFC 9110 section 11.1). */
static int find_bearer(const char* header, const char** token) {
  if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0) return 0;
  header += 7;
  while (*header == ' ') ++header;
  *token = header;
  return *header != '\0';
}

/* check_request needs the scope `orders.read`. `verdict` is the thread's own;
 * if the status is 200, it says who is calling. */
static struct answer check_request(const signet_verifier* verifier,
                                   signet_verdict* verdict,
                                   const char* header) {
  static const char scope[] = "orders.read";
  const char* token;
  /* RFC 6750 section 3.1: no error code if no token was sent. */
  if (!find_bearer(header, &token)) return (struct answer){401, "Bearer", 0};

  switch (signet_verify(verifier, token, strlen(token), verdict)) {
    case SIGNET_OK:
      break;
    case SIGNET_REFUSED:
      if (signet_verdict_retry_may_help(verdict)) {
        /* The token may be good; this server does not know enough now. */
        return (struct answer){503, NULL, 1};
      }
      return (struct answer){401, "Bearer error=\"invalid_token\"", 0};
    default: /* nothing was checked, so nothing is accepted */
      return (struct answer){500, NULL, 0};
  }
  if (!signet_verdict_has_scope(verdict, scope, strlen(scope))) {
    return (struct answer){
        403, "Bearer error=\"insufficient_scope\", scope=\"orders.read\"", 0};
  }
  return (struct answer){200, NULL, 0};
}

static void die(const char* what, const char* error) {
  fprintf(stderr, "signet-guard: %s: %s\n", what, error);
  exit(2);
}

/* make_verifier follows the feed of one service. All that it makes may be
 * freed at once: the verifier keeps what it needs. */
static signet_verifier* make_verifier(char** argv) {
  char error[SIGNET_ERROR_SIZE];
  signet_ring* feed_ring;
  signet_feed* feed;
  signet_verifier* verifier;
  signet_feed_options* options = signet_feed_options_new();
  signet_policy* policy = signet_policy_new();
  const char* secret = getenv("SIGNET_CLIENT_SECRET");

  if (signet_ring_load(argv[2], &feed_ring, error, sizeof error)) {
    die("loading the feed ring", error);
  }
  signet_feed_options_add_service(options, argv[1]);
  signet_feed_options_set_client(options, argv[3], secret ? secret : "");
  signet_feed_options_set_ring(options, feed_ring);
  if (signet_feed_start(options, &feed, error, sizeof error)) {
    die("starting the feed", error);
  }

  signet_policy_set_issuer(policy, argv[1]);
  signet_policy_set_audience(policy, argv[4]);
  if (signet_verifier_new(policy, feed, &verifier, error, sizeof error)) {
    die("making the verifier", error);
  }
  /* A server would go on: until then it answers 503. */
  if (signet_feed_wait_until_fresh(feed, 10000, error, sizeof error)) {
    fprintf(stderr, "signet-guard: %s\n", error);
  }
  signet_policy_free(policy);
  signet_feed_options_free(options);
  signet_ring_free(feed_ring);
  signet_feed_free(feed);
  return verifier;
}

int main(int argc, char** argv) {
  char line[8192 + 64];
  signet_verifier* verifier;
  signet_verdict* verdict = signet_verdict_new();
  if (argc != 5 || verdict == NULL) {
    fputs("usage: signet-guard SERVICE FEED_RING CLIENT AUDIENCE\n", stderr);
    return 2;
  }
  verifier = make_verifier(argv);
  while (fgets(line, sizeof line, stdin) != NULL) {
    char why[64];
    struct answer answer;
    line[strcspn(line, "\r\n")] = '\0';
    signet_verify(verifier, NULL, 0, verdict); /* forgets the last one */
    answer = check_request(verifier, verdict, line);
    signet_verdict_describe(verdict, why, sizeof why);
    printf("%d %s; %s", answer.status, why,
           answer.challenge ? answer.challenge : "");
    if (answer.status == 200) {
      printf("sub %s", signet_verdict_claim(verdict, SIGNET_CLAIM_SUB, NULL));
    }
    putchar('\n');
    fflush(stdout);
  }
  signet_verdict_free(verdict);
  signet_verifier_free(verifier);
  return 0;
}
