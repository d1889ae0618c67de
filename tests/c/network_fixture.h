/* network_fixture.h - a network of the nodes a, b and c, the service s and the client k, that
 * writes down what arrives. Times are milliseconds since the start. All functions assert. */
#ifndef HEARSAY_TESTS_NETWORK_FIXTURE_H
#define HEARSAY_TESTS_NETWORK_FIXTURE_H

#include "sim/network.h"

struct network_fixture {
  struct schedule schedule;
  struct network network;
  int64_t start_us;
  struct bytes arrived; /* of each message "receiver:text@time " */
};

/* Latency is constant, and 0 at first. */
void network_open(struct network_fixture *f, int head_of_line);
void network_close(struct network_fixture *f);

struct endpoint *network_of(struct network_fixture *f, char name);

/* Sends a text that takes this latency, in ms. */
void network_tell(struct network_fixture *f, char from, char to, const char *text,
                  int64_t latency_ms);

/* Lets time pass up to this time. */
void network_pass(struct network_fixture *f, int64_t until_ms);

/* What has arrived since the last look is this; "" for nothing. */
void assert_arrived(struct network_fixture *f, const char *expected);

void assert_counts(struct network_counts counts, uint64_t sent, uint64_t received);

#endif
