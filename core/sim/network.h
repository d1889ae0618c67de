/* network.h - the simulated network: who there is, what is under way, what is cut.
 *
 * It behaves as Maelstrom's: latency is drawn when a message is sent, and there is none
 * to or from a client. Each receiver takes the earliest message off its queue and waits
 * for it, and one that arrives meanwhile waits behind it, even if it is due sooner:
 * that head-of-line blocking delays clients by up to one latency. A partition drops a
 * message when the receiver takes it up. */
#ifndef HEARSAY_SIM_NETWORK_H
#define HEARSAY_SIM_NETWORK_H

#include "base/bytes.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/rng.h"
#include "sim/latency.h"
#include "sim/schedule.h"

#include <stdint.h>

enum endpoint_kind { ENDPOINT_NODE, ENDPOINT_SERVICE, ENDPOINT_CLIENT };

struct network;
struct message;

/* One that sends and receives. */
struct endpoint {
  struct event arrival; /* must be first */
  enum endpoint_kind kind;
  size_t index; /* in the order in which they were added */
  struct bytes name;
  void (*deliver)(void *ctx, struct slice line);
  void *ctx;
  int is_closed; /* what comes for it is dropped */
  int is_paused; /* what comes for it waits */

  struct network *network;
  size_t pending_bytes;       /* that the messages take which it sent, and that are under way */
  struct heap queue;          /* of messages, by when they are due */
  struct message *under_way;  /* the one that the receiver waits for */
  struct bytes cut;           /* by index of the sender: how many cuts drop its messages */
  struct endpoint *next_same; /* another whose name has the same hash */
};

struct network_counts {
  uint64_t sent;
  uint64_t received;
};

/* The longest line between servers so far; the first of those that are as long. */
struct network_longest {
  size_t length; /* bytes, without newline */
  const struct endpoint *src;
  const struct endpoint *dest;
};

/* What may happen to a message between servers, besides a cut. Each is drawn from a
 * random stream of its own. */
enum network_fault {
  NETWORK_LOSS,      /* with this probability it is lost */
  NETWORK_DUPLICATE, /* with this probability it arrives twice */
  NETWORK_REORDER,   /* with this probability it takes up to ten times as long, or 100 ms */
  NETWORK_SPIKE,     /* it takes longer by this part: 9 makes it ten times as long */
  NETWORK_FAULTS
};

struct network_options {
  struct latency latency;
  int head_of_line;
  uint64_t seed;
};

struct network {
  struct schedule *schedule;
  struct network_options options;
  struct rng random;
  double faults[NETWORK_FAULTS]; /* 0: does not happen */
  struct rng fault_random[NETWORK_FAULTS];
  struct map by_name;
  struct endpoint **endpoints;
  size_t count;
  size_t capacity;
  struct network_counts clients; /* messages from or to a client */
  struct network_counts servers; /* all others */
  struct network_longest longest;
  uint64_t next_message_id;
  uint64_t fingerprint;  /* over all that was sent and received, and when */
  struct bytes *journal; /* NULL, or where each event is written as a line of JSON */
};

void network_init(struct network *n, struct schedule *schedule,
                  const struct network_options *options);
void network_free(struct network *n);

/* Adds one that receives lines, without newline, by `deliver`. Returns NULL on out of
 * memory. The name must be new. */
struct endpoint *network_add(struct network *n, enum endpoint_kind kind, struct slice name,
                             void (*deliver)(void *ctx, struct slice line), void *ctx);

/* NULL when there is none of that name. */
struct endpoint *network_find(const struct network *n, struct slice name);

/* Sends a line (its newline is dropped). Returns 0, or -1 on out of memory. */
int network_send(struct network *n, struct endpoint *src, struct endpoint *dest, struct slice line);

/* From here on `receiver` drops what comes from `sender`, until as many calls of
 * network_mend as of this. Returns 0, or -1 on out of memory or at the 256th cut. */
int network_cut(struct network *n, struct endpoint *receiver, struct endpoint *sender);
void network_mend(struct endpoint *receiver, const struct endpoint *sender);

/* Ends all cuts. */
void network_heal(struct network *n);

/* While paused, a receiver takes up nothing; what it waits for arrives when it goes on.
 * Returns 0, or -1 on out of memory. */
int network_pause(struct endpoint *e, int is_paused);

#endif
