#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "file_helpers.h"

#include <stdio.h>
#include <string.h>

void append_text(struct file *f, const char *text)
{
  struct error e;
  if (f->vtable->append(f, slice_of(text), &e) != 0)
    fail_msg("%s", e.text);
}

void assert_append_fails(struct file *f, const char *text, const char *why)
{
  struct error e;
  assert_int_equal(f->vtable->append(f, slice_of(text), &e), -1);
  if (strstr(e.text, why) == NULL)
    fail_msg("expected \"%s\" in: %s", why, e.text);
}

void assert_content(struct file *f, const char *text)
{
  struct error e;
  struct bytes b = {0};
  assert_int_equal(bytes_append(&b, "+", 1), 0);
  assert_int_equal(f->vtable->read(f, &b, &e), 0);
  assert_int_equal(b.data[0], '+');
  assert_true(slice_equal((struct slice){b.data + 1, b.length - 1}, slice_of(text)));
  bytes_free(&b);
}

void note_sync(struct file_sync *self, const char *why)
{
  struct sync_wish *w = (struct sync_wish *)self;
  struct error e;
  w->count++;
  (void)snprintf(w->why, sizeof w->why, "%s", why == NULL ? "" : why);
  if (w->again != NULL) {
    assert_int_equal(w->again->vtable->sync(w->again, &w->sync, &e), 0);
    w->again = NULL;
  }
}
