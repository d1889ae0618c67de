#include "sim/world.h"

#include "host/runaway.h"
#include "sim/interrupt.h"
#include "sim/member.h"
#include "sim/real_time.h"
#include "wire/envelope.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_US = 10 * 1000 * 1000 };

struct world {
  struct schedule schedule;
  struct network network;
  struct world_options options;
  char *root;
  struct member *members;
  struct envelope envelope; /* of a process's line */
  int64_t real_start_us;    /* when virtual time was 0 */
  struct error failure;     /* of a node: the run ends */
  int has_failed;
};

struct world *world_new(const struct world_options *options, struct error *e)
{
  struct world *w = calloc(1, sizeof *w);
  char *root = strdup(options->root);
  if (w == NULL || root == NULL) {
    free(w);
    free(root);
    error_set(e, "out of memory");
    return NULL;
  }
  w->options = *options;
  w->root = root;
  w->options.root = root;
  if (w->options.patience_us == 0)
    w->options.patience_us = PATIENCE_US;
  schedule_init(&w->schedule, w);
  w->real_start_us = real_time_now_us() - w->schedule.now_us;
  struct network_options network = {options->latency, options->head_of_line, options->seed};
  network_init(&w->network, &w->schedule, &network);
  envelope_init(&w->envelope);
  return w;
}

static void free_member(struct member *m)
{
  m->vtable->free(m);
  for (int i = 0; i < m->word_count; i++)
    free(m->words[i]);
  free(m->words);
  bytes_free(&m->name);
  bytes_free(&m->log);
  free(m);
}

void world_free(struct world *w)
{
  if (w == NULL)
    return;
  while (w->members != NULL) {
    struct member *m = w->members;
    w->members = m->next;
    free_member(m);
  }
  network_free(&w->network);
  schedule_free(&w->schedule);
  envelope_free(&w->envelope);
  free(w->root);
  free(w);
}

struct schedule *world_schedule(struct world *w)
{
  return &w->schedule;
}

struct network *world_network(struct world *w)
{
  return &w->network;
}

const struct world_options *world_options(const struct world *w)
{
  return &w->options;
}

/* --- what members do ---------------------------------------------------- */

void world_fail(struct world *w, const char *format, ...)
{
  if (w->has_failed)
    return;
  w->has_failed = 1;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(w->failure.text, sizeof w->failure.text, format, args);
  va_end(args);
  error_flatten(&w->failure);
}

void world_suspect(struct world *w)
{
  w->has_failed = 0;
  world_fail(w, "%s", RUNAWAY_SUSPECT);
}

int world_send(struct world *w, struct member *m, struct slice dest, struct slice line)
{
  struct endpoint *to = network_find(&w->network, dest);
  if (to != NULL)
    return network_send(&w->network, m->endpoint, to, line);
  world_fail(w, "%.*s sent a message to \"%.*s\", which does not exist: %.*s", (int)m->name.length,
             m->name.data, (int)dest.length, dest.data, (int)line.length, line.data);
  return 0;
}

void world_take_line(struct world *w, struct member *m, struct slice line)
{
  struct envelope *e = &w->envelope;
  struct slice name = bytes_slice(&m->name);
  if (envelope_parse(e, line) != 0)
    world_fail(w, "%.*s wrote a line that is no message: byte %zu: %s: %.*s", (int)name.length,
               name.data, e->error_position, e->error, (int)line.length, line.data);
  else if (!slice_equal(e->src, name))
    world_fail(w, "%.*s wrote a message with src \"%.*s\": %.*s", (int)name.length, name.data,
               (int)e->src.length, e->src.data, (int)line.length, line.data);
  else if (world_send(w, m, e->dest, line) != 0)
    world_fail(w, "out of memory");
}

static void deliver(void *ctx, struct slice line)
{
  struct member *m = ctx;
  m->vtable->receive(m, line);
}

/* --- members ------------------------------------------------------------ */

static int copy_words(struct member *m, int count, char *const *words)
{
  m->words = calloc((size_t)count + 1, sizeof *m->words);
  if (m->words == NULL)
    return -1;
  for (; m->word_count < count; m->word_count++)
    if ((m->words[m->word_count] = strdup(words[m->word_count])) == NULL)
      return -1;
  return 0;
}

int world_add_node(struct world *w, struct slice id, int word_count, char *const *words,
                   struct error *e)
{
  if (network_find(&w->network, id) != NULL)
    return error_set(e, "there is a \"%.*s\" already", (int)id.length, id.data);
  struct member *m = w->options.is_real_time ? member_new_process() : member_new_node();
  if (m == NULL)
    return error_set(e, "out of memory");
  m->world = w;
  if (bytes_append_slice(&m->name, id) != 0 || copy_words(m, word_count, words) != 0 ||
      (m->endpoint = network_add(&w->network, ENDPOINT_NODE, id, deliver, m)) == NULL) {
    free_member(m);
    return error_set(e, "out of memory");
  }
  m->next = w->members;
  w->members = m; /* the world's, also when it does not start */
  m->endpoint->is_closed = 1;
  return world_start(w, id, e);
}

static struct member *find_member(struct world *w, struct slice id)
{
  struct endpoint *e = network_find(&w->network, id);
  return e != NULL && e->kind == ENDPOINT_NODE ? e->ctx : NULL;
}

static struct member *find_running(struct world *w, struct slice id)
{
  struct member *m = find_member(w, id);
  return m != NULL && m->is_running ? m : NULL;
}

int world_kill(struct world *w, struct slice id)
{
  struct member *m = find_running(w, id);
  if (m == NULL)
    return -1;
  m->is_running = 0;
  m->endpoint->is_closed = 1;
  m->vtable->kill(m);
  return network_pause(m->endpoint, 0);
}

int world_start(struct world *w, struct slice id, struct error *e)
{
  struct member *m = find_member(w, id);
  if (m == NULL || m->is_running)
    return error_set(e, "\"%.*s\" is no node that was killed", (int)id.length, id.data);
  if (m->vtable->start(m, e) != 0)
    return -1;
  m->is_running = 1;
  m->endpoint->is_closed = 0;
  return 0;
}

int world_pause(struct world *w, struct slice id, int is_paused)
{
  struct member *m = find_running(w, id);
  if (m == NULL || network_pause(m->endpoint, is_paused) != 0)
    return -1;
  m->vtable->pause(m, is_paused);
  return 0;
}

int world_skew(struct world *w, struct slice id, int64_t offset_us)
{
  struct member *m = find_member(w, id);
  return m == NULL ? -1 : m->vtable->skew(m, offset_us);
}

int world_is_running(struct world *w, struct slice id)
{
  return find_running(w, id) != NULL;
}

struct node *world_find_node(struct world *w, struct slice id)
{
  struct member *m = find_member(w, id);
  return m == NULL ? NULL : member_node(m);
}

struct disk *world_disk(struct world *w, struct slice id)
{
  struct member *m = find_member(w, id);
  return m == NULL ? NULL : member_disk(m);
}

void world_take_diagnostics(struct member *m, struct slice line)
{
  enum { MOST_BYTES = 32 << 20 };
  static const char no_more[] = "over 32 MiB of diagnostics: what follows is not kept\n";
  if (m->log.length >= MOST_BYTES)
    return;
  if (bytes_append_slice(&m->log, line) == 0)
    (void)bytes_append_byte(&m->log, '\n');
  if (m->log.length >= MOST_BYTES)
    (void)bytes_append(&m->log, no_more, sizeof no_more - 1);
}

struct slice world_log(struct world *w, struct slice id)
{
  struct member *m = find_member(w, id);
  return m == NULL ? (struct slice){0} : bytes_slice(&m->log);
}

/* One who reads lines into a buffer of a fixed size would not get over a longer one. */
static void check_longest(struct world *w)
{
  const struct network_longest *l = &w->network.longest;
  if (w->options.max_line == 0 || l->length <= w->options.max_line)
    return;
  struct slice src = bytes_slice(&l->src->name), dest = bytes_slice(&l->dest->name);
  world_fail(w, "%.*s sent %.*s a line of %zu bytes, where at most %zu are allowed",
             (int)src.length, src.data, (int)dest.length, dest.data, l->length,
             w->options.max_line);
}

/* --- time --------------------------------------------------------------- */

/* The clock shows what it is. */
static void read_real_clock(void *ctx)
{
  struct world *w = ctx;
  int64_t now_us = real_time_now_us() - w->real_start_us;
  if (w->schedule.now_us < now_us)
    w->schedule.now_us = now_us;
}

/* Lets real time pass until something happens or a time has come. */
static void wait_for_real(struct world *w, int64_t until_us)
{
  const struct heap_item *first = heap_first(&w->schedule.heap);
  int64_t next_us = first != NULL && first->deadline_us < until_us ? first->deadline_us : until_us;
  int64_t timeout_us = next_us + w->real_start_us - real_time_now_us();
  if (real_time_wait(w->members, timeout_us, read_real_clock, w) != 0)
    world_fail(w, "out of memory");
}

int world_run(struct world *w, int64_t until_us, const int *stop, struct error *e)
{
  while (!w->has_failed && (stop == NULL || *stop == 0)) {
    int64_t due_us = until_us;
    if (w->options.is_real_time) {
      int64_t now_us = real_time_now_us() - w->real_start_us;
      due_us = now_us < until_us ? now_us : until_us;
    }
    enum schedule_result result = schedule_step(&w->schedule, due_us);
    if (result == SCHEDULE_LIVELOCK)
      world_fail(w, "time stands still: a million events at one instant (a node that sleeps for "
                    "no time, or messages that answer each other without latency?)");
    check_longest(w);
    if (interrupt_came())
      world_fail(w, "interrupted");
    if (w->has_failed || result != SCHEDULE_IDLE)
      continue;
    if (due_us >= until_us)
      return 0;
    wait_for_real(w, until_us);
  }
  if (!w->has_failed)
    return 0;
  if (e != NULL)
    *e = w->failure;
  return -1;
}
