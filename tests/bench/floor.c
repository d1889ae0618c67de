/* floor: the least that an echo node can do in C, with the same codec as ./node: cut lines, find
 * the envelope and the field, put the reply together, write. No Lua, no timers, no checks of what
 * it was asked. What ./node costs beyond this is the price of a script. */
#include "base/bytes.h"
#include "wire/envelope.h"
#include "wire/json_read.h"
#include "wire/json_write.h"
#include "wire/lines.h"

#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, MAX_LINE = 64 << 20 };

/* The text of the body's field "echo"; null if there is none. */
static struct slice find_echo(struct json_reader *r, struct slice body)
{
  struct json_token token;
  json_reader_restart(r, body);
  (void)json_next(r, &token);
  while (json_next(r, &token) == JSON_KEY) {
    struct slice key = token.string;
    size_t start = json_position(r);
    if (json_skip(r) != 0)
      break;
    if (slice_equal(key, SLICE("echo")))
      return (struct slice){body.data + start, json_position(r) - start};
  }
  return SLICE("null");
}

static int answer(struct bytes *out, const struct envelope *m, struct json_reader *r)
{
  struct slice type = m->type;
  int is_init = slice_equal(type, SLICE("init"));
  int failed = 0;
  failed |= bytes_append_slice(out, SLICE("{\"src\":"));
  failed |= json_write_string(out, m->dest);
  failed |= bytes_append_slice(out, SLICE(",\"dest\":"));
  failed |= json_write_string(out, m->src);
  failed |= bytes_append_slice(out, SLICE(",\"body\":{\"in_reply_to\":"));
  failed |= json_write_int(out, m->msg_id);
  if (is_init) {
    failed |= bytes_append_slice(out, SLICE(",\"type\":\"init_ok\""));
  } else {
    failed |= bytes_append_slice(out, SLICE(",\"type\":\"echo_ok\",\"echo\":"));
    failed |= bytes_append_slice(out, find_echo(r, m->body));
  }
  failed |= bytes_append_slice(out, SLICE("}}\n"));
  return failed;
}

static int flush(struct bytes *out)
{
  for (size_t done = 0; done < out->length;) {
    ssize_t n = write(STDOUT_FILENO, out->data + done, out->length - done);
    if (n < 0)
      return -1;
    done += (size_t)n;
  }
  out->length = 0;
  return 0;
}

int main(void)
{
  struct lines lines;
  struct envelope m;
  struct json_reader reader;
  struct bytes out = {0};
  struct slice line;
  lines_init(&lines, MAX_LINE);
  envelope_init(&m);
  json_reader_init(&reader, SLICE(""), JSON_MAX_DEPTH);
  for (;;) {
    size_t room;
    char *into = lines_room(&lines, READ_BYTES, &room);
    ssize_t n = into == NULL ? -1 : read(STDIN_FILENO, into, room);
    if (n <= 0)
      return n < 0;
    lines_added(&lines, (size_t)n);
    while (lines_next(&lines, &line) == LINES_LINE)
      if (envelope_parse(&m, line) == 0 && answer(&out, &m, &reader) != 0)
        return EXIT_FAILURE;
    if (flush(&out) != 0)
      return EXIT_FAILURE;
  }
}
